"""Diagnostics as JSON for programs. The layout has a version; within one, keys are only ever added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dilsctl.diagnostics import Diagnostic, Fix, Label, Report
from dilsctl.signs import json_text

VERSION = 1


def render_json(findings: Report | Iterable[Diagnostic], files: Sequence[str] = ()) -> str:
    """A JSON object: ``version``, ``files`` (those that were looked at) and ``diagnostics``, one object for
    each finding, in order.

    Lines and columns count from 1, in characters; ``end_column`` is the column after the last character.
    They are null where a finding has no place in a file.
    """
    content = {
        "version": VERSION,
        "files": list(files),
        "diagnostics": [diagnostic_object(one) for one in findings],
    }
    return json_text(content) + "\n"


def diagnostic_object(one: Diagnostic) -> dict[str, Any]:
    """One finding as plain values."""
    place = _place(one.primary)
    if one.primary is None:
        place["file"] = one.file or None
    return {
        "code": one.code,
        "severity": one.severity.value,
        "message": one.message,
        **place,
        "label": one.primary.text if one.primary is not None else "",
        "help": one.help,
        "related": [{**_place(label), "label": label.text} for label in one.related],
        "fix": _fix(one.fix),
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    edits = [{**_place(Label(one.span)), "text": one.text} for one in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _place(label: Label | None) -> dict[str, Any]:
    if label is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    span = label.span
    line, column = span.file.position(span.start)
    end_line, end_column = span.file.position(span.end)
    return {
        "file": span.file.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
