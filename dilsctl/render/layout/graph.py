"""What a level is made of before it is laid out, and what comes of it. All lengths are whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Side = Literal["left", "right"]
End = tuple[int, int]  # an item and its pin; LEFT or RIGHT and a pin of that border
Point = tuple[int, int]

LEFT, RIGHT = -1, -2


@dataclass(frozen=True, slots=True)
class Pin:
    """A place on the left or the right border of an item, ``at`` below its top."""

    side: Side
    at: int


@dataclass(frozen=True, slots=True)
class Item:
    """A rectangle with pins. ``small``: it may stand as close to others as wires do."""

    width: int
    height: int
    pins: tuple[Pin, ...]
    small: bool = False


@dataclass(frozen=True, slots=True)
class Spacing:
    """The least distances: between items of a layer, between wires, between the pins of the level's own
    border, between small items, from one of these to a wire that passes (``close``), from an item to the
    first vertical run of a wire (``margin``), between vertical runs (``track``); ``thick`` is what a wire
    itself takes. Pins stand on a ``grid``, so that no wire makes a smaller step than that."""

    items: int = 24
    wires: int = 9
    border: int = 18
    small: int = 12
    close: int = 7
    margin: int = 18
    track: int = 9
    thick: int = 0
    grid: int = 9


@dataclass(frozen=True, slots=True)
class Level:
    """Items in the order of the file, the number of pins on either border, and wires from end to end.

    ``leads`` is what is kept free of vertical runs beside the left and the right border.
    """

    items: tuple[Item, ...]
    left: int
    right: int
    wires: tuple[tuple[End, End], ...]
    leads: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Placed:
    """A level laid out: corners of the items, heights of the border's pins, the points of each wire, and the
    places where three branches of one net meet, each with the number of one of its wires."""

    width: int
    height: int
    corners: tuple[Point, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    lines: tuple[tuple[Point, ...], ...]
    dots: tuple[tuple[int, int, int], ...]


@dataclass(slots=True, eq=False)
class Vertex:
    """Something in a layer: an item, a pin of the border, or the passage of a net past a layer (``passing``).

    ``share`` says for each pin how far down its side it is, between 0 and 1.
    """

    number: int  # of the item; LEFT, RIGHT; or the net that passes
    width: int
    height: int
    pins: tuple[Pin, ...]
    layer: int = 0
    passing: bool = False
    small: bool = False
    share: tuple[float, ...] = ()
    index: int = 0
    x: int = 0
    y: int = 0

    def height_of(self, pin: int) -> int:
        """The height of a pin in the picture."""
        return self.y + self.pins[pin].at


@dataclass(slots=True, eq=False)
class Span:
    """The part of a net in one gap between two layers: pins to the left of the gap and to the right of it."""

    net: int
    lefts: list[tuple[Vertex, int]] = field(default_factory=list)
    rights: list[tuple[Vertex, int]] = field(default_factory=list)

    @property
    def sides(self) -> tuple[list[tuple[Vertex, int]], list[tuple[Vertex, int]]]:
        """The pins to the left, and those to the right."""
        return self.lefts, self.rights
