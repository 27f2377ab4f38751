"""The wires of a laid out level as shapes: lines, heads, rings where peers begin to be told, and dots where
wires fork."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from dilsctl.render.figures import Figure
from dilsctl.render.paper import BAR
from dilsctl.render.picture import End, Looks
from dilsctl.render.shapes import Close, Disc, Line, Open, Shape
from dilsctl.render.strands import Point, Strand, strands
from dilsctl.render.themes import Style, Theme, wire_style

ARROW, WING = 8, 3.6
DOT = 2.6  # the radius of a fork
RING, LEAD, TAIL = 2.8, 7, 7  # the radius of a ring, and how far it is from a fork or a turn at least
COMBINED = (("learned", "peer"), ("changing", "peer"), ("changing", "learned"))  # that the legend has
Place = tuple[float, float]


class Threads:
    """The wires of one figure. ``seen``: looks that the legend must explain."""

    def __init__(self, figure: Figure, theme: Theme, seen: set[str]) -> None:
        assert figure.node.inside is not None
        self.figure, self.theme, self.seen = figure, theme, seen
        self.nodes, self.wires = figure.node.inside.nodes, figure.node.inside.wires
        self.strands = strands(self.wires, figure.lines)
        self.runs = _Runs(self.strands)

    def paint(self, x: float, y: float, path: str) -> Iterator[Shape]:
        """The shapes of all wires; the corner of the figure is at (x, y)."""
        order = sorted(range(len(self.strands)), key=lambda at: (_strength(self.strands[at].looks), at))
        for strand in (self.strands[at] for at in order):
            about = "\n".join(dict.fromkeys(self.wires[one].about for one in strand.wires))
            yield Open("wire", path, about, wires=strand.wires)
            yield from self._strand(strand, x, y, path)
            yield Close()
        at_point: dict[Point, Strand] = {}
        for strand in self.strands:
            for point in (strand.points[0], strand.points[-1]):
                if point not in at_point or len(at_point[point].wires) < len(strand.wires):
                    at_point[point] = strand
        for dx, dy, number in self.figure.dots:
            known = at_point.get((dx, dy))
            looks = known.looks if known is not None else self.wires[number].looks
            colour = self._tint(known, path) if known is not None else None
            yield Disc(x + dx, y + dy, DOT, Style(colour or wire_style(self.theme, looks).stroke))

    def _tint(self, strand: Strand, path: str) -> str | None:
        """A colour in place of that of a strand's looks."""
        return None

    def _strand(self, strand: Strand, x: float, y: float, path: str) -> Iterator[Shape]:
        looks = strand.looks
        style = wire_style(self.theme, looks)
        self.seen |= {f"wire {one}" for one in looks - {"shared", "peer"}} or {"wire plain"}
        self.seen |= {f"wire {' '.join(pair)}" for pair in COMBINED if looks.issuperset(pair)}
        wire = self.wires[strand.wires[0]]
        points: list[Place] = [(x + px, y + py) for px, py in strand.points]
        if strand.first:
            points[0] = (x + self._reach(wire.source, strand.points[0][0]), points[0][1])
        head = None
        if strand.last:
            end, forward = points[-1], 1 if points[-1][0] > points[-2][0] else -1
            points[-1] = (x + self._reach(wire.target, strand.points[-1][0]), end[1])
            head = self._head(wire.target, looks, end, forward, style)
            if head is not None:
                points[-1] = (end[0] - (ARROW - 1) * forward, end[1])
        yield Line(tuple(points), style)
        if head is not None:
            yield head
        if "peer" in looks and "shared" not in looks:
            self.seen.add("wire peer")
            if "peer" not in strand.goes_on:
                rx, ry = self._ring(strand, head is not None)
                yield Disc(x + rx, y + ry, RING, Style(self.theme.paper, self.theme.peer, 1.3))

    def _reach(self, end: End, at: float) -> float:
        """Where a line really ends: at the disc of a variable, and at a bar, not at the text beside it."""
        number, pin = end
        if number >= 0:
            left, _, part = self.figure.parts[number]
            if part.node.shape == "junction":
                return left + part.width / 2
            if part.node.shape == "bar" and part.node.pins[pin].side == "left":
                return left + part.width - BAR
        return at

    def _head(self, end: End, looks: Looks, tip: Place, forward: int, style: Style) -> Line | None:
        number, at = end
        if number < 0 or "shared" in looks or self.nodes[number].shape in ("bar", "junction"):
            return None
        fill = self.theme.paper if self.nodes[number].pins[at].late else style.stroke
        return arrow(tip, forward, Style(fill, style.stroke, 1.0))

    def _ring(self, strand: Strand, head: bool) -> Place:
        """The first place of a strand where a ring stands clear of forks, turns, heads and other wires; if
        there is none, the middle of what its longest run has between its dot and its head."""
        runs = list(itertools.pairwise(strand.points))
        free: list[tuple[float, Place]] = []
        for number, (one, other) in enumerate(runs):
            length = abs(other[0] - one[0]) + abs(other[1] - one[1])
            begin = RING + 2.2 if strand.first and number == 0 else LEAD
            end = length - (ARROW + RING + 1 if head and number == len(runs) - 1 else TAIL)
            at = begin
            while at <= end:
                place = along(one, other, at / length)
                if self.runs.clear(place, RING, flat=one[1] == other[1]):
                    return place
                at += 2
            low = DOT if number == 0 and not strand.first else 0
            high = length - (ARROW if head and number == len(runs) - 1 else 0)
            free.append((high - low, along(one, other, (low + high) / 2 / length)))
        return max(free)[1]


class _Runs:
    """Where lines run, to find what crosses a place."""

    def __init__(self, found: list[Strand]) -> None:
        self.flat: list[tuple[int, int, int]] = []
        self.upright: list[tuple[int, int, int]] = []
        for strand in found:
            for (x, y), (ex, ey) in itertools.pairwise(strand.points):
                if y == ey:
                    self.flat.append((y, min(x, ex), max(x, ex)))
                else:
                    self.upright.append((x, min(y, ey), max(y, ey)))
        self.flat.sort()
        self.upright.sort()

    def clear(self, place: Place, radius: float, *, flat: bool) -> bool:
        """Does nothing cross a mark there, on a line that is flat or upright?"""
        x, y = place
        across, own, beside = (self.upright, x, y) if flat else (self.flat, y, x)
        far = radius + 1.5
        first = bisect_left(across, (own - far,))
        last = bisect_right(across, (own + far, float("inf")))
        return not any(low - far < beside < high + far for _, low, high in across[first:last])


def along(one: Point, other: Point, share: float) -> Place:
    """The place on a line from one point to another that has this share of it behind it."""
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def _strength(looks: Looks) -> int:
    """Where wires cross, the strongest look is on top; dashes are below all."""
    strong = next((k for k, look in enumerate(("learned", "changing", "peer")) if look in looks), 3)
    return -strong - (10 if "late" in looks else 0)


def arrow(tip: Place, forward: int, style: Style) -> Line:
    """An arrowhead as a shape of its own: not every program knows markers."""
    x, y = tip
    back = x - ARROW * forward
    return Line(((x, y), (back, y - WING), (back, y + WING)), style, closed=True)
