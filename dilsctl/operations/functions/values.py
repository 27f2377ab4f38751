"""Static values and Vars: constants for the one, checks and axes for the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.ir import BOOL, INT, REAL, Type, Var
from dilsctl.operations.rules import show
from dilsctl.operations.table import Builder, NotKnownError, OperationError, PlaceError, ShapeError

Value = Any


def is_number(value: Value) -> bool:
    """A static number (not a bool)."""
    return type(value) in (int, float)


def static_shape(value: Value) -> tuple[int, ...]:
    """The shape of nested tuples. Raises OperationError where rows differ."""
    if not isinstance(value, tuple):
        return ()
    shapes = {static_shape(one) for one in value}
    if len(shapes) > 1:
        raise ShapeError("the rows of this list have different lengths")
    return (len(value), *(shapes.pop() if shapes else ()))


def _leaves(value: Value) -> list[Any]:
    if isinstance(value, tuple):
        return [leaf for one in value for leaf in _leaves(one)]
    return [value]


def as_var(builder: Builder, value: Value, beside: Type | None = None) -> Var:
    """A Var for any value. Whole numbers become int, or real where they stand ``beside`` a real value.

    Tuples become arrays; a tuple that holds Vars is stacked along a new first axis.
    """
    if isinstance(value, Var):
        return value
    if isinstance(value, str):
        raise OperationError(f"'{value}' is a word, not a value")
    if is_number(value):
        of_int = type(value) is int and (beside is None or beside.kind in ("int", "class"))
        return builder.constant(value, INT) if of_int else builder.constant(float(value), REAL)
    leaves = _leaves(value)
    if any(isinstance(one, Var) for one in leaves):
        from dilsctl.operations.functions.shapes import stack_values

        return stack_values(builder, [as_var(builder, one, beside) for one in value], 0)
    if not all(isinstance(one, bool | int | float) for one in leaves):
        raise OperationError(f"{value!r} is not a value")
    base = REAL
    if leaves and all(isinstance(one, bool) for one in leaves):
        base = BOOL
    elif leaves and all(isinstance(one, int) for one in leaves):
        base = INT if beside is None or beside.kind in ("int", "class") else REAL
    if base is REAL and not isinstance(value, tuple):
        value = float(value)
    return builder.constant(value, base.with_shape(static_shape(value)))


def as_pair(builder: Builder, a: Value, b: Value) -> tuple[Var, Var]:
    """Two operands as Vars: a static one takes the kind of the other."""
    first = as_var(builder, a, b.type if isinstance(b, Var) else None)
    return first, as_var(builder, b, first.type)


def as_real(builder: Builder, value: Value) -> Var:
    """A Var; a static number is a real."""
    return as_var(builder, value, REAL)


def whole(name: str, what: str, value: Value, least: int | None = None) -> int:
    """A whole number known beforehand. Raises OperationError."""
    if isinstance(value, Var):
        raise NotKnownError(f"'{name}': {what} must be a whole number known beforehand")
    if isinstance(value, bool) or not isinstance(value, int):
        raise OperationError(f"'{name}': {what} must be a whole number, not {value!r}")
    if least is not None and value < least:
        raise OperationError(f"'{name}': {what} must be at least {least}, not {value}")
    return value


def known_number(name: str, what: str, value: Value) -> float:
    """A number known beforehand. Raises OperationError."""
    if isinstance(value, Var):
        raise NotKnownError(f"'{name}': {what} must be a number known beforehand")
    if not is_number(value):
        raise OperationError(f"'{name}': {what} must be a number, not {value!r}")
    return float(value)


def negative_axis(name: str, rank: int, axis: Value) -> int:
    """An axis, counted from either end, as a negative number. Raises OperationError."""
    number = whole(name, "axis", axis)
    if not -rank <= number < rank:
        what = "a scalar has no axes" if rank == 0 else f"the value has {rank} axes, numbered 0 to {rank - 1}"
        raise PlaceError(f"'{name}': there is no axis {number}: {what}")
    return number - rank if number >= 0 else number


def negative_axes(name: str, x: Var, axis: Value) -> tuple[int, ...]:
    """Axes as a sorted tuple of negative numbers; None means all."""
    if axis is None:
        return tuple(range(-x.rank, 0))
    given = axis if isinstance(axis, tuple) else (axis,)
    found = sorted({negative_axis(name, x.rank, one) for one in given})
    if len(found) != len(given):
        raise OperationError(f"'{name}': an axis is named twice")
    return tuple(found)


def static_sizes(name: str, sizes: Sequence[Value]) -> tuple[int, ...]:
    """A shape given as numbers, or as one tuple of numbers."""
    if len(sizes) == 1 and isinstance(sizes[0], tuple):
        sizes = sizes[0]
    return tuple(whole(name, "a length", one, 0) for one in sizes)


def same_shapes(name: str, a: Var, b: Var) -> None:
    """Raise OperationError unless the shapes are equal, or one of them is a scalar."""
    if a.shape and b.shape and a.shape != b.shape:
        raise ShapeError(
            f"'{name}' compares values of one shape, not {show(a.shape)} and {show(b.shape)}", argument=1
        )
