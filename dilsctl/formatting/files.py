"""Formatting of files: line ends and byte order marks stay as they are, and a file is replaced at once or
not at all."""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dilsctl.diagnostics import SourceFile
from dilsctl.formatting import LayoutChangedMeaning, format_text
from dilsctl.signs import in_a_line
from dilsctl.source import read_source

MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text before and after. ``refused``: the layout would have changed what it says, so it stays."""

    name: str
    old: str
    new: str
    refused: bool = False

    @property
    def changed(self) -> bool:
        return self.old != self.new

    def diff(self) -> Iterator[str]:
        """The lines of a unified diff."""
        return difflib.unified_diff(
            self.old.splitlines(keepends=True),
            self.new.splitlines(keepends=True),
            f"{in_a_line(self.name)} (now)",
            f"{in_a_line(self.name)} (formatted)",
        )


def format_source(file: SourceFile, mark: bool = False) -> Formatted:
    """Format a text, and keep its line ends. Raises Problem if it does not parse."""
    begin = MARK if mark else ""
    try:
        new = format_text(file)
    except LayoutChangedMeaning:
        return Formatted(file.name, begin + file.text, begin + file.text, refused=True)
    if file.text.count("\r\n") * 2 > file.text.count("\n"):
        new = new.replace("\n", "\r\n")
    return Formatted(file.name, begin + file.text, begin + new)


def format_file(path: Path) -> Formatted:
    """What a file would be. Raises Problem: file-not-found, not-text, yaml-syntax …"""
    file = read_source(path)
    with path.open("rb") as stream:
        mark = stream.read(3) == MARK.encode()
    return format_source(file, mark)


def leads_out(path: Path) -> Path | None:
    """Where a link leads, if that is out of the repository that the link is in, or else of the
    folder we are in or its own: what lies there was not meant by who named a folder."""
    place = path.parent.resolve() / path.name
    if not place.is_symlink():
        return None
    top = next((one for one in place.parents if (one / ".git").exists()), None)
    if top is None:
        top = Path.cwd() if Path.cwd() in place.parents else place.parent
    target = path.resolve()
    return None if target.is_relative_to(top) else target


def replace_file(path: Path, text: str) -> None:
    """Put a text in place of a file's, through a new file beside it. Raises OSError."""
    target = path.resolve()  # a link stays a link
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        shutil.copymode(target, name)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
