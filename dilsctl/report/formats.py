"""The formats in which findings are reported, by name. Each is loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from dilsctl.diagnostics import Diagnostic

FORMATS: dict[str, str] = {
    "text": "for people: the lines it is about, with marks and help",
    "concise": "one finding a line",
    "json": "for programs; the layout has a version",
    "github": "annotations of GitHub Actions",
    "gitlab": "GitLab's code quality report",
    "sarif": "SARIF 2.1.0",
    "junit": "JUnit XML, a test case a file",
}


def render(format: str, findings: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """The findings of some files, in one of ``FORMATS``."""
    module = importlib.import_module(f"dilsctl.report.{format}")
    text: str = getattr(module, f"render_{format}")(
        findings, **({} if format == "text" else {"files": files})
    )
    return text
