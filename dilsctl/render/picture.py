"""What is to be drawn: nodes with pins, and the wires between them, level by level. Nothing has a place
yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dilsctl.diagnostics import SourceSpan

Side = Literal["left", "right"]
Shape = Literal["box", "function", "constant", "state", "junction", "bar"]
End = tuple[int, int]  # a node and its pin; LEFT or RIGHT and a pin of the box around
Looks = frozenset[str]

LEFT, RIGHT = -1, -2


@dataclass(frozen=True, slots=True)
class Pin:
    """A port as drawn. ``shows``: values come out of it; None for a shared variable, which has no direction.

    ``late``: what it is told acts from the next tick on only. ``backward``: it is told how an output should
    change. ``changing``: it exists in some modes only. ``real``: gradients may flow through it.
    """

    name: str
    side: Side
    label: str
    shows: bool | None
    about: str = ""
    late: bool = False
    backward: bool = False
    changing: bool = False
    real: bool = False
    span: SourceSpan | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Something with pins: an interior box, a small function, a state, a shared variable, or a bar that puts
    parts together.

    name: within its level. note: a second line, such as the definition's name. looks: of a box ``stateful``,
    ``learned``, ``hole``, ``more``; of others as a wire's. count: how many boxes one node stands for. about:
    all that is worth saying. inside: its interior, if it is to be drawn. members: the names of boxes that are
    drawn as this one, if it is not one alone.
    """

    name: str
    shape: Shape
    label: str
    pins: tuple[Pin, ...]
    note: str = ""
    looks: Looks = frozenset()
    count: int | None = None
    about: str = ""
    inside: Inside | None = None
    closed: bool = False
    span: SourceSpan | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """From one end to another; between shared variables the direction means nothing.

    looks: any of ``learned``, ``changing``, ``peer``, ``late``, ``shared``, ``backward``.
    """

    source: End
    target: End
    looks: Looks = frozenset()
    about: str = ""
    span: SourceSpan | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """The interior of a box. Equal interiors may be one object."""

    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A whole drawing: ``root`` is the outermost box."""

    title: str
    description: str
    root: Node
