"""A plot: panels one above the other on a common axis, with a title, and words for those who can't see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.sax.saxutils import escape

from dilsctl.plots.look import FAMILY, style_of
from dilsctl.plots.marks import SIZE, fitted, line, text
from dilsctl.plots.scales import Scale
from dilsctl.render.letters import width
from dilsctl.render.svg import clean, number
from dilsctl.report.new_file import new_file

ENDINGS = (".svg", ".png")
WIDTH = 540.0
_TITLE, _SMALL, _ROW = 15, 11, 16
_SIDE, _GAP = 12, 20
_LABEL = 8  # letters beside the axis, at least, for which there is room
MOST_LABEL = 170.0


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the paper that is between the axes."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture of numbers. ``about``: all of it in words. ``body``: its elements."""

    title: str
    about: str
    width: float
    height: float
    body: str

    def svg(self) -> str:
        """A document of its own."""
        paper = '<rect class="paper" width="100%" height="100%"/>\n'
        style = f"<style>\n{style_of(paper + self.body)}\n</style>\n"
        return self._element(style + paper, "")

    def inline(self, number: int) -> str:
        """For a page that has the style; the names within are told from those of other plots by a number."""
        return self._element("", f"-{number}")

    def png(self) -> bytes:
        """As PNG, twice as large, light. Raises Problem: not-installed."""
        from dilsctl.render.raster import png

        return png(self.svg(), self.width, self.height)

    def data(self, ending: str) -> bytes:
        """As a file with this ending has it. Raises ValueError, and Problem: not-installed."""
        if ending not in ENDINGS:
            raise ValueError(f"a plot must end in one of {', '.join(ENDINGS)}")
        return self.svg().encode() if ending == ".svg" else self.png()

    def write(self, path: Path, force: bool = False) -> None:
        """Into a new file. Raises FileExistsError unless ``force``, ValueError for another ending, and
        Problem: not-installed."""
        if path.suffix not in ENDINGS:
            raise ValueError(f"'{path}' must end in one of {', '.join(ENDINGS)}")
        data = self.data(path.suffix)
        with new_file(path, force) as part:
            part.write_bytes(data)

    def _element(self, begin: str, mark: str) -> str:
        wide, high = number(self.width), number(self.height)
        body = re.sub(r'(id="|url\(#)(clip\d+)', rf"\g<1>\g<2>{mark}", self.body)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" width="{wide}" height="{high}" '
            f'viewBox="0 0 {wide} {high}" role="img" aria-labelledby="title{mark} desc{mark}" '
            f'font-family="{FAMILY}" font-size="{SIZE}">\n'
            f'<title id="title{mark}">{escape(clean(self.title))}</title>\n'
            f'<desc id="desc{mark}">{escape(clean(self.about))}</desc>\n{begin}{body}</svg>\n'
        )


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend: a sample of a line, and its name. ``sample``: as attributes of a path."""

    name: str
    sample: str


class Panel(Protocol):
    """Something between axes."""

    @property
    def title(self) -> str:
        """What its numbers are: the name of the vertical axis."""

    @property
    def note(self) -> str:
        """What is to be known of it, in short; may be empty."""

    @property
    def keys(self) -> Sequence[Key]:
        """What the legend says."""

    @property
    def height(self) -> float:
        """Of the part between the axes."""

    @property
    def beside(self) -> float:
        """Room that it needs to its right."""

    @property
    def y(self) -> Scale:
        """The vertical axis."""

    def draw(self, frame: Frame, x: Scale, number: int) -> Iterator[str]:
        """Its elements; ``number`` tells it from other panels."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The horizontal axis and what it is called."""

    scale: Scale
    name: str


def figure(
    title: str, about: str, panels: Sequence[tuple[Panel, Axis]], *, caption: str = "", wide: float = WIDTH
) -> Plot:
    """Panels one above the other. Neighbours that share an axis have its marks below the last of them.

    caption: a sentence or two below the title.
    """
    left = _SIDE + max((_left(one) for one, _ in panels), default=0.0)
    right = max((one.beside for one, _ in panels), default=0.0) + _SIDE
    parts = [
        text(_SIDE, 24, fitted(title, 0.86 * (wide - 2 * _SIDE), _TITLE), size=_TITLE, bold=True, full=title)
    ]
    y = 30.0
    for row in wrapped(caption, wide - 2 * _SIDE):
        y += 15
        parts.append(text(_SIDE, y, row, look="dim", size=_SMALL))
    y += 6
    for at, (panel, axis) in enumerate(panels):
        heads, y = _head(panel, y, wide)
        parts += heads
        frame = Frame(left, y, wide - left - right, panel.height)
        last = at + 1 == len(panels) or panels[at + 1][1] is not axis
        parts += _axes(frame, panel, axis, last, wide)
        parts += panel.draw(frame, axis.scale, at)
        y += panel.height + (36 if last else 10)
    return Plot(title, about, wide, y + 4, "".join(parts))


def wrapped(words: str, room: float) -> list[str]:
    """A text in lines."""
    lines: list[str] = []
    for word in words.split():
        if lines and width(f"{lines[-1]} {word}", _SMALL) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _left(panel: Panel) -> float:
    labels = (width(words, SIZE) for _, words in panel.y.ticks(_most(panel.height)))
    return max(26.0, min(max(labels, default=0) + 8.0, MOST_LABEL))


def _most(high: float) -> int:
    return max(2, min(7, int(high // 28)))


def _head(panel: Panel, y: float, wide: float) -> tuple[list[str], float]:
    """The name of a panel and its legend, on as many lines as they need; and where it begins."""
    parts: list[str] = []
    if not (panel.title or panel.keys or panel.note):
        return parts, y + 9
    room = wide - 2 * _SIDE
    x, row = float(_SIDE), y + _ROW
    if panel.title:
        name = fitted(panel.title, room * (0.45 if panel.keys else 0.8))
        parts.append(text(x, row, name, full=panel.title, bold=True))
        x += width(name, SIZE, bold=True) + _GAP
    for key in panel.keys:
        name = fitted(key.name, room * 0.45)
        needed = 30 + width(name, SIZE) + _GAP
        if x + needed - _GAP > wide - _SIDE and x > _SIDE:
            x, row = float(_SIDE), row + _ROW
        parts.append(f'<path {key.sample} d="M{number(x)} {number(row - 4)}h24"/>\n')
        parts.append(text(x + 30, row, name, full=key.name))
        x += needed
    if panel.note:
        if x + width(panel.note, _SMALL) > wide - _SIDE:
            x, row = float(_SIDE), row + _ROW
        parts.append(text(x, row, panel.note, look="dim", size=_SMALL))
    return parts, row + 9


def _axes(frame: Frame, panel: Panel, axis: Axis, marked: bool, wide: float) -> Iterator[str]:
    """Grid, ticks, and their names."""
    end, floor = frame.x + frame.width, frame.y + frame.height
    rows = panel.y.ticks(_most(frame.height))
    for value, words in rows:
        at = floor - float(panel.y.at(value)) * frame.height
        if not frame.y - 0.5 <= at <= floor + 0.5:
            continue
        if not panel.y.names:
            yield line(frame.x, at, end, at, "grid")
        shown = fitted(words, MOST_LABEL - 8)
        yield text(frame.x - 6, at + 4, shown, look="dim", anchor="end", full=words)
    most = max(2, int(frame.width // 70))
    taken = -1e9
    for value, words in axis.scale.ticks(most):
        at = frame.x + float(axis.scale.at(value)) * frame.width
        if not frame.x - 0.5 <= at <= end + 0.5:
            continue
        yield line(at, frame.y, at, floor, "grid")
        half = width(words, SIZE) / 2
        middle = min(at, wide - 3 - half)
        if marked and middle - half > taken:
            yield text(middle, floor + 16, words, look="dim", anchor="middle")
            taken = middle + half + 6
    yield line(frame.x, floor, end, floor, "axis")
    if not panel.y.names:
        yield line(frame.x, frame.y, frame.x, floor, "axis")
    if marked and axis.name:
        yield text(frame.x + frame.width / 2, floor + 31, axis.name, look="dim", anchor="middle")
