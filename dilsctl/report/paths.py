"""Names of files as the services that read reports want them: relative to the root of the repository, with
``/``, quoted as in a URI.

The root is the nearest folder with ``.git`` around the one we are in, or else the workspace that a build
server tells, or else the folder we are in. No program of the repository's is asked.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from dilsctl.diagnostics import STDIN, Diagnostic

WORKSPACES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


def root() -> Path:
    """The folder that names in reports are relative to."""
    here = Path.cwd()
    around = (here, *here.parents)
    git = next((one for one in around if (one / ".git").exists()), None)
    if git is not None:
        return git
    told = [Path(one).resolve() for one in map(os.environ.get, WORKSPACES) if one]
    return next((one for one in told if one in around), here)


def from_root(name: str) -> str:
    """A file relative to the root, where it is in it, or else its whole path; with ``/``. What is no file
    stays as it is."""
    if not is_file(name):
        return name
    top, path = root(), Path(os.path.normpath(Path.cwd() / name))
    for one in (path, path.resolve()):
        if one.is_relative_to(top):
            return one.relative_to(top).as_posix()
    return path.as_posix()


def as_uri(path: str) -> str:
    """A path with ``/`` as a URI reference."""
    if os.path.isabs(path):
        return f"file:///{quote(path.lstrip('/'), safe='/:', errors='surrogateescape')}"
    return quote(path, errors="surrogateescape")


def file_of(one: Diagnostic) -> str:
    """The name of the file that a finding is about, empty if it is about none."""
    return one.primary.span.file.name if one.primary is not None else one.file


def is_file(name: str) -> bool:
    """Does a name stand for a file, and not for standard input, an option, or a part of the standard
    library?"""
    return bool(name) and name != STDIN and not name.startswith("--") and not in_library(name)


def in_library(name: str) -> bool:
    """Does a name stand for a file of the standard library?"""
    return name.startswith("std/") and not name.endswith((".yaml", ".yml"))
