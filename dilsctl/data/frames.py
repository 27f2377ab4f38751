"""Rows as ticks: which rows of a table are the ticks of one example.

An example may be many rows: those with the same value in a column, or a piece of one long episode that is the
whole file. Examples of fewer ticks than the longest are filled up with their last row, which is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.data.splits import PARTS, Rows
from dilsctl.data.tables import Table, column, missing_value
from dilsctl.diagnostics import Problem, SourceSpan

Array = npt.NDArray[Any]
EXACT = 2.0**53  # whole numbers below are exact in float64


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows with one value in the column ``by`` are one example, ordered by the column ``order``, or as they
    are in the file."""

    by: str
    order: str | None = None

    @classmethod
    def of(cls, block: Any) -> Grouping:
        """From a mapping, or a model with these keys."""
        given = dict(block)
        order = given.get("order")
        return cls(str(given["by"]), None if order is None else str(order))


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """``rows``: (examples, ticks), the row of each tick. ``ticks``: how many of each example count."""

    rows: Rows
    ticks: Rows

    @property
    def longest(self) -> int:
        return int(self.rows.shape[1])

    def lengthened(self, ticks: int) -> Frames:
        """Filled up to so many ticks."""
        more = np.repeat(self.rows[:, -1:], ticks - self.longest, axis=1)
        return Frames(np.concatenate([self.rows, more], axis=1), self.ticks)

    def taken(self, values: Array) -> Array:
        """Values of rows as (examples, ticks, …)."""
        found: Array = values[self.rows]
        return found


def frames_by(table: Table, grouping: Grouping, span: SourceSpan | None = None) -> Frames:
    """The rows of each group; groups in the order of their first rows.

    Raises Problem: unknown-column, data-format.
    """
    order = grouping.order
    _, first, which, counts = np.unique(
        _told(table, grouping.by, span), return_index=True, return_inverse=True, return_counts=True
    )
    place = np.empty(len(first), np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(len(first))
    examples = place[which.reshape(-1)]
    within = np.arange(table.rows)
    if order is not None:
        within = np.argsort(_told(table, order, span), kind="stable")
    sorted_rows = within[np.argsort(examples[within], kind="stable")]
    ticks = np.empty_like(counts)
    ticks[place] = counts
    ends = np.cumsum(ticks)
    at = np.minimum(np.arange(int(ticks.max()))[None, :], (ticks - 1)[:, None]) + (ends - ticks)[:, None]
    return Frames(sorted_rows[at].astype(np.int64), ticks.astype(np.int64))


def _told(table: Table, name: str, span: SourceSpan | None) -> Array:
    """A column that tells rows apart: no value is missing, and each is what the file has.

    Raises Problem: unknown-column, missing-value, data-format.
    """
    found = column(table, name, span)
    missing = np.char.strip(found) == "" if found.dtype.kind == "U" else np.zeros(len(found), bool)
    if found.dtype.kind == "f":
        missing = np.isnan(found)
        if (np.abs(found) >= EXACT).any():
            message = f"column '{name}' of '{table.name}' has numbers too large to be told apart"
            raise Problem.of("data-format", message, span, help="write them as words: id-…", file=table.name)
    if missing.any():
        raise missing_value(table, int(np.argmax(missing)), name, span)
    return found


def frames_of(parts: Mapping[str, Rows], ticks: int) -> tuple[Frames, dict[str, Rows]]:
    """Each part of one long episode in pieces of so many ticks, all in the order of the file; which pieces
    each part has. The last piece of a part may be shorter."""
    pieces: list[Array] = []
    counts: list[Array] = []
    begins: list[tuple[int, str, int]] = []
    for part in PARTS:
        if part in parts and len(parts[part]):
            rows = parts[part]
            count = -(-len(rows) // ticks)
            at = np.minimum(np.arange(count * ticks), len(rows) - 1)
            pieces.append(rows[at].reshape(count, ticks))
            counts.append(np.minimum(ticks, len(rows) - np.arange(count) * ticks))
            begins.append((int(rows[0]), part, len(pieces) - 1))
    found: dict[str, Rows] = {}
    done = 0
    ordered = [number for _, _, number in sorted(begins)]
    for _, part, number in sorted(begins):
        found[part] = np.arange(done, done + len(pieces[number]))
        done += len(pieces[number])
    rows = np.concatenate([pieces[number] for number in ordered])
    return Frames(rows, np.concatenate([counts[number] for number in ordered])), found
