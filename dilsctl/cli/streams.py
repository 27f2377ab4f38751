"""The standard streams: what is printed fails in one place and in words, and never for the signs in it."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

OUTPUT = "standard output"


class _Output(io.FileIO):
    """Standard output that names itself where it can't be written: a full disk is not our mistake."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OSError(error.errno, error.strerror, OUTPUT) from None


class _Errors(io.FileIO):
    """Standard error: where it can't be written nobody can be told, and the exit code still tells."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def open_streams() -> None:
    """Make the standard streams fit to print any text.

    An output that can't show a sign (× or ≥ in an old code page) gets a ? in its place. A stream that the
    caller closed is empty (input), fails when written (output), or is silent (errors). Its number is taken,
    so that no file of a user gets it, and with it what is printed.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = _stream(_Output(os.open(os.devnull, os.O_RDONLY), "w"), "utf-8")
    if sys.stderr is None:
        sys.stderr = _stream(_Errors(os.open(os.devnull, os.O_WRONLY), "w"), "utf-8")
    sys.stdout = _over(sys.stdout, _Output)
    sys.stderr = _over(sys.stderr, _Errors)


def _over(old: Any, kind: type[io.FileIO]) -> Any:
    """The same stream, written through a file of ours; one that is no file stays as it is."""
    if not isinstance(old, io.TextIOWrapper) or type(getattr(old.buffer, "raw", old.buffer)) is not io.FileIO:
        return old
    return _stream(
        kind(old.fileno(), "w", closefd=False), old.encoding, old.line_buffering, old.write_through
    )


def _stream(raw: io.FileIO, encoding: str, lines: bool = False, through: bool = False) -> io.TextIOWrapper:
    whole = encoding.lower().replace("-", "") == "utf8"
    errors = "backslashreplace" if whole else "replace"
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, None, lines, through)


def let_go_of_output() -> None:
    """What is still to be printed goes nowhere: or else Python complains when it flushes at exit."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError, AttributeError):
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
