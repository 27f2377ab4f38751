"""A laid out picture as a list of shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from dilsctl.render.figures import Figure
from dilsctl.render.letters import width
from dilsctl.render.paper import (
    BAR,
    FUNCTION,
    NAME,
    NOTE,
    PORT,
    foot,
    header,
    name_above,
    name_of,
    note_of,
    port_of,
    sheets,
)  # fmt: skip
from dilsctl.render.picture import Looks, Node, Pin
from dilsctl.render.shapes import Close, Disc, Line, Open, Rectangle, Shape, Text
from dilsctl.render.themes import Style, Theme, box_style, frame_style, function_style
from dilsctl.render.threads import ARROW, Threads, arrow


class Painter:
    """Turns figures into shapes. ``lids``: an open box gets a front as well, to be shown when it is
    closed. ``below``: the room at the bottom of a closed box that something else takes; ``lift``: how high
    labels stand above lines."""

    below, lift = 0, 4

    def __init__(self, theme: Theme, *, lids: bool = False) -> None:
        self.theme, self.lids = theme, lids
        self.seen: set[str] = set()  # looks that the legend must explain

    def paint(self, figure: Figure, x: float, y: float, path: str = "", depth: int = 0) -> Iterator[Shape]:
        """The shapes of a figure whose corner is at (x, y)."""
        node = figure.node
        if node.shape != "box":
            yield Open("node", path, node.about, node.label)
            yield from self._small(figure, x, y)
            yield Close()
            return
        yield Open("box", path, node.about, "closed" if node.closed else "")
        yield from self._stack(figure, x, y)
        if node.inside is None:
            yield from self._closed(figure, x, y)
        else:
            yield from self._frame(figure, x, y, path, depth)
        yield from self._level(figure, x, y, path)
        yield Close()

    def _threads(self, figure: Figure) -> Threads:
        return Threads(figure, self.theme, self.seen)

    def _level(self, figure: Figure, x: float, y: float, path: str) -> Iterator[Shape]:
        """What a run tells of a box."""
        yield from ()

    # -- boxes ------------------------------------------------------------------------------------

    def _stack(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        """Two more sheets behind what stands for several boxes."""
        node, out = figure.node, sheets(figure.node)
        if not out:
            return
        self.seen.add("array")
        style = box_style(self.theme, node.looks) if node.inside is None else self._frame_style(node, 0)
        if style.fill == "none":
            style = replace(style, fill=self.theme.paper)
        wide, high = figure.width - out, figure.height - out
        for step in (out, out / 2):
            yield Rectangle(x + step, y + out - step, wide, high, 6, style)

    def _front(self, figure: Figure, x: float, y: float, radius: float, style: Style) -> Iterator[Shape]:
        """A box itself, before the sheets behind it; with a double border if its state moves."""
        out = sheets(figure.node)
        wide, high = figure.width - out, figure.height - out
        yield Rectangle(x, y + out, wide, high, radius, style)
        if "stateful" in figure.node.looks:
            inner = Style("none", style.stroke, 0.8)
            yield Rectangle(x + 3, y + out + 3, wide - 6, high - 6, radius - 2, inner)

    def _closed(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        node, theme = figure.node, self.theme
        self.seen |= {f"box {one}" for one in node.looks & {"hole", "learned", "stateful"}}
        yield from self._front(figure, x, y, 6, box_style(theme, node.looks))
        if node.closed:
            self.seen.add("closed")
            yield from self._dots(x + (figure.width - sheets(node)) / 2, y + figure.height - 7 - self.below)
        yield from self._names(figure, x, y)
        yield from self._labels(figure, x, y)

    def _dots(self, x: float, y: float) -> Iterator[Shape]:
        for step in (-6, 0, 6):
            yield Disc(x + step, y, 1.3, Style(self.theme.dim))

    def _names(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        node, theme = figure.node, self.theme
        name, note = name_of(node), note_of(node)
        above, out = header(node) + sheets(node), sheets(node)
        wide = figure.width - out
        if name_above(node):
            middle, top = x + wide / 2, y + out + 19
        else:
            left = max(
                (width(port_of(pin.label), PORT) for pin in node.pins if pin.side == "left"), default=0
            )
            right = max(
                (width(port_of(pin.label), PORT) for pin in node.pins if pin.side == "right"), default=0
            )
            middle = x + (wide + (left + 12 if left else 0) - (right + 12 if right else 0)) / 2
            top = y + above + (figure.height - above - foot(node) - self.below) / 2 + (-2 if note else 4.5)
        yield Text(middle, top, name, NAME, theme.ink, bold=True)
        if note:
            yield Text(middle, top + 15, note, NOTE, theme.dim)

    def _labels(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        right = x + figure.width - sheets(figure.node) - 9
        for pin, at in zip(figure.node.pins, figure.pins, strict=True):
            if pin.label:
                place = x + 9 if pin.side == "left" else right
                anchor: Literal["start", "end"] = "start" if pin.side == "left" else "end"
                yield Text(place, y + at + 3.7, port_of(pin.label), PORT, self.theme.dim, anchor)

    def _frame_style(self, node: Node, depth: int) -> Style:
        return frame_style(self.theme, node.looks, depth)

    def _frame(self, figure: Figure, x: float, y: float, path: str, depth: int) -> Iterator[Shape]:
        """A box with its interior: title, labels of its ports along the border, wires, and what is inside."""
        node, theme = figure.node, self.theme
        self.seen |= {f"box {one}" for one in node.looks & {"learned", "stateful"}}
        yield from self._front(figure, x, y, 8, self._frame_style(node, depth))
        top = y + sheets(node)
        name = name_of(node)
        yield Text(x + 12, top + 19, name, NAME, theme.ink, "start", bold=True)
        if node.note:
            after = width(name, NAME, bold=True) + 20
            yield Text(x + after, top + 19, note_of(node), NOTE, theme.dim, "start")
        inside = node.inside
        assert inside is not None
        if self.lids and depth:
            yield Open("inner", "", "")
        yield from self._threads(figure).paint(x, y, path)
        for cx, cy, part in figure.parts:
            inner = f"{path}.{part.node.name}" if path else part.node.name
            yield from self.paint(part, x + cx, y + cy, inner, depth + 1)
        if self.lids and depth:
            yield Close()
            yield from self._lid(figure, x, y)
        for pin, at in zip(node.pins, figure.pins, strict=True):
            yield from self._border(figure, pin, x, y + at, depth)

    def _lid(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        """The front of a box that is closed but keeps its place: its name, as large as there is room."""
        node, theme = figure.node, self.theme
        yield Open("lid", "", "")
        style = box_style(theme, node.looks - {"hole"})
        yield from self._front(figure, x, y, 8, style)
        name, note = name_of(node), note_of(node)
        room = figure.width * 0.8 / max(width(name, 1, bold=True), width(note, 0.7), 1)
        size = round(max(NAME, min(room, figure.height * 0.3, 96)), 1)
        middle = y + figure.height / 2 + (0 if note else size * 0.35)
        yield Text(x + figure.width / 2, middle, name, size, theme.ink, bold=True)
        if note:
            yield Text(x + figure.width / 2, middle + size, note, round(size * 0.7, 1), theme.dim)
        yield Close()

    def _border(self, figure: Figure, pin: Pin, x: float, y: float, depth: int) -> Iterator[Shape]:
        """A port of a box whose interior is drawn: its label above the line, and a mark on the border."""
        theme = self.theme
        left = pin.side == "left"
        edge = x if left else x + figure.width - sheets(figure.node)
        if pin.label:
            place = edge + 8 if left else edge - 8
            yield Text(place, y - self.lift, port_of(pin.label), PORT, theme.dim, "start" if left else "end")
        if depth:
            yield Disc(edge, y, 2.2, Style(theme.frame))
        elif pin.shows is None:
            yield Disc(edge, y, 3.6, Style(theme.paper, theme.plain, 1.3))
        else:  # out of the picture, or into it
            outward = pin.shows
            step = (1 if not left else -1) * (1 if outward else -1)
            tip = edge + step * (ARROW + 1 if outward else 1)
            colour = theme.backward if pin.backward else theme.plain
            yield arrow((tip, y), step, Style(colour, colour, 0.8))

    # -- small things -----------------------------------------------------------------------------

    def _small(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        node, theme = figure.node, self.theme
        wide, high = figure.width, figure.height
        middle = y + high / 2 + 4
        if node.shape == "junction":
            at = y + figure.pins[0]
            yield from junction(self.theme, node.looks, x + wide / 2, at)
            self.seen.add(" ".join(["junction", *sorted(node.looks & {"learned", "peer"})]))
            yield Text(x + wide / 2, at - 9, node.label, PORT, theme.ink, bold=True)
        elif node.shape == "bar":
            yield Rectangle(x + wide - BAR, y, BAR, high, 2, Style(theme.plain))
            for pin, at in zip(node.pins, figure.pins, strict=True):
                if pin.label:
                    yield Text(x + wide - BAR - 3, y + at - 3, pin.label, PORT - 1, theme.dim, "end")
            if node.label:
                yield Text(x + wide - BAR / 2, y + high + 10, node.label, PORT - 1, theme.dim)
        elif node.shape == "state":
            self.seen.add("state")
            style = box_style(theme, node.looks) if node.looks else Style(theme.box, theme.border, 1.2)
            yield Rectangle(x, y, wide, high, 2, style)
            for edge in (x + 4, x + wide - 4):
                yield Line(((edge, y), (edge, y + high)), Style("none", style.stroke, 1))
            yield Text(x + wide / 2, middle, node.label, FUNCTION, theme.ink)
        else:
            style = function_style(theme, node.looks)
            if node.shape == "constant":
                style = Style("none", "none")
            else:
                self.seen |= {"function"} | {
                    f"function {one}" for one in node.looks & {"learned", "changing"}
                }
            yield Rectangle(x, y, wide, high, min(11, high / 2), style)
            yield Text(x + wide / 2, middle, node.label, FUNCTION, theme.ink)


def junction(theme: Theme, looks: Looks, x: float, y: float) -> Iterator[Shape]:
    """The disc of a shared variable; a ring around a point where peers share it."""
    colour = theme.learned if "learned" in looks else theme.peer if "peer" in looks else theme.plain
    if "peer" in looks:
        yield Disc(x, y, 4.5, Style(theme.paper, colour, 1.6))
        yield Disc(x, y, 1.9, Style(colour))
    else:
        yield Disc(x, y, 4.5, Style(colour))
