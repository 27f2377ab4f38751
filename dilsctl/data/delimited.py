"""Text with one row a line: csv and tsv. Purely numeric files are read by NumPy's parser in one call."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.diagnostics import Problem, SourceSpan

Array = npt.NDArray[Any]


def read_delimited(
    data: bytes, name: str, ending: str, span: SourceSpan | None = None, *, before: int = 0
) -> tuple[dict[str, Array | Sequence[Any]], Sequence[int], bool]:
    """Columns, the line of each row, and whether the first line gives the columns names.

    A first line of nothing but numbers is a row, unless it counts 0, 1, 2 and so on. A csv whose first line
    has no comma but semicolons or tabs is split at those. before: lines of the file before these.
    Raises Problem: data-format.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1 + before
        message = f"'{name}' is not UTF-8 text (line {line})"
        raise Problem.of("data-format", message, span, help="save it as UTF-8", file=name) from None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = "\t" if ending == ".tsv" else next((one for one in ",;\t" if one in first), ",")
    fast = _numeric(text, delimiter, before)
    return fast if fast is not None else _general(text, delimiter, name, span, before)


def _numeric(
    text: str, delimiter: str, before: int
) -> tuple[dict[str, Array | Sequence[Any]], Sequence[int], bool] | None:
    """The table, if below the first line there is nothing but numbers, one full row a line."""
    lines = text.rstrip("\n").split("\n")
    header = [cell.strip() for cell in lines[0].split(delimiter)]
    named = _names_columns(header)
    if '"' in lines[0] or not all(header) or (named and len(set(header)) != len(header)):
        return None
    body = lines[1:] if named else lines
    if not body or not _are_numbers(body[0].split(delimiter)):
        return None
    try:
        values = np.loadtxt(body, np.float64, comments=None, delimiter=delimiter, ndmin=2)
    except ValueError:
        return None
    if values.shape != (len(body), len(header)):  # blank lines were skipped, or rows have another length
        return None
    names = header if named else [str(number) for number in range(len(header))]
    start = before + (2 if named else 1)
    return dict(zip(names, values.T, strict=True)), range(start, start + len(body)), named


def _are_numbers(cells: Sequence[str]) -> bool:
    try:
        for cell in cells:
            float(cell)
    except ValueError:
        return False
    return True


def _names_columns(header: Sequence[str]) -> bool:
    return not _are_numbers(header) or list(header) == [str(number) for number in range(len(header))]


def _general(
    text: str, delimiter: str, name: str, span: SourceSpan | None, before: int
) -> tuple[dict[str, Array | Sequence[Any]], Sequence[int], bool]:
    """The table by the csv module: quotes, text, missing values. Values are text."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1 + before
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1 + before
    except csv.Error as error:
        raise _bad(f"line {line} of '{name}' cannot be read: {error}", name, span) from None
    if not rows:
        raise _bad(f"'{name}' is empty", name, span)
    header = [cell.strip() for cell in rows[0]]
    named = _names_columns(header)
    if named:
        rows, lines = rows[1:], lines[1:]
        _check_header(header, name, span)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            message = f"line {line} of '{name}' has {len(row)} values, but there are {len(header)} columns"
            raise _bad(message, name, span, "a value that holds a comma needs quotes")
    names = header if named else [str(number) for number in range(len(header))]
    columns = zip(*rows, strict=True) if rows else ((),) * len(header)
    return dict(zip(names, columns, strict=True)), lines, named


def _check_header(header: Sequence[str], name: str, span: SourceSpan | None) -> None:
    seen: set[str] = set()
    for number, cell in enumerate(header):
        if cell in seen:
            raise _bad(f"'{name}' has two columns named '{cell}'", name, span)
        if not cell and number:  # tables written with an index have a first column without a name
            raise _bad(f"column {number + 1} of '{name}' has no name", name, span)
        seen.add(cell)


def _bad(message: str, name: str, span: SourceSpan | None, help: str = "") -> Problem:
    return Problem.of("data-format", message, span, help=help, file=name)
