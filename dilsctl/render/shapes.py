"""What pictures are made of, which every writer for paper and screens draws in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dilsctl.render.themes import Style

Points = tuple[tuple[float, float], ...]


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
    """What follows belongs to one thing: a box by its path, or some wires of a box by their numbers."""

    kind: Literal["box", "wire", "node", "legend", "inner", "lid", "sign", "level"]
    path: str
    about: str
    label: str = ""
    wires: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Close:
    """The end of what was opened last."""


Shape = Rectangle | Line | Disc | Text | Open | Close
