"""Which files are meant: diagram files among paths and folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

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


def diagrams_in(folder: Path) -> Iterator[Path]:
    """The diagram files of a folder and the folders in it, sorted. Hidden folders, virtual environments and
    run folders are left out; links to folders are not followed."""
    for where, folders, files in os.walk(folder):
        here = Path(where)
        if here != folder and any(mark in files for mark in MARKS):
            folders.clear()
            continue
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one != "node_modules")
        for name in sorted(files):
            if name.endswith(ENDINGS) and not name.startswith(".") and is_diagram(here / name):
                yield here / name


def diagrams(paths: Iterable[Path]) -> list[Path]:
    """The diagram files that paths stand for: a file is itself, a folder is searched. Each once, in order."""
    found: dict[Path, None] = {}
    for path in paths:
        for one in diagrams_in(path) if path.is_dir() else (path,):
            found.setdefault(one)
    return list(found)
