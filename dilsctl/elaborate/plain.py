"""Plain wires, port to port, taken at once.

A diagram that lists every wire has millions of them. Where both ends are known and agree, a wire needs no
syntax tree, no object of its own and no place in the file until somebody asks; every other wire goes the
long way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dilsctl.elaborate.wiring import Piece
from dilsctl.ir import REAL, Eqn, Type, Var, params_of

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration
    from dilsctl.elaborate.pattern import Pattern


@dataclass(slots=True, eq=False)
class _Target:
    type: Type
    element: Type
    length: int  # of the leading axis
    pieces: list[Piece]


class PlainWires:
    """Takes plain wires of one box straight into the pieces of its pattern."""

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.box: BoxElaboration = pattern.box
        self.reads = pattern.box.reads
        self.sources: dict[tuple[str | None, str], Var] = {}
        self.targets: dict[tuple[str | None, str], _Target] = {}
        self.indices: dict[int, tuple[int]] = {}
        self.elements: dict[int, tuple[Type, Type]] = {}  # by identity: hashing a type is slow

    def take(self, plain: tuple[Any, ...], number: int) -> bool:
        """Take wire ``number`` if it is as simple as can be. ``plain``: the groups of a plain wire."""
        child, name, item, box, port, port_item = plain
        var = self.sources.get((child, name)) or self._remember_source(child, name)
        target = self.targets.get((box, port)) or self._remember_target(box, port)
        if var is None or target is None:
            return False
        wanted = target.type
        index: tuple[int, ...] = ()
        if port_item is not None:
            place = int(port_item)
            if place >= target.length:
                return False
            wanted = target.element
            index = self.indices.get(place) or self.indices.setdefault(place, (place,))
        if item is not None:
            at = int(item)
            if not var.rank or at >= var.shape[0] or _differ(self._element(var.type), wanted):
                return False
            var = self._slice(var, at, number)
        elif var.type is not wanted and var.type != wanted:
            return False
        if not target.pieces:  # only now, so that a port that no wire drives has no pieces
            target.pieces = self.pattern.pieces.setdefault((box, port), target.pieces)
        target.pieces.append(Piece(index, var, number, self.pattern.texts))
        return True

    def _remember_source(self, child: str | None, name: str) -> Var | None:
        var = self._source(child, name)
        if var is not None:
            self.sources[child, name] = var
            if child is not None:
                self.reads.add((child, name))
        return var

    def _remember_target(self, box: str | None, port: str) -> _Target | None:
        """The port that a wire drives; None unless it is one of a single box, and of known type."""
        site = None
        if box is None:
            site = self.box.outputs.get(port)
        elif box in self.box.children.sites:
            site = self.box.children.sites[box].inputs.get(port)
        if site is None or site.count is not None or site.known is None or site.when:
            return None
        type = site.known
        shape = type.shape
        found = _Target(type, self._element(type) if shape else type, shape[0] if shape else 0, [])
        self.targets[box, port] = found
        return found

    def _source(self, child: str | None, name: str) -> Var | None:
        if child is None:
            known = self.box.names.known(None, name)
            return known if isinstance(known, Var) else None
        site = self.box.children.sites.get(child)
        if site is None:
            return None
        var = site.vars.get(name)
        if name in site.outputs and site.outputs[name].partial:
            return None
        if var is None and name in site.outputs and site.outputs[name].known is not None:
            var = site.read(name)
        return var

    def _element(self, type: Type) -> Type:
        """The type of one element along the leading axis."""
        known = self.elements.get(id(type))
        if known is not None and known[0] is type:
            return known[1]
        last = type.kind == "simplex" and len(type.shape) == 1
        element = REAL if last else type.with_shape(type.shape[1:])
        if element == REAL:
            element = REAL
        self.elements[id(type)] = (type, element)
        return element

    def _slice(self, value: Var, at: int, number: int) -> Var:
        slices = self.pattern.slices
        if (value, at) not in slices:
            out = Var(self._element(value.type), value.batched)
            index = (at, *((0, length, 1) for length in value.shape[1:]))
            span = self.pattern.texts.span(number)
            self.box.eqns.append(Eqn("slice", (value,), (out,), params_of(index=index), span))
            slices[value, at] = out
        return slices[value, at]


def _differ(a: Type, b: Type) -> bool:
    return a is not b and a != b
