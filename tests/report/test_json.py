"""Diagnostics as JSON."""

from __future__ import annotations

import json

from dilsctl.diagnostics import Diagnostic, Label, SourceFile, SourceSpan
from dilsctl.report.json import render_json

FILE = SourceFile("or.yaml", "dils: 1\nname: x\n")


def test_a_finding() -> None:
    finding = Diagnostic(
        "some-code",
        "what é happened",
        Label(SourceSpan(FILE, 8, 12), "this"),
        (Label(SourceSpan(FILE, 0, 7), "that"),),
        "do this",
    )
    assert json.loads(render_json([finding])) == {
        "version": 1,
        "files": [],
        "diagnostics": [
            {
                "code": "some-code",
                "severity": "error",
                "message": "what é happened",
                "file": "or.yaml",
                "line": 2,
                "column": 1,
                "end_line": 2,
                "end_column": 5,
                "label": "this",
                "help": "do this",
                "related": [
                    {
                        "file": "or.yaml",
                        "line": 1,
                        "column": 1,
                        "end_line": 1,
                        "end_column": 8,
                        "label": "that",
                    }
                ],
                "fix": None,
            }
        ],
    }


def test_a_finding_without_a_place() -> None:
    (one,) = json.loads(render_json([Diagnostic("c", "m", file="a")]))["diagnostics"]
    assert one["file"] == "a"
    assert one["line"] is None


def test_nothing() -> None:
    assert json.loads(render_json([])) == {"version": 1, "files": [], "diagnostics": []}
