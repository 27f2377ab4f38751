"""Diagnostics as SARIF 2.1.0, which code scanning services and editors read.

Columns count characters (``unicodeCodePoints``). Only the rules that have a finding are listed. Files are
relative to the root of the repository, ``%SRCROOT%``.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from dilsctl import __version__
from dilsctl.codes import CODES
from dilsctl.diagnostics import STDIN, Diagnostic, Label, Severity, SourceSpan
from dilsctl.report.fingerprint import fingerprints
from dilsctl.report.paths import as_uri, from_root, in_library, is_file, root
from dilsctl.rules import ERRORS, RULES
from dilsctl.signs import json_text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"


def render_sarif(findings: Iterable[Diagnostic], files: Sequence[str] = ()) -> str:
    """One run with all findings."""
    found = list(fingerprints(findings))
    codes = list(dict.fromkeys(one.code for one, _ in found))
    severities = {one.code: one.severity for one, _ in found}
    run = {
        "tool": {
            "driver": {
                "name": "dilsctl",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(code, severities[code]) for code in codes],
            }
        },
        "originalUriBaseIds": {ROOT: {"uri": root().as_uri().rstrip("/") + "/"}},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": _artifact(name)} for name in files],
        "results": [_result(one, digest, codes.index(one.code)) for one, digest in found],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(log) + "\n"


def _rule(code: str, severity: Severity) -> dict[str, Any]:
    rule = RULES.get(code) or ERRORS.get(code)
    title = rule.title if rule is not None else CODES.get(code, code)
    described: dict[str, Any] = {
        "id": code,
        "name": "".join(word.capitalize() for word in code.split("-")),
        "shortDescription": {"text": title},
        "defaultConfiguration": {"level": severity.value},
    }
    if rule is not None:
        described["fullDescription"] = {"text": rule.why}
    described["help"] = {
        "text": f"dilsctl explain {code}",
        "markdown": f"{rule.why if rule is not None else title}\n\n`dilsctl explain {code}` shows examples.",
    }
    return described


def _result(one: Diagnostic, digest: str, number: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": one.code,
        "ruleIndex": number,
        "level": one.severity.value,
        "message": {"text": one.message + (f" ({one.help})" if one.help else "")},
        "locations": _locations(one),
        "partialFingerprints": {"dilsctl/v1": digest},
    }
    if one.related:
        result["relatedLocations"] = [_related(k, label) for k, label in enumerate(one.related)]
    if one.fix is not None:
        by_file: dict[str, list[Any]] = {}
        for edit in one.fix.edits:
            replacement = {
                "deletedRegion": _region(edit.span),
                "insertedContent": {"text": edit.text},
            }
            by_file.setdefault(edit.span.file.name, []).append(replacement)
        changes = [
            {"artifactLocation": _artifact(name), "replacements": edits} for name, edits in by_file.items()
        ]
        result["fixes"] = [{"description": {"text": one.fix.title}, "artifactChanges": changes}]
    return result


def _locations(one: Diagnostic) -> list[dict[str, Any]]:
    if one.primary is not None:
        return [_location(one.primary)]
    return [{"physicalLocation": {"artifactLocation": _artifact(one.file)}}] if one.file else []


def _location(label: Label) -> dict[str, Any]:
    span = label.span
    if in_library(span.file.name):
        return {"logicalLocations": [{"fullyQualifiedName": str(span), "kind": "module"}]}
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(span.file.name),
            "region": _region(span),
        }
    }


def _artifact(name: str) -> dict[str, Any]:
    if not is_file(name):
        return {"description": {"text": "standard input" if name == STDIN else name}}
    path = from_root(name)
    return {"uri": as_uri(path)} | ({} if os.path.isabs(path) else {"uriBaseId": ROOT})


def _related(number: int, label: Label) -> dict[str, Any]:
    return {"id": number, **_location(label), "message": {"text": label.text or "see also"}}


def _region(span: SourceSpan) -> dict[str, int]:
    line, column = span.file.position(span.start)
    end_line, end_column = span.file.position(span.end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }
