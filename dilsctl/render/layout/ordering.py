"""The order of vertices within their layers: few crossings first, then the order of the file.

Sweeps over the layers put every vertex near those it is wired to; neighbours then change places as long as
that saves crossings. Several beginnings are tried, always the same ones.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from random import Random

from dilsctl.render.layout.crossings import count, swap_gain
from dilsctl.render.layout.graph import Span, Vertex
from dilsctl.render.layout.nets import Layered

MOST_TRIED = 250  # vertices of a level that is begun more than once
MOST_SWAPPED = 1500  # and of one in which neighbours are compared at every sweep
BEGINNINGS, PATIENCE, SWEEPS = 10, 5, 6  # patience: beginnings in a row that come to nothing better

Neighbour = tuple[Vertex, int]


def order(found: Layered) -> int:
    """Put the vertices of all layers in order; how many crossings are left, as far as order decides."""
    search = _Search(found)
    return search.run()


class _Search:
    def __init__(self, found: Layered) -> None:
        self.layers, self.gaps = found.layers, found.gaps
        self.free = range(1, len(self.layers) - 1)  # pins of the border stay in their order
        self.beside: tuple[defaultdict[Vertex, list[Neighbour]], ...] = (defaultdict(list), defaultdict(list))
        self.spans: tuple[defaultdict[Vertex, list[Span]], ...] = (defaultdict(list), defaultdict(list))
        self.random = Random(0)
        for gap in self.gaps:
            for span in gap.values():
                for ends, side in ((span.rights, 0), (span.lefts, 1)):
                    for vertex in dict.fromkeys(vertex for vertex, _ in ends):
                        self.spans[side][vertex].append(span)
                for own, others, side in ((span.rights, span.lefts, 0), (span.lefts, span.rights, 1)):
                    for vertex, _ in own:  # ends that turn round are near to each other
                        near = others or [one for one in own if one[0] is not vertex]
                        self.beside[side][vertex] += near

    def run(self) -> int:
        size = sum(map(len, self.layers))
        beginnings = BEGINNINGS if size <= MOST_TRIED else 1
        best: tuple[int, int] | None = None
        kept: list[list[Vertex]] = []
        written = [list(row) for row in self.layers]
        since = 0
        for attempt in range(beginnings):
            for layer in self.free:
                row = list(written[layer])
                if attempt == 1:
                    row.reverse()
                elif attempt:
                    self.random.shuffle(row)
                self._put(layer, row)
            for number in range(SWEEPS):
                self._sweep(forward=number % 2 == 0)
                if number >= 1 and size <= MOST_SWAPPED:
                    self._swap()
                score = (sum(map(count, self.gaps)), self._disorder())
                if best is None or score < best:
                    best, kept = score, [list(row) for row in self.layers]
                    since = 0
            since += 1
            if best == (0, 0) or since > PATIENCE:
                break
        assert best is not None
        for layer, row in enumerate(kept):
            self._put(layer, row)
        return best[0]

    def _put(self, layer: int, row: list[Vertex]) -> None:
        self.layers[layer][:] = row
        for index, vertex in enumerate(row):
            vertex.index = index

    def _disorder(self) -> int:
        """How many items stand before one that the file names earlier."""
        total = 0
        for layer in self.free:
            numbers = [one.number for one in self.layers[layer] if not one.passing]
            total += sum(1 for one, other in itertools.pairwise(numbers) if one > other)
        return total

    def _sweep(self, *, forward: bool) -> None:
        side = 0 if forward else 1
        for layer in self.free if forward else reversed(self.free):
            row = self.layers[layer]
            own = max(1, len(row))
            near = max(1, len(self.layers[layer - 1 if forward else layer + 1]))
            wanted: dict[Vertex, float] = {}
            for vertex in row:
                places = [
                    (other.index + other.share[pin]) / (own if other.layer == layer else near)
                    for other, pin in self.beside[side][vertex]
                ]
                wanted[vertex] = sum(places) / len(places) if places else (vertex.index + 0.5) / own
            self._put(layer, sorted(row, key=wanted.__getitem__))

    def _swap(self) -> None:
        for _ in range(6):
            better = False
            for layer in self.free:
                row = self.layers[layer]
                for at in range(len(row) - 1):
                    upper, lower = row[at], row[at + 1]
                    gain = 0
                    for spans in self.spans:  # in the gap to the left, and in that to the right
                        if upper in spans and lower in spans:
                            gain += swap_gain(spans[upper], spans[lower], upper, lower)
                    if gain > 0:
                        row[at], row[at + 1] = lower, upper
                        upper.index, lower.index = at + 1, at
                        better = True
            if not better:
                return
