"""Single numbers and what is computed of them: a graph in which equal things are one thing.

A node is a template of a Python expression and the nodes that fill it. Templates are written in this package,
numbers by ``repr``; nothing of a diagram file becomes text here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Number = float | int | bool


@dataclass(slots=True, eq=False)
class Node:
    """``text`` with ``{0}``, ``{1}`` … for the nodes of ``args``; ``careful``: the same where Python raises
    an exception and NumPy does not. ``value``: of a literal."""

    text: str
    careful: str
    args: tuple[Node, ...] = ()
    value: Number | None = None

    @property
    def atomic(self) -> bool:
        """A name or a number."""
        return not self.args


@dataclass(slots=True, eq=False)
class Graph:
    """Nodes in an order in which each comes after those that it is computed from."""

    nodes: list[Node] = field(default_factory=list)
    _known: dict[Any, Node] = field(default_factory=dict)
    _names: int = 0

    def emit(self, text: str, *args: Node, careful: str = "") -> Node:
        """What ``text`` says of ``args``."""
        key = (text, *map(id, args))
        if key not in self._known:
            self._known[key] = Node(text, careful or text, args)
            self.nodes.append(self._known[key])
        return self._known[key]

    def literal(self, value: Number) -> Node:
        """A number."""
        text = repr(value)
        key = (type(value), text)
        if key not in self._known:
            safe = f"({text})" if text.startswith("-") else text
            self._known[key] = Node(safe, safe, (), value)
        return self._known[key]

    def name(self, letter: str) -> Node:
        """A number that comes from outside, under a name of its own."""
        self._names += 1
        text = f"{letter}{self._names}"
        return Node(text, text)
