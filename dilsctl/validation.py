"""Validate one file: errors, lints, and what comments in the file and settings around it leave of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from dilsctl.codes import OF_A_FILE
from dilsctl.diagnostics import Problem, Report, Severity, did_you_mean
from dilsctl.documents import Library
from dilsctl.loaded import elaborate, read
from dilsctl.project import Project
from dilsctl.renames import with_rename
from dilsctl.rules import RULES, Subject, lint
from dilsctl.suppress import Suppression, suppress, suppressions, verdicts


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lints are shown: those that a pattern of ``select`` names (all, if it is empty) and none of
    ``ignore`` does. Errors are always shown."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def wants(self, code: str) -> bool:
        """Is a lint shown?"""
        if self.select and not any(_names(one, code) for one in self.select):
            return False
        return not any(_names(one, code) for one in self.ignore)

    @classmethod
    def of(cls, project: Project, path: Path, select: Sequence[str], ignore: Sequence[str]) -> Choice:
        """What a project says of a file. A selection given with a command takes the project's place, and what
        it ignores comes on top."""
        return cls(tuple(select) or project.select, (*project.ignored_in(path), *ignore))


def _names(pattern: str, code: str) -> bool:
    return pattern == "all" or fnmatchcase(code, pattern)


@cache
def lints() -> frozenset[str]:
    """The codes of warnings and notes; all others are errors."""
    return frozenset(
        {*RULES, *(code for code, text in OF_A_FILE.items() if text.endswith(("(warning)", "(note)")))}
    )


def check_codes(patterns: Iterable[str], where: str, file: Path | None = None) -> None:
    """Does each pattern name a lint? Raises Problem: bad-project."""
    for one in patterns:
        if not any(_names(one, code) for code in lints()):
            help = did_you_mean(one, lints()) or "dilsctl rules lists the codes"
            message = f"{where} names no lint: '{one}'"
            if one in OF_A_FILE:
                message, help = (
                    f"{where}: '{one}' is an error, which is always shown",
                    "name a warning or a note",
                )
            raise Problem.of("bad-project", message, help=help, file=str(file or ""))


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
