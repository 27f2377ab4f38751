"""Columns of a table as the values of a port: which columns, of what shape, of what kind.

A port of type ``real 64`` takes 64 columns, ``real 8 8`` the same 64 in C order, a scalar one column. A
column that itself has several values a row (from npz, or a list in jsonl) counts as that many.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.data.faults import Faults
from dilsctl.data.labels import Labels, encode_labels
from dilsctl.data.tables import Table, column, unknown_column
from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.ir import Type

Array = npt.NDArray[Any]
Selection = str | int | Sequence[str | int]

_WORDS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
_EXACT = 2.0**53  # whole numbers up to here are exact in float64


def select(
    table: Table,
    selection: Selection,
    span: SourceSpan | None = None,
    parts: Sequence[SourceSpan | None] = (),
) -> list[str]:
    """The names of the columns that are meant: a name, a number, a range ``p0..p63``, or a list of these.

    A range counts up where both ends are one prefix with a number; otherwise it goes from one column to the
    other in the order of the file. ``parts``: where the entries of a list stand. Raises Problem:
    unknown-column, bad-range.
    """
    if not isinstance(selection, str | int):
        places = parts if len(parts) == len(selection) else [span] * len(selection)
        return [name for one, at in zip(selection, places, strict=True) for name in select(table, one, at)]
    text = str(selection)
    if text in table.raw:
        return [text]
    first, dots, last = text.partition("..")
    if not dots or not first or not last:
        raise unknown_column(table, text, span)
    names = []
    for name in _counted(first, last) or _between(table, first, last, span):
        if name not in table.raw:
            raise unknown_column(table, name, span)
        names.append(name)
    if not names:
        message = f"the range '{text}' goes backwards"
        raise Problem.of("bad-range", message, span, help=f"write '{last}..{first}'", file=table.name)
    return names


def _counted(first: str, last: str) -> Iterator[str] | None:
    """Names with one prefix and a number that counts up; padded with zeros where the first one is."""
    left, right = re.fullmatch(r"(.*?)(\d{1,9})", first), re.fullmatch(r"(.*?)(\d{1,9})", last)
    if not left or not right or left.group(1) != right.group(1):
        return None
    digits = left.group(2)
    width = len(digits) if digits.startswith("0") and len(digits) == len(right.group(2)) else 0
    numbers = range(int(digits), int(right.group(2)) + 1)
    return (f"{left.group(1)}{number:0{width}d}" for number in numbers)


def _between(table: Table, first: str, last: str, span: SourceSpan | None) -> list[str]:
    names = list(table.raw)
    for name in (first, last):
        if name not in table.raw:
            raise unknown_column(table, name, span)
    return names[names.index(first) : names.index(last) + 1]


def port_values(
    table: Table,
    port: str,
    selection: Selection,
    type: Type,
    real: npt.DTypeLike = np.float32,
    *,
    labels: Labels | None = None,
    span: SourceSpan | None = None,
    parts: Sequence[SourceSpan | None] = (),
) -> tuple[Array, Labels | None]:
    """The values of a port, of shape (rows, *type.shape), and for a class the labels if they were mapped.

    dtype: ``real`` for real and simplex, int64 for int and class, bool for bool. ``labels`` are those that a
    class was mapped by before, if it was. Raises Problem: unknown-column, column-count, missing-value,
    bad-number, bad-label, bad-simplex, data-format.
    """
    names = select(table, selection, span, parts)
    values = _gather(table, port, names, type, span)
    faults = Faults(table, names, values, span)
    mapped: Labels | None = None
    if type.kind == "class":
        found, mapped = encode_labels(values, type.classes or 0, labels, faults)
    else:
        convert = {"real": _real, "simplex": _real, "int": _whole, "bool": _boolean}[type.kind]
        found = convert(values, np.dtype(real), faults)
    found = np.ascontiguousarray(found).reshape(table.rows, *type.shape)
    if type.kind == "simplex":
        _check_simplex(found, port, table, span)
    return found, mapped


def _gather(table: Table, port: str, names: Sequence[str], type: Type, span: SourceSpan | None) -> Array:
    """The columns side by side: (rows, values a row)."""
    found = [column(table, name, span) for name in names]
    flat = [one.reshape(table.rows, -1) for one in found]
    count = sum(one.shape[1] for one in flat)
    if count != type.size:
        shown = f"'{names[0]}'" if len(names) == 1 else f"'{names[0]}' to '{names[-1]}'"
        message = f"'{port}' is '{type}', which takes {_count(type.size)}, but {shown} gives {count}"
        raise Problem.of("column-count", message, span, file=table.name)
    if len(flat) == 1:
        return flat[0]
    kinds = {one.dtype.kind for one in flat}
    if "U" in kinds and len(kinds) > 1:  # one text among numbers: all are text, as the file has them
        flat = [one if one.dtype.kind == "U" else _as_text(one) for one in flat]
    return np.concatenate(flat, axis=1)


def _as_text(values: Array) -> Array:
    return np.array([[f"{one:.17g}" for one in row] for row in values])


def _count(size: int) -> str:
    return "one column" if size == 1 else f"{size} columns"


def _numbers(values: Array, faults: Faults, expected: str) -> Array:
    """Values as numbers; the words true and false, in any case, are 1 and 0."""
    if values.dtype.kind != "U":
        return values
    words = np.char.lower(np.char.strip(values))
    truth = np.isin(words, ("true", "false"))
    wrong = _each(values, _not_a_number) & ~truth
    if wrong.any():
        raise faults.first(wrong, expected)
    return np.where(truth, np.where(words == "true", "1", "0"), words).astype(np.float64)


def _real(values: Array, real: np.dtype[Any], faults: Faults) -> Array:
    values = _numbers(values, faults, "a number")
    found: Array = values.astype(np.float64) if values.dtype.kind != "f" else values
    if not np.isfinite(found).all():
        raise faults.first(~np.isfinite(found), "a finite number")
    with np.errstate(over="ignore"):
        found = found.astype(real)
    if not np.isfinite(found).all():
        raise faults.first(~np.isfinite(found), f"within the range of {real.name}")
    return found


def _not_a_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return True
    return False


def _whole(values: Array, real: np.dtype[Any], faults: Faults) -> Array:
    values = _numbers(values, faults, "a whole number")
    if values.dtype.kind == "f":
        wrong = ~(np.abs(values) <= _EXACT) | (np.floor(values) != values)
        if wrong.any():
            raise faults.first(wrong, "a whole number")
    return values.astype(np.int64)


def _boolean(values: Array, real: np.dtype[Any], faults: Faults) -> Array:
    if values.dtype.kind == "U":
        words = np.char.lower(np.char.strip(values))
        if not np.isin(words, list(_WORDS)).all():
            raise faults.first(~np.isin(words, list(_WORDS)), "true, false, 1 or 0")
        return np.isin(words, [word for word, value in _WORDS.items() if value])
    if values.dtype.kind != "b" and not np.isin(values, (0, 1)).all():
        raise faults.first(~np.isin(values, (0, 1)), "true, false, 1 or 0")
    return values.astype(np.bool_)


def _each(values: Array, test: Callable[[str], bool]) -> Array:
    return np.array([[test(str(one)) for one in row] for row in values])


def _check_simplex(values: Array, port: str, table: Table, span: SourceSpan | None) -> None:
    """Raise unless the last axis holds probabilities."""
    sums = values.sum(axis=-1, dtype=np.float64)
    wrong = (values < 0).any(axis=-1) | (np.abs(sums - 1) > 1e-4)
    if wrong.any():
        row = int(np.argwhere(wrong.reshape(table.rows, -1).any(axis=1))[0, 0])
        line = f" (line {table.lines[row]})" if table.lines else ""
        message = f"'{port}' is a simplex, but row {row + 1}{line} of '{table.name}' is no probability vector"
        help = "probabilities are not negative and sum to 1"
        raise Problem.of("bad-simplex", message, span, help=help, file=table.name)
