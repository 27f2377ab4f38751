"""Which files are meant: diagram files among paths and folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from dilsctl.project import project_of

ENDINGS = (".yaml", ".yml")
MARKS = ("pyvenv.cfg", "run.json")  # a folder with one of these is not a place where people write diagrams
ENOUGH = 65536

_DILS = re.compile(rb"^(?:\xef\xbb\xbf)?(?:dils|\"dils\"|'dils')\s*:", re.MULTILINE)


def is_diagram(path: Path) -> bool:
    """Whether a YAML file has ``dils`` as a key of its own (among its first 64 KiB)."""
    if not path.is_file():  # a named pipe would be waited for
        return False
    try:
        with path.open("rb") as stream:
            return _DILS.search(stream.read(ENOUGH)) is not None
    except OSError:
        return False


class Excluded:
    """What ``[tool.dilsctl] exclude`` leaves out when a folder is searched: paths, with ``*`` for anything,
    relative to the nearest pyproject.toml with that table, in the folder or above it.

    What holds the searched folder itself is taken none the less: it was named. Raises Problem: bad-project.
    """

    def __init__(self, folder: Path, named: bool = True) -> None:
        """named: the folder was named by somebody, and not only found."""
        folder = folder.resolve()
        project = project_of(folder)
        self.root = project.root
        inside = folder.relative_to(self.root)
        around = [one.as_posix() for one in (inside, *inside.parents) if one.name]
        self.patterns = project.exclude
        self.whole = not named and any(fnmatchcase(path, one) for path in around for one in self.patterns)
        if named:
            self.patterns = tuple(
                one for one in self.patterns if not any(fnmatchcase(path, one) for path in around)
            )

    def __call__(self, path: Path) -> bool:
        if self.whole or not self.patterns:
            return self.whole
        own = path.relative_to(self.root).as_posix()
        return any(fnmatchcase(own, one) for one in self.patterns)


def diagrams_in(folder: Path) -> Iterator[Path]:
    """The diagram files of a folder and the folders in it, sorted. Hidden folders, virtual environments, run
    folders and what the project excludes are left out; links to folders are not followed.

    Raises Problem: bad-project.
    """
    excluded = Excluded(folder)
    where_it_is = folder.resolve()
    for where, folders, files in os.walk(folder):
        here = Path(where)
        if here != folder and any(mark in files for mark in MARKS):
            folders.clear()
            continue
        real = where_it_is / here.relative_to(folder)
        folders[:] = sorted(
            one
            for one in folders
            if not one.startswith(".") and one != "node_modules" and not excluded(real / one)
        )
        for name in sorted(files):
            wanted = name.endswith(ENDINGS) and not name.startswith(".") and not excluded(real / name)
            if wanted and is_diagram(here / name):
                yield here / name


def diagrams(paths: Iterable[Path]) -> list[Path]:
    """The diagram files that paths stand for: a file is itself, a folder is searched. Each once, in order."""
    found: dict[Path, None] = {}
    for path in paths:
        for one in diagrams_in(path) if path.is_dir() else (path,):
            found.setdefault(one)
    return list(found)


def wanted(paths: Iterable[Path]) -> list[Path]:
    """As ``diagrams``; where no path is given, those of the folder one is in, relative to it."""
    if given := list(paths):
        return diagrams(given)
    here = Path.cwd()
    return [one.relative_to(here) for one in diagrams((here,))]


def only_diagrams(files: Iterable[Path]) -> list[Path]:
    """Of some files those that are diagrams, and that no project excludes. Raises Problem: bad-project."""
    excluded: dict[Path, Excluded] = {}
    found = []
    for one in files:
        folder = one.resolve().parent
        if folder not in excluded:
            excluded[folder] = Excluded(folder, named=False)
        if is_diagram(one) and not excluded[folder](one.resolve()):
            found.append(one)
    return found
