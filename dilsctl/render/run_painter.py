"""Shapes with what a run learned: wires as wide as they are strong, a sign on those whose weight has one, and
in each box a bar as long as the box is active."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from dilsctl.render.figures import Figure
from dilsctl.render.learned import Learned
from dilsctl.render.painter import Painter
from dilsctl.render.shapes import Close, Disc, Line, Open, Points, Rectangle, Shape
from dilsctl.render.strands import Strand
from dilsctl.render.themes import Style, Theme
from dilsctl.render.threads import Threads

THIN, THICK = 0.6, 5.0
LEAST = 22  # the length of a piece of a wire that has room for a sign
RADIUS = 5.0
HIGH, ASIDE = 3.0, 8.0  # of a bar, and its distance from the borders


class RunPainter(Painter):
    """Turns figures into shapes, with what a run learned. ``live``: for a page, where a script sets widths,
    signs and bars over time: all are there."""

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
        yield from level(
            x + ASIDE, y + figure.height - HIGH - 4.5, figure.width - 2 * ASIDE, share, self.theme
        )
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
        colour = {1: self.theme.positive, -1: self.theme.negative}.get(known.sign or 0)
        for shape in super()._strand(strand, x, y, path):
            if isinstance(shape, Line):
                style = shape.style if shape.closed else replace(shape.style, width=wide)
                if colour is not None:
                    fill = colour if style.fill == style.stroke else style.fill
                    style = replace(style, stroke=colour, fill=fill)
                shape = replace(shape, style=style)
            yield shape
        if strand.last and (known.sign or (self.live and known.sign is not None)):
            self.seen |= {"positive", "negative"}
            points = tuple((x + px, y + py) for px, py in strand.points)
            yield Open("sign", "", "")
            yield from sign(*_middle(points), known.sign, self.theme, both=self.live)
            yield Close()


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


def _middle(points: Points) -> tuple[float, float]:
    """Where a sign stands: on the last piece of a wire if that is long enough, which is its own, or else on
    the longest."""
    pieces = list(itertools.pairwise(points))
    far = [abs(x - ex) + abs(y - ey) for (x, y), (ex, ey) in pieces]
    at = len(pieces) - 1 if far[-1] >= LEAST else far.index(max(far))
    (x, y), (ex, ey) = pieces[at]
    return (x + ex) / 2, (y + ey) / 2
