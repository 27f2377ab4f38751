"""One level, from items and wires to places and points."""

from __future__ import annotations

from dilsctl.render.layout.graph import (
    LEFT,
    RIGHT,
    End,
    Level,
    Placed,
    Point,
    Spacing,
    Vertex,
)
from dilsctl.render.layout.heights import set_heights
from dilsctl.render.layout.layers import layers_of
from dilsctl.render.layout.nets import Layered, layered, pin_of
from dilsctl.render.layout.ordering import order
from dilsctl.render.layout.tracks import Tracks, assign


def arrange(level: Level, spacing: Spacing) -> Placed:
    """Lay out a level. Equal levels are laid out equally."""
    found = layered(level, layers_of(level), spacing.thick)
    order(found)
    set_heights(found, spacing)
    return _Drawing(level, found, spacing).run()


class _Drawing:
    """Puts in the horizontal places, and follows every wire."""

    def __init__(self, level: Level, found: Layered, spacing: Spacing) -> None:
        self.level, self.found, self.spacing = level, found, spacing
        self.tracks: list[Tracks] = [assign(gap, spacing) for gap in found.gaps]
        self.starts: list[int] = []  # of each gap
        self.edges: list[tuple[int, int]] = []  # of each layer: left and right

    def run(self) -> Placed:
        width = self._columns()
        level, found = self.level, self.found
        corners = [(0, 0)] * len(level.items)
        for vertex in (one for row in found.layers for one in row):
            if not vertex.passing and vertex.number >= 0:
                corners[vertex.number] = (vertex.x, vertex.y)
        ends = [one.y + one.height for row in found.layers for one in row]
        return Placed(
            width,
            max(ends, default=0),
            tuple(corners),
            tuple(found.ends[LEFT, at].y for at in range(level.left)),
            tuple(found.ends[RIGHT, at].y for at in range(level.right)),
            tuple(
                self._line(net, source, target)
                for net, (source, target) in zip(found.nets, level.wires, strict=True)
            ),
            tuple(self._dots()),
        )

    def _columns(self) -> int:
        """Give layers and gaps their places from left to right; how wide all of it is."""
        x = 0
        last = len(self.found.layers) - 1
        self.starts = [0]
        for layer, row in enumerate(self.found.layers):
            if layer:
                many = self.tracks[layer].many
                first = max(self.spacing.margin, self.level.leads[0] if layer == 1 else 0)
                after = max(self.spacing.margin, self.level.leads[1] if layer == last else 0)
                self.starts.append(x + first)
                x += first + after + max(0, many - 1) * self.spacing.track
            wide = max((one.width for one in row), default=0)
            for vertex in row:
                vertex.x = x if vertex.passing else x + (wide - vertex.width) // 2
                if vertex.passing:
                    vertex.width = wide
            self.edges.append((x, x + wide))
            x += wide
        return x

    def _line(self, net: int, source: End, target: End) -> tuple[Point, ...]:
        """The points of a wire: along its net's trunks and passages, from one gap to the next."""
        start, end = self._vertex(source), self._vertex(target)
        (here, side), (there, far) = (self._gap(*start), self._gap(*end))
        points: list[Point] = []
        now, now_side = start, side
        step = 1 if there > here else -1
        for gap in range(here, there + step, step) if there != here else (here,):
            if gap == there:
                following, side_in = end, far
            else:
                layer = gap if step > 0 else gap - 1
                following = (self.found.passing[net, layer], 0 if step > 0 else 1)
                side_in = "right" if step > 0 else "left"  # of the gap
            points += self._through(gap, net, now, now_side, following, side_in)
            if gap != there:
                now = (following[0], 1 - following[1])
                now_side = "left" if step > 0 else "right"
        return _smooth(points)

    def _vertex(self, end: End) -> tuple[Vertex, int]:
        return self.found.ends[end], pin_of(end)

    def _gap(self, vertex: Vertex, pin: int) -> tuple[int, str]:
        """The gap that a pin opens to, and on which side of that gap it is."""
        right = vertex.pins[pin].side == "right"
        return (vertex.layer + 1, "left") if right else (vertex.layer, "right")

    def _through(
        self, gap: int, net: int, now: tuple[Vertex, int], side: str, then: tuple[Vertex, int], far: str
    ) -> list[Point]:
        """The points of a net in one gap, between two of its ends there."""
        y, after = now[0].height_of(now[1]), then[0].height_of(then[1])
        first, last = (_edge(now[0], side), y), (_edge(then[0], far), after)
        runs = self.tracks[gap].runs.get(net, [])
        if (y == after and side != far) or not runs:
            return [first, last]
        places = [self.starts[gap] + run.track * self.spacing.track for run in runs]
        if len(runs) == 1:
            return [first, (places[0], y), (places[0], after), last]
        middle = runs[0].rights[0]
        near = places[0] if side == "left" else places[1]
        beyond = places[0] if far == "left" else places[1]
        return [first, (near, y), (near, middle), (beyond, middle), (beyond, after), last]

    def _dots(self) -> list[tuple[int, int, int]]:
        """Where three or more branches of a net meet."""
        found = []
        wire_of = {net: number for number, net in reversed(list(enumerate(self.found.nets)))}
        for gap, tracks in enumerate(self.tracks):
            for net, runs in tracks.runs.items():
                for run in runs:
                    x = self.starts[gap] + run.track * self.spacing.track
                    for y in sorted({*run.lefts, *run.rights}):
                        branches = (y in run.lefts) + (y in run.rights) + (y > run.top) + (y < run.bottom)
                        if branches > 2:
                            found.append((x, y, wire_of[net]))
        return found


def _edge(vertex: Vertex, side: str) -> int:
    """The border of a vertex that is on this side of the gap."""
    return vertex.x + (vertex.width if side == "left" else 0)


def _smooth(points: list[Point]) -> tuple[Point, ...]:
    """The same line without points that turn nowhere."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        while len(kept) > 1 and (
            kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]
        ):
            kept.pop()
        kept.append(point)
    return tuple(kept)
