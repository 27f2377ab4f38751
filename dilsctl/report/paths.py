"""Names of files as the services that read reports want them: relative, with ``/``, quoted as in a URI."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from dilsctl.diagnostics import Diagnostic


def from_here(name: str) -> str:
    """A path relative to the folder of work, where it is in it; with ``/``."""
    if os.path.isabs(name):
        try:
            name = str(Path(name).relative_to(Path.cwd()))
        except ValueError:
            return Path(name).as_posix()
    return Path(name).as_posix()


def as_uri(name: str) -> str:
    """The same as a URI reference."""
    path = from_here(name)
    quoted = quote(path, errors="surrogateescape")
    return f"file://{quoted}" if path.startswith("/") else quoted


def file_of(one: Diagnostic) -> str:
    """The name of the file that a finding is about, empty if it is about none."""
    return one.primary.span.file.name if one.primary is not None else one.file


def in_library(name: str) -> bool:
    """Does a name stand for a file of the standard library?"""
    return name.startswith("std/") and not name.endswith((".yaml", ".yml"))
