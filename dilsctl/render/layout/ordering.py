"""The order of vertices within their layers: few crossings first, then the order of the file.

Sweeps over the layers put every vertex near those it is wired to; neighbours then change places as long as
that saves crossings. Several beginnings are tried, always the same ones. Only what has moved since is looked
at again.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from random import Random

from dilsctl.render.layout.crossings import Part, count, swap_gain
from dilsctl.render.layout.graph import Vertex
from dilsctl.render.layout.nets import Layered

MOST_TRIED = 250  # vertices of a level that is begun more than once
MOST_SWAPPED = 1500  # and of one in which neighbours are compared at every sweep
BEGINNINGS, PATIENCE, SWEEPS = 10, 5, 6  # patience: beginnings in a row that come to nothing better

Neighbour = tuple[Vertex, float]  # and how far down its side the pin is


def order(found: Layered) -> int:
    """Put the vertices of all layers in order; how many crossings are left, as far as order decides."""
    search = _Search(found)
    return search.run()


class _Search:
    def __init__(self, found: Layered) -> None:
        self.layers = found.layers
        self.free = range(1, len(self.layers) - 1)  # pins of the border stay in their order
        self.gaps = [[Part.of(span, gap) for span in spans.values()] for gap, spans in enumerate(found.gaps)]
        self.beside: tuple[defaultdict[Vertex, list[Neighbour]], ...] = (defaultdict(list), defaultdict(list))
        self.parts: tuple[defaultdict[Vertex, list[Part]], ...] = (defaultdict(list), defaultdict(list))
        self.random = Random(0)
        self.now = 0  # counts the moves
        self.moved: dict[Vertex, int] = dict.fromkeys(
            itertools.chain(*self.layers), 0
        )  # a net of it, that is
        self.changed = [0] * len(self.layers)  # when a layer changed its order
        self.stirred = [0] * len(self.layers)  # when a vertex of it was moved
        self.calm = [-1] * len(self.layers)  # when no neighbours of it wanted to change places
        self.shifted = [0] * len(self.gaps)  # when an end in a gap changed its place
        self.settled: dict[tuple[Vertex, Vertex], int] = {}  # neighbours who were better left as they are
        self.swept: dict[tuple[int, bool], int] = {}  # layers that a sweep left as they are
        self.counted: list[tuple[int, int]] = [(-1, 0)] * len(self.gaps)  # when, and how many crossings
        for part in itertools.chain.from_iterable(self.gaps):
            for ends, side in ((part.rights, 0), (part.lefts, 1)):
                for vertex in dict.fromkeys(vertex for vertex, _ in ends):
                    self.parts[side][vertex].append(part)
            for own, others, side in ((part.rights, part.lefts, 0), (part.lefts, part.rights, 1)):
                for vertex, _ in own:  # ends that turn round are near to each other
                    near = others or [one for one in own if one[0] is not vertex]
                    self.beside[side][vertex] += near

    def run(self) -> int:
        size = sum(map(len, self.layers))
        beginnings = BEGINNINGS if size <= MOST_TRIED else 1
        best: tuple[int, int] | None = None
        kept: list[list[Vertex]] = []
        written = [list(row) for row in self.layers]
        known: dict[tuple[bool, tuple[Vertex, ...]], int] = {}  # orders that a sweep came to, and how early
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
                score = (self._crossings(), self._disorder())
                if best is None or score < best:
                    best, kept = score, [list(row) for row in self.layers]
                    since = 0
                reached = (number % 2 == 0, tuple(itertools.chain(*self.layers)))
                if known.get(reached, SWEEPS) <= number:
                    break  # what comes of it has been seen
                known[reached] = number
            since += 1
            if best == (0, 0) or since > PATIENCE:
                break
        assert best is not None
        for layer, row in enumerate(kept):
            self._put(layer, row)
        return best[0]

    def _put(self, layer: int, row: list[Vertex]) -> None:
        moving = [vertex for index, vertex in enumerate(row) if vertex.index != index]
        if not moving:
            return
        self.layers[layer][:] = row
        for index, vertex in enumerate(row):
            vertex.index = index
        self._note(layer, moving)

    def _note(self, layer: int, moving: list[Vertex]) -> None:
        """These vertices of a layer have moved."""
        self.now += 1
        self.changed[layer] = self.now
        parts = dict.fromkeys(part for side in self.parts for one in moving for part in side.get(one, ()))
        for part in parts:
            part.places = None
            self.shifted[part.gap] = self.now
            for vertex, _ in (*part.lefts, *part.rights):
                self.moved[vertex] = self.stirred[vertex.layer] = self.now

    def _crossings(self) -> int:
        for gap, (when, _) in enumerate(self.counted):
            if when < self.shifted[gap]:
                self.counted[gap] = (self.now, count(self.gaps[gap]))
        return sum(many for _, many in self.counted)

    def _disorder(self) -> int:
        """How many items stand before one that the file names earlier."""
        total = 0
        for layer in self.free:
            numbers = [one.number for one in self.layers[layer] if not one.passing]
            total += sum(1 for one, other in itertools.pairwise(numbers) if one > other)
        return total

    def _sweep(self, *, forward: bool) -> None:
        side = 0 if forward else 1
        beside = self.beside[side]
        for layer in self.free if forward else reversed(self.free):
            fixed = layer - 1 if forward else layer + 1
            if self.swept.get((layer, forward), -1) >= max(self.changed[layer], self.changed[fixed]):
                continue
            row = self.layers[layer]
            own = max(1, len(row))
            near = max(1, len(self.layers[fixed]))
            wanted: dict[Vertex, float] = {}
            for vertex in row:
                places = [
                    (other.index + share) / (own if other.layer == layer else near)
                    for other, share in beside.get(vertex, ())
                ]
                wanted[vertex] = sum(places) / len(places) if places else (vertex.index + 0.5) / own
            before = self.now
            self._put(layer, sorted(row, key=wanted.__getitem__))
            if self.now == before:
                self.swept[layer, forward] = before

    def _swap(self) -> None:
        for _ in range(6):
            better = [
                self._swap_layer(layer) for layer in self.free if self.calm[layer] < self.stirred[layer]
            ]
            if not any(better):
                return

    def _swap_layer(self, layer: int) -> bool:
        """Let neighbours change places, each pair once; whether any did."""
        row, better = self.layers[layer], False
        for at in range(len(row) - 1):
            upper, lower = row[at], row[at + 1]
            when = self.settled.get((upper, lower), -1)
            if when >= self.moved[upper] and when >= self.moved[lower]:
                continue
            gain = 0
            for far, parts in enumerate(self.parts):  # in the gap to the left, and in that to the right
                if upper in parts and lower in parts:
                    gain += swap_gain(parts[upper], parts[lower], upper, lower, far)
            if gain > 0:
                row[at], row[at + 1] = lower, upper
                upper.index, lower.index = at + 1, at
                self._note(layer, [upper, lower])
                better = True
            else:
                self.settled[upper, lower] = self.now
        if not better:
            self.calm[layer] = self.now
        return better
