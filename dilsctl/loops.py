"""Dependencies counted element by element.

Whole arrays may seem to depend on themselves where no element does: a carry chain through a box array reads
its own outputs, shifted by one. Equations on such a cycle are split along their leading axes, one axis after
the other as far as it takes, until no element needs itself; the elements then run one after the other, as a
scan. A cycle that is left when nothing can be split any more is an algebraic loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dilsctl.diagnostics import Problem
from dilsctl.diagram import Box
from dilsctl.elements import Part, Place, Split, depths, rest_type, split
from dilsctl.ir import Eqn, Type, Var
from dilsctl.loop_findings import loop_finding
from dilsctl.lower import Flat, flatten
from dilsctl.operations.table import Builder
from dilsctl.order import components, sort_equations, strong_components

MOST_ELEMENTS = 1_000_000

Node = tuple[Var, Part]  # a part of a variable of the component


Cycle = list[tuple[Eqn, Place]]  # equations, each with the place of its element, in order of flow


class Loop(Exception):
    """Cycles that no splitting opens."""

    def __init__(self, cycles: list[Cycle]) -> None:
        super().__init__("algebraic loop")
        self.cycles = cycles


def flatten_in_order(box: Box) -> Flat:
    """Flatten a box, every equation after those it needs. Raises Problem ``algebraic-loop``."""
    flat = flatten(box)
    if not flat.cyclic:
        return flat
    try:
        flat.eqns = schedule(flat.eqns)
    except Loop:
        raise _explain(box) from None
    flat.cyclic = 0
    return flat


def schedule(eqns: Sequence[Eqn]) -> list[Eqn]:
    """All equations in dependency order, split where that is needed. Raises Loop."""
    ordered, rest = sort_equations(eqns)
    cycles: list[Cycle] = []
    for group in components(rest):
        if len(group) == 1 and not set(group[0].inputs) & set(group[0].outputs):
            ordered.append(group[0])
            continue
        try:
            ordered.extend(Component(group).run())
        except Loop as loop:
            cycles += loop.cycles
    if cycles:
        raise Loop(cycles)
    return ordered


def _explain(box: Box) -> Problem:
    """The ports of each loop, in order, from a flattening in which every port has an equation."""
    flat = flatten(box, mark=True)
    try:
        schedule(flat.eqns)
    except Loop as loop:
        findings = []
        for cycle in loop.cycles:
            named = [(eqn.outputs[0].name, place) for eqn, place in cycle if eqn.op == "copy"]
            findings.append(loop_finding(box, [one for one in named if one[0]]))
        return Problem(findings)
    return Problem([loop_finding(box, [])])


class Component:
    """Equations that depend on one another as whole arrays."""

    def __init__(self, group: list[Eqn]) -> None:
        self.group = group
        self.producer = {out: eqn for eqn in group for out in eqn.outputs}
        self.depth = dict.fromkeys(group, 0)
        self.deeper = {eqn: list(depths(eqn)[:0:-1]) for eqn in group}  # what is left, the next one last
        self.nodes: dict[Node, int] = {}
        self.needs: list[list[int]] = []
        self.splits: dict[tuple[Eqn, Place], Split] = {}

    def run(self) -> list[Eqn]:
        """The equations in order, those on a cycle split; every variable is there as a whole as well."""
        while True:
            self.graph()
            found = strong_components(self.needs)
            cycles = [one for one in found if len(one) > 1 or one[0] in self.needs[one[0]]]
            if not cycles:
                return _Emission(self).run()
            nodes = list(self.nodes)
            grown = {eqn for cycle in cycles for i in cycle if (eqn := self.computed(nodes[i])) is not None}
            grown = {eqn for eqn in grown if self.deeper[eqn]}
            if not grown:
                raise Loop([self._shortest(nodes, set(one)) for one in cycles])
            for eqn in grown:
                self.depth[eqn] = self.deeper[eqn].pop()

    def computed(self, node: Node) -> Eqn | None:
        """The equation of which a node is one element; None where the node is put together from several."""
        var, part = node
        eqn = self.producer[var]
        depth = self.depth[eqn]
        lead, rest = part[:depth], part[depth:]
        return eqn if all(at is not None for at in lead) and all(at is None for at in rest) else None

    def elements(self, node: Node) -> list[Node]:
        """The elements, as they are computed, that a part is made of."""
        var, part = node
        depth = self.depth[self.producer[var]]
        rest: Part = (None,) * (var.rank - depth)
        lead = [range(var.shape[k]) if at is None else (at,) for k, at in enumerate(part[:depth])]
        return [(var, (*place, *rest)) for place in places_of(lead)]

    def split(self, eqn: Eqn, place: Place) -> Split:
        """The parts that an element needs. At depth 0: all of every input, of a selection what it takes."""
        key = (eqn, place)
        if key not in self.splits:
            if place or eqn.op in ("slice", "gather"):
                self.splits[key] = split(eqn, place)
            else:
                whole = [(k, (None,) * one.rank) for k, one in enumerate(eqn.inputs)]
                self.splits[key] = Split(tuple(whole), eqn.op, eqn.params)
        return self.splits[key]

    def reads(self, node: Node) -> list[Node]:
        """The nodes that a node needs directly."""
        eqn = self.computed(node)
        if eqn is None:
            return self.elements(node)
        place = tuple(at for at in node[1] if at is not None)
        parts = self.split(eqn, place).parts
        return [(eqn.inputs[k], part) for k, part in parts if eqn.inputs[k] in self.producer]

    def graph(self) -> None:
        """Number the nodes that all variables of the component are made of, and note what each needs."""
        self.nodes.clear()
        self.needs.clear()
        waiting: list[Node] = [(var, (None,) * var.rank) for var in self.producer]
        for node in waiting:
            self.nodes.setdefault(node, len(self.nodes))
        for node in waiting:  # it grows
            found = []
            for one in self.reads(node):
                if one not in self.nodes:
                    self.nodes[one] = len(self.nodes)
                    waiting.append(one)
                found.append(self.nodes[one])
            self.needs.append(found)
            if len(self.nodes) > MOST_ELEMENTS:
                raise Problem.of(
                    "too-large",
                    f"this chain through an array has more than {MOST_ELEMENTS} elements to run in turn",
                    self.producer[node[0]].span,
                )

    def _shortest(self, nodes: list[Node], cycle: set[int]) -> Cycle:
        """A shortest cycle through one of these nodes, breadth first, in order of flow."""
        start = min(cycle)
        after: dict[int, int] = {}
        queue = [start]
        for at in queue:
            for need in self.needs[at]:
                if need == start:
                    path = [at]
                    while path[-1] != start:
                        path.append(after[path[-1]])
                    found = [nodes[i] for i in path]
                    return [
                        (eqn, tuple(at for at in node[1] if at is not None))
                        for node in found
                        if (eqn := self.computed(node)) is not None
                    ]
                if need in cycle and need not in after:
                    after[need] = at
                    queue.append(need)
        return []


def places_of(axes: Sequence[Iterable[int]]) -> list[Place]:
    """All places with one number from each axis, in order."""
    found: list[Place] = [()]
    for axis in axes:
        found = [(*place, at) for place in found for at in axis]
    return found


class _Emission:
    """Writes the elements of a component as equations."""

    def __init__(self, component: Component) -> None:
        self.component = component
        self.made: list[Eqn] = []
        self.builder = Builder(self.made)
        self.known: dict[Node, Var] = {}

    def run(self) -> list[Eqn]:
        nodes = list(self.component.nodes)
        for group in strong_components(self.component.needs):  # each is a single node, after what it needs
            self._node(nodes[group[0]])
        return self.made

    def _node(self, node: Node) -> None:
        if node in self.known:
            return
        var, part = node
        eqn = self.component.producer[var]
        if self.component.computed(node) is None:
            self.known[node] = self._together(node)
            return
        place = tuple(at for at in part if at is not None)
        if not place:
            whole = self.component.split(eqn, place)
            inputs = tuple(self._part(eqn.inputs[k], wanted) for k, wanted in whole.parts)
            self.made.append(Eqn(whole.op or "copy", inputs, eqn.outputs, whole.params, eqn.span))
            for out in eqn.outputs:
                self.known[out, (None,) * out.rank] = out
            return
        one = self.component.split(eqn, place)
        parts = [self._part(eqn.inputs[k], wanted) for k, wanted in one.parts]
        self.builder.span = eqn.span
        name = f"{var.name}[{', '.join(map(str, place))}]" if var.name else ""
        outs: Sequence[Var] = parts
        if one.op:
            params: dict[str, Any] = dict(one.params)
            outs = self.builder.emit_all(one.op, parts, name=name, **params)
        if one.pick is not None:
            rest = tuple((0, length, 1) for length in outs[0].shape[1:])
            outs = [self.builder.emit("slice", (outs[0],), index=(one.pick, *rest), name=name)]
        for out, made in zip(eqn.outputs, outs, strict=True):
            self.known[out, (*place, *[None] * (out.rank - len(place)))] = made

    def _part(self, var: Var, part: Part) -> Var:
        """A part of a variable, which is one of another component or has been made before."""
        if (var, part) not in self.known:
            if all(at is None for at in part):
                return var
            self.known[var, part] = self._slice(var, part)
        return self.known[var, part]

    def _slice(self, var: Var, part: Part) -> Var:
        axes = zip(part, var.shape, strict=True)
        index = tuple((0, length, 1) if at is None else at for at, length in axes)
        self.builder.span = None
        return self.builder.emit("slice", (var,), index=index)

    def _together(self, node: Node) -> Var:
        """A part of a variable that is computed element by element: from one element, or from several."""
        var, part = node
        elements = self.component.elements(node)
        depth = self.component.depth[self.component.producer[var]]
        inner = part[depth:]
        pieces, index = [], []
        for one in elements:
            piece = self.known[one]
            if any(at is not None for at in inner):
                piece = self._slice(piece, inner)
            pieces.append(piece)
            free = tuple(place for place, at in zip(one[1], part[:depth], strict=False) if at is None)
            index.append((*free, *((0, length, 1) for length in piece.shape)))
        if len(part) and all(at is not None for at in part[:depth]):
            return pieces[0]
        self.builder.span = None
        params: dict[str, Any] = {"index": tuple(index), "type": _part_type(var.type, part)}
        if all(at is None for at in part):  # the variable itself, for all who read it
            self.made.append(Eqn("assemble", tuple(pieces), (var,), tuple(sorted(params.items()))))
            return var
        return self.builder.emit("assemble", pieces, **params)


def _part_type(type: Type, part: Part) -> Type:
    kept = tuple(length for length, at in zip(type.shape, part, strict=True) if at is None)
    return rest_type(type, len(type.shape)) if not kept else type.with_shape(kept)


__all__ = ["Loop", "flatten_in_order", "schedule"]
