"""The interior of one box as nodes and wires: its interior boxes, its states and shared variables, and its
pattern.

A wire that is one port is a line. Any other is a small function, with a line from everything that it reads. A
let that several wires read, and an expression that is written twice, are one function. Wires to parts of one
port meet in a bar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, Report, SourceSpan
from dilsctl.diagram import Box
from dilsctl.elaborate.wires import Wire as WrittenWire
from dilsctl.elaborate.wires import WireTexts, read_wires
from dilsctl.render.about import about_state, moved
from dilsctl.render.carried import carried
from dilsctl.render.expressions import Reference, parsed
from dilsctl.render.ground import Ground, Source
from dilsctl.render.joints import Joints, sides_of
from dilsctl.render.picture import LEFT, RIGHT, End, Inside, Looks, Pin

if TYPE_CHECKING:
    from dilsctl.render.outline import Open, Outline, Sides

MOST_PARTS = 12  # wires to parts of one port that are drawn one by one


def interior(outline: Outline, box: Box, sides: Sides, depth: Open) -> Inside:
    """What is drawn inside of a box."""
    made = _Interior(outline, box, sides, depth)
    try:
        made.run()
    except RecursionError:
        message = f"'{box.name}' has a chain of lets that is too long to be drawn"
        raise Problem.of("too-deep", message, box.span) from None
    return made.whole()


class _Interior:
    def __init__(self, outline: Outline, box: Box, sides: Sides, depth: Open) -> None:
        self.outline, self.box, self.depth = outline, box, depth
        self.on = Ground(outline, box, outline.pins((box,), sides))
        self.written: Any = box.written or {}

    def run(self) -> None:
        joints = Joints(self.box)
        for group in self.outline.grouped(self.box):
            child = self.box.children[group.name]
            sides = sides_of(joints, child)
            self.on.drawn[group.name] = len(self.on.nodes)
            for name in group.names:
                self.on.child_of[name] = group.name
            self.on.nodes.append(
                self.outline.node(
                    child.name,
                    child.box,
                    sides,
                    self.outline.below(self.depth, group.names),
                    child=child,
                    group=group,
                    around=self.box,
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
        moving = moved(self.box)
        for name, one in self.box.shared.items():
            looks = {"shared"} | ({"learned"} if one.learn is not None else set())
            if any(link.variable == name and self._peer(link) for link in self.box.links):
                looks.add("peer")
            pins = (Pin("", "left", "", None), Pin("", "right", "", None))
            about = f"{name}: {one.type}, a shared variable"
            self.on.states[name] = self.on.add(
                name, "junction", name, pins, frozenset(looks), about, one.span
            )
            if not one.private and (end := self.on.border.get((name, None))) is not None:
                inner = (self.on.states[name], 1 if end[0] == RIGHT else 0)
                self.on.wire(inner, end, frozenset({"shared"}), f"{name} is shared with the outside")
        for link in self.box.links:
            shown = self.on.child_of[link.child]
            if shown != link.child:
                continue
            number = self.on.drawn[shown]
            at = next(
                k
                for k, pin in enumerate(self.on.nodes[number].pins)
                if pin.name == link.port and pin.shows is None
            )
            side = 1 if self.on.nodes[number].pins[at].side == "left" else 0
            about = f"{link.child}.{link.port} is {link.variable}"
            looks = {"shared", *self._peer(link)}
            self.on.wire(
                (self.on.states[link.variable], side), (number, at), frozenset(looks), about, link.span
            )
        for name, state in self.box.states.items():
            looks = {"learned"} if state.learn is not None else {"stateful"} if state.var in moving else set()
            learned = state.learn is not None
            pins = (Pin("", "left", "", False, late=True), Pin("", "right", "", True, real=learned))
            self.on.states[name] = self.on.add(
                name, "state", name, pins, frozenset(looks), about_state(self.box, state), state.span
            )

    def _peer(self, link: Any) -> set[str]:
        """A variable that several interior boxes share lets them talk, unless it is learned. With holes left,
        nobody knows which meet."""
        if self.outline.kind.name != "open":
            known = (self.box.name, link.variable, f"{link.child}.{link.port}") in self.outline.links
        else:
            many = sum(1 for one in self.box.links if one.variable == link.variable) > 1
            known = many and self.box.shared[link.variable].learn is None
        return {"peer"} if known else set()

    def whole(self) -> Inside:
        """All of it, without states that no line leads to or from: what moves them is not drawn, and the
        pattern does not read them."""
        inside = carried(self.on.nodes, list(self.on.wires.values()), self.on.heard)
        ends = {end[0] for wire in inside.wires for end in (wire.source, wire.target)}
        kept = [
            number
            for number, node in enumerate(inside.nodes)
            if number in ends or node.shape not in ("state", "junction") or not self.box.children
        ]
        place = {number: at for at, number in enumerate(kept)} | {LEFT: LEFT, RIGHT: RIGHT}

        def moved_to(end: End) -> End:
            return place[end[0]], end[1]

        return Inside(
            tuple(inside.nodes[number] for number in kept),
            tuple(
                replace(wire, source=moved_to(wire.source), target=moved_to(wire.target))
                for wire in inside.wires
            ),
        )

    # -- the pattern ------------------------------------------------------------------------------

    def _wires(self) -> None:
        if not self.written.get("wires"):
            return
        by_target: dict[tuple[str | None, str], list[WrittenWire]] = {}
        for wire in read_wires(WireTexts(self.written), Report(), lambda key: None):
            child = wire.key[0]
            if child is None or self.on.child_of.get(child) == child:
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
            return self.on.border.get((port, True))
        number = self.on.drawn[child]
        for at, pin in enumerate(self.on.nodes[number].pins):
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
            plain = self.on.reference((child, name))
            if plain is None or item is None or parts:
                return plain
            tree = parsed(wire.source_text)
            assert tree is not None
            return self.on.function(wire.source_text, tree, wire.source_span)
        return self.on.expression(wire.source_text, wire.source, wire.source_span, parts=parts)

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
        heard = behind if key is None else frozenset[Reference]()  # all that a bar puts together
        if key is not None and key[0] is not None:
            wanted = ".".join((key[0], key[1]))
            heard = frozenset(
                (child, port)
                for child, port in behind
                if child and (self.box.name, f"{child}.{port}", wanted) in self.outline.peers
            )
            if heard:
                looks.add("peer")
            pin = self.on.nodes[target[0]].pins[target[1]]
            looks |= look_of(pin)
        self.on.wire(end, target, frozenset(looks), about, span, heard)

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
            pins.append(Pin("", "left", _parts([_part(one, child, port) for one in wires]), False, real=True))
        left = len(lines) - len(shown)
        name = f"{child}.{port}" if child else port
        about = f"the parts of {name}, put together" + (f"; {left:,} more are not drawn" if left else "")
        looks: Looks = frozenset()
        both = (*pins, Pin("", "right", "", True, real=True))
        number = self.on.add(f"parts of {name}", "bar", f"+{left}" if left else "", both, looks, about)
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
        told = {wire.target for wire in self.on.wires.values()}
        for name in self.box.outputs:
            end = self.on.border[name, True]
            if end not in told and name in self.on.states:
                looks = self.on.nodes[self.on.states[name]].looks & {"learned"}
                self.on.wire((self.on.states[name], 1), end, looks, f"{name} is shown")

    def _laws(self) -> None:
        """What moves the states: drawn where it is the interior, where it is little, or where it is asked
        for."""
        if self.box.children and not self.outline.options.laws and len(moved(self.box)) > 1:
            return
        for key in ("next", "rate"):
            laws = self.written.get(key) or {}
            for name in laws:
                number = self.on.states.get(str(name).split("[")[0])
                if number is None:
                    continue
                for text, span in _law_texts(laws, name):
                    tree = parsed(text)
                    source = self.on.expression(text, tree, span) if tree is not None else None
                    if source is not None:
                        about = f"{key} {name}: {text}"
                        looks = source[2] - {"backward", "changing"} | {"late"}
                        self.on.wire(source[0], (number, 0), looks, about, span)


def _part(wire: WrittenWire, child: str | None, port: str) -> str:
    """The part of a port that a wire tells, as it is written: ``[0]``."""
    text = wire.target_text.removeprefix(f"{child}." if child else "")
    return text.replace(f".{port}", "").removeprefix(child or "").removeprefix(port)


def _parts(texts: list[str]) -> str:
    """A label for several parts: the first and the last."""
    if len(texts) == 1:
        return texts[0]
    first, last = texts[0], texts[-1]
    if first.endswith("]") and last.startswith("["):
        return f"{first[:-1]} … {last[1:]}"
    return f"{first} … {last}"


def look_of(pin: Pin) -> Looks:
    """What a wire to a port looks like because of the port."""
    words = (("late", pin.late and not pin.backward), ("backward", pin.backward), ("changing", pin.changing))
    return frozenset(word for word, holds in words if holds)


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
