"""What kind of system a diagram is: a deep neural network (DNN), an interacting dynamical system (IDS), or a
deeply interacting learning system (DILS), with the wires and states that prove it.

Two questions decide. *Do boxes talk to their peers?* A wire from one interior box to another is a layer wire
if something in the diagram is learned, both of its ends are differentiable and it lies on no cycle; else it
is a peer wire. A wire to an input declared feedback is neither. Cycles are counted by port element, over the
laws of motion and not over learning. A variable that several siblings share is a peer link, if it is not
learned. *Can a pattern change?* See ``dilsctl.pattern``.

| | peer wires | changeable pattern |
|---|---|---|
| DNN | no | yes |
| IDS | yes | no |
| DILS | yes | yes |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from dilsctl.cycles import Cycles
from dilsctl.diagnostics import SourceSpan
from dilsctl.diagram import Box, Child, Diagram, Link, holes, is_momentum
from dilsctl.ir import Index
from dilsctl.lower import flatten
from dilsctl.pattern import Changeable, Reads, changeable
from dilsctl.siblings import Sibling, WirePlaces, differentiable, sibling_wires

Name = Literal["DNN", "IDS", "DILS", "neither", "open"]


@dataclass(frozen=True, slots=True)
class SiblingWire:
    """A wire between two interior boxes of ``box``, and why it is a peer wire; empty for a layer wire."""

    box: str
    source: str
    target: str
    why: str
    span: SourceSpan | None = None


@dataclass(frozen=True, slots=True)
class PeerLink:
    """A variable of ``box`` that several of its interior boxes share."""

    box: str
    variable: str
    members: tuple[str, ...]
    span: SourceSpan | None = None


@dataclass(slots=True)
class Kind:
    """The answer, and what it rests on, by definition in the order of the diagram. A diagram with holes is
    ``open``: what fills them decides."""

    name: Name
    peers: list[SiblingWire] = field(default_factory=list)
    layers: list[SiblingWire] = field(default_factory=list)
    links: list[PeerLink] = field(default_factory=list)
    changeable: list[Changeable] = field(default_factory=list)


def kind_of(diagram: Diagram, reads: Mapping[Box, Reads] | None = None) -> Kind:
    """What kind of system a diagram is. reads: those of its boxes, as far as they are known."""
    if holes(diagram.main):
        return Kind("open")
    found = _Question(diagram, reads).run()
    peers, change = bool(found.peers or found.links), bool(found.changeable)
    found.name = "DILS" if peers and change else "IDS" if peers else "DNN" if change else "neither"
    return found


@dataclass(slots=True)
class Talk:
    """How the interior boxes of one box talk to each other: its peer wires, and the names of the variables
    of its own that are peer links."""

    wires: list[Sibling] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def talk_of(diagram: Diagram) -> dict[Box, Talk]:
    """The peer wires and links of every box that has some. Raises Problem: hole-in-run."""
    question = _Question(diagram)
    question.run()
    return question.talk


class _Question:
    def __init__(self, diagram: Diagram, reads: Mapping[Box, Reads] | None = None) -> None:
        self.main, self.reads = diagram.main, reads or {}
        self.talk: dict[Box, Talk] = {}
        self.boxes = _boxes(diagram.main)
        self.found = Kind("neither")
        self.learned = _learned_shares(self.boxes)
        states = [one.learn for box in self.boxes for one in box.states.values()]
        self.learns = bool(self.learned) or any(one is not None for one in states)
        self.cycles: Cycles | None = None
        self.paths: dict[Box, list[str]] = {}

    def run(self) -> Kind:
        for box in self.boxes:
            reads = self.reads.get(box) or Reads(box)
            learned = {name for name in box.shared if (box, name) in self.learned}
            self.found.changeable += changeable(box, reads, learned)
            links = _links(box, learned)
            self.found.links += links
            if links:
                self.talk.setdefault(box, Talk()).links += [one.variable for one in links]
            places: WirePlaces | None = None
            for wire in sibling_wires(box, reads):
                places = places or WirePlaces(box)
                why = self._why(box, wire)
                kept = self.found.peers if why else self.found.layers
                if why:
                    self.talk.setdefault(box, Talk()).wires.append(wire)
                span = places.span(wire.source, wire.target) if len(kept) < MOST_PLACED else None
                kept.append(SiblingWire(box.name, ".".join(wire.source), ".".join(wire.target), why, span))
        found = self.found  # a definition that is used in several ways says some things more than once
        found.peers, found.layers = list(dict.fromkeys(found.peers)), list(dict.fromkeys(found.layers))
        found.links, found.changeable = (
            list(dict.fromkeys(found.links)),
            list(dict.fromkeys(found.changeable)),
        )
        return found

    def _why(self, box: Box, wire: Sibling) -> str:
        """Why a wire is a peer wire; empty for a layer wire."""
        if not self.learns:
            return "nothing is listed under 'learn', so no wire is a layer's"
        (child, port), (other, told) = wire.source, wire.target
        types = {f"{child}.{port}": box.children[child].box.outputs[port].type}
        types[f"{other}.{told}"] = box.children[other].box.inputs[told].type
        for name, type in types.items():
            if not differentiable(type):
                return f"{name} is {type.kind}"
        return "it lies on a cycle" if self._on_cycle(box, *types) else ""

    def _on_cycle(self, box: Box, source: str, target: str) -> bool:
        if self.cycles is None:
            self.paths = paths_of(self.main)
            self.cycles = Cycles(flatten(self.main, mark=True), set(_feedback(self.paths)))
        return any(self.cycles.holds(path + source, path + target) for path in self.paths[box])


MOST_PLACED = 1000  # wires whose places are looked up


def _boxes(main: Box) -> list[Box]:
    """Every box once, each before those inside it."""
    found: dict[Box, None] = {}
    stack = [main]
    while stack:
        box = stack.pop()
        if box not in found:
            found[box] = None
            stack.extend(one for child in reversed(box.children.values()) for one in reversed(child.boxes))
    return list(found)


def paths_of(main: Box) -> dict[Box, list[str]]:
    """The paths at which every box is used, each with a point at its end if it is not empty."""
    found: dict[Box, list[str]] = {}
    stack: list[tuple[str, Box]] = [("", main)]
    while stack:
        path, box = stack.pop()
        found.setdefault(box, []).append(path)
        for child in reversed(box.children.values()):
            stack.extend(reversed(list(_members(path, child))))
    return found


def _feedback(paths: dict[Box, list[str]]) -> Iterator[str]:
    """The inputs declared feedback, by path."""
    for box, found in paths.items():
        for name, port in box.inputs.items():
            if port.feedback is not None:
                yield from (path + name for path in found)


def _members(path: str, child: Child) -> Iterator[tuple[str, Box]]:
    if child.count is None or len(child.boxes) == 1:
        yield f"{path}{child.name}.", child.box
        return
    for number, box in enumerate(child.boxes):
        yield f"{path}{child.name}[{number}].", box


def _learned_shares(boxes: list[Box]) -> set[tuple[Box, str]]:
    """Shared variables that are learned, by whichever of the boxes that share them."""
    found = {(box, name) for box in boxes for name, one in box.shared.items() if one.learn is not None}
    while True:
        before = len(found)
        for box in boxes:
            for link in box.links:
                inner = {(one, link.port) for one in box.children[link.child].boxes}
                if (box, link.variable) in found or inner & found:
                    found |= {(box, link.variable), *inner}
        if len(found) == before:
            return found


def _links(box: Box, learned: set[str]) -> list[PeerLink]:
    """Variables that two or more interior boxes share; learned ones are tied, which is no talking."""
    found = []
    groups: dict[str, list[Link]] = {}
    for link in box.links:
        if link.variable not in learned and not is_momentum(link.variable):
            groups.setdefault(link.variable, []).append(link)
    for variable, links in groups.items():
        meeting = [one for one in links if _meets(box, one, links)]
        if meeting:
            members = tuple(dict.fromkeys(f"{one.child}.{one.port}" for one in meeting))
            found.append(PeerLink(box.name, variable, members, meeting[0].span))
    return found


def _meets(box: Box, link: Link, links: list[Link]) -> bool:
    """Is a shared variable joined to what another sibling is joined to as well?"""
    child = box.children[link.child]
    own = len(child.box.shared[link.port].type.shape)
    whole = len(box.shared[link.variable].type.shape) - sum(isinstance(one, int) for one in link.index)
    if child.count is not None and child.count > 1 and whole == own:
        return True  # all copies are one
    return any(other is not link and _overlap(other.index, link.index) for other in links)


def _overlap(a: Index, b: Index) -> bool:
    """Do two parts of a variable have an element in common?"""
    for one, other in zip(a, b, strict=False):
        first, second = (range(x, x + 1) if isinstance(x, int) else range(*x) for x in (one, other))
        if not any(place in second for place in first):
            return False
    return True
