"""Diagnostics one a line, for those who search: ``FILE:LINE:COLUMN: error[CODE] message``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dilsctl.diagnostics import Diagnostic
from dilsctl.signs import file_name


def line_of(one: Diagnostic) -> str:
    """A finding in one line."""
    place = str(one.primary.span) if one.primary is not None else one.file
    words = f"{one.severity.value}[{one.code}] {one.message}" + (f" ({one.help})" if one.help else "")
    return file_name(" ".join((f"{place}: {words}" if place else words).split()))


def render_concise(findings: Iterable[Diagnostic], files: Sequence[str] = ()) -> str:
    """All findings."""
    return "".join(f"{line_of(one)}\n" for one in findings)
