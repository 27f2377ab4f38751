"""Shapes with what a run learned: wires as wide as they are strong, a sign on those whose weight has one, and
in each box a bar as long as the box is active."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from dilsctl.render.figures import Figure
from dilsctl.render.learned import Learned
from dilsctl.render.painter import Painter
from dilsctl.render.paper import LEVEL, sheets
from dilsctl.render.shapes import Close, Disc, Line, Open, Rectangle, Shape
from dilsctl.render.strands import Strand
from dilsctl.render.themes import Style, Theme
from dilsctl.render.threads import ARROW, RING, Place, Threads, along

THIN, THICK = 0.6, 5.0
LEAST = 22  # the length of a piece of a wire that has room for a sign
RADIUS = 5
HIGH, ASIDE = 3.0, 8.0  # of a bar, and its distance from the borders


class RunPainter(Painter):
    """Turns figures into shapes, with what a run learned. ``live``: for a page, where a script sets widths,
    signs and bars over time: all are there."""

    below, lift = LEVEL, 8

    def __init__(self, theme: Theme, learned: Learned, *, lids: bool = False, live: bool = False) -> None:
        super().__init__(theme, lids=lids)
        self.learned, self.live = learned, live

    def _threads(self, figure: Figure) -> Threads:
        return _RunThreads(figure, self.theme, self.seen, self.learned, self.live)

    def _level(self, figure: Figure, x: float, y: float, path: str) -> Iterator[Shape]:
        share = self.learned.boxes.get(path)
        if share is None:
            return
        self.seen.add("level")
        yield Open("level", "", "")
        wide = figure.width - sheets(figure.node) - 2 * ASIDE
        yield from level(x + ASIDE, y + figure.height - HIGH - 4.5, wide, share, self.theme)
        yield Close()


class _RunThreads(Threads):
    """Wires with what a run learned. A piece of several is as wide as the strongest of them."""

    def __init__(self, figure: Figure, theme: Theme, seen: set[str], learned: Learned, live: bool) -> None:
        super().__init__(figure, theme, seen)
        self.learned, self.live = learned, live

    def _strand(self, strand: Strand, x: float, y: float, path: str) -> Iterator[Shape]:
        some = [self.learned.wires[path, one] for one in strand.wires if (path, one) in self.learned.wires]
        if not some:
            yield from super()._strand(strand, x, y, path)
            return
        known = max(some, key=lambda one: one.share)
        self.seen.add("strength")
        wide = round(THIN + (THICK - THIN) * known.share, 2)
        colour = self._tint(strand, path)
        rings: list[Place] = []
        for shape in super()._strand(strand, x, y, path):
            if isinstance(shape, Line):
                style = shape.style if shape.closed else replace(shape.style, width=wide)
                if colour is not None:
                    fill = colour if style.fill == style.stroke else style.fill
                    style = replace(style, stroke=colour, fill=fill)
                shape = replace(shape, style=style)
            elif isinstance(shape, Disc):
                rings.append((shape.x - x, shape.y - y))
            yield shape
        if strand.last and (known.sign or (self.live and known.sign is not None)):
            self.seen |= {"positive", "negative"}
            dx, dy = self._clear(strand, rings)
            yield Open("sign", "", "")
            yield from sign(x + dx, y + dy, known.sign, self.theme, both=self.live)
            yield Close()

    def _tint(self, strand: Strand, path: str) -> str | None:
        """The colour of the sign that all wires of a strand have."""
        known = [self.learned.wires.get((path, one)) for one in strand.wires]
        signs = {one.sign if one is not None else None for one in known}
        return (
            {1: self.theme.positive, -1: self.theme.negative}.get(signs.pop() or 0)
            if len(signs) == 1
            else None
        )

    def _clear(self, strand: Strand, rings: list[Place]) -> Place:
        """Where a sign stands: on the last piece of a wire if that is long enough, which is its own, or else
        on the longest; near the middle, clear of forks, turns, heads, rings and other wires if it can."""
        pieces = list(itertools.pairwise(strand.points))
        far = [abs(x - ex) + abs(y - ey) for (x, y), (ex, ey) in pieces]
        last = len(pieces) - 1
        order = sorted(range(len(pieces)), key=lambda at: (at != last or far[at] < LEAST, -far[at]))
        for at in order:
            (one, other), length = pieces[at], far[at]
            flat = one[1] == other[1]
            room = range(RADIUS + 3, length - RADIUS - (ARROW if at == last else 3) + 1)
            for step in sorted(room, key=lambda step: (abs(2 * step - length), step)):
                x, y = place = along(one, other, step / length)
                if self.runs.clear(place, RADIUS, flat=flat) and all(
                    abs(x - rx) + abs(y - ry) > RADIUS + RING + 1 for rx, ry in rings
                ):
                    return place
        return along(*pieces[order[0]], 0.5)


def sign(x: float, y: float, which: int, theme: Theme, *, both: bool = False) -> Iterator[Shape]:
    """A plus or a minus in a ring. ``both``: a plus in any case, whose second stroke a script may hide."""
    colour = theme.positive if which > 0 else theme.negative
    stroke = Style("none", colour, 1.5)
    yield Disc(x, y, RADIUS, Style(theme.paper, colour, 1.2))
    yield Line(((x - 2.6, y), (x + 2.6, y)), stroke)
    if which > 0 or both:
        yield Line(((x, y - 2.6), (x, y + 2.6)), stroke)


def level(x: float, y: float, wide: float, share: float, theme: Theme) -> Iterator[Shape]:
    """A bar, filled as far as the share goes."""
    yield Rectangle(x, y, wide, HIGH, 1.5, Style(theme.paper, theme.frame, 0.7))
    yield Rectangle(x, y, round(wide * min(1.0, share), 2), HIGH, 1.5, Style(theme.ink))
