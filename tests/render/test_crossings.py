"""Crossings are counted by rules that save time; each is held against one that looks at everything."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from dilsctl.render.figures import Drawing
from dilsctl.render.layout.crossings import Part, between, count, swap_gain
from dilsctl.render.layout.graph import Pin, Vertex
from dilsctl.render.layout.layers import layers_of
from dilsctl.render.layout.nets import layered
from dilsctl.render.layout.ordering import _Search
from dilsctl.render.paper import UNITS

from .test_layout import tangle

Places = list[float]


def across(a: Places, b: Places, c: Places, d: Places) -> int:
    """Of the ends of two nets those that take part in a crossing, one by one."""
    own: set[tuple[int, float]] = set()
    far: set[tuple[int, float]] = set()
    for left, other, right, end in product(a, c, b, d):
        if (left < other) != (right < end):
            own |= {(0, left), (1, right)}
            far |= {(0, other), (1, end)}
    return max(0, min(len(own), len(far)) - 1)


def column(many: int, layer: int) -> list[Vertex]:
    pins = (Pin("left", 0), Pin("right", 0))
    return [Vertex(n, 10, 10, pins, layer, share=(0.5, 0.5), index=n) for n in range(many)]


def gap(random: Random) -> tuple[list[Vertex], list[Vertex], list[Part]]:
    """Two columns, and nets between them, each vertex in several with a pin of its own."""
    left, right = column(5, 0), column(5, 1)
    parts = []
    for number in range(random.randint(2, 9)):
        share = (number + 1) / 11
        ends = [
            [(one, share) for one in random.sample(row, random.randint(least, 3))]
            for row, least in ((left, number % 2), (right, 1 - number % 2))
        ]
        parts.append(Part(0, *ends))
    return left, right, parts


@pytest.mark.parametrize("seed", range(200))
def test_two_nets_that_go_across(seed: int) -> None:
    random = Random(seed)
    every = [[float(one) for one in random.sample(range(12), 12)] for _ in range(2)]
    cuts = [(random.randint(1, 5), random.randint(1, 5)) for _ in range(2)]
    a, c = (sorted(part) for part in (every[0][: cuts[0][0]], every[0][-cuts[0][1] :]))
    b, d = (sorted(part) for part in (every[1][: cuts[1][0]], every[1][-cuts[1][1] :]))
    assert between((a, b), (c, d)) == across(a, b, c, d)


@pytest.mark.parametrize("seed", range(100))
def test_what_a_change_of_places_saves(seed: int) -> None:
    random = Random(seed)
    left, right, parts = gap(random)
    for far, row in ((1, left), (0, right)):
        at = random.randrange(4)
        upper, lower = row[at], row[at + 1]
        mine = [[one for one in parts if vertex in dict((one.lefts, one.rights)[1 - far])] for vertex in row]
        before = count(parts)
        both = {*mine[at]} & {*mine[at + 1]}
        gain = swap_gain(mine[at], mine[at + 1], upper, lower, far)
        upper.index, lower.index = lower.index, upper.index
        for one in parts:
            one.places = None
        if len(both) < 2:  # two nets that both of them have are compared twice
            assert before - count(parts) == gain


@pytest.mark.parametrize("seed", range(20))
def test_what_is_remembered_is_true(seed: int) -> None:
    """After the search, the crossings that it noted are those of the order that it left."""
    drawing = Drawing(UNITS)
    drawing.figure(tangle(seed, boxes=seed + 4, wires=3 * seed + 8))
    (level,) = drawing.levels
    search = _Search(layered(level, layers_of(level)))
    found = search.run()
    noted = search._crossings()
    for part in (one for gap in search.gaps for one in gap):
        part.places = None
    assert noted == found == sum(map(count, search.gaps))
