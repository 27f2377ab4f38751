"""Functions that bring elements in order, along the last axis unless told otherwise.

A gradient flows to the elements that were taken, as if their order were given.
"""

from __future__ import annotations

from typing import Any

from dilsctl.ir import INT, Var
from dilsctl.operations.functions.table import function
from dilsctl.operations.functions.values import as_real, as_var, negative_axis, whole
from dilsctl.operations.table import Builder, ShapeError

Value = Any
_FAMILY = "Order"


def _last(builder: Builder, x: Var, axis: int) -> Var:
    """``x`` with a (negative) axis and its last one exchanged."""
    if axis == -1:
        return x
    perm = list(range(-x.rank, 0))
    perm[axis], perm[-1] = -1, axis
    return builder.emit("transpose", (x,), perm=tuple(perm))


def _axis(name: str, x: Var, axis: Value) -> int:
    if x.rank == 0:
        raise ShapeError(f"'{name}' needs a vector, not a scalar", argument=0)
    return negative_axis(name, x.rank, axis)


def _count(name: str, x: Var, k: Value, axis: int) -> int:
    count = whole(name, "k", k, 1)
    if count > x.shape[axis]:
        raise ShapeError(f"'{name}': k is {count}, but the axis has {x.shape[axis]} elements", argument=1)
    return count


def _falling(builder: Builder, x: Var, axis: int) -> Var:
    """The places of the elements, the largest first, equals in their order."""
    return builder.emit("argsort", (builder.emit("neg", (x,)),), axis=axis)


def _first(builder: Builder, x: Var, order: Var, count: int) -> Var:
    """The elements of the last axis at the first ``count`` places of ``order``."""
    index = (*((0, length, 1) for length in order.shape[:-1]), (0, count, 1))
    if count < order.shape[-1]:
        order = builder.emit("slice", (order,), index=index)
    return builder.emit("take", (x, order), axis=-1, lead=x.rank - 1)


@function("sort(x, axis=-1)", "The elements in order, the smallest first.", _FAMILY)
def _sort(builder: Builder, x: Value, axis: Value = -1) -> Var:
    value = as_var(builder, x)
    number = _axis("sort", value, axis)
    last = _last(builder, value, number)
    order = builder.emit("argsort", (last,), axis=-1)
    return _last(builder, _first(builder, last, order, last.shape[-1]), number)


@function(
    "argsort(x, axis=-1)",
    "The places of the elements, as classes: first that of the smallest. Equal elements keep their order.",
    _FAMILY,
)
def _argsort(builder: Builder, x: Value, axis: Value = -1) -> Var:
    value = as_var(builder, x)
    return builder.emit("argsort", (value,), axis=_axis("argsort", value, axis))


@function("top_k(x, k, axis=-1)", "The k largest elements, the largest first.", _FAMILY)
def _top_k(builder: Builder, x: Value, k: Value, axis: Value = -1) -> Var:
    value = as_real(builder, x)
    number = _axis("top_k", value, axis)
    count = _count("top_k", value, k, number)
    last = _last(builder, value, number)
    return _last(builder, _first(builder, last, _falling(builder, last, -1), count), number)


@function(
    "in_top_k(x, k, axis=-1)",
    "Whether an element is one of the k largest; of equal ones, the first are. No gradient.",
    _FAMILY,
)
def _in_top_k(builder: Builder, x: Value, k: Value, axis: Value = -1) -> Var:
    value = as_real(builder, x)
    number = _axis("in_top_k", value, axis)
    count = _count("in_top_k", value, k, number)
    place = builder.emit("argsort", (_falling(builder, value, number),), axis=number)
    rank = builder.emit("cast", (place,), kind="int", classes=None)
    return builder.emit("lt", (rank, builder.constant(count, INT)))
