"""Rows as they come: from a file, a pipe, or a file that grows.

Lines are read as soon as they are there, a table of them at a time, so that a pipe that gives a row now and
then is answered row by row, and a long file goes by in pieces that fit in memory.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any
from zlib import crc32

import numpy as np

from dilsctl.data.delimited import read_delimited
from dilsctl.data.jsonl import read_jsonl
from dilsctl.data.tables import Table, make_table
from dilsctl.diagnostics import Problem

MOST_ROWS = 1024  # of a table
MOST_BYTES = 16 << 20  # of a row
_PIECE = 1 << 16
_NEW = "give the same stream again, from its beginning; --new says that all its rows are new ones"
_PAUSE = 0.2  # seconds, between looks at a file that grows


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of a stream. ``marks``: for each a checksum of the text of all rows up to it."""

    table: Table
    marks: list[int]


def tables(
    descriptor: int,
    name: str,
    ending: str,
    *,
    skip: int = 0,
    mark: int = 0,
    follow: bool = False,
    waiting: Callable[[bool], None] = lambda waits: None,
) -> Iterator[Rows]:
    """The rows behind an open file descriptor, in order, without the first ``skip``.

    ending: .csv, .tsv or .jsonl. mark: that of the last row to be skipped. follow: go on at the end of the
    file, as it may grow. waiting: told when a read begins (True) and has ended (False). Raises Problem:
    data-format, other-stream (fewer rows than are to be skipped, or others).
    """
    reader = _Reader(name, ending)
    seen = 0
    for lines in _lines(descriptor, name, follow, waiting):
        for found in reader.read(lines):
            gone = min(skip - seen, found.table.rows) if seen < skip else 0
            seen += found.table.rows
            if gone and seen >= skip and found.marks[gone - 1] != mark:
                message = f"the first {skip:,} rows of '{name}' are not those that the run has taken in"
                raise Problem.of("other-stream", message, help=_NEW, file=name)
            if gone < found.table.rows:
                yield Rows(rows_of(found.table, slice(gone, None)), found.marks[gone:]) if gone else found
    reader.end()
    if seen < skip:
        message = f"'{name}' has {seen:,} rows, and the run has taken in {skip:,}"
        raise Problem.of("other-stream", message, help=_NEW, file=name)


def rows_of(table: Table, which: slice | Sequence[int]) -> Table:
    """Some rows of a table."""
    if isinstance(which, slice):
        raw: Mapping[str, Any] = {key: values[which] for key, values in table.raw.items()}
        lines = table.lines[which]
    else:
        raw = {
            key: values[list(which)] if isinstance(values, np.ndarray) else [values[row] for row in which]
            for key, values in table.raw.items()
        }
        lines = [table.lines[row] for row in which]
    return replace(table, raw=dict(raw), rows=len(next(iter(raw.values()))), lines=lines)


def _lines(
    descriptor: int, name: str, follow: bool, waiting: Callable[[bool], None]
) -> Iterator[list[bytes]]:
    """Whole lines, as many as are there."""
    rest = b""
    while True:
        waiting(True)
        piece = os.read(descriptor, _PIECE)
        if not piece and follow:
            time.sleep(_PAUSE)
        waiting(False)
        if not piece and follow:
            continue
        if not piece:
            break
        rest += piece
        if b"\n" in piece:
            *lines, rest = rest.split(b"\n")
            yield lines
        elif len(rest) > MOST_BYTES:
            message = f"a line of '{name}' has more than {MOST_BYTES >> 20} MiB"
            raise Problem.of("data-format", message, file=name)
    if rest.strip():
        yield [rest]


class _Reader:
    """Lines to tables. A csv record may go over several lines, if it is quoted."""

    def __init__(self, name: str, ending: str) -> None:
        self.name = name
        self.ending = ending
        self.done = 0  # lines read
        self.header: bytes | None = None
        self.open: list[bytes] = []  # lines of a record that is not whole yet
        self.mark = 0

    def read(self, lines: list[bytes]) -> Iterator[Rows]:
        lines = [*self.open, *lines]
        self.open = []
        quoted = self.ending != ".jsonl" and b'"' in b"".join(lines)
        if quoted and sum(line.count(b'"') for line in lines) % 2:
            quotes = 0
            for at in range(len(lines) - 1, -1, -1):
                quotes += lines[at].count(b'"')
                if quotes % 2:
                    self.open, lines = lines[at:], lines[:at]
                    break
            if sum(map(len, self.open)) > MOST_BYTES:
                raise self._bad("a quote that is opened on it is never closed", self.done + len(lines) + 1)
        if self.header is None and self.ending != ".jsonl":
            while lines and not lines[0].strip():
                del lines[0]
                self.done += 1
            if not lines:
                return
            self._begin(lines)
        start = 0
        while start < len(lines):
            end = start + MOST_ROWS
            while quoted and sum(one.count(b'"') for one in lines[start:end]) % 2:
                end += 1  # whole records
            part = lines[start:end]
            if any(one.strip() for one in part):
                yield self._marked(self._table(part), part)
            self.done += len(part)
            start = end

    def _marked(self, table: Table, lines: list[bytes]) -> Rows:
        """The rows of these lines with their marks: a row goes up to the line that the next one begins on."""
        if table.rows == len(lines):  # a line each
            marks = list(accumulate(lines, lambda mark, line: crc32(line.strip(), mark), initial=self.mark))
            self.mark = marks[-1]
            return Rows(table, marks[1:])
        ends = [line - self.done - 1 for line in table.lines[1:]] + [len(lines)]
        marks, start = [], 0
        for end in ends:
            for line in lines[start:end]:
                self.mark = crc32(line.strip(), self.mark)  # of an empty line nothing
            marks.append(self.mark)
            start = end
        return Rows(table, marks)

    def _begin(self, lines: list[bytes]) -> None:
        """Take the line of column names, or count the columns of a file without one."""
        _, _, named = read_delimited(b"\n".join(lines[:1]) + b"\n", self.name, self.ending)
        if named:
            self.header = lines.pop(0)
            self.done += 1
        else:
            mark = next((one for one in (b",", b";", b"\t") if one in lines[0]), b",")
            count = lines[0].count(mark) + 1
            self.header = mark.join(str(number).encode() for number in range(count))

    def _table(self, lines: list[bytes]) -> Table:
        if self.ending == ".jsonl":
            raw, places = read_jsonl(b"\n".join(lines), self.name, before=self.done)
            return make_table(self.name, raw, places, True, "", None)
        assert self.header is not None
        text = b"\n".join([self.header, *lines]) + b"\n"
        found, places, named = read_delimited(text, self.name, self.ending, before=self.done - 1)
        return make_table(self.name, found, places, named, "", None)

    def end(self) -> None:
        """Nothing more comes. Raises Problem where a record is not whole."""
        if self.open:
            raise self._bad("a quote that is opened on it is never closed", self.done + 1)

    def _bad(self, why: str, line: int) -> Problem:
        message = f"line {line} of '{self.name}' cannot be read: {why}"
        return Problem.of("data-format", message, file=self.name)
