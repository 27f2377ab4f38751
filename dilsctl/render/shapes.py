"""A laid out picture as a list of shapes, which every writer for paper and screens paints in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dilsctl.render.figures import Figure
from dilsctl.render.learned import Strength
from dilsctl.render.letters import width
from dilsctl.render.paper import (
    BAR,
    FUNCTION,
    NAME,
    NOTE,
    PORT,
    header,
    name_above,
    name_of,
    note_of,
    port_of,
)  # fmt: skip
from dilsctl.render.picture import Inside, Pin, Wire
from dilsctl.render.themes import Style, Theme, box_style, function_style, wire_style

Points = tuple[tuple[float, float], ...]
ARROW, WING = 8, 3.6


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle with round corners."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    style: Style


@dataclass(frozen=True, slots=True)
class Line:
    """A line from point to point, whose corners are rounded; ``closed`` ones are filled and are not."""

    points: Points
    style: Style
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Disc:
    """A circle."""

    x: float
    y: float
    radius: float
    style: Style


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; ``y`` is its base line."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    anchor: Literal["start", "middle", "end"] = "middle"
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """What follows belongs to one thing: a box by its path, or a wire of a box by its number and its net."""

    kind: Literal["box", "wire", "node", "legend", "inner", "lid", "sign", "level"]
    path: str
    about: str
    label: str = ""
    net: int = -1


@dataclass(frozen=True, slots=True)
class Close:
    """The end of what was opened last."""


Shape = Rectangle | Line | Disc | Text | Open | Close


class Painter:
    """Turns figures into shapes. ``lids``: an open box gets a front as well, to be shown when it is
    closed."""

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
        if figure.node.inside is None:
            yield from self._closed(figure, x, y)
        else:
            yield from self._frame(figure, x, y, path, depth)
        yield from self._level(figure, x, y, path)
        yield Close()

    # -- boxes ------------------------------------------------------------------------------------

    def _stack(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        """Two more sheets behind what stands for several boxes."""
        node = figure.node
        if node.count is None and "more" not in node.looks:
            return
        self.seen.add("array")
        style = box_style(self.theme, node.looks) if node.inside is None else self._frame_style(0)
        if style.fill == "none":
            style = Style(self.theme.paper, style.stroke, style.width, style.dash)
        for step in (6, 3):
            yield Rectangle(x + step, y - step, figure.width, figure.height, 6, style)

    def _closed(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        node, theme = figure.node, self.theme
        style = box_style(theme, node.looks)
        self.seen |= {f"box {one}" for one in node.looks & {"hole", "learned", "stateful"}}
        yield Rectangle(x, y, figure.width, figure.height, 6, style)
        if "stateful" in node.looks:
            inner = Style("none", style.stroke, 0.8)
            yield Rectangle(x + 3, y + 3, figure.width - 6, figure.height - 6, 4, inner)
        if node.closed:
            self.seen.add("closed")
            yield from self._dots(x + figure.width / 2, y + 7)
        yield from self._names(figure, x, y)
        yield from self._labels(figure, x, y)

    def _dots(self, x: float, y: float) -> Iterator[Shape]:
        for step in (-6, 0, 6):
            yield Disc(x + step, y, 1.3, Style(self.theme.dim))

    def _names(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        node, theme = figure.node, self.theme
        name, note = name_of(node), note_of(node)
        above = header(node)
        if name_above(node):
            middle, top = x + figure.width / 2, y + 19
        else:
            left = max(
                (width(port_of(pin.label), PORT) for pin in node.pins if pin.side == "left"), default=0
            )
            right = max(
                (width(port_of(pin.label), PORT) for pin in node.pins if pin.side == "right"), default=0
            )
            middle = x + (figure.width + (left + 12 if left else 0) - (right + 12 if right else 0)) / 2
            top = y + (figure.height - above) / 2 + (-2 if note else 4.5)
        yield Text(middle, top, name, NAME, theme.ink, bold=True)
        if note:
            yield Text(middle, top + 15, note, NOTE, theme.dim)

    def _labels(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        for pin, at in zip(figure.node.pins, figure.pins, strict=True):
            if pin.label:
                place = x + 9 if pin.side == "left" else x + figure.width - 9
                anchor: Literal["start", "end"] = "start" if pin.side == "left" else "end"
                yield Text(place, y + at + 3.7, port_of(pin.label), PORT, self.theme.dim, anchor)

    def _frame_style(self, depth: int) -> Style:
        return Style(self.theme.grounds[depth % 2], self.theme.frame, 1.1)

    def _frame(self, figure: Figure, x: float, y: float, path: str, depth: int) -> Iterator[Shape]:
        """A box with its interior: title, labels of its ports along the border, wires, and what is inside."""
        node, theme = figure.node, self.theme
        yield Rectangle(x, y, figure.width, figure.height, 8, self._frame_style(depth))
        name = name_of(node)
        yield Text(x + 12, y + 19, name, NAME, theme.ink, "start", bold=True)
        if node.note:
            after = width(name, NAME, bold=True) + 20
            yield Text(x + after, y + 19, note_of(node), NOTE, theme.dim, "start")
        inside = node.inside
        assert inside is not None
        if self.lids and depth:
            yield Open("inner", "", "")
        for number in sorted(range(len(inside.wires)), key=lambda one: (_strength(inside.wires[one]), one)):
            wire, line = inside.wires[number], figure.lines[number]
            yield Open("wire", path, wire.about, net=number)
            known = self._known(path, number)
            yield from self._wire(figure, wire, tuple((x + px, y + py) for px, py in line), known)
            yield Close()
        for dx, dy, number in figure.dots:
            style = wire_style(theme, inside.wires[number].looks)
            yield Disc(x + dx, y + dy, 2.6, Style(style.stroke))
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
        yield Rectangle(x, y, figure.width, figure.height, 8, style)
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
        edge = x if left else x + figure.width
        if pin.label:
            place = edge + 8 if left else edge - 8
            yield Text(place, y - 4, port_of(pin.label), PORT, theme.dim, "start" if left else "end")
        if depth:
            yield Disc(edge, y, 2.2, Style(theme.frame))
        elif pin.shows is None:
            yield Disc(edge, y, 3.6, Style(theme.paper, theme.plain, 1.3))
        else:  # out of the picture, or into it
            outward = pin.shows
            step = (1 if not left else -1) * (1 if outward else -1)
            tip = edge + step * (ARROW + 1 if outward else 1)
            yield _arrow((tip, y), step, Style(theme.plain, theme.plain, 0.8))

    # -- small things -----------------------------------------------------------------------------

    def _small(self, figure: Figure, x: float, y: float) -> Iterator[Shape]:
        node, theme = figure.node, self.theme
        wide, high = figure.width, figure.height
        middle = y + high / 2 + 4
        if node.shape == "junction":
            self.seen.add("junction")
            yield Disc(
                x + wide / 2,
                y + high / 2,
                4.5,
                Style(theme.peer if "learned" not in node.looks else theme.learned),
            )
            yield Text(x + wide / 2, y - 4, node.label, PORT, theme.ink, bold=True)
        elif node.shape == "bar":
            yield Rectangle(x + wide - BAR, y, BAR, high, 2, Style(theme.plain))
            for pin, at in zip(node.pins, figure.pins, strict=True):
                if pin.label:
                    yield Text(x + wide - BAR - 3, y + at - 2.5, pin.label, PORT - 1, theme.dim, "end")
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

    # -- wires ------------------------------------------------------------------------------------

    def _known(self, path: str, number: int) -> Strength | None:
        """What a run tells of a wire."""
        return None

    def _level(self, figure: Figure, x: float, y: float, path: str) -> Iterator[Shape]:
        """What a run tells of a box."""
        yield from ()

    def _wire(self, figure: Figure, wire: Wire, points: Points, known: Strength | None) -> Iterator[Shape]:
        style = wire_style(self.theme, wire.looks)
        for one in wire.looks - {"shared"} or {"plain"}:
            self.seen.add(f"wire {one}")
        (node, at) = wire.target
        inside = figure.node.inside
        assert inside is not None
        head = None
        if node >= 0 and "shared" not in wire.looks and len(points) > 1:
            shape = inside.nodes[node].shape
            if shape not in ("bar", "junction"):
                forward = points[-1][0] > points[-2][0]
                hollow = inside.nodes[node].pins[at].late
                fill = self.theme.paper if hollow else style.stroke
                head = _arrow(points[-1], 1 if forward else -1, Style(fill, style.stroke, 1.0))
                points = (*points[:-1], (points[-1][0] - (ARROW - 1) * (1 if forward else -1), points[-1][1]))
        yield Line(points, style)
        if head is not None:
            yield head
        if "peer" in wire.looks - {"shared"} and self._starts_at_box(inside, wire):
            step = 1 if points[0][0] <= points[1][0] else -1
            ring = Style(self.theme.paper, style.stroke, 1.3)
            yield Disc(points[0][0] + 5 * step, points[0][1], 2.8, ring)

    @staticmethod
    def _starts_at_box(inside: Inside, wire: Wire) -> bool:
        """Is it a box that talks to its peer, and not a function or a variable between them?"""
        source = wire.source[0]
        return source >= 0 and "shared" not in wire.looks and inside.nodes[source].shape == "box"


def _strength(wire: Wire) -> int:
    """Where wires of one net run together, the strongest look is on top; dashes are below all."""
    strong = next((k for k, look in enumerate(("learned", "changing", "peer")) if look in wire.looks), 3)
    return -strong - (10 if "late" in wire.looks else 0)


def _arrow(tip: tuple[float, float], forward: int, style: Style) -> Line:
    """An arrowhead as a shape of its own: not every program knows markers."""
    x, y = tip
    back = x - ARROW * forward
    return Line(((x, y), (back, y - WING), (back, y + WING)), style, closed=True)
