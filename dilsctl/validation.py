"""Validate one file: errors, lints, and what comments in the file and settings around it leave of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dilsctl.choice import Choice, lints
from dilsctl.codes import OF_A_FILE
from dilsctl.diagnostics import Diagnostic, Report, Severity
from dilsctl.diagram import Diagram
from dilsctl.documents import Library, LoadedDocument
from dilsctl.loaded import elaborate, read
from dilsctl.renames import with_rename
from dilsctl.rules import Subject, lint
from dilsctl.suppress import Suppression, suppress, suppressions, verdicts

if TYPE_CHECKING:
    from dilsctl.diagram import Diagram
    from dilsctl.elaborate.trial import Trials


def validate_file(
    path: Path, text: str | None = None, settings: Sequence[str] = (), choice: Choice | None = None
) -> Report:
    """Every finding of a file and of the files that it imports, in the order of the text."""
    choice = Choice() if choice is None else choice
    return validated(read(path, text=text, settings=settings), choice)


def validated(library: Library, choice: Choice) -> Report:
    """The same, for documents that have been read."""
    others: list[Trials] = []
    diagram = elaborate(library, others)
    main, report = library.main, library.report
    sound = report.ok and main is not None
    found = list(report)
    comments: dict[int, list[Suppression]] = {}
    if main is not None:
        own = [one for one in library.documents if one.library is None]
        if sound:
            files = frozenset(id(one.file) for one in own)
            found += lint(Subject(main, diagram, files), choice.wants)
            found += _of_trials(main, [trial for one in others for trial in one], files, choice, found)
        comments = {id(one.file): suppressions(one.file, one.root) for one in own if "dils" in one.file.text}
    kept = [
        one for one in suppress(found, comments) if one.severity is Severity.ERROR or choice.wants(one.code)
    ]
    if sound and main is not None:
        told = verdicts(comments.get(id(main.file), ()), OF_A_FILE.keys() - lints(), lints(), choice.wants)
        kept += [one for one in told if choice.wants(one.code)]
    return Report([with_rename(one) for one in Report(kept)])


def _of_trials(
    main: LoadedDocument,
    trials: Sequence[list[Diagram]],
    files: frozenset[int],
    choice: Choice,
    told: Sequence[Diagnostic],
) -> list[Diagnostic]:
    """The lints of definitions that the main box does not use: what each trial has, whatever the lengths."""
    known = {(one.code, one.where) for one in told}
    found: list[Diagnostic] = []
    for loose in (False, True):  # parameters can be given other values than they have by themselves
        some: list[Diagnostic] = []
        for number, trial in enumerate(trials):
            chosen = tuple(one for one in trial if bool(one.main.written.get("params")) is loose)
            before = {(one.code, one.where) for one in some}
            if not chosen or (number and not some):
                some = []
                break
            some = list(lint(Subject(main, None, files, chosen), choice.wants))
            if number:
                some = [one for one in some if (one.code, one.where) in before]
        found += [one for one in some if (one.code, one.where) not in known]
        known |= {(one.code, one.where) for one in found}
    return found
