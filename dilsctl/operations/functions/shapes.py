"""Functions that build, join and rearrange arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.ir import REAL, Type, Var, size_of
from dilsctl.limits import MOST_STATIC
from dilsctl.operations.functions.indexing import index as pick
from dilsctl.operations.functions.table import function
from dilsctl.operations.functions.values import (
    as_real,
    as_var,
    known_number,
    negative_axes,
    negative_axis,
    static_sizes,
    whole,
)
from dilsctl.operations.rules import join_types, reshape, show
from dilsctl.operations.table import (
    Builder,
    NotKnownError,
    OperationError,
    PlaceError,
    ShapeError,
    TooLargeError,
)

Value = Any
_FAMILY = "Shapes"


def join(builder: Builder, name: str, parts: Sequence[Var], axis: int) -> Var:
    """Parts of one rank side by side along a negative axis."""
    rank = parts[0].rank
    for number, one in enumerate(parts):
        same = one.rank == rank and all(
            a == b for n, (a, b) in enumerate(zip(one.shape, parts[0].shape, strict=True)) if n != rank + axis
        )
        if not same:
            raise ShapeError(
                f"'{name}' cannot join the shapes {show(parts[0].shape)} and {show(one.shape)}",
                "all axes but the joined one must have equal lengths",
                number,
            )
    place = rank + axis
    starts = [0]
    for one in parts:
        starts.append(starts[-1] + one.shape[place])
    shape = (*parts[0].shape[:place], starts[-1], *parts[0].shape[place + 1 :])
    type_ = _joined_type(name, parts, shape, axis)
    indices = tuple(
        tuple(
            (start, start + one.shape[place], 1) if n == place else (0, length, 1)
            for n, length in enumerate(shape)
        )
        for start, one in zip(starts, parts, strict=False)
    )
    return builder.emit("assemble", parts, index=indices, type=type_)


def _joined_type(name: str, parts: Sequence[Var], shape: tuple[int, ...], axis: int) -> Type:
    types = [one.type for one in parts]
    if axis != -1 and all(one.kind == "simplex" and one.classes == types[0].classes for one in types):
        return Type("simplex", shape, types[0].classes)
    return join_types(name, types, shape)


def stack_values(builder: Builder, parts: Sequence[Var], axis: int) -> Var:
    """Parts of one shape along a new axis, counted in the result."""
    rank = parts[0].rank + 1
    place = negative_axis("stack", rank, axis) + rank
    for number, one in enumerate(parts):
        if one.shape != parts[0].shape:
            raise ShapeError(
                f"'stack' needs values of one shape, not {show(parts[0].shape)} and {show(one.shape)}",
                argument=number,
            )
    led = [reshape(builder, one, (*one.shape[:place], 1, *one.shape[place:])) for one in parts]
    return join(builder, "stack", led, place - rank)


def _list_of(builder: Builder, name: str, values: Sequence[Value]) -> list[Var]:
    """Several values, given one by one or as one list."""
    if len(values) == 1 and isinstance(values[0], tuple):
        values = values[0]
    if not values:
        raise OperationError(f"'{name}' needs at least one value")
    beside = next((one.type for one in values if isinstance(one, Var)), None)
    return [as_var(builder, one, beside) for one in values]


@function(
    "concat(a, b, ..., axis=0)",
    "Values one after the other along an axis; a scalar counts as one element.",
    _FAMILY,
)
def _concat(builder: Builder, *values: Value, axis: Value = 0) -> Var:
    parts = [reshape(builder, one, one.shape or (1,)) for one in _list_of(builder, "concat", values)]
    return join(builder, "concat", parts, negative_axis("concat", parts[0].rank, axis))


@function("stack(a, b, ..., axis=0)", "Values of one shape along a new axis.", _FAMILY)
def _stack(builder: Builder, *values: Value, axis: Value = 0) -> Var:
    parts = _list_of(builder, "stack", values)
    return stack_values(builder, parts, whole("stack", "axis", axis))


@function(
    "reshape(x, n, ...)",
    "The elements of x, in order, in another shape; -1 stands for what is left.",
    _FAMILY,
)
def _reshape(builder: Builder, x: Value, *shape: Value) -> Var:
    value = as_var(builder, x)
    given = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
    sizes = [whole("reshape", "a length", one, -1) for one in given]
    if sizes.count(-1) > 1:
        raise OperationError("'reshape': only one length may be -1")
    if -1 in sizes:
        known = size_of(one for one in sizes if one != -1)
        if known == 0 or value.type.size % known:
            raise ShapeError(
                f"'reshape': {value.type.size} elements (shape {show(value.shape)}) do not divide by {known}"
            )
        sizes[sizes.index(-1)] = value.type.size // known
    return reshape(builder, value, tuple(sizes)) if tuple(sizes) != value.shape else value


@function("transpose(x, axes=reversed)", "The axes of x in another order; without axes, in reverse.", _FAMILY)
def _transpose(builder: Builder, x: Value, axes: Value = None) -> Var:
    value = as_var(builder, x)
    if axes is None:
        perm = tuple(range(-1, -value.rank - 1, -1))
    else:
        if not isinstance(axes, tuple) or len(axes) != value.rank:
            raise OperationError(f"'transpose' needs all {value.rank} axes, such as [1, 0]", argument=1)
        perm = tuple(negative_axis("transpose", value.rank, one) for one in axes)
        negative_axes("transpose", value, axes)
    if list(perm) == list(range(-value.rank, 0)):
        return value
    return builder.emit("transpose", (value,), perm=perm)


@function("roll(x, shift, axis=-1)", "Rotates x: element i goes to place i + shift.", _FAMILY)
def _roll(builder: Builder, x: Value, shift: Value, axis: Value = -1) -> Var:
    value = as_var(builder, x)
    number = negative_axis("roll", value.rank, axis)
    return builder.emit("roll", (value,), shift=whole("roll", "shift", shift), axis=number)


@function(
    "take(x, index, axis=0)",
    "The elements of x at an index (an int, a class, or a list) along an axis.",
    _FAMILY,
)
def _take(builder: Builder, x: Value, index: Value, axis: Value = 0) -> Var:
    value = as_var(builder, x)
    place = negative_axis("take", value.rank, axis) + value.rank
    return pick(builder, value, (*([slice(None)] * place), index))


@function(
    "sum_at(x, places, n, axis=0)",
    "n numbers along an axis: at each place the sum of the elements of x whose entry in the list of places "
    "names it. The adjoint of taking a list: sum_at(flow, to, n) adds what arrives at each node of a graph.",
    _FAMILY,
)
def _sum_at(builder: Builder, x: Value, places: Value, n: Value, axis: Value = 0) -> Var:
    value = as_real(builder, x)
    place = negative_axis("sum_at", value.rank, axis)
    (size,) = static_sizes("sum_at", (n,))
    length = value.shape[value.rank + place]
    if isinstance(places, Var):
        raise NotKnownError("'sum_at' needs places known beforehand", "a list, a parameter", argument=1)
    if not isinstance(places, tuple) or len(places) != length:
        found = f"{len(places)}" if isinstance(places, tuple) else "one number"
        raise ShapeError(f"'sum_at' needs a list of {length} places, not {found}", argument=1)
    for one in places:
        if isinstance(one, bool) or not isinstance(one, int) or not 0 <= one < size:
            raise PlaceError(f"place {one} is none of 0 … {size - 1}", argument=1)
    return builder.emit("scatter", (value,), indices=places, axis=place, size=size)


@function("zeros(n, ...)", "An array of zeros of this shape.", _FAMILY)
def _zeros(builder: Builder, *shape: Value) -> Var:
    return builder.constant(0.0, REAL.with_shape(static_sizes("zeros", shape)))


@function("ones(n, ...)", "An array of ones of this shape.", _FAMILY)
def _ones(builder: Builder, *shape: Value) -> Var:
    return builder.constant(1.0, REAL.with_shape(static_sizes("ones", shape)))


@function("broadcast(x, n, ...)", "x repeated to a shape, aligned from the right.", _FAMILY)
def _broadcast(builder: Builder, x: Value, *shape: Value) -> Var:
    value = as_real(builder, x)
    sizes = static_sizes("broadcast", shape)
    return value if sizes == value.shape else builder.emit("broadcast", (value,), shape=sizes)


def _small(name: str, count: int) -> None:
    if count > MOST_STATIC:
        raise TooLargeError(f"'{name}': {count} elements are more than {MOST_STATIC}")


@function(
    "arange(n)",
    "The numbers 0 to n - 1; arange(a, b) runs from a to b - 1, arange(a, b, step) in steps.",
    _FAMILY,
)
def _arange(builder: Builder, start: Value, stop: Value = None, step: Value = 1) -> Value:
    numbers = [whole("arange", "a bound", one) for one in (start, 0 if stop is None else stop, step)]
    if numbers[2] == 0:
        raise OperationError("'arange': the step cannot be 0")
    found = range(numbers[0]) if stop is None else range(*numbers)
    _small("arange", len(found))
    return tuple(found)


@function("eye(n)", "The identity matrix with n rows.", _FAMILY)
def _eye(builder: Builder, n: Value) -> Value:
    count = whole("eye", "n", n, 1)
    _small("eye", count * count)
    return tuple(tuple(1.0 if row == column else 0.0 for column in range(count)) for row in range(count))


@function("linspace(low, high, n)", "n numbers at equal distances, both ends included.", _FAMILY)
def _linspace(builder: Builder, low: Value, high: Value, n: Value) -> Value:
    least, most = known_number("linspace", "low", low), known_number("linspace", "high", high)
    count = whole("linspace", "n", n, 1)
    _small("linspace", count)
    if count == 1:
        return (least,)
    return tuple(least + (most - least) * place / (count - 1) for place in range(count))
