"""Data files: where they may lie, and how much of them is read.

A diagram may only read what lies in its own folder tree: a file from someone else must not open files
elsewhere. What unpacks to more than a gigabyte is refused before it fills the memory.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from dilsctl.diagnostics import Problem, SourceSpan, did_you_mean

MOST_BYTES = 1 << 30
_CHUNK = 1 << 20
_MOST_NAMES = 2000

Locate = Callable[..., SourceSpan | None]  # keys below the train block → where that is written


def nowhere(*path: str | int) -> SourceSpan | None:
    """The place of what no file writes."""
    return None


def find_data_file(folder: Path, text: str, span: SourceSpan | None = None) -> Path:
    """The data file that a diagram in ``folder`` names. Raises Problem: data-outside, data-not-found.

    The path is relative, has no ``..``, and no link on the way leads out of the folder.
    """
    parts = PurePosixPath(text.replace("\\", "/")).parts
    if not parts or ".." in parts or Path(text).is_absolute() or PurePosixPath(text).is_absolute():
        message = f"a diagram can only read data beside it or below it, not '{text}'"
        help = "copy the file (not a link) into the diagram's folder, and write its path from there"
        raise Problem.of("data-outside", message, span, help=help, file=text)
    path = folder.joinpath(*parts)
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise _not_found(folder, parts, text, span) from None
    if not real.is_relative_to(folder.resolve()):
        message = f"'{text}' is a link that leads out of the diagram's folder"
        raise Problem.of("data-outside", message, span, help="copy the file itself to there", file=text)
    if not stat.S_ISREG(real.stat().st_mode):
        what = "a folder" if real.is_dir() else "not a regular file"
        raise Problem.of("data-not-found", f"'{text}' is {what}", span, file=text)
    return real


def _not_found(folder: Path, parts: tuple[str, ...], text: str, span: SourceSpan | None) -> Problem:
    """The error for a file that is not there, with the name that was meant."""
    where = folder.joinpath(*parts[:-1])
    known: list[str] = []
    try:
        with os.scandir(where) as entries:
            for _, entry in zip(range(_MOST_NAMES), entries, strict=False):
                known.append(str(PurePosixPath(*parts[:-1], entry.name)))
    except (OSError, ValueError):
        lost = f"there is no folder '{PurePosixPath(*parts[:-1])}' beside the diagram"
        return Problem.of("data-not-found", f"there is no file '{text}'", span, help=lost, file=text)
    hint = did_you_mean(text, known) or "the path is relative to the diagram file"
    return Problem.of("data-not-found", f"there is no file '{text}'", span, help=hint, file=text)


_ENOUGH = 64 << 20
_MOST_RATIO = 200  # of a table that was packed; what unpacks to more was made to fill the memory


def read_bytes(path: Path, name: str, span: SourceSpan | None = None) -> bytes:
    """The content of a file, unpacked if its name ends in .gz.

    Raises Problem: data-not-found, data-too-large, data-format (not gzip, or damaged).
    """
    try:
        if not path.name.lower().endswith(".gz"):
            if path.stat().st_size > MOST_BYTES:
                raise too_large(name, span)
            return path.read_bytes()
        found = bytearray()
        size = path.stat().st_size
        with gzip.open(path) as stream:
            while chunk := stream.read(_CHUNK):
                found += chunk
                if len(found) > MOST_BYTES or len(found) > max(_ENOUGH, _MOST_RATIO * size):
                    raise too_large(name, span)
        return bytes(found)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        message = f"'{name}' is not a whole gzip file: {error}"
        raise Problem.of("data-format", message, span, file=name) from None
    except OSError as error:
        raise not_readable(name, error, span) from None


def not_readable(name: str, error: OSError, span: SourceSpan | None) -> Problem:
    """The error for a file that the system does not give."""
    why = error.strerror or str(error)
    return Problem.of("data-not-found", f"'{name}' cannot be read: {why}", span, file=name)


def too_large(name: str, span: SourceSpan | None) -> Problem:
    """The error for a file that is, or unpacks to, more than the limit."""
    return Problem.of(
        "data-too-large",
        f"'{name}' holds more than {MOST_BYTES >> 30} GiB, or {_MOST_RATIO} times what it takes packed",
        span,
        help="give large data as .npy, or as an .npz that is not compressed (numpy.savez)",
        file=name,
    )


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
