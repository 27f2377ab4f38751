"""Parts of equations: what one element of an output needs, and the equation that computes it alone.

An equation is split to a *depth*: its output falls into one element for each place on its first ``depth``
axes. ``depths`` says how far an equation can be split; ``split`` which part of each input an element reads,
and which operation on these parts gives it. Moving values costs nothing: an element of a slice is a part of
its input.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from dilsctl.ir import Eqn, Type, Var, size_of
from dilsctl.operations.contract import parse_spec
from dilsctl.operations.table import OPERATIONS

Place = tuple[int, ...]
Part = tuple[int | None, ...]  # for each axis of a variable a place on it, or None for all of it

# Operations that leave all but their last axes alone: how many are their own, of each input.
_TRAILING: dict[str, tuple[int, ...]] = {
    "one_hot": (0,),
    "cross_entropy": (1, 1),
    "patches": (3,),
    "max_pool": (3,),
}
_ALONG_AXES = {"sum", "mean", "prod", "max", "min", "any", "all", "logsumexp"}
_ALONG_AXIS = {"softmax", "log_softmax", "argsort", "argmax", "argmin"}


@dataclass(frozen=True, slots=True)
class Split:
    """One element: ``op`` with ``params`` on parts of inputs, each (number of the input, part).

    Without ``op`` the element is its only part, as it lies. ``pick`` is the place that it then has on the
    first axis of what ``op`` gives, or None if it is all of it.
    """

    parts: tuple[tuple[int, Part], ...]
    op: str = ""
    params: tuple[tuple[str, Hashable], ...] = ()
    pick: int | None = None


def depths(eqn: Eqn) -> tuple[int, ...]:
    """The depths to which an equation can be split, 0 first."""
    rank = eqn.outputs[0].rank
    op = eqn.op
    if op in _TRAILING:
        own = [one.rank - own for one, own in zip(eqn.inputs, _own_axes(eqn), strict=True)]
        return tuple(range(min(own) + 1))
    if len(eqn.outputs) > 1 or not eqn.inputs or op.startswith("random_"):
        return (0,)
    if op == "reshape":
        return tuple(d for d in range(rank + 1) if d == 0 or _rows(eqn, d) is not None)
    if op == "take":
        lead = eqn.param("lead", 0)
        return tuple(range((lead or rank) + 1))
    simple = OPERATIONS[op].elementwise or op == "contract" or op in {*_ALONG_AXES, *_ALONG_AXIS, *_MOVES}
    return tuple(range(rank + 1)) if simple else (0,)


def split(eqn: Eqn, place: Place) -> Split:
    """The element of an equation at ``place``, whose length is one of ``depths`` and not 0."""
    op = eqn.op
    if op in _MOVES:
        return _MOVES[op](eqn, place)
    if op == "contract":
        return _of_contract(eqn, place)
    if op in _ALONG_AXES:
        return _of_reduction(eqn, place)
    if op in _ALONG_AXIS:
        return _of_axis(eqn, place)
    if op == "take":
        return _of_take(eqn, place)
    if op in _TRAILING:
        parts = [(k, _filled(place, one)) for k, one in enumerate(eqn.inputs)]
        return Split(tuple(parts), op, eqn.params)
    rank = eqn.outputs[0].rank
    parts = [(k, _aligned(place, one, rank)) for k, one in enumerate(eqn.inputs)]
    params = eqn.params
    if op == "cast" and eqn.param("kind") == "simplex" and len(place) == rank:
        params = (("kind", "real"),)
    return Split(tuple(parts), op, params)


def rest_type(type: Type, depth: int) -> Type:
    """The type of an element of a value that is split to ``depth``."""
    if type.kind == "simplex" and depth == len(type.shape):
        return Type("real")
    return type.with_shape(type.shape[depth:])


# -- parts of inputs ------------------------------------------------------------------------------


def _filled(place: Place, var: Var) -> Part:
    return (*place, *[None] * (var.rank - len(place)))


def _aligned(place: Place, var: Var, rank: int) -> Part:
    """The part of a broadcast operand, aligned from the right, that belongs to an element of the result."""
    own = _filled_to(place, rank)[rank - var.rank :]
    return tuple(
        0 if at is not None and length == 1 else at for at, length in zip(own, var.shape, strict=True)
    )


def _filled_to(place: Place, rank: int) -> Part:
    return (*place, *[None] * (rank - len(place)))


def _own_axes(eqn: Eqn) -> tuple[int, ...]:
    if eqn.op in ("patches", "max_pool"):
        return (len(eqn.param("kernel")) + 1,)
    return _TRAILING[eqn.op]


def _entries(index: Sequence[Any], shape: Sequence[int]) -> list[Any]:
    """An index with an entry for every axis."""
    return [*((0, length, 1) for length in shape[: len(shape) - len(index)]), *index]


# -- operations that move values ------------------------------------------------------------------


def _of_slice(eqn: Eqn, place: Place) -> Split:
    (x,) = eqn.inputs
    at = iter(place)
    part: list[int | None] = []
    rest: list[Any] = []
    for entry in _entries(eqn.param("index"), x.shape):
        if isinstance(entry, int):
            part.append(entry)
            continue
        number = next(at, None)
        if number is not None:
            part.append(range(*entry)[number])
            continue
        part.append(None)
        rest.append(entry)
    lengths = [length for length, one in zip(x.shape, part, strict=True) if one is None]
    if all(entry == (0, length, 1) for entry, length in zip(rest, lengths, strict=True)):
        return Split(((0, tuple(part)),))
    return Split(((0, tuple(part)),), "slice", (("index", tuple(rest)),))


def _of_assemble(eqn: Eqn, place: Place) -> Split:
    out = eqn.outputs[0]
    parts: list[tuple[int, Part]] = []
    places: list[tuple[Any, ...]] = []
    for number, index in enumerate(eqn.param("index")):
        entries = _entries(index, out.shape)
        part: list[int | None] = []
        for at, entry in zip(place, entries, strict=False):
            if isinstance(entry, int):
                if entry != at:
                    break
            elif at not in range(*entry):
                break
            else:
                part.append(range(*entry).index(at))
        else:
            rest = tuple(entries[len(place) :])
            if all(isinstance(entry, int) or len(range(*entry)) for entry in rest):
                parts.append((number, (*part, *[None] * sum(not isinstance(one, int) for one in rest))))
                places.append(rest)
    rest_shape = out.shape[len(place) :]
    if len(places) == 1 and all(
        entry == (0, length, 1) for entry, length in zip(places[0], rest_shape, strict=True)
    ):
        return Split((parts[0],))
    type = rest_type(out.type, len(place))
    return Split(tuple(parts), "assemble", (("index", tuple(places)), ("type", type)))


def _of_broadcast(eqn: Eqn, place: Place) -> Split:
    (x,), (out,) = eqn.inputs, eqn.outputs
    part = _aligned(place, x, out.rank)
    kept = tuple(length for length, at in zip(x.shape, part, strict=True) if at is None)
    shape = out.shape[len(place) :]
    return Split(((0, part),)) if kept == shape else Split(((0, part),), "broadcast", (("shape", shape),))


def _rows(eqn: Eqn, depth: int) -> int | None:
    """How many leading axes of a reshape's input hold one place each where ``depth`` of its output do."""
    (x,), (out,) = eqn.inputs, eqn.outputs
    size = size_of(out.shape[depth:])
    found = [k for k in range(x.rank + 1) if size_of(x.shape[k:]) == size]
    if not found or not out.type.size:
        return None
    same = [k for k in found if x.shape[k:] == out.shape[depth:]]
    return same[0] if same else found[0]


def _of_reshape(eqn: Eqn, place: Place) -> Split:
    (x,), (out,) = eqn.inputs, eqn.outputs
    rows = _rows(eqn, len(place)) or 0
    number = 0
    for at, length in zip(place, out.shape, strict=False):
        number = number * length + at
    lead: list[int] = []
    for length in reversed(x.shape[:rows]):
        lead.append(number % length)
        number //= length
    part = _filled(tuple(reversed(lead)), x)
    shape = out.shape[len(place) :]
    if x.shape[rows:] == shape:
        return Split(((0, part),))
    return Split(((0, part),), "reshape", (("shape", shape),))


def _of_transpose(eqn: Eqn, place: Place) -> Split:
    (x,) = eqn.inputs
    perm = eqn.param("perm")
    lead = x.rank - len(perm)
    order = [*range(lead), *(x.rank + axis for axis in perm)]  # the input's axis of each axis of the output
    part: list[int | None] = [None] * x.rank
    for at, axis in zip(place, order, strict=False):
        part[axis] = at
    rest = order[len(place) :]
    if rest == sorted(rest):
        return Split(((0, tuple(part)),))
    ranks = sorted(rest)
    found = tuple(ranks.index(axis) - len(rest) for axis in rest)
    return Split(((0, tuple(part)),), "transpose", (("perm", found),))


def _of_gather(eqn: Eqn, place: Place) -> Split:
    (x,) = eqn.inputs
    axis = x.rank + eqn.param("axis")
    indices = eqn.param("indices")
    levels = 0
    inside = indices
    while isinstance(inside, tuple):
        levels += 1
        inside = inside[0] if inside else None
    part: list[int | None] = [*place[:axis], *[None] * (x.rank - len(place[:axis]))]
    for at in place[axis : axis + levels]:
        indices = indices[at]
    if isinstance(indices, int):
        part[axis] = indices
        for k, at in enumerate(place[axis + levels :]):
            part[axis + 1 + k] = at
        return Split(((0, tuple(part)),))
    params = (("axis", eqn.param("axis")), ("indices", indices))
    return Split(((0, tuple(part)),), "gather", params)


def _of_roll(eqn: Eqn, place: Place) -> Split:
    (x,) = eqn.inputs
    axis = x.rank + eqn.param("axis")
    part = list(_filled(place, x))
    if axis < len(place):
        part[axis] = (place[axis] - eqn.param("shift")) % x.shape[axis]
        return Split(((0, tuple(part)),))
    return Split(((0, tuple(part)),), "roll", eqn.params)


def _of_copy(eqn: Eqn, place: Place) -> Split:
    return Split(((0, _filled(place, eqn.inputs[0])),))


_MOVES = {
    "slice": _of_slice,
    "assemble": _of_assemble,
    "broadcast": _of_broadcast,
    "reshape": _of_reshape,
    "transpose": _of_transpose,
    "gather": _of_gather,
    "roll": _of_roll,
    "copy": _of_copy,
}


# -- operations that compute ----------------------------------------------------------------------


def _of_contract(eqn: Eqn, place: Place) -> Split:
    operands, out = parse_spec(eqn.param("spec"))
    fixed = dict(zip(out, place, strict=False))
    parts = [(k, tuple(fixed.get(label) for label in labels)) for k, labels in enumerate(operands)]
    left = ["".join(label for label in labels if label not in fixed) for labels in operands]
    right = "".join(label for label in out if label not in fixed)
    return Split(tuple(parts), "contract", (("spec", f"{','.join(left)}->{right}"),))


def _places_around(eqn: Eqn, place: Place, axes: Sequence[int], *, kept: bool) -> Part:
    """The part of a reduction's input: all of the reduced axes, the element's places on the others."""
    x = eqn.inputs[0]
    at = iter(place)
    part: list[int | None] = []
    for axis in range(-x.rank, 0):
        own = axis in axes
        number = None if own and not kept else next(at, None)
        part.append(None if own else number)
    return tuple(part)


def _own(part: Part, axes: Sequence[int]) -> tuple[int, ...]:
    """The axes as they are numbered in the part, from the right."""
    left = [axis for axis, at in zip(range(-len(part), 0), part, strict=True) if at is None]
    return tuple(left.index(axis) - len(left) for axis in axes)


def _of_reduction(eqn: Eqn, place: Place) -> Split:
    axes = eqn.param("axes")
    part = _places_around(eqn, place, axes, kept=False)
    return Split(((0, part),), eqn.op, (("axes", _own(part, axes)),))


def _of_axis(eqn: Eqn, place: Place) -> Split:
    """``argmax`` loses its axis; softmax and ``argsort`` keep it: an element of theirs is one of a vector."""
    axis = eqn.param("axis")
    kept = eqn.op in ("softmax", "log_softmax", "argsort")
    part = _places_around(eqn, place, (axis,), kept=kept)
    at = eqn.inputs[0].rank + axis
    pick = place[at] if kept and at < len(place) else None
    return Split(((0, part),), eqn.op, (("axis", _own(part, (axis,))[0]),), pick)


def _of_take(eqn: Eqn, place: Place) -> Split:
    x, index = eqn.inputs
    lead, axis = eqn.param("lead", 0), x.rank + eqn.param("axis")
    if lead:
        parts = ((0, _filled(place, x)), (1, _filled(place, index)))
        return Split(parts, "take", (("axis", eqn.param("axis")), ("lead", lead - len(place))))
    before, own, after = place[:axis], place[axis : axis + index.rank], place[axis + index.rank :]
    part: Part = (*before, *[None] * (axis - len(before)), None, *after)
    part = (*part, *[None] * (x.rank - len(part)))
    kept = sum(at is None for at in part[axis + 1 :])
    return Split(((0, part), (1, _filled(own, index))), "take", (("axis", -kept - 1), ("lead", 0)))
