"""A life on a stream, as text: a line a row, and at the end what it came to."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dilsctl.data.tables import Table
from dilsctl.engine.kernels import Array
from dilsctl.ir import Type
from dilsctl.prequential import decided
from dilsctl.report.progress import number_text
from dilsctl.signs import json_text

_BARS = "▁▂▃▄▅▆▇█"
_MEASURES = {"last": "the last truth again", "usual": "the likeliest class, or the mean"}


@dataclass(slots=True, eq=False)
class Answers:
    """Prints each row's prediction, as csv or as JSON lines."""

    type: Type
    write: Callable[[str], None]
    labels: Sequence[Any] = ()
    key: str | None = None
    as_json: bool = False
    begun: bool = False

    def answers(self, first: int, predicted: Array, truth: Array | None, table: Table) -> None:
        """Rows from number ``first`` on were predicted."""
        chosen = decided(predicted, self.type)
        rows = len(chosen)
        keys = list(table.raw[self.key]) if self.key is not None and self.key in table.raw else []
        told: Sequence[Any] = [None] * rows if truth is None else [self._named(one) for one in truth]
        lines = []
        for row in range(rows):
            line = {"row": first + row}
            if keys:
                line[str(self.key)] = keys[row]
            shown = self._named(chosen[row])
            line["predicted"] = shown
            if chosen is not predicted:
                line["shown"] = _plain(predicted[row])
            line["truth"] = told[row]
            lines.append(line)
        if self.as_json:
            self.write("\n".join(json_text(line, None) for line in lines))
            return
        flat = [_flat(line) for line in lines]
        if not self.begun and flat:
            self.begun = True
            self.write(_csv([flat[0]]))
        self.write(_csv([line.values() for line in flat]))

    def line(self, values: Mapping[str, Any]) -> None:
        """A window is full: nothing for whoever reads rows."""

    def _named(self, value: Any) -> Any:
        if self.labels and self.type.kind == "class" and np.ndim(value) == 0:
            return self.labels[int(value)]
        return _plain(value)


class Silent:
    """Prints nothing."""

    def answers(self, first: int, predicted: Array, truth: Array | None, table: Table) -> None:
        """Rows were predicted."""

    def line(self, values: Mapping[str, Any]) -> None:
        """A window is full."""


def _csv(rows: Iterable[Iterable[str]]) -> str:
    """Rows as lines; names of classes may have commas, quotes and line breaks in them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().removesuffix("\n")


def _plain(value: Any) -> Any:
    if np.ndim(value):
        return [_plain(one) for one in value]
    if isinstance(value, np.floating):
        return float(str(value))
    return value.item() if isinstance(value, np.generic) else value


def _flat(line: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in line.items():
        if isinstance(value, list):
            found |= {f"{name}.{number}": str(one) for number, one in enumerate(value)}
        else:
            text = "" if value is None else str(value)
            found[name] = text.lower() if isinstance(value, bool) else text
    return found


def summary(
    values: Mapping[str, float], lines: Sequence[Mapping[str, Any]], rows: int, window: int
) -> list[str]:
    """What a life came to: each measure over all rows, in the last window, and how it went."""
    heads = ["", "all rows", f"last {window}", "from first to last"]
    body = []
    for name, value in values.items():
        curve = [one[name] for one in lines if isinstance(one.get(name), float | int)]
        last = number_text(curve[-1]) if curve else ""
        body.append([name, number_text(value), last, spark(curve, 32)])
    widths = [max(len(row[k]) for row in (heads, *body)) for k in range(3)]
    found = [
        "  ".join(
            [row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].rjust(widths[2]), row[3]]
        ).rstrip()
        for row in (heads, *body)
    ]
    said = _said(values)
    beside = f"; beside it, {' and '.join(said)}" if said else ""
    return [*(found if values else []), "", f"{_rows(rows)} with a truth{beside}"]


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _said(values: Mapping[str, float]) -> list[str]:
    return [f"{name}: {text}" for name, text in _MEASURES.items() if name in values]


def spark(values: Sequence[float], width: int) -> str:
    """A curve in one line, from its least to its greatest value; means where there are too many."""
    known = [one for one in values if np.isfinite(one)]
    if len(known) < 2:
        return ""
    parts = [float(np.mean(one)) for one in np.array_split(np.array(known), min(width, len(known)))]
    low, high = min(parts), max(parts)
    if high <= low:
        return _BARS[3] * len(parts)
    return "".join(_BARS[round((one - low) / (high - low) * (len(_BARS) - 1))] for one in parts)
