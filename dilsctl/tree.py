"""Validate many files, each with the settings of the project that it is in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dilsctl.diagnostics import Report
from dilsctl.project import Project, project_of
from dilsctl.validation import Choice, check_codes, validate_file


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


def validate_tree(
    files: Sequence[Path],
    text: str | None = None,
    settings: Sequence[str] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Report:
    """The findings of all files. ``text`` stands for the content of the only one.

    Raises Problem: bad-project.
    """
    whole = Report()
    for file, choice in zip(files, choices(files, select, ignore), strict=True):
        whole.extend(validate_file(file, text, settings, choice))
    return whole
