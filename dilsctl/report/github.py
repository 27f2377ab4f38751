"""Diagnostics as annotations of GitHub Actions: ``::error file=…,line=…::message``.

GitHub shows 10 errors, 10 warnings and 10 notices of a step, and drops the others without a word. So that
many are written, those of the first files first, and the others as plain lines of the log, with how many
they are.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dilsctl.diagnostics import Diagnostic, Severity
from dilsctl.report.concise import line_of
from dilsctl.report.paths import file_of, from_root, is_file
from dilsctl.signs import visible

MOST = 10
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render_github(findings: Iterable[Diagnostic], files: Sequence[str] = ()) -> str:
    """All findings: annotations, then what is left."""
    shown: dict[Severity, list[str]] = {one: [] for one in Severity}
    left: dict[Severity, list[str]] = {one: [] for one in Severity}
    for one in findings:
        room = len(shown[one.severity]) < MOST
        (shown if room else left)[one.severity].append(_annotation(one) if room else line_of(one))
    lines = [line for some in shown.values() for line in some]
    rest = [line for some in left.values() for line in some]
    if rest:
        counts = [f"{len(some)} more {one.value}s" for one, some in left.items() if some]
        lines.append(f"{' and '.join(counts)} (GitHub shows {MOST} of a kind in a step):")
    return "".join(f"{line}\n" for line in lines + rest)


def _annotation(one: Diagnostic) -> str:
    properties: dict[str, object] = {}
    name = file_of(one)
    if is_file(name):
        properties["file"] = from_root(name)
        if one.primary is not None:
            span = one.primary.span
            properties |= {"line": span.line, "endLine": span.end_line}
            if span.line == span.end_line:  # columns are for one line only
                properties |= {"col": span.column, "endColumn": max(span.end_column, span.column + 1)}
    properties["title"] = f"dilsctl: {one.code}"
    told = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    message = one.message + (f"\n{one.help}" if one.help else "")
    return f"::{_COMMANDS[one.severity]} {told}::{_data(message)}"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
