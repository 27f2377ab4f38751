"""What the wires of one box read: the end that a name stands for, and the small function that an expression
is.

A let that several wires read, and an expression that is written twice, are one function.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import SourceSpan
from dilsctl.diagram import Box
from dilsctl.render.about import moved, place
from dilsctl.render.expressions import Reference, choices, parsed, part, reads, short
from dilsctl.render.picture import LEFT, RIGHT, End, Looks, Node, Pin, Shape, Wire

if TYPE_CHECKING:
    from dilsctl.render.outline import Outline

Heard = dict[tuple[End, End], frozenset[Reference]]  # of a wire, by its ends
Source = tuple[End, frozenset[Reference], Looks]  # an end, the ports and states behind it, looks it hands on

HANDED: Looks = frozenset({"learned", "backward", "changing"})  # looks that go on through a function


class Ground:
    """The nodes and wires of an interior that is being drawn.

    ``border``: its own ports, by name and whether values come out of the box there. ``child_of``: a child →
    the one that is drawn for it; ``drawn``: its node. ``states``: the nodes of states and shared variables.
    """

    def __init__(self, outline: Outline, box: Box, pins: tuple[Pin, ...]) -> None:
        self.box = box
        self.nodes: list[Node] = []
        self.wires: dict[tuple[End, End, Looks], Wire] = {}
        self.border: dict[tuple[str, bool | None], End] = {}
        counts = {"left": 0, "right": 0}
        for pin in pins:
            side = LEFT if pin.side == "left" else RIGHT
            self.border[pin.name, pin.shows] = (side, counts[pin.side])
            counts[pin.side] += 1
        self.child_of: dict[str, str] = {}  # a child that is not drawn → the one that is drawn for it
        self.drawn: dict[str, int] = {}
        self.functions: dict[str, Source] = {}
        self.states: dict[str, int] = {}
        self.lets: Any = (box.written or {}).get("let") or {}
        self.trail: set[str] = set()
        self.heard: Heard = {}

    def add(
        self, name: str, shape: Shape, label: str, pins: tuple[Pin, ...], looks: Looks, about: str,
        span: SourceSpan | None = None,
    ) -> int:  # fmt: skip
        self.nodes.append(Node(name, shape, label, pins, "", looks, None, about, span=span))
        return len(self.nodes) - 1

    def wire(
        self, source: End, target: End, looks: Looks, about: str, span: SourceSpan | None = None,
        heard: frozenset[Reference] = frozenset(),
    ) -> None:  # fmt: skip
        """``heard``: of a wire to a box, the ports that tell it something as peers; to a function or a bar,
        all that are behind it."""
        if heard:
            self.heard[source, target] = self.heard.get((source, target), frozenset()) | heard
        key = (source, target, looks)
        if key not in self.wires:
            where = place(span)
            self.wires[key] = Wire(source, target, looks, f"{about}\n{where}" if where else about, span)

    def expression(
        self, text: str, tree: ast.expr, span: SourceSpan | None, *, parts: bool = False
    ) -> Source | None:
        known = part(tree)
        if known is not None and (parts or not known[1]):
            found = self.reference(known[0])
            if found is not None:
                return found
        return self.function(text, tree, span)

    def function(self, text: str, tree: ast.expr, span: SourceSpan | None, label: str = "") -> Source:
        """The function that an expression is: one node, however often it is written."""
        key = label or ast.dump(tree)
        if key in self.functions:
            return self.functions[key]
        sources = [(name, one) for name in reads(tree) if (one := self.reference(name)) is not None]
        behind = frozenset[Reference]().union(*(one[1] for _, one in sources))
        looks = HANDED & frozenset[str]().union(*(one[2] for _, one in sources))
        if self._changes(tree):
            looks |= {"changing"}
        ends = list(dict.fromkeys(one[0] for _, one in sources))
        pins = [Pin("", "left", "", False, real=True) for _ in ends]
        shown = short(text, tree)
        known = part(tree)
        if known is not None and known[1] and not label:
            shown = known[1]  # the name of what it is a part of stands at the other end of the line
        shape: Shape = "function" if ends else "constant"
        about = f"{label} = {text}" if label else text
        number = self.add(
            key,
            shape,
            label or shown,
            (*pins, Pin("", "right", "", True, real=bool(ends))),
            frozenset(looks),
            about,
            span,
        )
        for _, (end, refs, handed) in sources:
            self.wire(end, (number, ends.index(end)), handed & HANDED, self._end_name(end), span, refs)
        found: Source = ((number, len(ends)), behind, frozenset(looks))
        self.functions[key] = found
        return found

    def _end_name(self, end: End) -> str:
        if end[0] in (LEFT, RIGHT):
            return next(name for (name, _), one in self.border.items() if one == end)
        node = self.nodes[end[0]]
        return ".".join(
            one for one in (node.label if node.shape != "constant" else "", node.pins[end[1]].name) if one
        )

    def _changes(self, tree: ast.expr) -> bool:
        """Does an expression choose by what an interior box shows, or read a state of its own that moves?"""
        if not self.box.children:
            return False
        by = [name for chooser in choices(tree) for name in reads(chooser)]
        if any(child is not None or self._is_let(name) for child, name in by):
            return True
        moving = moved(self.box)
        own = {name for name, one in self.box.states.items() if one.var in moving}
        return any(child is None and name in own for child, name in reads(tree))

    def _is_let(self, name: str) -> bool:
        return name in self.lets and any(
            child is not None for child, _ in reads(parsed(self.lets[name]) or ast.Constant(0))
        )

    def reference(self, name: Reference) -> Source | None:
        """The end that a name stands for; None for what is known beforehand."""
        child, port = name
        if child is not None:
            shown = self.child_of.get(child)
            if shown is None:
                return None
            number = self.drawn[shown]
            for at, pin in enumerate(self.nodes[number].pins):
                if pin.name == port and pin.shows is True:
                    return (number, at), frozenset({name}), frozenset()
            return None
        if (end := self.border.get((port, False))) is not None:
            told = self.box.inputs[port].feedback is not None
            return end, frozenset({name}), frozenset({"backward"} if told else ())
        if port in self.states:
            return (
                (self.states[port], 1),
                frozenset({name}),
                self.nodes[self.states[port]].looks & {"learned"},
            )
        if port in self.lets and port not in self.trail:
            text = str(self.lets[port])
            tree = parsed(text)
            if tree is None:
                return None
            self.trail.add(port)
            known = part(tree)
            plain = self.reference(known[0]) if known is not None and not known[1] else None
            found = plain or self.function(text, tree, self._let_span(port), port)
            self.trail.discard(port)
            return found
        return None

    def _let_span(self, name: str) -> SourceSpan | None:
        return self.lets.value_span(name) if hasattr(self.lets, "value_span") else None
