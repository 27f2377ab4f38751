"""How good predictions are that are made before the truth is told, row by row, and how that changes.

Beside the diagram's own measures stand two that know nothing but the truths so far: the last one again, and
the likeliest class or the mean. A prediction counts once, before it is learned from (A. P. Dawid, 1984).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.ir import Type

Array = npt.NDArray[Any]
MOST_CLASSES = 60  # whose confusion is counted: it is saved with the state


@dataclass(slots=True, eq=False)
class Sums:
    """Sums over rows by measure, and how many rows each has."""

    total: dict[str, float] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, values: list[float]) -> None:
        total = self.total.get(name, 0.0)
        for value in values:  # one by one: the sum must not depend on how rows came together
            total += value
        self.total[name] = total
        self.rows[name] = self.rows.get(name, 0) + len(values)

    def means(self) -> dict[str, float]:
        return {name: total / self.rows[name] for name, total in self.total.items() if self.rows[name]}


@dataclass(slots=True, eq=False)
class Prequential:
    """``whole``: over all rows; ``part``: over those of the window that is not full yet. ``rows``: how many
    truths there were. ``seen``: what the baselines know. ``taken``: (classes, classes), how often each class
    (row) was taken for each, of at most sixty."""

    type: Type
    window: int
    rows: int = 0
    whole: Sums = field(default_factory=Sums)
    part: Sums = field(default_factory=Sums)
    seen: dict[str, Any] = field(default_factory=dict)
    taken: Array | None = None

    def __post_init__(self) -> None:
        classes = 2 if self.type.kind == "bool" else self.type.classes or 0
        if self.type.kind in ("class", "bool") and not self.type.shape and 0 < classes <= MOST_CLASSES:
            self.taken = np.zeros((classes, classes), np.int64)

    @property
    def name(self) -> str:
        """What is measured of predictions: their accuracy, or their mean absolute error."""
        return "accuracy" if self.type.kind in ("class", "bool") else "error"

    def add(self, predicted: Array, truth: Array, measures: Mapping[str, Array]) -> list[dict[str, Any]]:
        """Count rows: what was predicted, the truth, other measures (rows first). Gives a line for each full
        window."""
        if self.taken is not None:
            said = decided(predicted, self.type)
            np.add.at(self.taken, (truth.astype(np.int64), said.astype(np.int64)), 1)
        lines = []
        start = 0
        while start < len(truth):
            end = min(len(truth), start + self.window - self.rows % self.window)
            values = self._values(predicted[start:end], truth[start:end])
            values |= {name: one[start:end] for name, one in measures.items()}
            for name, one in values.items():
                numbers = one.tolist()
                self.whole.add(name, numbers)
                self.part.add(name, numbers)
            self.rows += end - start
            start = end
            if self.rows % self.window == 0:
                lines.append({"rows": self.rows, **self.part.means()})
                self.part = Sums()
        return lines

    def _values(self, predicted: Array, truth: Array) -> dict[str, Array]:
        first = 0 if self.seen else 1  # the first of all rows has none before it
        last, usual = self._guesses(truth)
        return {
            self.name: self._good(predicted, truth),
            "last": self._good(last[first:], truth[first:]),
            "usual": self._good(usual[first:], truth[first:]),
        }

    def _good(self, predicted: Array, truth: Array) -> Array:
        """For each row 1 or 0, or the absolute error, the mean over a value's elements."""
        if self.name == "accuracy":
            good = (decided(predicted, self.type) == truth).astype(np.float64)
        else:
            good = np.abs(predicted.astype(np.float64) - truth)
        found: Array = good.reshape(len(truth), int(np.prod(truth.shape[1:])))
        return found[:, 0] if found.shape[1] == 1 else found.mean(axis=1)

    def _guesses(self, truth: Array) -> tuple[Array, Array]:
        """For each row the truth before it, and the likeliest or mean one of all before it; then these are
        known as well."""
        seen = self.seen
        last = np.concatenate([np.asarray(seen.get("last", truth[0]), truth.dtype)[None], truth[:-1]])
        seen["last"] = truth[-1].tolist()
        if self.name == "error":
            usual = np.empty(truth.shape, np.float64)
            count, total = seen.get("count", 0), np.array(seen.get("total", 0.0), np.float64)
            for row, value in enumerate(truth):
                usual[row] = total / max(count, 1)
                total, count = total + value, count + 1
            seen["count"], seen["total"] = count, total.tolist()
            return last, usual
        counts = dict(seen.get("counts", ()))
        values = truth.reshape(len(truth), -1)[:, 0].tolist()
        likely = seen.get("likely", values[0])
        found = []
        for value in values:
            found.append(likely)
            counts[value] = counts.get(value, 0) + 1
            if counts[value] > counts.get(likely, 0):
                likely = value
        seen["counts"], seen["likely"] = [list(one) for one in counts.items()], likely
        column = np.array(found, truth.dtype).reshape(-1, *(1,) * (truth.ndim - 1))
        return last, np.broadcast_to(column, truth.shape)

    # -- kept -------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """All that it knows, as plain lists and numbers."""
        return {
            "rows": self.rows,
            "whole": [self.whole.total, self.whole.rows],
            "part": [self.part.total, self.part.rows],
            "seen": self.seen,
            "kind": self.type.kind,
            "taken": None if self.taken is None else self.taken.tolist(),
        }

    def take_up(self, value: Mapping[str, Any]) -> None:
        """What ``to_json`` gave."""
        self.rows = int(value["rows"])
        self.whole, self.part = Sums(*map(dict, value["whole"])), Sums(*map(dict, value["part"]))
        self.seen = dict(value["seen"])
        taken = value.get("taken")  # not there in what was kept before it was counted
        self.taken = None if taken is None else np.array(taken, np.int64)


def decided(predicted: Array, type: Type) -> Array:
    """Predictions of classes or truth values: the likeliest class, or what is above one half."""
    if type.kind == "class" and predicted.ndim > 1 + len(type.shape):
        found: Array = predicted.argmax(axis=-1)
        return found
    if type.kind == "bool" and predicted.dtype.kind == "f":
        return predicted > 0.5
    return predicted
