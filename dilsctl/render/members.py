"""Arrays of boxes that are not all equal: their members one by one, between the ports of the array."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dilsctl.diagram import Box, Child
from dilsctl.render.grouping import MOST_GROUPS
from dilsctl.render.interior import look_of
from dilsctl.render.picture import LEFT, RIGHT, End, Inside, Looks, Node, Pin, Wire
from dilsctl.siblings import differentiable

if TYPE_CHECKING:
    from dilsctl.render.outline import Open, Outline, Sides


def kinds(main: Box) -> dict[Box, int]:
    """A number for every box inside ``main``; those of one number are drawn alike."""
    found: dict[Box, int] = {}
    numbers: dict[object, int] = {}
    stack = [main]
    while stack:
        box = stack[-1]
        inner = {one for child in box.children.values() for one in dict.fromkeys(child.boxes)}
        if waiting := [one for one in inner if one not in found]:
            stack += waiting
            continue
        stack.pop()
        ports = tuple((one.name, str(one.type)) for one in (*box.inputs.values(), *box.outputs.values()))
        children = tuple(
            (child.name, child.count, tuple(found[one] for one in child.boxes))
            for child in box.children.values()
        )
        key = (box.name, id(box.written), box.hole, ports, children)
        found[box] = numbers.setdefault(key, len(numbers))
    return found


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbours in an array that are drawn as one: ``box`` is the first of them. ``rest``: the many at the
    end of a long array, whatever they are."""

    first: int
    last: int
    box: Box
    rest: bool = False

    @property
    def name(self) -> str:
        return f"[{self.first}]" if self.first == self.last else f"[{self.first}…{self.last}]"

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(f"[{one}]" for one in range(self.first, self.last + 1))


def stretches(child: Child, kind: dict[Box, int], *, every: bool) -> tuple[Stretch, ...]:
    """The members of an array, equal neighbours together; one stretch if all are equal. Of very many, the
    first ones and one for the rest, unless ``every`` one is wanted."""
    found: list[Stretch] = []
    for at, box in enumerate(child.boxes):
        if found and kind[found[-1].box] == kind[box]:
            found[-1] = replace(found[-1], last=at)
        else:
            found.append(Stretch(at, at, box))
    if not every and len(found) > MOST_GROUPS:
        rest = found[MOST_GROUPS - 1]
        found = [*found[: MOST_GROUPS - 1], Stretch(rest.first, len(child.boxes) - 1, rest.box, rest=True)]
    return tuple(found)


def members(outline: Outline, around: Box | None, child: Child, sides: Sides, depth: Open) -> Inside:
    """What is drawn inside of such an array. A port that all members are told alike forks; of any other each
    has its part. What they show is put together by a bar."""
    made = _Members(outline, around, child, sides)
    for one in outline.stretches(child):
        made.add(one, depth)
    return made.whole()


class _Members:
    def __init__(self, outline: Outline, around: Box | None, child: Child, sides: Sides) -> None:
        self.outline, self.around, self.child = outline, around, child
        self.side_of = dict(zip(child.box.shared, sides, strict=True))
        self.nodes: list[Node] = []
        self.wires: list[Wire] = []
        self.shown: dict[str, list[tuple[End, str, Pin]]] = {}
        self.border: dict[tuple[str, bool | None], End] = {}
        counts = {LEFT: 0, RIGHT: 0}
        for pin in outline.pins(child.boxes, sides):
            side = LEFT if pin.side == "left" else RIGHT
            self.border[pin.name, pin.shows] = (side, counts[side])
            counts[side] += 1

    def add(self, one: Stretch, depth: Open) -> None:
        """A member, or a stack of equal ones, with all that it is told."""
        name = f"{self.child.name}{one.name}"
        many = one.last - one.first + 1
        if one.rest:
            note, about = f"{many:,} more", f"{many:,} boxes that are not drawn"
            self.nodes.append(Node(one.name, "box", one.name, (), note, frozenset({"more"}), None, about))
            return
        sides: Sides = tuple(self.side_of.get(shared) for shared in one.box.shared)
        node = self.outline.node(name, one.box, sides, self.outline.below(depth, one.members))
        if many > 1:
            node = replace(node, count=many, members=one.members)
        number = len(self.nodes)
        self.nodes.append(replace(node, name=one.name, label=f"{one.name} {one.box.name}", note=""))
        for at, pin in enumerate(node.pins):
            end = self.border.get((pin.name, pin.shows))
            if end is None:
                continue
            if pin.shows is True:
                self.shown.setdefault(pin.name, []).append(((number, at), one.name, pin))
            elif pin.shows is None:
                self._wire(end, (number, at), frozenset({"shared"}), f"{name}.{pin.name} is {pin.name}")
            else:
                self._told(end, (number, at), one, pin)

    def _told(self, end: End, target: End, one: Stretch, pin: Pin) -> None:
        looks, about = look_of(pin), f"{pin.name}{one.name} -> {self.child.name}{one.name}.{pin.name}"
        if self._all_alike(pin.name):
            self._wire(end, target, looks, f"{pin.name} -> {self.child.name}{one.name}.{pin.name}")
            return
        part = f"{pin.name}{one.name}"
        pins = (Pin("", "left", "", False, real=pin.real), Pin("", "right", "", True, real=pin.real))
        if pin.backward:  # what goes back comes from the right
            pins = (
                Pin("", "right", "", False, backward=True),
                Pin("", "left", "", True, backward=True),
            )
        self.nodes.append(Node(part, "function", one.name, pins, about=part))
        self._wire(end, (len(self.nodes) - 1, 0), looks & {"backward"}, about)
        self._wire((len(self.nodes) - 1, 1), target, looks, about)

    def _all_alike(self, port: str) -> bool:
        """Are all members told the same at a port?"""
        var = self.around.dispatch.get((self.child.name, port)) if self.around is not None else None
        return var is not None and var.rank == len(self.child.box.inputs[port].type.shape)

    def _wire(self, source: End, target: End, looks: Looks, about: str) -> None:
        self.wires.append(Wire(source, target, looks, about, self.child.span))

    def whole(self) -> Inside:
        for port, parts in self.shown.items():
            real = differentiable(self.child.box.outputs[port].type)
            lefts = tuple(Pin("", "left", name, False, real=real) for _, name, _ in parts)
            both = (*lefts, Pin("", "right", "", True, real=real))
            about = f"the {port} of all members, put together"
            self.nodes.append(Node(f"parts of {port}", "bar", "", both, about=about))
            number = len(self.nodes) - 1
            for at, (end, name, _) in enumerate(parts):
                text = f"{self.child.name}{name}.{port} -> {port}{name}"
                self._wire(end, (number, at), frozenset(), text)
            self._wire((number, len(parts)), self.border[port, True], frozenset(), about)
        return Inside(tuple(self.nodes), tuple(self.wires))
