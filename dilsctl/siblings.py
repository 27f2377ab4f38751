"""Wires between the interior boxes of one box: who is told what a sibling shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import Report, SourceSpan
from dilsctl.diagram import Box, Child
from dilsctl.elaborate.wires import Wire, WireTexts, read_wires
from dilsctl.elements import Part, depths, split
from dilsctl.expression import ExpressionError, names_read, parse_expression, ports_read
from dilsctl.ir import Eqn, Type, Var
from dilsctl.pattern import Reads

Key = tuple[str, str]
MOST_LOOKED_AT = 256  # elements of an array that are asked one by one what they are told


@dataclass(frozen=True, slots=True)
class Sibling:
    """An input of an interior box that depends, within a tick, on an output of another."""

    source: Key
    target: Key


def differentiable(type: Type) -> bool:
    """May a gradient flow through a port of this type?"""
    return type.kind in ("real", "simplex")


def sibling_wires(box: Box, reads: Reads) -> Iterator[Sibling]:
    """Every pair of an output and an input of different interior boxes, or of different elements of an array,
    that the pattern connects. What a box is told of itself is no such wire."""
    producer = {out: eqn for eqn in box.eqns for out in eqn.outputs}
    for key, var in box.dispatch.items():
        name, port = key
        if name is None or box.children[name].box.inputs[port].feedback is not None:
            continue
        for source in reads.of(var):
            shown = reads.shown.get(source)
            if shown is None:
                continue
            child = box.children[name]
            many = (child.count or 1) > 1
            if shown[0] != name or (many and _crosses(child, port, var, source, producer)):
                yield Sibling(shown, (name, port))


def _crosses(child: Child, port: str, var: Var, source: Var, producer: dict[Var, Eqn]) -> bool:
    """Is an element of an array told what another element of it shows?"""
    count = child.count or 1
    if var.rank == len(child.box.inputs[port].type.shape):
        return True  # all are told the same
    places = range(count)
    if count > MOST_LOOKED_AT:
        ends = {0, 1, 2, count // 2, count - 3, count - 2, count - 1}
        eqn = producer.get(var)
        for index in eqn.param("index") if eqn is not None and eqn.op == "assemble" else ():
            first = index[0]
            ends |= {first} if isinstance(first, int) else {first[0], first[1] - 1}
        return any(_told(at, var, source, producer) for at in sorted(ends) if 0 <= at < count)
    return any(_told(at, var, source, producer) for at in places)


def _told(at: int, var: Var, source: Var, producer: dict[Var, Eqn]) -> bool:
    """Does the element ``at`` of ``var`` depend on any other element of ``source`` than the one at ``at``?"""
    seen: set[tuple[Var, Part]] = set()
    stack: list[tuple[Var, Part]] = [(var, (at, *[None] * (var.rank - 1)))]
    while stack:
        one = stack.pop()
        if one in seen:
            continue
        seen.add(one)
        now, part = one
        if now is source:
            if part[0] != at:
                return True
            continue
        eqn = producer.get(now)
        if eqn is None:
            continue
        known = next((k for k, place in enumerate(part) if place is None), len(part))
        depth = max(one for one in depths(eqn) if one <= known)
        place = tuple(one for one in part[:depth] if one is not None)
        if place or eqn.op in ("slice", "gather"):
            stack += [(eqn.inputs[k], wanted) for k, wanted in split(eqn, place).parts]
        else:
            stack += [(one, (None,) * one.rank) for one in eqn.inputs]
    return False


class WirePlaces:
    """Where the wires of a box are written."""

    def __init__(self, box: Box) -> None:
        self.lets: Any = (box.written.get("let") if box.written is not None else None) or {}
        self.wires: dict[tuple[str | None, str], list[Wire]] = {}
        if box.written is not None:
            for wire in read_wires(WireTexts(box.written), Report(), lambda key: None):
                self.wires.setdefault(wire.key, []).append(wire)

    def span(self, source: Key, target: Key) -> SourceSpan | None:
        """The place of the wire between two interior boxes: the first that may be it."""
        wires = self.wires.get(target, [])
        found = next((one for one in wires if self._reads(one, source)), wires[0] if wires else None)
        return found.span if found is not None else None

    def _reads(self, wire: Wire, source: Key) -> bool:
        if wire.source is None:
            return wire.plain[:2] == source
        names = names_read(wire.source)
        return source in ports_read(wire.source) or any(_reads(self.lets, name, source) for name in names)


def _reads(lets: Any, name: str, source: Key) -> bool:
    """Does a let read a port, itself?"""
    try:
        return name in lets and source in ports_read(parse_expression(str(lets[name])))
    except ExpressionError:
        return False
