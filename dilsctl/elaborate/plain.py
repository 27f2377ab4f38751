"""Plain wires, port to port, taken at once.

A diagram that lists every wire has millions of them. Where both ends are known and agree, a wire needs no
syntax tree, no object of its own and no place in the file until somebody asks; every other wire goes the
long way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dilsctl.elaborate.wiring import Piece
from dilsctl.ir import REAL, Eqn, Type, Var, params_of

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration
    from dilsctl.elaborate.pattern import Pattern


class PlainWires:
    """Takes plain wires of one box straight into the pieces of its pattern."""

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.box: BoxElaboration = pattern.box
        self.reads = pattern.box.reads
        self.indices: dict[int, tuple[int]] = {}
        self.elements: dict[int, tuple[Type, Type]] = {}  # by identity: hashing a type is slow

    def take(self, plain: tuple[Any, ...], number: int) -> bool:
        """Take wire ``number`` if it is as simple as can be. ``plain``: the groups of a plain wire."""
        child, name, item, target_box, port, port_item = plain
        value = self._source(child, name)
        if value is None:
            return False
        site = None
        if target_box is None:
            site = self.box.outputs.get(port)
        else:
            target = self.box.children.sites.get(target_box)
            if target is not None:
                site = target.inputs.get(port)
        if site is None or site.count is not None or site.known is None:
            return False
        wanted = site.known
        if port_item is not None:
            if not wanted.shape or int(port_item) >= wanted.shape[0]:
                return False
            wanted = self._element(wanted)
        if item is None:
            var = value
            if _differ(value.type, wanted):
                return False
        else:
            at = int(item)
            if not value.rank or at >= value.shape[0] or _differ(self._element(value.type), wanted):
                return False
            var = self._slice(value, at, number)
        index: tuple[int, ...] = ()
        if port_item is not None:
            place = int(port_item)
            index = self.indices.setdefault(place, (place,))
        if child is not None:
            self.reads.add((child, name))
        piece = Piece(index, var, number, self.pattern.texts)
        found = self.pattern.pieces.get((target_box, port))
        if found is None:
            self.pattern.pieces[target_box, port] = [piece]
        else:
            found.append(piece)
        return True

    def _source(self, child: str | None, name: str) -> Var | None:
        if child is None:
            known = self.box.names.known(None, name)
            return known if isinstance(known, Var) else None
        site = self.box.children.sites.get(child)
        if site is None:
            return None
        var = site.vars.get(name)
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
