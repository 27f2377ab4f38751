"""The interior of one box as nodes and wires: its interior boxes, its states and shared variables, and its
pattern.

A wire that is one port is a line. Any other is a small function, with a line from everything that it reads. A
let that several wires read, and an expression that is written twice, are one function. Wires to parts of one
port meet in a bar.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, Report, SourceSpan
from dilsctl.diagram import Box
from dilsctl.elaborate.wires import Wire as WrittenWire
from dilsctl.elaborate.wires import WireTexts, read_wires
from dilsctl.render.about import about_state, place
from dilsctl.render.expressions import Reference, choices, parsed, part, reads, short
from dilsctl.render.joints import Joints, sides_of
from dilsctl.render.picture import LEFT, RIGHT, End, Inside, Looks, Node, Pin, Shape, Wire

if TYPE_CHECKING:
    from dilsctl.render.outline import Open, Outline, Sides

Source = tuple[
    End, frozenset[Reference], Looks
]  # an end, the ports and states behind it, and looks it hands on

_HANDED: Looks = frozenset({"learned", "backward"})  # looks that go on through a function
MOST_PARTS = 12  # wires to parts of one port that are drawn one by one


def interior(outline: Outline, box: Box, sides: Sides, depth: Open) -> Inside:
    """What is drawn inside of a box."""
    made = _Interior(outline, box, sides, depth)
    try:
        made.run()
    except RecursionError:
        message = f"'{box.name}' has a chain of lets that is too long to be drawn"
        raise Problem.of("too-deep", message, box.span) from None
    return Inside(tuple(made.nodes), tuple(made.wires.values()))


class _Interior:
    def __init__(self, outline: Outline, box: Box, sides: Sides, depth: Open) -> None:
        self.outline, self.box, self.depth = outline, box, depth
        self.nodes: list[Node] = []
        self.wires: dict[tuple[End, End, Looks], Wire] = {}
        self.pins = outline.pins(box, sides)
        self.border: dict[tuple[str, bool | None], End] = {}
        counts = {"left": 0, "right": 0}
        for pin in self.pins:
            side = LEFT if pin.side == "left" else RIGHT
            self.border[pin.name, pin.shows] = (side, counts[pin.side])
            counts[pin.side] += 1
        self.child_of: dict[str, str] = {}  # a child that is not drawn → the one that is drawn for it
        self.drawn: dict[str, int] = {}
        self.functions: dict[str, Source] = {}
        self.states: dict[str, int] = {}
        self.written: Any = box.written or {}
        self.lets: Any = self.written.get("let") or {}
        self.trail: set[str] = set()
        # outputs of interior boxes that some sibling is told in a peer wire
        self.talking = frozenset(
            (child, port)
            for around, source, _ in outline.peers
            if around == box.name
            for child, port in [source.rsplit(".", 1)]
        )

    def run(self) -> None:
        joints = Joints(self.box)
        for group in self.outline.grouped(self.box):
            child = self.box.children[group.name]
            sides = sides_of(joints, child)
            self.drawn[group.name] = len(self.nodes)
            for name in group.names:
                self.child_of[name] = group.name
            self.nodes.append(
                self.outline.node(
                    child.name,
                    child.box,
                    sides,
                    self.outline.below(self.depth, group.names),
                    child=child,
                    group=group,
                )
            )
        self._variables(joints)
        self._wires()
        self._shown()
        self._laws()

    # -- what stands inside -----------------------------------------------------------------------

    def _variables(self, joints: Joints) -> None:
        """A node for every shared variable, and for every state of its own; those that nothing reads or shows
        too."""
        moved = {law.target for law in self.box.laws}
        for name, one in self.box.shared.items():
            looks = {"shared"} | ({"learned"} if one.learn is not None else set())
            pins = (Pin("", "left", "", None), Pin("", "right", "", None))
            about = f"{name}: {one.type}, a shared variable"
            self.states[name] = self._add(name, "junction", name, pins, frozenset(looks), about, one.span)
            if not one.private and (end := self.border.get((name, None))) is not None:
                inner = (self.states[name], 1 if end[0] == RIGHT else 0)
                self._wire(inner, end, frozenset({"shared"}), f"{name} is shared with the outside")
        for link in self.box.links:
            shown = self.child_of[link.child]
            if shown != link.child:
                continue
            number = self.drawn[shown]
            at = next(
                k
                for k, pin in enumerate(self.nodes[number].pins)
                if pin.name == link.port and pin.shows is None
            )
            side = 1 if self.nodes[number].pins[at].side == "left" else 0
            about = f"{link.child}.{link.port} is {link.variable}"
            looks = {"shared", *self._peer(link)}
            self._wire((self.states[link.variable], side), (number, at), frozenset(looks), about, link.span)
        for name, state in self.box.states.items():
            looks = {"learned"} if state.learn is not None else {"stateful"} if state.var in moved else set()
            learned = state.learn is not None
            pins = (Pin("", "left", "", False, late=True), Pin("", "right", "", True, real=learned))
            self.states[name] = self._add(
                name, "state", name, pins, frozenset(looks), about_state(self.box, state), state.span
            )

    def _peer(self, link: Any) -> set[str]:
        """A variable that several interior boxes share lets them talk, unless it is learned."""
        shared = self.box.shared[link.variable]
        many = sum(1 for one in self.box.links if one.variable == link.variable) > 1
        return {"peer"} if many and shared.learn is None else set()

    def _add(
        self, name: str, shape: Shape, label: str, pins: tuple[Pin, ...], looks: Looks, about: str,
        span: SourceSpan | None = None,
    ) -> int:  # fmt: skip
        self.nodes.append(Node(name, shape, label, pins, "", looks, None, about, span=span))
        return len(self.nodes) - 1

    def _wire(
        self, source: End, target: End, looks: Looks, about: str, span: SourceSpan | None = None
    ) -> None:
        key = (source, target, looks)
        if key not in self.wires:
            where = place(span)
            self.wires[key] = Wire(source, target, looks, f"{about}\n{where}" if where else about, span)

    # -- the pattern ------------------------------------------------------------------------------

    def _wires(self) -> None:
        if not self.written.get("wires"):
            return
        by_target: dict[tuple[str | None, str], list[WrittenWire]] = {}
        for wire in read_wires(WireTexts(self.written), Report(), lambda key: None):
            child = wire.key[0]
            if child is None or self.child_of.get(child) == child:
                by_target.setdefault(wire.key, []).append(wire)
        for (child, port), wires in by_target.items():
            target = self._target(child, port)
            if target is None:
                continue
            sources = [(self._of_wire(one, len(wires) > 1), one) for one in wires]
            found = [(source, one) for source, one in sources if source is not None]
            ends = list(dict.fromkeys(source[0] for source, _ in found))
            if len(ends) > 1:
                self._bar(child, port, target, found)
                continue
            for source, one in found:
                self._connect(source, target, (child, port), self._text(one), one.span)

    def _target(self, child: str | None, port: str) -> End | None:
        if child is None:
            return self.border.get((port, True))
        number = self.drawn[child]
        for at, pin in enumerate(self.nodes[number].pins):
            if pin.name == port and pin.shows is False:
                return number, at
        return None

    def _text(self, wire: WrittenWire) -> str:
        return f"{wire.source_text} -> {wire.target_text}"

    def _of_wire(self, wire: WrittenWire, parts: bool) -> Source | None:
        """Where a wire comes from. One of several to parts of a port may come from a part: the bar says
        so."""
        if wire.source is None:
            child, name, item = wire.plain
            plain = self._reference((child, name))
            if plain is None or item is None or parts:
                return plain
            tree = parsed(wire.source_text)
            assert tree is not None
            return self._function(wire.source_text, tree, wire.source_span)
        return self._expression(wire.source_text, wire.source, wire.source_span, parts=parts)

    def _expression(
        self, text: str, tree: ast.expr, span: SourceSpan | None, *, parts: bool = False
    ) -> Source | None:
        known = part(tree)
        if known is not None and (parts or not known[1]):
            found = self._reference(known[0])
            if found is not None:
                return found
        return self._function(text, tree, span)

    def _function(self, text: str, tree: ast.expr, span: SourceSpan | None, label: str = "") -> Source:
        """The function that an expression is: one node, however often it is written."""
        key = label or ast.dump(tree)
        if key in self.functions:
            return self.functions[key]
        sources = [(name, one) for name in reads(tree) if (one := self._reference(name)) is not None]
        behind = frozenset[Reference]().union(*(one[1] for _, one in sources))
        looks = _HANDED & frozenset[str]().union(*(one[2] for _, one in sources))
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
        number = self._add(
            key,
            shape,
            label or shown,
            (*pins, Pin("", "right", "", True, real=bool(ends))),
            frozenset(looks),
            about,
            span,
        )
        for _, (end, refs, handed) in sources:
            peer = {"peer"} if refs & self.talking else set()
            self._wire(end, (number, ends.index(end)), (handed & _HANDED) | peer, self._end_name(end), span)
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
        moved = {law.target for law in self.box.laws}
        own = {name for name, one in self.box.states.items() if one.var in moved}
        return any(child is None and name in own for child, name in reads(tree))

    def _is_let(self, name: str) -> bool:
        return name in self.lets and any(
            child is not None for child, _ in reads(parsed(self.lets[name]) or ast.Constant(0))
        )

    def _reference(self, name: Reference) -> Source | None:
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
            plain = self._reference(known[0]) if known is not None and not known[1] else None
            found = plain or self._function(text, tree, self._let_span(port), port)
            self.trail.discard(port)
            return found
        return None

    def _let_span(self, name: str) -> SourceSpan | None:
        return self.lets.value_span(name) if hasattr(self.lets, "value_span") else None

    def _connect(
        self,
        source: Source,
        target: End,
        key: tuple[str | None, str] | None,
        about: str,
        span: SourceSpan | None,
    ) -> None:
        """A line to a port, with the looks of what it carries and of where it ends."""
        end, behind, handed = source
        looks = set(handed)
        if key is not None and key[0] is not None:
            wanted = ".".join((key[0], key[1]))
            if any(
                (self.box.name, f"{child}.{port}", wanted) in self.outline.peers
                for child, port in behind
                if child
            ):
                looks.add("peer")
            pin = self.nodes[target[0]].pins[target[1]]
            looks |= _of_pin(pin)
        self._wire(end, target, frozenset(looks), about, span)

    def _bar(
        self, child: str | None, port: str, target: End, found: list[tuple[Source, WrittenWire]]
    ) -> None:
        """Wires to parts of one port meet in a bar; many are drawn as few."""
        lines: dict[End, tuple[Source, list[WrittenWire]]] = {}
        for source, wire in found:
            lines.setdefault(source[0], (source, []))[1].append(wire)
        shown = list(lines.values())
        if len(shown) > MOST_PARTS:
            shown = [*shown[: MOST_PARTS - 2], shown[-1]]
        pins = []
        for _, wires in shown:
            parts = [one.target_text.removeprefix(f"{child}." if child else "") for one in wires]
            text = parts[0].replace(f".{port}", "").removeprefix(child or "").removeprefix(port)
            pins.append(Pin("", "left", text if len(parts) == 1 else "", False, real=True))
        left = len(lines) - len(shown)
        name = f"{child}.{port}" if child else port
        about = f"the parts of {name}, put together" + (f"; {left:,} more are not drawn" if left else "")
        looks: Looks = frozenset()
        both = (*pins, Pin("", "right", "", True, real=True))
        number = self._add(f"parts of {name}", "bar", f"+{left}" if left else "", both, looks, about)
        for at, (source, wires) in enumerate(shown):
            self._connect(source, (number, at), None, self._text(wires[0]), wires[0].span)
        behind = frozenset[Reference]().union(*(source[1] for source, _ in lines.values()))
        for source, _ in lines.values():
            looks |= source[2]
        self._connect(
            ((number, len(shown)), behind, looks), target, (child, port), f"all parts of {name}", None
        )

    # -- what moves, and what is shown without a wire ---------------------------------------------

    def _shown(self) -> None:
        """An output with the name of a state or a shared variable shows it, unless a wire says otherwise."""
        told = {wire.target for wire in self.wires.values()}
        for name in self.box.outputs:
            end = self.border[name, True]
            if end not in told and name in self.states:
                looks = self.nodes[self.states[name]].looks & {"learned"}
                self._wire((self.states[name], 1), end, looks, f"{name} is shown")

    def _laws(self) -> None:
        """What moves the states: drawn where it is the interior, where it is little, or where it is asked
        for."""
        moved = {law.target for law in self.box.laws}
        if self.box.children and not self.outline.options.laws and len(moved) > 1:
            return
        for key in ("next", "rate"):
            laws = self.written.get(key) or {}
            for name in laws:
                number = self.states.get(str(name).split("[")[0])
                if number is None:
                    continue
                for text, span in _law_texts(laws, name):
                    tree = parsed(text)
                    source = self._expression(text, tree, span) if tree is not None else None
                    if source is not None:
                        about = f"{key} {name}: {text}"
                        looks = source[2] - {"backward"} | {"late"}
                        self._wire(source[0], (number, 0), looks, about, span)


def _of_pin(pin: Pin) -> set[str]:
    """What a wire to a port looks like because of the port."""
    words = (("late", pin.late and not pin.backward), ("backward", pin.backward), ("changing", pin.changing))
    return {word for word, holds in words if holds}


def _law_texts(laws: Any, name: str) -> Iterator[tuple[str, SourceSpan | None]]:
    """The expressions of a state's laws, without those that say when."""
    written = laws[name]
    span = laws.value_span(name) if hasattr(laws, "value_span") else None
    for one in written if isinstance(written, list) else [written]:
        if isinstance(one, dict):
            if "to" in one:
                yield str(one["to"]), span
        else:
            yield str(one), span
