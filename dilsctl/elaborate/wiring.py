"""Targets of wires: which elements of which port a wire drives, and whether every element has exactly one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan
from dilsctl.ir import Eqn, Index, Type, Var
from dilsctl.operations.table import Builder

if TYPE_CHECKING:
    from dilsctl.elaborate.pattern import Pattern

LARGEST_SLICED = 2**24


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One wire into part of a port: ``index`` has an int or (start, stop, step) for each leading axis it names."""

    index: Index
    value: Var | None  # None: the wire is in error, but the elements are not unwired
    place: SourceSpan | int  # where it is written, or the wire's number among those of ``pattern``
    pattern: Pattern | None = None

    @property
    def span(self) -> SourceSpan:
        """Where the wire is written."""
        if isinstance(self.place, SourceSpan):
            return self.place
        assert self.pattern is not None
        return self.pattern.wire_span(self.place)


def region(items: tuple[Any, ...], shape: tuple[int, ...], span: SourceSpan) -> Index:
    """Normalise ints and Python slices against ``shape``: non-negative ints and (start, stop, step)."""
    if len(items) > len(shape):
        raise Problem.of(
            "dimension-mismatch", f"{len(items)} indices for a target of shape {shape}", span
        )
    index: list[Any] = []
    for item, length in zip(items, shape, strict=False):
        if isinstance(item, slice):
            if item.step is not None and item.step < 1:
                raise Problem.of("bad-operands", "the step of a target's slice must be positive", span)
            start, stop, step = item.indices(length)
            index.append((start, max(stop, start), step))
        elif isinstance(item, int) and not isinstance(item, bool):
            if not -length <= item < length:
                raise Problem.of(
                    "dimension-mismatch", f"index {item} is out of range for a length of {length}", span
                )
            index.append(item % length)
        else:
            raise Problem.of(
                "bad-operands", "a target's index is a whole number or a slice known beforehand", span
            )
    while index and index[-1] == (0, shape[len(index) - 1], 1):
        index.pop()
    return tuple(index)


def region_shape(index: Index, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the elements that ``index`` names."""
    lengths = [len(range(*one)) for one in index if isinstance(one, tuple)]
    return (*lengths, *shape[len(index) :])


def _elements(index: Index, shape: tuple[int, ...]) -> Any:
    """Flat numbers of the elements that ``index`` covers, as ranges along the last axis."""
    ranges = [range(*one) if isinstance(one, tuple) else range(one, one + 1) for one in index]
    ranges += [range(length) for length in shape[len(index) :]]
    if not ranges:
        return [range(1)]
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    last = ranges[-1]
    found = []
    for lead in itertools.product(*ranges[:-1]):
        base = sum(i * stride for i, stride in zip(lead, strides, strict=False))
        found.append(range(base + last.start, base + last.stop, last.step) if len(last) else range(0))
    return found


def coverage(pieces: list[Piece], shape: tuple[int, ...], what: str, span: SourceSpan) -> list[Diagnostic]:
    """Every element exactly once: a ``doubly-wired`` or ``unwired-input`` finding otherwise."""
    total = 1
    for length in shape:
        total *= length
    if total > LARGEST_SLICED:
        message = f"{what} has {total} elements: too many to be wired slice by slice"
        return [Diagnostic("too-large", message, Label(span), help="wire it as a whole")]
    if len(shape) == 1 and len(pieces) == total and len({one.index for one in pieces}) == total:
        if all(len(one.index) == 1 and isinstance(one.index[0], int) for one in pieces):
            return []
    owner = bytearray(total)
    problems: list[Diagnostic] = []
    for piece in pieces:
        clash = -1
        for part in _elements(piece.index, shape):
            if len(part) == 1:
                if owner[part[0]]:
                    clash = part[0]
                owner[part[0]] = 1
                continue
            view = slice(part.start, part.stop, part.step)
            if len(part) and any(owner[view]):
                clash = next(one for one in part if owner[one])
            owner[view] = b"\x01" * len(part)
        if clash >= 0:
            other = next(
                one for one in pieces if any(clash in part for part in _elements(one.index, shape))
            )
            problems.append(
                Diagnostic(
                    "doubly-wired",
                    f"{what} is wired more than once{_element(clash, shape)}",
                    Label(piece.span, "this wire drives it again"),
                    (Label(other.span, "it is driven here"),),
                    help="every target element takes exactly one wire; combine them in one expression",
                )
            )
    missing = owner.find(0)
    if missing >= 0 and not problems:
        count = owner.count(0)
        more = f" and {count - 1} more" if count > 1 else ""
        problems.append(
            Diagnostic(
                "unwired-input",
                f"{what} has no wire{_element(missing, shape)}{more}",
                Label(span, "nothing is wired here"),
                help="wire every element once",
            )
        )
    return problems


def _element(flat: int, shape: tuple[int, ...]) -> str:
    if not shape:
        return ""
    index: list[int] = []
    for length in reversed(shape):
        index.append(flat % length)
        flat //= length
    return " at [" + ", ".join(map(str, reversed(index))) + "]"


def _in_order(pieces: list[Piece]) -> list[Piece]:
    if all(len(one.index) == 1 and one.index[0] == k for k, one in enumerate(pieces)):
        return pieces
    return sorted(pieces, key=order)


@lru_cache(maxsize=64)
def _vector_index(length: int) -> Index:
    return tuple((k,) for k in range(length))


def full_index(index: Index, shape: tuple[int, ...]) -> Index:
    """The index with the axes it does not name written out."""
    return (*index, *((0, length, 1) for length in shape[len(index) :]))


def order(piece: Piece) -> tuple[Any, ...]:
    """Sort key: pieces are put together in index order, whatever the order of the wires."""
    return tuple((one, one, 1) if isinstance(one, int) else one for one in piece.index)


def assemble(builder: Builder, pieces: list[Piece], type: Type, name: str) -> Var | None:
    """One array from its pieces; None where a piece is in error."""
    values = [one.value for one in pieces]
    if any(one is None for one in values):
        return None
    if len(pieces) == 1 and not pieces[0].index:
        return values[0]
    ordered = _in_order(pieces)
    builder.span = ordered[0].span
    if len(type.shape) == 1 and len(ordered) == type.shape[0] and all(
        isinstance(one.index[0], int) for one in ordered
    ):  # one element each: nothing is left to infer
        batched = any(one.batched for one in values if one is not None)
        out = Var(type, batched, name)
        index = _vector_index(len(ordered))
        inputs = tuple([one.value for one in ordered if one.value is not None])
        builder.eqns.append(Eqn("assemble", inputs, (out,), (("index", index), ("type", type)), builder.span))
        return out
    return builder.emit(
        "assemble",
        [one.value for one in ordered if one.value is not None],
        index=tuple(full_index(one.index, type.shape) for one in ordered),
        type=type,
        name=name,
    )
