"""Plots of how often each class was taken for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from dilsctl.plots.figure import Plot
from dilsctl.plots.look import shaded
from dilsctl.plots.marks import SIZE, fitted, image, line, text
from dilsctl.plots.scales import Scale
from dilsctl.render.letters import width
from dilsctl.render.svg import clean, number
from dilsctl.trace import Array

COUNTED = 20  # classes up to which each cell says its count
NAMED = 60  # classes up to which each has its name
MOST_CELLS = 120  # of a side, in which more classes are gathered
_MOST_NAME = 150.0
_PAIRS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """``counts`` (classes, classes): how often each class was taken for each (a row for each truth), in one
    part of the data, of one target. The part ``stream`` is a life's, each row before its truth was told."""

    part: str
    names: tuple[str, ...]
    counts: Array
    target: str = ""

    @property
    def where(self) -> str:
        """Which rows these are."""
        return "stream, each before its truth was told" if self.part == "stream" else f"{self.part} part"

    @property
    def right(self) -> float:
        """The share of rows whose class was found; NaN of none."""
        total = self.counts.sum()
        return float(np.trace(self.counts) / total) if total else float("nan")

    def mistakes(self, most: int = _PAIRS) -> list[tuple[str, str, int]]:
        """The pairs (truth, said, how often) that were confused most, the most frequent first."""
        off = self.counts.copy()
        np.fill_diagonal(off, 0)
        order = np.argsort(-off, axis=None, kind="stable")[:most]
        pairs = [np.unravel_index(at, off.shape) for at in order]
        return [
            (self.names[row], self.names[column], int(off[row, column]))
            for row, column in pairs
            if off[row, column]
        ]


def counted(truth: Array, said: Array, classes: int) -> Array:
    """How often each class (row) was taken for each (column)."""
    found = np.bincount(truth.astype(np.int64) * classes + said, minlength=classes * classes)
    return found.reshape(classes, classes)


def confusion_plot(found: Confusion) -> Plot:
    """A matrix: rows are the truth, columns what was said, shades the share of their row."""
    count = len(found.names)
    cell = 42.0 if count <= 8 else 30.0 if count <= COUNTED else 13.0 if count <= NAMED else 480.0 / count
    if count <= COUNTED:
        cell = max(cell, 12.0 + 7.0 * len(f"{int(found.counts.max(initial=0))}"))
    side = cell * count
    names = [fitted(one, _MOST_NAME) for one in found.names] if count <= NAMED else []
    size = SIZE if cell >= 15 else 10
    label = max((width(one, size) for one in names), default=width(f"{count:,}", SIZE)) + 8.0
    turned = count > COUNTED or label - 8 > cell - 4
    below = (label if turned and names else 18.0) + 20
    left, top = 12 + 18 + label, 78.0
    wide, high = max(left + side + 20, 420.0), top + side + below + 8
    rows = int(found.counts.sum())
    told = f"{rows:,} rows of the {found.where}"
    told += f", {int(np.trace(found.counts)):,} right ({found.right:.1%})" if rows else ""
    shade = "shade: the share of its row (of the truth)"
    if count > MOST_CELLS:
        shade += f", {-(-count // MOST_CELLS)} classes a cell"
    what = f"Classes of {found.target}" if found.target else "Classes"
    parts = [
        text(12, 24, fitted(what, wide - 24, 15), size=15, bold=True, full=what),
        text(12, 43, told, look="dim", size=11),
        text(12, 58, shade, look="dim", size=11),
    ]
    parts += _cells(found, left, top, cell) if names else _image(found, left, top, side)
    parts += _borders(left, top, side)
    if names:
        parts += _names(found.names, names, left, top, cell, turned, size)
    else:
        parts += _numbers(count, left, top, side)
    parts.append(text(left + side / 2, top + side + below - 4, "said", look="dim", anchor="middle"))
    parts.append(text(22, top + side / 2, "truth", look="dim", anchor="middle", turned=True))
    wrong = ", ".join(f"{truth} taken for {said} {n:,} times" for truth, said, n in found.mistakes())
    return Plot(what, f"{told}{'; ' + wrong if wrong else ''}", wide, high, "".join(parts))


def _cells(found: Confusion, left: float, top: float, cell: float) -> Iterator[str]:
    totals = np.maximum(found.counts.sum(axis=1, keepdims=True), 1)
    shares = found.counts / totals
    for row, column in np.argwhere(found.counts):
        x, y, share = left + column * cell, top + row * cell, float(shares[row, column])
        n = int(found.counts[row, column])
        about = clean(f"{found.names[row]} taken for {found.names[column]}: {n:,} ({share:.1%} of its row)")
        look = "m0" if row == column else "m1"
        cover = max(0.08, share)
        place = f'x="{number(x)}" y="{number(y)}" width="{number(cell)}" height="{number(cell)}"'
        yield f"<g><title>{escape(about)}</title>"
        yield f'<rect class="{look}" {place} fill-opacity="{number(cover)}"/>'
        if len(found.names) <= COUNTED:
            ink = "paper" if share > 0.55 else "ink"
            yield text(x + cell / 2, y + cell / 2 + 4, f"{n}", look=ink, anchor="middle").rstrip("\n")
        yield "</g>\n"


def _image(found: Confusion, left: float, top: float, side: float) -> Iterator[str]:
    """Of very many classes, several in a cell. The root of the share makes few mistakes among many rows
    visible."""
    count = len(found.counts)
    starts = np.arange(0, count, -(-count // MOST_CELLS))
    cells = np.add.reduceat(np.add.reduceat(found.counts, starts, axis=0), starts, axis=1)
    totals = np.maximum(cells.sum(axis=1, keepdims=True), 1)
    side *= starts.size * (starts[1] - starts[0]) / count  # the last cell may have fewer classes
    yield image(left, top, side, side, shaded(np.sqrt(cells / totals), "blues"), "blues")


def _borders(left: float, top: float, side: float) -> Iterator[str]:
    yield line(left, top, left + side, top, "axis")
    yield line(left, top + side, left + side, top + side, "axis")
    yield line(left, top, left, top + side, "axis")
    yield line(left + side, top, left + side, top + side, "axis")


def _names(
    full: Sequence[str], names: Sequence[str], left: float, top: float, cell: float, turned: bool, size: float
) -> Iterator[str]:
    side = cell * len(names)
    for at, (name, told) in enumerate(zip(names, full, strict=True)):
        middle = (at + 0.5) * cell + size * 0.34
        yield text(left - 6, top + middle, name, look="dim", anchor="end", full=told, size=size)
        x, y = left + (at + 0.5) * cell, top + side
        if turned:
            yield text(
                x + size * 0.34, y + 6, name, look="dim", anchor="end", full=told, turned=True, size=size
            )
        else:
            yield text(x, y + 16, name, look="dim", anchor="middle", full=told, size=size)


def _numbers(count: int, left: float, top: float, side: float) -> Iterator[str]:
    for value, words in Scale(0.0, float(count - 1), whole=True).ticks(6):
        at = (value + 0.5) / count * side
        yield text(left - 6, top + at + 4, words, look="dim", anchor="end")
        yield text(left + at, top + side + 16, words, look="dim", anchor="middle")
