"""Diagnostics as GitLab's code quality report, which merge requests show.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dilsctl.diagnostics import Diagnostic, Severity
from dilsctl.report.fingerprint import fingerprints
from dilsctl.report.paths import file_of, from_root
from dilsctl.signs import json_text

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render_gitlab(findings: Iterable[Diagnostic], files: Sequence[str] = ()) -> str:
    """A JSON list with an object for each finding."""
    issues = []
    for one, digest in fingerprints(findings):
        span = one.primary.span if one.primary is not None else None
        issues.append(
            {
                "description": one.message + (f" ({one.help})" if one.help else ""),
                "check_name": one.code,
                "fingerprint": digest,
                "severity": _SEVERITIES[one.severity],
                "location": {
                    "path": from_root(file_of(one)) or "unknown",
                    "lines": {
                        "begin": span.line if span is not None else 1,
                        "end": span.end_line if span is not None else 1,
                    },
                },
            }
        )
    return json_text(issues) + "\n"
