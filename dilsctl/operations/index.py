"""Picking by lists and by values: ``gather`` (indices known beforehand), ``take`` (indices computed),
their adjoints ``scatter`` and ``take_add``, and ``one_hot``.

Computed indices are clipped to the axis: an int outside takes the nearest element.
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
from dilsctl.operations.table import Builder, Operation, OperationError, PlaceError, register

Types = tuple[Type, ...]
Params = dict[str, Any]
Found = Sequence[Var | None]


def nested_shape(indices: Any) -> tuple[int, ...]:
    """The shape of nested tuples of whole numbers."""
    if not isinstance(indices, tuple):
        return ()
    return (len(indices), *(nested_shape(indices[0]) if indices else ()))


def nested_flat(indices: Any) -> list[int]:
    """The numbers of nested tuples, in order."""
    if not isinstance(indices, tuple):
        return [indices]
    return [number for part in indices for number in nested_flat(part)]


def _gather_type(types: Types, params: Params) -> Types:
    (x,) = types
    axis, indices = params["axis"], params["indices"]
    whole_axes("gather", len(x.shape), (axis,))
    length = x.shape[axis]
    for number in nested_flat(indices):
        if not 0 <= number < length:
            raise PlaceError(f"index {number} is outside an axis of length {length}", argument=0)
    place = len(x.shape) + axis
    shape = (*x.shape[:place], *nested_shape(indices), *x.shape[place + 1 :])
    return (same_kind(x, shape, axis != -1),)


def _gather_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    axis, indices = eqn.param("axis"), eqn.param("indices")
    return (builder.emit("scatter", (cotangent,), indices=indices, axis=axis, size=x.shape[axis]),)


def _scatter_type(types: Types, params: Params) -> Types:
    (x,) = types
    axis, place_shape = params["axis"], nested_shape(params["indices"])
    after = -axis - 1
    place = len(x.shape) - after - len(place_shape)
    if place < 0 or x.shape[place : place + len(place_shape)] != place_shape:
        raise OperationError(f"scatter: indices of shape {show(place_shape)} for a value of {show(x.shape)}")
    shape = (*x.shape[:place], params["size"], *x.shape[place + len(place_shape) :])
    return (Type(arithmetic_kind(x), shape),)


def _scatter_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    return (builder.emit("gather", (cotangent,), indices=eqn.param("indices"), axis=eqn.param("axis")),)


register(
    Operation(
        "gather",
        _gather_type,
        stack_trailing,
        _gather_reverse,
        doc="pick along params axis by params indices (nested tuples); their shape replaces the axis",
    )
)
register(
    Operation(
        "scatter",
        _scatter_type,
        stack_trailing,
        _scatter_reverse,
        doc="add values at params indices of an axis of params size: the adjoint of gather",
    )
)


def _split(name: str, x: Type, axis: int, leading: int) -> int:
    whole_axes(name, len(x.shape), (axis,))
    place = len(x.shape) + axis
    if place < leading:
        raise OperationError(f"'{name}': axis {axis} is one of the {leading} shared leading axes")
    return place


def _take_type(types: Types, params: Params) -> Types:
    x, index = types
    axis, leading = params["axis"], params.get("lead", 0)
    if index.kind not in ("int", "class"):
        raise OperationError(f"an index must be an int or a class, not {index}", argument=1)
    place = _split("take", x, axis, leading)
    if index.kind == "class" and index.classes is not None and index.classes > x.shape[place]:
        raise PlaceError(
            f"a class {index.classes} cannot index an axis of length {x.shape[place]}", argument=1
        )
    if x.shape[place] == 0:
        raise PlaceError("an axis of length 0 cannot be indexed", argument=0)
    if x.shape[:leading] != index.shape[:leading]:
        raise OperationError(f"take: leading axes of {show(x.shape)} and {show(index.shape)} differ")
    shape = (*x.shape[:place], *index.shape[leading:], *x.shape[place + 1 :])
    return (same_kind(x, shape, axis != -1),)


def _take_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x, index) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None, None)
    axis = eqn.param("axis")
    back = builder.emit(
        "take_add",
        (cotangent, index),
        batched=x.batched,
        axis=axis,
        lead=eqn.param("lead", 0),
        size=x.shape[axis],
    )
    return (back, None)


def _take_stack(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    led = [lead(builder, one, is_led, length) for one, is_led in zip(inputs, mapped, strict=True)]
    params: dict[str, Any] = dict(eqn.params)
    params["lead"] = eqn.param("lead", 0) + 1
    return builder.emit_all(eqn.op, led, batched=eqn.outputs[0].batched, **params)


def _take_add_type(types: Types, params: Params) -> Types:
    value, index = types
    axis, leading = params["axis"], params.get("lead", 0)
    inner = index.shape[leading:]
    place = len(value.shape) - (-axis - 1) - len(inner)
    if place < leading or value.shape[place : place + len(inner)] != inner:
        raise OperationError(f"take_add: an index of {show(index.shape)} for a value of {show(value.shape)}")
    shape = (*value.shape[:place], params["size"], *value.shape[place + len(inner) :])
    return (Type("real", shape),)


def _take_add_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (value, index) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(value):
        return (None, None)
    back = builder.emit("take", (cotangent, index), axis=eqn.param("axis"), lead=eqn.param("lead", 0))
    return (sum_to(builder, back, value), None)


register(
    Operation(
        "take",
        _take_type,
        _take_stack,
        _take_reverse,
        doc="pick along params axis by an index value, whose shape replaces the axis; the first params "
        "lead axes are shared by value and index",
    )
)
register(
    Operation(
        "take_add",
        _take_add_type,
        _take_stack,
        _take_add_reverse,
        doc="add a value at an index value of an axis of params size: the adjoint of take",
    )
)


def _one_hot_type(types: Types, params: Params) -> Types:
    (x,) = types
    classes = params["classes"]
    if x.kind not in ("int", "class"):
        raise OperationError(f"'one_hot' needs an int or a class, not {x}", argument=0)
    if x.kind == "class" and x.classes is not None and x.classes > classes:
        raise OperationError(
            f"'one_hot' of a class {x.classes} needs at least {x.classes} classes", argument=0
        )
    shape = (*x.shape, classes)
    return (Type("simplex", shape, classes) if x.kind == "class" else Type("real", shape),)


register(
    Operation(
        "one_hot",
        _one_hot_type,
        stack_trailing,
        doc="1 at the index, 0 elsewhere, along a new last axis of params classes; all 0 for an int outside. "
        "A simplex where the index is a class",
    )
)
