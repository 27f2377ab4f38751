"""Panels of cells: an array over time, rows of cells by moments, with a bar that says what colours mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dilsctl.plots.figure import Frame, Key
from dilsctl.plots.look import shaded
from dilsctl.plots.marks import SIZE, image, line, text
from dilsctl.plots.scales import Scale
from dilsctl.render.letters import width
from dilsctl.trace import Array

MOST_CELLS = (600, 1200)  # rows and moments that are drawn
BAR = 12.0  # its width


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """``values`` (rows, moments), the first row at the bottom; ``edges`` (moments + 1,) say when each begins.

    colours: what they mean, or None where they need no saying. map: viridis, or blues, of which 0 is paper.
    """

    title: str
    values: Array
    edges: Array
    y: Scale
    colours: Scale | None
    height: float = 170.0
    map: str = "viridis"
    note: str = ""
    keys: Sequence[Key] = ()

    @property
    def beside(self) -> float:
        """Room for the bar and its numbers."""
        if self.colours is None:
            return 0.0
        return 20 + BAR + max((width(one, SIZE) for _, one in self.colours.ticks(4)), default=0)

    def draw(self, frame: Frame, x: Scale, number: int) -> Iterator[str]:
        """Its elements."""
        places = self.colours.at(self.values) if self.colours is not None else self.values.astype(float)
        look = "blues" if self.map == "blues" else ""
        starts = x.at(self.edges)
        even = len(starts) < 3 or np.allclose(np.diff(starts), (starts[-1] - starts[0]) / (len(starts) - 1))
        cells = shaded(places[::-1], self.map)
        if not even:  # as many columns as there are dots, each with the cell that it lies in
            count = min(2 * int(frame.width), 2000)
            middles = starts[0] + (np.arange(count) + 0.5) / count * (starts[-1] - starts[0])
            cells = cells[:, np.clip(np.searchsorted(starts, middles, "right") - 1, 0, cells.shape[1] - 1)]
        begin, end = frame.x + starts[0] * frame.width, frame.x + starts[-1] * frame.width
        yield image(float(begin), frame.y, float(end - begin), frame.height, cells, look)
        if self.colours is not None:
            yield from self._bar(frame, look)

    def _bar(self, frame: Frame, look: str) -> Iterator[str]:
        assert self.colours is not None
        x, high = frame.x + frame.width + 10, frame.height
        ramp = shaded(np.linspace(1, 0, 64)[:, None], self.map)
        yield image(x, frame.y, BAR, high, ramp, look)
        for value, words in self.colours.ticks(max(2, min(5, int(high // 30)))):
            at = float(self.colours.at(value))
            if -0.01 <= at <= 1.01:
                y = frame.y + (1 - at) * high
                yield line(x + BAR, y, x + BAR + 3, y, "axis")
                yield text(x + BAR + 6, y + 4, words, look="dim")


def cell_edges(centres: Array) -> Array:
    """Where cells around these places begin and end: halfway between them."""
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])
