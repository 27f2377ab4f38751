"""What must hold of every picture that has been laid out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from dilsctl.render.figures import Figure
from dilsctl.render.paper import sheets
from dilsctl.render.picture import LEFT, RIGHT

Segment = tuple[int, int, int, int]


def figures(figure: Figure) -> Iterator[Figure]:
    """A figure and all inside it, each object once."""
    seen: set[int] = set()
    stack = [figure]
    while stack:
        one = stack.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            stack += [part for _, _, part in one.parts]


def segments(line: tuple[tuple[int, int], ...]) -> Iterator[Segment]:
    for (x, y), (ex, ey) in itertools.pairwise(line):
        assert x == ex or y == ey, "a wire runs aslant"
        yield min(x, ex), min(y, ey), max(x, ex), max(y, ey)


def nets(figure: Figure) -> list[int]:
    """The net of each wire: wires that share a pin are of one net."""
    assert figure.node.inside is not None
    wires = figure.node.inside.wires
    net: dict[tuple[int, int], int] = {}
    for number, wire in enumerate(wires):
        found = {net[end] for end in (wire.source, wire.target) if end in net}
        net |= {end: number for end, one in net.items() if one in found}
        net[wire.source] = net[wire.target] = number
    return [net[wire.source] for wire in wires]


def check(figure: Figure) -> None:
    """Boxes lie apart, ports on borders, wires join their ports, pass no box, and lie on no other net."""
    for one in figures(figure):
        for pin, at in zip(one.node.pins, one.pins, strict=True):
            assert 0 <= at <= one.height, f"port {pin.name} is not on the border of {one.node.name}"
        for side in ("left", "right"):
            heights = [at for pin, at in zip(one.node.pins, one.pins, strict=True) if pin.side == side]
            if one.node.shape != "junction":
                assert len(set(heights)) == len(heights), "two ports are at one place"
            if one.node.shape == "box":
                assert heights == sorted(heights), "ports are not in their order"
        if one.node.inside is not None:
            _level(one)


def _level(figure: Figure) -> None:
    assert figure.node.inside is not None
    wires = figure.node.inside.wires
    areas = []
    for x, y, part in figure.parts:
        area = (x, y, x + part.width, y + part.height)
        assert area[0] > 0 and area[1] > 0 and area[2] < figure.width and area[3] < figure.height, "outside"
        for other in areas:
            apart = area[2] <= other[0] or other[2] <= area[0] or area[3] <= other[1] or other[3] <= area[1]
            assert apart, "two boxes overlap"
        areas.append(area)
    for wire, line in zip(wires, figure.lines, strict=True):
        assert line[0] == _place(figure, wire.source) and line[-1] == _place(figure, wire.target)
        for x, y, ex, ey in segments(line):
            assert x >= 0 and ex <= figure.width and y > 0 and ey < figure.height
            for left, top, right, bottom in areas:
                inside = x < right and ex > left and y < bottom and ey > top
                assert not inside, f"a wire crosses a box: {wire.about}"
    found = nets(figure)
    flat: dict[tuple[bool, int], list[tuple[int, int, int]]] = {}
    for net, line in zip(found, figure.lines, strict=True):
        for x, y, ex, ey in segments(line):
            if (x, y) != (ex, ey):
                flat.setdefault((y == ey, y if y == ey else x), []).append(
                    (x if y == ey else y, ex if y == ey else ey, net)
                )
    for runs in flat.values():
        runs.sort()
        for at, (_, end, net) in enumerate(runs):
            for start, _, other in runs[at + 1 :]:
                if start >= end:
                    break
                assert other == net, "two nets lie on each other"


def _place(figure: Figure, end: tuple[int, int]) -> tuple[int, int]:
    number, at = end
    if number in (LEFT, RIGHT):
        side = "left" if number == LEFT else "right"
        heights = [y for pin, y in zip(figure.node.pins, figure.pins, strict=True) if pin.side == side]
        return (0 if number == LEFT else figure.width - sheets(figure.node)), heights[at]
    x, y, part = figure.parts[number]
    pin = part.node.pins[at]
    return x + (0 if pin.side == "left" else part.width), y + part.pins[at]


def crossings(figure: Figure) -> int:
    """How often wires of different nets cross, each place counted once."""
    total = 0
    for one in figures(figure):
        if one.node.inside is None:
            continue
        flat: set[tuple[int, int, int, int]] = set()
        upright: set[tuple[int, int, int, int]] = set()
        for net, line in zip(nets(one), one.lines, strict=True):
            for x, y, ex, ey in segments(line):
                (flat if y == ey else upright).add((net, x, y, ex) if y == ey else (net, x, y, ey))
        places = set()
        for net, x, y, ex in flat:
            for other, ox, oy, oey in upright:
                if net != other and x < ox < ex and oy < y < oey:
                    places.add((ox, y))
        total += len(places)
    return total


def bends(figure: Figure) -> int:
    """How often wires turn."""
    return sum(len(line) - 2 for one in figures(figure) for line in one.lines)
