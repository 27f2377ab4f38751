"""The end of a simulation in numbers: a table for people, plain values for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dilsctl.ir import Type
from dilsctl.report.progress import number_text
from dilsctl.trace import Array, Trace, columns, elements, percentiles

FEW = 4  # elements up to which those of an array have a row each
_SPREAD = (5, 95)  # per cent of the runs between which the spread goes


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one number, or of the elements of one array: ``values`` is (T, elements, runs)."""

    name: str
    type: Type
    values: Array


def trace_table(trace: Trace, most: int = 24) -> tuple[list[str], list[list[str]], str]:
    """A header, rows of text, and a note on what the table leaves out or how it is to be read.

    A small array has a row for each element; of a large one start and end are the least and the greatest
    element. Of several runs start and end are medians, and the spread is that of the end: what nine of ten
    runs lie between. Values that are infinite or no number count for start and end only.
    """
    header = ["", "start", "end", *(["spread"] if trace.runs > 1 else []), "min", "max", "mean"]
    if not len(trace.times):
        return header, [], "nothing was recorded"
    rows = _rows(trace)
    shown = rows if len(rows) <= most else rows[: most - 1]
    notes = []
    if trace.runs > 1:
        low, high = _SPREAD
        spread = f"the spread is from {low} to {high} % of the ends"
        notes.append(f"{trace.runs:,} runs: start and end are medians, {spread}")
    if any(one.values.shape[1] > 1 for one in shown):
        notes.append("start and end of an array: its least … its greatest element")
    if len(shown) < len(rows):
        notes.append(f"{len(rows) - len(shown):,} more are not shown")
    return header, [_cells(one) for one in shown], "; ".join(notes)


def _rows(trace: Trace) -> list[Row]:
    rows = []
    for name, array in trace.values.items():
        type = trace.types[name]
        if not type.size:
            continue
        if type.size > FEW:
            size = "×".join(map(str, type.shape))
            rows.append(Row(f"{name} ({size})", type, elements(trace, name)))
        else:
            one = Trace(trace.times, {name: array}, trace.types, trace.runs)
            rows += [Row(heading, type, values[:, None]) for heading, values in columns(one).items()]
    return rows


def _cells(row: Row) -> list[str]:
    values = row.values
    cells = [row.name, _moment(row, values[0]), _moment(row, values[-1])]
    if values.shape[2] > 1:
        cells.append(_between(row, *percentiles(values[-1].reshape(-1), _SPREAD, 0)))
    finite = _finite(values)
    if not finite.size:
        return [*cells, "", "", ""]
    return [
        *cells,
        _text(row, finite.min()),
        _text(row, finite.max()),
        number_text(float(finite.mean(dtype=float))),
    ]


def _moment(row: Row, values: Array) -> str:
    """The values (elements, runs) of one moment."""
    if values.shape[1] > 1:
        values = percentiles(values, (50,), 1)
    return _between(row, values.min(), values.max())


def _between(row: Row, low: Any, high: Any) -> str:
    first, second = _text(row, low), _text(row, high)
    return first if first == second else f"{first} … {second}"


def _text(row: Row, value: Any) -> str:
    if row.type.kind == "bool" and value in (0, 1):
        return "true" if value else "false"
    if row.type.kind in ("int", "class", "bool") and np.isfinite(value) and value == int(value):
        return str(int(value))
    return number_text(float(value))


def _finite(values: Array) -> Array:
    return values[np.isfinite(values)]


def trace_facts(trace: Trace) -> dict[str, Any]:
    """The same for programs, with every digit: what was recorded, and its start, end, min, max and mean.

    ``start`` and ``end`` are numbers, or nested lists for arrays; where there are several runs, the runs are
    the innermost axis. ``min``, ``max`` and ``mean`` are over everything finite.
    """
    values = {}
    for name, array in trace.values.items():
        finite, kept = _finite(array), array if trace.several else array[..., 0]
        measured = (
            {"min": finite.min(), "max": finite.max(), "mean": finite.mean(dtype=float)}
            if finite.size
            else {}
        )
        ends = {"start": kept[0], "end": kept[-1]} if len(trace.times) else {}
        values[name] = {
            "type": str(trace.types[name]),
            **{key: one.tolist() for key, one in ends.items()},
            **{key: one.item() for key, one in measured.items()},
            **({"not_finite": array.size - finite.size} if finite.size < array.size else {}),
        }
    return {
        "records": len(trace.times),
        "time": trace.times[[0, -1]].tolist() if len(trace.times) else [],
        "runs": trace.runs,
        "sweep": {name: array.tolist() for name, array in trace.sweep.items()},
        "values": values,
    }
