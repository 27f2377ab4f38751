"""Parts of arrays, and arrays put together from parts, as expressions of the language."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dilsctl.ir import Index

Shape = tuple[int, ...]


def _whole(number: int) -> ast.expr:
    return ast.Constant(number)


def _call(name: str, *arguments: ast.expr, axis: int = 0) -> ast.expr:
    keywords = [ast.keyword("axis", _whole(axis))] if axis else []
    return ast.Call(ast.Name(name), list(arguments), keywords)


def index_text(node: ast.expr, items: Sequence[ast.expr]) -> ast.expr:
    """``node[items]``; the node itself without any."""
    if not items:
        return node
    return ast.Subscript(node, items[0] if len(items) == 1 else ast.Tuple(list(items)))


def selected(node: ast.expr, index: Index, shape: Shape) -> ast.expr:
    """The part of a value that an index of whole numbers and (start, stop, step) takes."""
    items: list[ast.expr] = []
    for entry, length in zip(index, shape[len(shape) - len(index) :], strict=True):
        if isinstance(entry, int):
            items.append(_whole(entry))
            continue
        start, stop, step = entry
        items.append(
            ast.Slice(
                _whole(start) if start else None,
                _whole(stop) if stop < length else None,
                _whole(step) if step != 1 else None,
            )
        )
    items = [*[ast.Slice()] * (len(shape) - len(index)), *items]
    while items and isinstance(items[-1], ast.Slice) and items[-1].lower is items[-1].upper is items[-1].step:
        items.pop()
    return index_text(node, items)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an array: a range of places on each axis, and the value there, of the same rank."""

    places: tuple[range, ...]
    node: ast.expr
    single: bool = False  # its node lacks the first axis, on which it has one place

    @classmethod
    def of(cls, index: Index, node: ast.expr, own: Shape, shape: Shape) -> Piece:
        """The piece of an array of a shape that an index names, with a value that lacks the axes on which the
        index has a number. Leading axes that the index does not name are whole."""
        full = [*((0, length, 1) for length in shape[: len(shape) - len(index)]), *index]
        places = tuple(range(one, one + 1) if isinstance(one, int) else range(*one) for one in full)
        taken = [isinstance(one, int) for one in full]
        if taken and taken[0] and not any(taken[1:]):
            return cls(places, node, True)
        if any(taken):
            if not own:
                node = ast.Call(ast.Name("reshape"), [node, *(_whole(1) for _ in taken)], [])
            else:
                items: list[ast.expr] = [ast.Constant(None) if one else ast.Slice() for one in taken]
                while isinstance(items[-1], ast.Slice):
                    items.pop()
                node = index_text(node, items)
        return cls(places, node)

    def full(self) -> ast.expr:
        """Its value with all axes."""
        if not self.single:
            return self.node
        if len(self.places) == 1:
            return ast.List([self.node])
        return index_text(self.node, [ast.Constant(None)])

    def part(self, axis: int, segment: range) -> Piece:
        """What of it lies on a segment of an axis, all of which it covers."""
        own = self.places[axis]
        places = (*self.places[:axis], segment, *self.places[axis + 1 :])
        if own == segment:
            return replace(self, places=places)
        first = own.index(segment.start)
        entry = (first, first + len(segment), 1)
        shape = tuple(len(one) for one in self.places)
        whole = tuple((0, length, 1) for length in shape)
        node = selected(self.full(), (*whole[:axis], entry, *whole[axis + 1 :]), shape)
        return Piece(places, node)


def assembled(pieces: Sequence[Piece], shape: Shape, whole: bool = False) -> ast.expr:
    """An array of a shape from its pieces; elsewhere it is 0, a ``whole`` number or a real one."""
    if not shape:
        return pieces[0].node
    ordered = sorted(pieces, key=lambda one: one.places[0].start)
    firsts = [one.places[0].start for one in ordered]
    wide = all(len(one.places[k]) == length for one in ordered for k, length in enumerate(shape) if k)
    if wide and all(one.single for one in ordered) and firsts == [*range(shape[0])]:
        return ast.List([one.node for one in ordered])
    return _along(list(pieces), 0, tuple(range(length) for length in shape), whole)


def _along(pieces: list[Piece], axis: int, block: tuple[range, ...], whole: bool) -> ast.expr:
    """The value of a block of places, from the pieces in it: cut along an axis, and what is left along the
    next."""
    if not pieces:
        zeros = _call("zeros", *(_whole(len(one)) for one in block))
        return _call("int", zeros) if whole else zeros
    if len(pieces) == 1 and pieces[0].places == block:
        return pieces[0].full()
    if axis == len(block):
        return pieces[0].full()
    segments = _segments([one.places[axis] for one in pieces], block[axis])
    parts = []
    for segment in segments:
        inside = [one for one in pieces if segment.start in one.places[axis]]
        cut = [one.part(axis, segment) for one in inside]
        parts.append(_along(cut, axis + 1, (*block[:axis], segment, *block[axis + 1 :]), whole))
    return parts[0] if len(parts) == 1 else _call("concat", *parts, axis=axis)


def _segments(ranges: Sequence[range], whole: range) -> list[range]:
    """A range cut wherever one of the ranges begins or ends; every place alone where one goes in steps."""
    cuts = {whole.start, whole.stop}
    for one in ranges:
        if not len(one):
            continue
        if one.step == 1:
            cuts |= {one.start, one.stop}
        else:
            cuts |= {place + k for place in one for k in (0, 1)}
    ordered = sorted(cuts)
    return [range(a, b) for a, b in pairwise(ordered)]
