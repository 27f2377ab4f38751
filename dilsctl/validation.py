"""Validate one file: errors, lints, and what comments in the file and settings around it leave of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dilsctl.choice import Choice, lints
from dilsctl.codes import OF_A_FILE
from dilsctl.diagnostics import Report, Severity
from dilsctl.documents import Library
from dilsctl.loaded import elaborate, read
from dilsctl.renames import with_rename
from dilsctl.rules import Subject, lint
from dilsctl.suppress import Suppression, suppress, suppressions, verdicts


def validate_file(
    path: Path, text: str | None = None, settings: Sequence[str] = (), choice: Choice | None = None
) -> Report:
    """Every finding of a file and of the files that it imports, in the order of the text."""
    choice = Choice() if choice is None else choice
    return validated(read(path, text=text, settings=settings), choice)


def validated(library: Library, choice: Choice) -> Report:
    """The same, for documents that have been read."""
    diagram = elaborate(library)
    main, report = library.main, library.report
    sound = report.ok and main is not None
    found = list(report)
    comments: dict[int, list[Suppression]] = {}
    if main is not None:
        own = [one for one in library.documents if one.library is None]
        if sound:
            found += lint(Subject(main, diagram, frozenset(id(one.file) for one in own)), choice.wants)
        comments = {id(one.file): suppressions(one.file, one.root) for one in own if "dils" in one.file.text}
    kept = [
        one for one in suppress(found, comments) if one.severity is Severity.ERROR or choice.wants(one.code)
    ]
    if sound and main is not None:
        told = verdicts(comments.get(id(main.file), ()), OF_A_FILE.keys() - lints(), lints(), choice.wants)
        kept += [one for one in told if choice.wants(one.code)]
    return Report([with_rename(one) for one in Report(kept)])
