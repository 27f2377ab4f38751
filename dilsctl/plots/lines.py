"""Panels of lines: curves over time, one number against another, truths one above the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

import numpy as np

from dilsctl.plots.figure import Frame, Key
from dilsctl.plots.look import DASHES, SERIES
from dilsctl.plots.marks import path_data, pieces
from dilsctl.plots.scales import Scale, rows_scale
from dilsctl.render.svg import clean, number
from dilsctl.report.panels import steps, thinned
from dilsctl.report.progress import number_text
from dilsctl.trace import Array

FEW_POINTS = 40  # up to which each is marked
_BUCKETS = 500  # of a line; two points each
_POINTS = 30_000  # of all lines of a panel together, about


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line through points: ``xs`` and ``ys`` (N,).

    look: the class of its stroke. dots: mark its points, if they are few. ends: a ring where it begins, a
    square where it ends. stepped: each value is held until the next. told: points say what they are.
    """

    name: str
    xs: Array
    ys: Array
    look: str = "s0"
    dash: str = ""
    wide: float = 1.7
    cover: float = 1.0
    dots: bool = False
    ends: bool = False
    stepped: bool = False
    told: bool = True

    @property
    def attributes(self) -> str:
        """How it is drawn."""
        words = f'class="{self.look}" fill="none" stroke-width="{number(self.wide)}" stroke-linejoin="round"'
        words += f' stroke-dasharray="{self.dash}"' if self.dash else ""
        return words + (f' stroke-opacity="{number(self.cover)}"' if self.cover < 1 else "")

    @property
    def filled(self) -> str:
        """The class of its marks: that with the colour of its line."""
        return self.look.replace("s", "m").replace("v", "w") if self.look[0] in "sv" else "dim"


def series(at: int) -> tuple[str, str]:
    """Class and dashes of the line of this number."""
    return f"s{at % SERIES}", DASHES[at % SERIES]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines on one pair of axes. ``named``: those that the legend tells; by default all, if several."""

    title: str
    lines: Sequence[Line]
    y: Scale
    height: float = 170.0
    named: Sequence[Line] | None = None
    beside: float = 0.0
    order: Literal["x", "path"] = "x"

    @property
    def keys(self) -> Sequence[Key]:
        """What the legend says."""
        named = self.named if self.named is not None else self.lines if len(self.lines) > 1 else ()
        return [Key(one.name, one.attributes) for one in named]

    @property
    def note(self) -> str:
        """How many values can't be drawn."""
        missing = sum(int((~np.isfinite(one.ys)).sum()) for one in self.lines)
        return f"{missing:,} {'value' if missing == 1 else 'values'} not finite" if missing else ""

    def draw(self, frame: Frame, x: Scale, number: int) -> Iterator[str]:
        """Its elements."""
        room = max(40, _POINTS // max(1, 2 * len(self.lines)))
        for one in self.lines:
            yield f'<g class="line"><title>{escape(clean(one.name))}</title>\n'
            yield from self._line(one, frame, x, min(_BUCKETS, room))
            yield "</g>\n"

    def _line(self, one: Line, frame: Frame, x: Scale, room: int) -> Iterator[str]:
        across, up = x.at(one.xs), self.y.at(one.ys)
        whole: list[str] = []
        alone: list[tuple[float, float]] = []
        if one.stepped and len(one.xs):
            corners = steps(across, up, float(x.at(x.high)))
            across, up = corners
        for xs, ys in pieces(across, up):
            if len(xs) == 1:
                alone.append((float(xs[0]), float(ys[0])))
                continue
            if self.order == "x":
                xs, ys = thinned(xs, ys, room)
            elif len(xs) > 4 * room:
                kept = np.unique(np.linspace(0, len(xs) - 1, 4 * room).round().astype(int))
                xs, ys = xs[kept], ys[kept]
            whole.append(path_data(*_placed(frame, xs, ys)))
        if whole:
            yield f'<path {one.attributes} d="{"".join(whole)}"/>\n'
        marked = one.dots and len(one.xs) <= FEW_POINTS and not one.stepped
        if marked:
            yield from _points(one, *_placed(frame, x.at(one.xs), self.y.at(one.ys)))
        else:
            for across_, up_ in alone:
                (cx,), (cy,) = _placed(frame, np.array([across_]), np.array([up_]))
                yield f'<circle class="{one.filled}" cx="{number(cx)}" cy="{number(cy)}" r="2.4"/>\n'
        if one.ends:
            yield from _ends(one, frame, x.at(one.xs), self.y.at(one.ys))


def _placed(frame: Frame, across: Array, up: Array) -> tuple[Array, Array]:
    return frame.x + across * frame.width, frame.y + (1 - up) * frame.height


def _points(one: Line, xs: Array, ys: Array) -> Iterator[str]:
    for at in np.flatnonzero(np.isfinite(xs) & np.isfinite(ys)):
        told = f"{one.name}, {number_text(float(one.ys[at]))} at {one.xs[at]:g}" if one.told else ""
        title = f"<title>{escape(clean(told))}</title>" if told else ""
        place = f'cx="{number(xs[at])}" cy="{number(ys[at])}" r="2.4"'
        yield f'<circle class="{one.filled}" {place}>{title}</circle>\n'


def _ends(one: Line, frame: Frame, across: Array, up: Array) -> Iterator[str]:
    """A ring where it begins, a square where it ends."""
    there = np.flatnonzero(np.isfinite(across) & np.isfinite(up))
    if not there.size:
        return
    xs, ys = _placed(frame, across[there[[0, -1]]], up[there[[0, -1]]])
    ring = f'<circle class="{one.look} paper" cx="{number(xs[0])}" cy="{number(ys[0])}" r="3.4" '
    yield ring + 'stroke-width="1.5"><title>begins</title></circle>\n'
    corner = f'x="{number(xs[1] - 3)}" y="{number(ys[1] - 3)}" width="6" height="6"'
    yield f'<rect class="{one.filled}" {corner}><title>ends</title></rect>\n'


@dataclass(frozen=True, slots=True)
class Strips:
    """Truths over time, one above the other, as a logic analyser shows them. ``ys``: (N,) of 0 and 1 each."""

    names: Sequence[str]
    xs: Array
    ys: Sequence[Array]
    beside: float = 0.0
    title: str = ""
    note: str = ""
    keys: Sequence[Key] = ()

    @property
    def height(self) -> float:
        """A strip is 22 high."""
        return 22.0 * len(self.names)

    @property
    def y(self) -> Scale:
        """A name for each strip."""
        return rows_scale(self.names, 0.6)

    def draw(self, frame: Frame, x: Scale, number: int) -> Iterator[str]:
        """Its elements."""
        for at, values in enumerate(self.ys):
            look = at % 2
            xs, ys = thinned(self.xs, values.astype(float), _BUCKETS)
            xs, ys = steps(x.at(xs), ys, 1.0)
            floor = frame.y + 22.0 * (at + 1) - 3
            across, up = frame.x + xs * frame.width, floor - 15 * ys
            yield f"<g><title>{escape(clean(self.names[at]))}</title>\n"
            area = path_data(np.append(across, [across[-1], across[0]]), np.append(up, [floor, floor]))
            yield f'<path class="m{look}" fill-opacity=".18" d="{area}Z"/>\n'
            yield f'<path class="s{look}" fill="none" stroke-width="1.2" d="{path_data(across, up)}"/>\n'
            yield "</g>\n"
