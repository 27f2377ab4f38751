"""Targets of wires: which elements of which port a wire drives, and whether every element has exactly one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan
from dilsctl.ir import Eqn, Index, Params, Type, Var, params_of
from dilsctl.operations.table import Builder

if TYPE_CHECKING:
    from dilsctl.elaborate.wires import WireTexts

MOST_SLICED = 2**26
MOST_RUNS = 2**20


@dataclass(slots=True, eq=False)  # a million of them are made: frozen ones take four times as long
class Piece:
    """One wire into part of a port: ``index`` has an int or a (start, stop, step) for each leading axis that
    it names. The wire is number ``number`` of ``texts``."""

    index: Index
    value: Var
    number: int
    texts: WireTexts

    @property
    def span(self) -> SourceSpan:
        """Where the wire is written."""
        return self.texts.span(self.number)


def region(items: tuple[Any, ...], shape: tuple[int, ...], span: SourceSpan) -> Index:
    """Normalise ints and Python slices against ``shape``: non-negative ints and (start, stop, step).

    Raises Problem ``bad-index``.
    """
    if len(items) > len(shape):
        what = f"a target of {len(shape)} axes" if shape else "a target that is one number"
        raise Problem.of("bad-index", f"{len(items)} indices for {what}", span)
    index: list[Any] = []
    for item, length in zip(items, shape, strict=False):
        if isinstance(item, slice):
            if item.step is not None and item.step < 1:
                raise Problem.of("bad-index", "the step of a target's slice must be positive", span)
            start, stop, step = item.indices(length)
            index.append((start, max(stop, start), step))
        elif isinstance(item, int) and not isinstance(item, bool):
            if not -length <= item < length:
                raise Problem.of("bad-index", f"index {item} is outside an axis of length {length}", span)
            index.append(item % length)
        else:
            raise Problem.of(
                "bad-index", "a target's index is a whole number or a slice, known beforehand", span
            )
    while index and index[-1] == (0, shape[len(index) - 1], 1):
        index.pop()
    return tuple(index)


def region_shape(index: Index, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the elements that ``index`` names."""
    lengths = [len(range(*one)) for one in index if isinstance(one, tuple)]
    return (*lengths, *shape[len(index) :])


def _layout(index: Index, shape: tuple[int, ...]) -> tuple[list[tuple[range, int]], slice]:
    """Where the elements that ``index`` covers lie in the flat array: axes to walk, each with its stride, and
    the run of elements that is found at each place."""
    axes = [
        (range(*one) if isinstance(one, tuple) else range(one, one + 1), math.prod(shape[axis + 1 :]))
        for axis, one in enumerate(index)
    ]
    width = math.prod(shape[len(index) :])  # whole axes at the end are one run
    if not axes:
        return axes, slice(0, width, 1)
    at = len(axes) - 1
    if width == 1:  # the last axis on which there is more than one place
        at = next((k for k in range(at, -1, -1) if len(axes[k][0]) > 1), at)
    elif axes[at][0].step > 1:
        return axes, slice(0, width, 1)
    run, stride = axes.pop(at)
    if not len(run):
        return axes, slice(0, 0, 1)
    if width > 1:
        return axes, slice(run.start * stride, (run[-1] + 1) * stride, 1)
    return axes, slice(run.start * stride, run[-1] * stride + 1, run.step * stride)


def _runs(index: Index, shape: tuple[int, ...]) -> Iterator[slice]:
    """The elements that ``index`` covers, as slices of the flat array."""
    axes, run = _layout(index, shape)
    for lead in itertools.product(*(places for places, _ in axes)):
        base = sum(at * stride for at, (_, stride) in zip(lead, axes, strict=True))
        yield slice(base + run.start, base + run.stop, run.step)


def coverage(
    pieces: list[Piece], shape: tuple[int, ...], what: str, label: Label, own: bool
) -> list[Diagnostic]:
    """Every element exactly once: findings ``doubly-wired``, ``unwired-input`` or ``unwired-output`` if not.

    ``label``: where the target is declared; ``own``: it is an output of the box itself.
    """
    whole = next((one for one in pieces if not one.index), None)
    if whole is not None:
        return [_twice(whole, one, what, "") for one in pieces if one is not whole][:1]
    total = math.prod(shape)
    if len(shape) == 1 and len(pieces) == total == len({one.index for one in pieces}) and _single(pieces):
        return []
    runs = sum(math.prod(len(places) for places, _ in _layout(one.index, shape)[0]) for one in pieces)
    if total > MOST_SLICED or runs > MOST_RUNS:
        message = f"{what} has {total} elements: too many to be wired in these pieces"
        return [Diagnostic("too-large", message, label, help="wire it as a whole")]
    owner = bytearray(total)
    for piece in pieces:
        for run in _runs(piece.index, shape):
            clash = owner[run].find(1)
            if clash >= 0:
                at = run.start + clash * (run.step or 1)
                other = next(one for one in pieces if _covers(one.index, at, shape))
                return [_twice(other, piece, what, _element(at, shape))]
            owner[run] = b"\x01" * len(range(run.start, run.stop, run.step or 1))
    missing = owner.find(0)
    if missing < 0:
        return []
    count = owner.count(0)
    more = f" and {count - 1} more" if count > 1 else ""
    code = "unwired-output" if own else "unwired-input"
    message = f"{what} has no wire{_element(missing, shape)}{more}"
    related = tuple(Label(one.span, "a part of it is wired here") for one in pieces[:3])
    return [Diagnostic(code, message, label, related, "every element takes exactly one wire")]


def _single(pieces: list[Piece]) -> bool:
    """Is each piece one element of a vector?"""
    return all(len(one.index) == 1 and isinstance(one.index[0], int) for one in pieces)


def _twice(first: Piece, second: Piece, what: str, where: str) -> Diagnostic:
    one, other = sorted((first, second), key=lambda piece: piece.number)
    return Diagnostic(
        "doubly-wired",
        f"{what} is wired more than once{where}",
        Label(other.span, "this wire drives it again"),
        (Label(one.span, "it is driven here"),),
        help="every element takes exactly one wire; combine them in one expression",
    )


def _covers(index: Index, flat: int, shape: tuple[int, ...]) -> bool:
    """Does a region hold an element, given by its number in the flat array?"""
    place = _place(flat, shape)
    return all(
        at in range(*one) if isinstance(one, tuple) else at == one
        for at, one in zip(place, index, strict=False)
    )


def _place(flat: int, shape: tuple[int, ...]) -> list[int]:
    place: list[int] = []
    for length in reversed(shape):
        place.append(flat % length)
        flat //= length
    return place[::-1]


def _element(flat: int, shape: tuple[int, ...]) -> str:
    return f" at [{', '.join(map(str, _place(flat, shape)))}]" if shape else ""


def _in_order(pieces: list[Piece]) -> list[Piece]:
    if all(len(one.index) == 1 and one.index[0] == k for k, one in enumerate(pieces)):
        return pieces
    return sorted(pieces, key=order)


@lru_cache(maxsize=64)
def _vector_params(type: Type) -> Params:
    return params_of(index=tuple((k,) for k in range(type.shape[0])), type=type)


def full_index(index: Index, shape: tuple[int, ...]) -> Index:
    """The index with the axes it does not name written out."""
    return (*index, *((0, length, 1) for length in shape[len(index) :]))


def order(piece: Piece) -> tuple[Any, ...]:
    """Sort key: pieces are put together in index order, whatever the order of the wires."""
    return tuple((one, one, 1) if isinstance(one, int) else one for one in piece.index)


def assemble(builder: Builder, pieces: list[Piece], type: Type, name: str) -> Var:
    """One array from its pieces."""
    ordered = _in_order(pieces)
    builder.span = ordered[0].span
    if len(type.shape) == 1 and _single(ordered):  # nothing is left to infer
        inputs = tuple([one.value for one in ordered])
        out = Var(type, any(one.batched for one in inputs), name)
        builder.eqns.append(Eqn("assemble", inputs, (out,), _vector_params(type), builder.span))
        return out
    return builder.emit(
        "assemble",
        [one.value for one in ordered],
        index=tuple(full_index(one.index, type.shape) for one in ordered),
        type=type,
        name=name,
    )
