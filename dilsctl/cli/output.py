"""Where words go: plain text, JSON, findings, and whether the place they go to is a terminal."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click

from dilsctl.diagnostics import STDIN, Diagnostic, Problem, Report
from dilsctl.signs import json_text, visible

LEADS_OUT = "{}: left as it is, since it is a link to {}, which lies elsewhere; name that file to change it"


def is_terminal(stream: TextIO | None = None) -> bool:
    """Whether a person watches this stream, so that a line may be redrawn. CI logs are not watched."""
    stream = sys.stdout if stream is None else stream
    if os.environ.get("TERM") == "dumb" or os.environ.get("CI", "") not in ("", "0", "false"):
        return False
    return stream.isatty()


def wants_colour(stream: TextIO | None = None) -> bool:
    """NO_COLOR (any value) says no, FORCE_COLOR says yes; otherwise a terminal gets colour."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    stream = sys.stdout if stream is None else stream
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width(stream: TextIO | None = None, default: int = 100) -> int:
    """Columns to fill: those of the terminal, or ``default`` in a pipe."""
    stream = sys.stdout if stream is None else stream
    return shutil.get_terminal_size((default, 24)).columns if stream.isatty() else default


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print words for people. Of what files put into them nothing gets at the terminal: see ``signs``."""
    painted = wants_colour(sys.stderr if err else sys.stdout)
    click.echo(visible(text, painted), err=err, nl=nl, color=True)


def emit(text: str) -> None:
    """Print a document as it is."""
    click.echo(text, nl=False)


def clean(value: Any) -> Any:
    """A value as JSON has it: NumPy scalars and arrays as numbers and lists; no NaN, which JSON lacks."""
    if isinstance(value, dict):
        return {str(key): clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(one) for one in value]
    if hasattr(value, "tolist"):
        return clean(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def write_json(value: Any, indent: int | None = 2) -> None:
    """Print a value as JSON; ``indent=None`` puts it on one line."""
    emit(json_text(clean(value), indent) + "\n")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Around what writes a file: says in words that it can't be. Raises Problem: not-writable."""
    try:
        yield
    except OSError as error:
        message = f"'{path}' can't be written: {error.strerror or error}"
        raise Problem.of("not-writable", message, file=str(path)) from None


def put(text: str, path: Path | None) -> None:
    """Print a text, or write it to a file that is not there yet. Raises Problem: not-writable."""
    from dilsctl.report.new_file import new_file

    if path is None:
        emit(text)
        return
    if path.exists():
        raise click.UsageError(f"'{path}' exists already; nothing is overwritten")
    with writing(path), new_file(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def standard_input(mark: bool = False) -> str:
    """What is given to ``-``. mark: with its byte order mark, if it has one. Raises Problem: not-text,
    too-large."""
    from dilsctl.source import largest_file, too_large

    most = largest_file(Path(STDIN))
    data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        raise too_large(STDIN, most)
    try:
        return data.decode("utf-8" if mark else "utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"standard input is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}"
        raise Problem.of("not-text", message, file=STDIN) from None


def show_findings(found: Report | Iterable[Diagnostic], err: bool = False) -> None:
    """Print findings as text with snippets, and how many there are."""
    from dilsctl.report.text import render_text

    stream = sys.stderr if err else sys.stdout
    report = found if isinstance(found, Report) else Report(list(found))
    text = render_text(report, wants_colour(stream), width(stream), wrap=stream.isatty())
    if text:
        say(text, err=err, nl=not text.endswith("\n"))


def show_diff_lines(lines: Iterable[str]) -> None:
    """Print a unified diff, in colour on a terminal."""
    colours = {"+": "green", "-": "red", "@": "cyan"} if wants_colour() else {}
    for line in lines:
        line = line.rstrip("\r\n")
        bold = line.startswith(("+++", "---"))
        say(click.style(line, fg=colours.get(line[:1]), bold=bold) if colours else line)


def replace_file(path: Path, text: str) -> None:
    """Write a report in one go: whoever reads it finds the old one or the new one. Raises Problem:
    not-writable."""
    from dilsctl.report.new_file import new_file

    with writing(path):
        if path.exists() and not path.is_file():  # /dev/stderr, a named pipe
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        with new_file(path, force=True) as part:
            part.write_text(text, encoding="utf-8", newline="\n")


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 box``, ``1,797 rows``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = (), indent: str = "") -> str:
    """Rows as aligned columns, two blanks between them; the columns in ``right`` are flush right."""
    if not rows:
        return ""
    wide = [
        max((len(row[at]) for row in rows if at < len(row)), default=0) for at in range(max(map(len, rows)))
    ]
    lines = []
    for row in rows:
        cells = [cell.rjust(wide[at]) if at in right else cell.ljust(wide[at]) for at, cell in enumerate(row)]
        lines.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(lines)
