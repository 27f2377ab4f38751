"""Which lints are wanted: by what a command, and the project around a file, say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from dilsctl.codes import OF_A_FILE
from dilsctl.diagnostics import Problem, did_you_mean
from dilsctl.project import Project, project_of


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
    from dilsctl.rules import RULES

    others = [code for code, text in OF_A_FILE.items() if text.endswith(("(warning)", "(note)"))]
    return frozenset({*RULES, *others})


def check_codes(patterns: Iterable[str], where: str, file: Path | None = None) -> None:
    """Does each pattern name a lint? Raises Problem: bad-project."""
    for one in patterns:
        if not any(_names(one, code) for code in lints()):
            message = f"{where} names no lint: '{one}'"
            help = did_you_mean(one, lints()) or "dilsctl rules lists the codes"
            if one in OF_A_FILE:
                message = f"{where}: '{one}' is an error, which is always shown"
                help = "name a warning or a note"
            raise Problem.of("bad-project", message, help=help, file=str(file or ""))


def choices(files: Sequence[Path], select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[Choice]:
    """Which lints are wanted of each file. Raises Problem: bad-project."""
    projects: dict[Path, Project] = {}
    found = []
    for file in files:
        folder = file.resolve().parent
        if folder not in projects:
            projects[folder] = project = project_of(folder)
            per_file = [code for codes in project.per_file_ignores.values() for code in codes]
            check_codes((*project.select, *project.ignore, *per_file), "[tool.dilsctl]", project.file)
        found.append(Choice.of(projects[folder], file, select, ignore))
    return found
