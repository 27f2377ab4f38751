"""A picture with a place for everything: boxes are laid out from the inside out, equal levels once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dilsctl.render import layout
from dilsctl.render.layout import Item, Level, Placed, Spacing
from dilsctl.render.picture import LEFT, RIGHT, Inside, Node

Measure = Callable[[Node], Item]


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the interior of a box: the line of its title, the room below, and beside its
    pins."""

    top: int
    bottom: int
    least: Callable[[Node], tuple[int, int]]  # the size that a box needs for its title and pins
    leads: Callable[[Node], tuple[int, int]]  # room for the labels of its pins, on the left and the right
    pin_top: int = 0  # the least distance of a pin from the title's line
    edge: int = 0  # what the border itself takes on the right
    sheets: Callable[[Node], int] = lambda _: 0  # room above and on the right for what is behind


@dataclass(frozen=True, slots=True)
class Units:
    """How a kind of picture measures: what is drawn without an interior, what stands around one, and
    distances."""

    measure: Measure
    frame: Frame
    spacing: Spacing


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A node with its size, its pins' heights, and what is inside: figures with their corners, and the points
    of the wires. All places are relative to the figure's own corner."""

    node: Node
    width: int
    height: int
    pins: tuple[int, ...]
    parts: tuple[tuple[int, int, Figure], ...] = ()
    lines: tuple[tuple[tuple[int, int], ...], ...] = ()
    dots: tuple[tuple[int, int, int], ...] = ()


class Drawing:
    """Makes figures of nodes, and remembers what was laid out."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.levels: dict[Level, Placed] = {}
        self.figures: dict[tuple[Inside, tuple[object, ...]], Figure] = {}

    def figure(self, node: Node) -> Figure:
        """A node with all that is inside it."""
        if node.inside is None:
            item = self.units.measure(node)
            return Figure(node, item.width, item.height, tuple(pin.at for pin in item.pins))
        units, inside = self.units, node.inside
        key = (inside, (node.label, node.note, node.pins, node.count, node.looks))
        known = self.figures.get(key)
        if known is not None:
            return Figure(node, known.width, known.height, known.pins, known.parts, known.lines, known.dots)
        children = [self.figure(one) for one in inside.nodes]
        border = _border(node)
        level = Level(
            tuple(_item(one) for one in children),
            sum(1 for pin in node.pins if pin.side == "left"),
            sum(1 for pin in node.pins if pin.side == "right"),
            tuple((_end(wire.source), _end(wire.target)) for wire in inside.wires),
            units.frame.leads(node),
        )
        placed = self.levels.get(level)
        if placed is None:
            placed = self.levels[level] = layout.arrange(level, units.spacing)
        found = self._framed(node, children, placed, border)
        self.figures[key] = found
        return found

    def _framed(
        self, node: Node, children: list[Figure], placed: Placed, border: list[tuple[int, int]]
    ) -> Figure:
        """A level that has been laid out, in its frame: wide enough for its title."""
        frame = self.units.frame
        least_width, least_height = frame.least(node)
        extra = max(0, least_width - placed.width)
        heights = [(placed.left if side == LEFT else placed.right)[at] for side, at in border]
        behind = frame.sheets(node)
        top = frame.top + behind + max(0, frame.pin_top - min(heights, default=frame.pin_top))
        x = extra // 2
        height = max(least_height + behind, top + placed.height + frame.bottom)
        width = placed.width + extra

        def moved(point: tuple[int, int]) -> tuple[int, int]:
            at = point[0]
            at = 0 if at == 0 else width if at == placed.width else at + x
            return at, point[1] + top

        assert node.inside is not None
        return Figure(
            node,
            width + frame.edge + behind,
            height,
            tuple(one + top for one in heights),
            tuple((cx + x, cy + top, one) for (cx, cy), one in zip(placed.corners, children, strict=True)),
            tuple(tuple(moved(point) for point in line) for line in placed.lines),
            tuple((dx + x, dy + top, wire) for dx, dy, wire in placed.dots),
        )


def _end(end: tuple[int, int]) -> tuple[int, int]:
    return end  # a picture and a level count ends alike


def _border(node: Node) -> list[tuple[int, int]]:
    """For each pin of a box, its border and its number there."""
    counts = {"left": 0, "right": 0}
    found = []
    for pin in node.pins:
        found.append((LEFT if pin.side == "left" else RIGHT, counts[pin.side]))
        counts[pin.side] += 1
    return found


def _item(figure: Figure) -> Item:
    pins = tuple(layout.Pin(pin.side, at) for pin, at in zip(figure.node.pins, figure.pins, strict=True))
    return Item(figure.width, figure.height, pins, figure.node.shape != "box")
