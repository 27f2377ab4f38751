"""A table: named columns of equal length, from a csv, jsonl, npz or npy file or from arrays.

Values stay as they were read until a column is asked for, so a fault in a column that nothing uses does no
harm. ``column`` gives float64, whole numbers, booleans or text, one row first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.data.arrays import read_npy, read_npz
from dilsctl.data.delimited import read_delimited
from dilsctl.data.files import digest_of, read_bytes
from dilsctl.data.jsonl import read_jsonl
from dilsctl.diagnostics import Problem, SourceSpan, did_you_mean

Array = npt.NDArray[Any]

NOT_GIVEN = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})
ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".npz", ".npy")


@dataclass(frozen=True, eq=False)
class Table:
    """``raw`` holds each column as it was read: an array, or a sequence of text or of JSON values.

    lines: for each row, the line of the file that it begins on (empty where there are no lines).
    named: whether the file gives names to its columns; else they are 0, 1, 2 and so on.
    digest: SHA-256 of the file, empty for arrays.
    """

    name: str
    raw: dict[str, Array | Sequence[Any]]
    rows: int
    lines: Sequence[int] = ()
    named: bool = True
    digest: str = ""

    def place(self, row: int, column: str) -> str:
        """In words, where a value stands; rows count from 1, after the header."""
        line = f" (line {self.lines[row]})" if self.lines else ""
        return f"row {row + 1}{line}, column '{column}' of '{self.name}'"


def read_table(path: Path, name: str = "", span: SourceSpan | None = None) -> Table:
    """Read a data file by the ending of its name. ``name`` is what messages call it.

    Raises Problem: data-format, data-not-found, data-too-large.
    """
    name = name or str(path)
    ending, packed = path.suffix.lower(), False
    if ending == ".gz":
        ending, packed = path.with_suffix("").suffix.lower(), True
    lines: Sequence[int] = ()
    named = True
    raw: Mapping[str, Array | Sequence[Any]]
    if ending in (".csv", ".tsv"):
        raw, lines, named = read_delimited(read_bytes(path, name, span), name, ending, span)
    elif ending in (".jsonl", ".ndjson"):
        raw, lines = read_jsonl(read_bytes(path, name, span), name, span)
    elif ending == ".npz" and not packed:
        raw = read_npz(path, name, span)
    elif ending == ".npy" and not packed:
        raw, named = read_npy(path, name, span)
    else:
        help = f"known are {', '.join(ENDINGS)}, and .gz after those that are text"
        message = f"the ending of '{path.name}' says nothing about its format"
        raise Problem.of("data-format", message, span, help=help, file=name)
    return make_table(name, raw, lines, named, digest_of(path), span)


def table_of(arrays: Mapping[str, Any], name: str = "the arrays") -> Table:
    """A table of arrays (or lists), one row first. Raises Problem: data-format where lengths differ."""
    raw: dict[str, Array | Sequence[Any]] = {}
    for key, value in arrays.items():
        try:
            raw[key] = np.asarray(value)
        except ValueError:
            raise Problem.of("data-format", f"'{key}' has rows of different lengths", file=name) from None
    return make_table(name, raw, (), True, "", None)


def make_table(
    name: str,
    raw: Mapping[str, Array | Sequence[Any]],
    lines: Sequence[int],
    named: bool,
    digest: str,
    span: SourceSpan | None,
) -> Table:
    """A table of columns as they were read. Raises Problem: data-format where their lengths differ."""
    for key, value in raw.items():
        if isinstance(value, np.ndarray) and value.ndim == 0:
            message = f"'{key}' of '{name}' is a single value, not one for each row"
            raise Problem.of("data-format", message, span, file=name)
    lengths = {key: len(value) for key, value in raw.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"'{key}' {length}" for key, length in lengths.items())
        message = f"the columns of '{name}' differ in their number of rows: {shown}"
        raise Problem.of("data-format", message, span, file=name)
    rows = next(iter(lengths.values()), 0)
    if not rows:
        raise Problem.of("data-format", f"'{name}' has no rows", span, file=name)
    return Table(name, dict(raw), rows, lines, named, digest)


def column(table: Table, name: str, span: SourceSpan | None = None) -> Array:
    """A column as an array, rows first: of numbers or booleans if every value is one, else of text.

    A number that is missing in a column of numbers is NaN. Raises Problem: unknown-column, data-format.
    """
    values = table.raw.get(name)
    if values is None:
        raise unknown_column(table, name, span)
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "S":
            return np.char.decode(values, "utf-8", "replace")
        if values.dtype.kind not in "biufU":
            if values.dtype.kind == "O" and all(isinstance(one, str) for one in values.flat):
                return values.astype(str)
            message = (
                f"column '{name}' of '{table.name}' is of the type {values.dtype}, which is not understood"
            )
            help = "numbers, booleans and text are"
            raise Problem.of("data-format", message, span, help=help, file=table.name)
        return values
    if isinstance(values[0], str) and all(isinstance(one, str) for one in values):
        return _from_text(values)
    return _from_json(table, name, values, span)


def _from_text(values: Sequence[str]) -> Array:
    text = np.array(values)
    try:
        return text.astype(np.float64)
    except ValueError:
        pass
    first = next((one for one in values if one.strip().lower() not in NOT_GIVEN), "")
    if _is_number(first):  # numbers, some of which are missing or wrong: whoever asks for numbers finds out
        wrong = [one for one in values if one.strip().lower() not in NOT_GIVEN and not _is_number(one)]
        if not wrong:
            return np.array([float(one) if _is_number(one) else math.nan for one in values])
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _from_json(table: Table, name: str, values: Sequence[Any], span: SourceSpan | None) -> Array:
    """Values of a jsonl file: numbers, booleans, text, or lists of these; None where one is missing."""
    given = [one for one in values if one is not None]
    if all(isinstance(one, str) for one in given):
        return np.array(["" if one is None else one for one in values])
    if len(given) == len(values) and all(isinstance(one, bool) for one in given):
        return np.array(values)
    if all(isinstance(one, int | float) for one in given):
        try:
            return np.array([math.nan if one is None else one for one in values], np.float64)
        except OverflowError:
            pass
    row = next((i for i, one in enumerate(values) if one is None), None)
    if row is not None and all(isinstance(one, list) for one in given):
        raise missing_value(table, row, name, span)
    try:
        found = np.array(values)
        if found.dtype.kind in "biuf" and all(isinstance(one, list) for one in given):
            return found
    except (ValueError, OverflowError):
        pass
    kinds = {type(one).__name__: row for row, one in reversed(list(enumerate(values)))}
    rows = " and ".join(str(row + 1) for row in sorted(kinds.values())[:2])
    message = f"column '{name}' of '{table.name}' mixes values that do not go together, as in row {rows}"
    help = "a column holds numbers, booleans, text, or lists of numbers that are all of one shape"
    raise Problem.of("data-format", message, span, help=help, file=table.name)


def unknown_column(table: Table, name: str, span: SourceSpan | None) -> Problem:
    """The error for a column that is not there."""
    hint = did_you_mean(name, table.raw)
    if not table.named:
        last = len(table.raw) - 1
        hint = f"the file has no line of column names: its columns are 0 to {last}, counted from the left"
    elif not hint:
        hint = f"it has {_some(table.raw)}"
    return Problem.of(
        "unknown-column", f"'{table.name}' has no column '{name}'", span, help=hint, file=table.name
    )


def _some(names: Iterable[str], most: int = 12) -> str:
    known = list(names)
    shown = ", ".join(f"'{one}'" for one in known[:most])
    return shown if len(known) <= most else f"{shown} and {len(known) - most} more"


def missing_value(table: Table, row: int, name: str, span: SourceSpan | None) -> Problem:
    """The error for a value that is not there."""
    return Problem.of(
        "missing-value",
        f"a value is missing: {table.place(row, name)}",
        span,
        help="fill it in, or leave the row out",
        file=table.name,
    )
