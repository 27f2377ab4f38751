"""From a diagram to a picture of it: which boxes are drawn, how deep, and what is said of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from dilsctl.diagram import Box, Child, Diagram, Port, data_fills
from dilsctl.kind import kind_of
from dilsctl.render.about import about_box, moved
from dilsctl.render.grouping import Group, by_layers, each, shortened
from dilsctl.render.interior import interior
from dilsctl.render.members import Stretch, kinds, members, stretches
from dilsctl.render.picture import Inside, Node, Picture, Pin, Side
from dilsctl.render.reach import Reaches, deep
from dilsctl.siblings import differentiable, sibling_wires

View = Literal["nested", "layers", "flat"]  # see ``draw.Artist.picture`` for the last
Sides = tuple[Side | None, ...]  # of the shared variables of a box; None: not drawn

LEVELS = 100  # more than a diagram may have
DRAWN = 40  # so many boxes are drawn where nobody says how deep


@dataclass(frozen=True, slots=True)
class Options:
    """What to draw. depth: levels of boxes inside of boxes, None for as many as can be read. most: the
    longest list of equal boxes that is drawn whole, None for any. focus: the only path of boxes that is
    opened. backward: wires that carry gradients as well. laws: what moves the states of boxes with interior
    boxes, however much it is."""

    depth: int | None = None
    view: View = "nested"
    most: int | None = 5
    backward: bool = False
    focus: tuple[str, ...] = ()
    laws: bool = False
    drawn: int = DRAWN


Open = int | tuple[str, ...]  # levels to open, or the path of boxes to open and no others
Peers = frozenset[tuple[str, str, str]]  # the box around, "child.port" that shows, "child.port" that is told


class Outline:
    """What is known of a diagram when its boxes are drawn; every interior is made once."""

    def __init__(self, diagram: Diagram, options: Options) -> None:
        self.diagram, self.options, self.main = diagram, options, diagram.main
        self.reaches = Reaches(self.main)
        self.learned = deep(self.main, _learns)
        self.kind = kind_of(diagram, self.reaches.reads)
        self.peers = self._peers()
        self.links = frozenset(
            (one.box, one.variable, member) for one in self.kind.links for member in one.members
        )
        self.moving = deep(self.main, lambda box: bool(moved(box)))
        self.made: dict[tuple[Box | Child, Sides, Open], Inside] = {}
        self.kinds = kinds(self.main)
        self.stretched: dict[Child, tuple[Stretch, ...]] = {}
        self.groups: dict[Box, list[Group]] = {}

    def _peers(self) -> Peers:
        """The wires between peers. With holes left, nobody knows of cycles; but where nothing is learned,
        every wire between siblings is one."""
        if self.kind.name != "open":
            return frozenset((one.box, one.source, one.target) for one in self.kind.peers)
        if self.learned:
            return frozenset()
        return frozenset(
            (box.name, ".".join(wire.source), ".".join(wire.target))
            for box, reads in self.reaches.reads.items()
            for wire in sibling_wires(box, reads)
        )

    def picture(self, title: str) -> Picture:
        """The picture of the main box, or of the one that it was narrowed to."""
        depth: Open = self.options.depth if self.options.depth is not None else self.readable()
        if self.options.focus:
            depth = self.options.focus
        # a shared variable that is an output too needs no second port
        sides: Sides = tuple(None if name in self.main.outputs else "right" for name in self.main.shared)
        root = self.node(self.main.name, self.main, sides, depth, outermost=True)
        root = replace(root, label=title)
        return Picture(title, self.main.doc, root)

    def node(
        self, name: str, box: Box, sides: Sides, depth: Open, *, child: Child | None = None,
        group: Group | None = None, outermost: bool = False, around: Box | None = None,
    ) -> Node:  # fmt: skip
        """A box as a node, with its interior if ``depth`` reaches that far: a number of levels, or a path.
        child: of an interior box of ``around``."""
        looks = set()
        if box.hole or data_fills(box):
            looks.add("hole")
        boxes = child.boxes if child is not None else (box,)
        if any(one in self.learned for one in boxes):
            looks.add("learned")
        if any(one in self.moving for one in boxes):
            looks.add("stateful")
        count = child.count if child is not None else None
        label, note = name, box.name if box.name != name else ""
        names = list(dict.fromkeys(one.name for one in boxes))
        if len(names) > 1:
            note = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        if group is not None and len(group.names) > 1:
            looks.add("more")
            label = f"{group.names[0]} … {group.names[-1]}"
            note = f"{len(group.names):,} more" if group.left_out else note
            count = None if group.left_out else len(group.names)
        if group is not None and group.mixed:
            about = f"{len(group.names):,} boxes that are not drawn"
            return Node(name, "box", label, (), note, frozenset({"more"}), None, about, span=box.span)
        inside = None
        mixed = child is not None and self.mixed(child)
        has_inside = mixed or bool(box.children) or (outermost and not box.hole)
        if has_inside and (outermost or (depth != () if isinstance(depth, tuple) else depth > 0)):
            inside = self.inside(child if child is not None and mixed else box, sides, depth, around)
        return Node(
            name, "box", label, self.pins(boxes, sides), note, frozenset(looks), count,
            about_box(name, box, count, names if mixed else ()), inside, has_inside and inside is None,
            box.span,
            group.names if group is not None and len(group.names) > 1 else (),
        )  # fmt: skip

    def pins(self, boxes: tuple[Box, ...], sides: Sides) -> tuple[Pin, ...]:
        """The ports of a box, or of an array of them: inputs on the left, outputs on the right, each with the
        feedback that it is told, and shared variables where they are wanted."""
        box = boxes[0]
        told = [self._told(boxes, port, "left") for port in box.inputs.values() if port.feedback is None]
        for name, port in box.outputs.items():
            about = f"out {name}: {port.type}{_modes(port)}"
            real = differentiable(port.type)
            told.append(
                Pin(name, "right", name, True, about, changing=bool(port.when), real=real, span=port.span)
            )
            answers = [one for one in box.inputs.values() if one.feedback == name]
            told += [self._told(boxes, one, "right") for one in answers]
        for side, (name, one) in zip(sides, box.shared.items(), strict=True):
            if not one.private and side is not None:
                told.append(Pin(name, side, name, None, f"share {name}: {one.type}", span=one.span))
        return tuple(told)

    def _told(self, boxes: tuple[Box, ...], port: Port, side: Side) -> Pin:
        answer = f", feedback of {port.feedback}" if port.feedback is not None else ""
        return Pin(
            port.name,
            side,
            port.name,
            False,
            f"in {port.name}: {port.type}{answer}{_modes(port)}",
            late=not any(self.reaches.at_once(one, port.name) for one in dict.fromkeys(boxes)),
            backward=port.feedback is not None,
            changing=bool(port.when),
            real=differentiable(port.type),
            span=port.span,
        )

    def inside(self, one: Box | Child, sides: Sides, depth: Open, around: Box | None) -> Inside:
        """The interior of a box, or of an array whose boxes differ. Its shared variables are on these sides
        of it."""
        key = (one, sides, depth)
        if key not in self.made:
            if isinstance(one, Child):
                self.made[key] = members(self, around, one, sides, depth)
            else:
                self.made[key] = interior(self, one, sides, depth)
        return self.made[key]

    def stretches(self, child: Child) -> tuple[Stretch, ...]:
        """The members of an array as they are drawn where it is opened."""
        if child not in self.stretched:
            self.stretched[child] = stretches(child, self.kinds, every=self.options.most is None)
        return self.stretched[child]

    def mixed(self, child: Child) -> bool:
        """Is it an array of boxes that are drawn differently?"""
        return len(child.boxes) > 1 and len(self.stretches(child)) > 1

    def _within(self, one: Box | Child) -> list[Box | Child]:
        """What is drawn one level further in."""
        if isinstance(one, Child):
            return [stretch.box for stretch in self.stretches(one) if not stretch.rest]
        children = [one.children[group.name] for group in self.grouped(one) if not group.mixed]
        return [child if self.mixed(child) else child.box for child in children]

    def grouped(self, box: Box) -> list[Group]:
        """The interior boxes that are drawn as one."""
        if box not in self.groups:
            layers = self.options.view == "layers"
            made = by_layers(box, self.reaches.reads[box]) if layers else each(box, self.options.most)
            self.groups[box] = made if self.options.most is None else shortened(made)
        return self.groups[box]

    def below(self, depth: Open, names: tuple[str, ...]) -> Open:
        """What is left to open of ``depth`` in an interior box with one of these names."""
        if isinstance(depth, int):
            return depth - 1
        # the last box of the path is opened as well, and nothing in it
        return (depth[1:] or ("",)) if depth and depth[0] in names else ()

    def count(self, depth: int) -> int:
        """How many boxes are drawn with so many levels open, each as often as it is drawn."""
        known: dict[tuple[Box | Child, int], int] = {}
        stack: list[tuple[Box | Child, int]] = [(self.main, depth)]
        while stack:
            box, levels = stack[-1]
            inner = [(one, levels - 1) for one in (self._within(box) if levels > 0 else [])]
            waiting = [one for one in inner if one not in known]
            if waiting:
                stack += waiting
                continue
            known[stack.pop()] = 1 + sum(known[one] for one in inner)
        return known[self.main, depth]

    def deepest(self, most: int) -> int:
        """How many levels can be opened without drawing more boxes than that; one at least."""
        depth, total = 1, self.count(1)
        while depth < LEVELS:
            more = self.count(depth + 1)
            if more > most or more == total:
                break
            depth, total = depth + 1, more
        return depth

    def readable(self) -> int:
        """As many levels as keep the number of boxes that are drawn within bounds; one at least."""
        level: list[Box | Child] = [self.main]
        total, depth = 0, 0
        while level:
            level = [one for box in level for one in self._within(box)]
            total += len(level)
            if depth and total > self.options.drawn:
                break
            depth += 1
        return max(1, depth)


def _modes(port: Port) -> str:
    return f", when {' or '.join(port.when)}" if port.when else ""


def _learns(box: Box) -> bool:
    if any(one.learn is not None for one in box.states.values()):
        return True
    return any(one.learn is not None for one in box.shared.values())
