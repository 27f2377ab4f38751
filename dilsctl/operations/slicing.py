"""Static parts of arrays: slices and their adjoint, arrays put together from parts, rotation.

An index is a tuple of whole numbers (which drop their axis) and (start, stop, step) triples with
step > 0 and 0 <= start, stop <= length. It covers the last ``len(index)`` axes of the array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.rules import (
    Cotangents,
    arithmetic_kind,
    has_gradient,
    lead,
    same_kind,
    show,
    stack_trailing,
    sum_to,
    whole_axes,
)
from dilsctl.operations.table import Builder, Operation, OperationError, PlaceError, output_size, register

Types = tuple[Type, ...]
Params = dict[str, Any]
Found = Sequence[Var | None]


def index_shape(index: Sequence[Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the part of ``shape`` (of the same length) that ``index`` picks. Checks bounds."""
    found = []
    for entry, length in zip(index, shape, strict=True):
        if isinstance(entry, int):
            if not 0 <= entry < length:
                raise PlaceError(f"index {entry} is outside an axis of length {length}")
            continue
        start, stop, step = entry
        if not (0 <= start <= length and 0 <= stop <= length and step > 0):
            raise PlaceError(f"slice {start}:{stop}:{step} is outside an axis of length {length}")
        found.append(len(range(start, stop, step)))
    return tuple(found)


def is_whole(entry: Any, length: int) -> bool:
    """Whether an index entry takes the whole axis, in order."""
    return not isinstance(entry, int) and tuple(entry) == (0, length, 1)


def _slice_type(types: Types, params: Params) -> Types:
    (x,) = types
    index = params["index"]
    if len(index) > len(x.shape):
        raise PlaceError(f"{len(index)} indices for a value of shape {show(x.shape)}", argument=0)
    kept = len(x.shape) - len(index)
    part = index_shape(index, x.shape[kept:])
    last_kept = not index or is_whole(index[-1], x.shape[-1])
    return (same_kind(x, x.shape[:kept] + part, last_kept),)


def _slice_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    index = eqn.param("index")
    return (builder.emit("pad_slice", (cotangent,), index=index, shape=x.shape[x.rank - len(index) :]),)


def _pad_type(types: Types, params: Params) -> Types:
    (x,) = types
    index, shape = params["index"], params["shape"]
    if len(index) != len(shape):
        raise OperationError(f"pad_slice: {len(index)} indices for the shape {show(shape)}")
    part = index_shape(index, shape)
    kept = len(x.shape) - len(part)
    if kept < 0 or x.shape[kept:] != part:
        raise OperationError(f"pad_slice: a part of shape {show(part)} is needed, not {show(x.shape)}")
    return (Type(arithmetic_kind(x), x.shape[:kept] + tuple(shape)),)


def _pad_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    return (builder.emit("slice", (cotangent,), index=eqn.param("index")),)


register(
    Operation(
        "slice", _slice_type, stack_trailing, _slice_reverse, cost=lambda eqn: 0, doc="a part; params index"
    )
)
register(
    Operation(
        "pad_slice",
        _pad_type,
        stack_trailing,
        _pad_reverse,
        cost=output_size,
        doc="zeros of params shape (the last axes) with the value at params index: the adjoint of slice",
    )
)


def _assemble_type(types: Types, params: Params) -> Types:
    type_, indices = params["type"], params["index"]
    if len(indices) != len(types):
        raise OperationError(f"assemble: {len(indices)} places for {len(types)} parts")
    total = 0
    for number, (index, part) in enumerate(zip(indices, types, strict=True)):
        kept = len(type_.shape) - len(index)
        if kept < 0:
            raise OperationError(f"assemble: {len(index)} indices for the shape {show(type_.shape)}")
        wanted = type_.shape[:kept] + index_shape(index, type_.shape[kept:])
        if part.shape != wanted:
            raise OperationError(
                f"part {number + 1} has shape {show(part.shape)}, its place has shape {show(wanted)}",
                argument=number,
            )
        total += part.size
    if total != type_.size:
        raise OperationError(f"assemble: the parts have {total} elements, the whole has {type_.size}")
    return (type_,)


def _assemble_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,) = cotangents
    if cotangent is None or not has_gradient(eqn.outputs[0]):
        return (None,) * len(eqn.inputs)
    return [
        sum_to(builder, builder.emit("slice", (cotangent,), index=index), part)
        if has_gradient(part)
        else None
        for part, index in zip(eqn.inputs, eqn.param("index"), strict=True)
    ]


def _assemble_stack(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    led = [lead(builder, one, is_led, length) for one, is_led in zip(inputs, mapped, strict=True)]
    type_: Type = eqn.param("type")
    return builder.emit_all(
        "assemble", led, index=eqn.param("index"), type=type_.with_shape((length, *type_.shape))
    )


register(
    Operation(
        "assemble",
        _assemble_type,
        _assemble_stack,
        _assemble_reverse,
        cost=lambda eqn: 0,
        doc="parts written side by side: params index (one index for each part), type of the whole. "
        "The parts must cover every element once",
    )
)


def _roll_type(types: Types, params: Params) -> Types:
    (x,) = types
    whole_axes("roll", len(x.shape), (params["axis"],))
    return (x,)


def _roll_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    return (builder.emit("roll", (cotangent,), shift=-eqn.param("shift"), axis=eqn.param("axis")),)


register(
    Operation(
        "roll",
        _roll_type,
        stack_trailing,
        _roll_reverse,
        cost=lambda eqn: 0,
        doc="rotate along params axis by params shift: element i goes to i + shift",
    )
)
