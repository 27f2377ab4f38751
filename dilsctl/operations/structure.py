"""Where values come from and how they are laid out: constants, broadcasting and its adjoint, the batch,
reshape and transpose.

``broadcast`` and ``sum_to`` are adjoint: the one repeats (along axes, and over the batch if emitted with
``batched=True``), the other sums. ``batch_mean`` and ``batch_spread`` are adjoint too: the mean over the
examples, and one share (a division by their number) for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.ir import Eqn, Type, Var, size_of
from dilsctl.operations.rules import (
    Cotangents,
    arithmetic_kind,
    broadcast,
    emit_like,
    has_gradient,
    reshape,
    same_kind,
    show,
    stack_trailing,
    sum_to,
)
from dilsctl.operations.table import Builder, Operation, OperationError, ShapeError, register

Types = tuple[Type, ...]
Params = dict[str, Any]
Found = Sequence[Var | None]


def _free(eqn: Eqn) -> int:
    return 0


def _constant_type(types: Types, params: Params) -> Types:
    return (params["type"],)


def _constant_stack(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    return [broadcast(builder, one, (length, *one.shape)) for one in emit_like(builder, eqn, inputs)]


register(
    Operation(
        "constant",
        _constant_type,
        _constant_stack,
        cost=_free,
        doc="params value (a number or bool, which fills the shape, or nested tuples), type",
    )
)


def _fits(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    return len(small) <= len(large) and all(
        a in (1, b) for a, b in zip(reversed(small), reversed(large), strict=False)
    )


def _broadcast_type(types: Types, params: Params) -> Types:
    (x,) = types
    shape = params["shape"]
    if not _fits(x.shape, shape):
        raise ShapeError(
            f"a value of shape {show(x.shape)} cannot be repeated to shape {show(shape)}",
            "axes are aligned from the right; only an axis of length 1, or a missing one, repeats",
            0,
        )
    return (same_kind(x, shape, x.shape[-1:] == shape[-1:]),)


def _broadcast_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    return (None if cotangent is None or not has_gradient(x) else sum_to(builder, cotangent, x),)


def _broadcast_stack(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    (x,), shape = inputs, eqn.param("shape")
    if mapped[0]:
        x = reshape(builder, x, (length, *([1] * (len(shape) + 1 - x.rank)), *x.shape[1:]))
    return emit_like(builder, eqn, (x,), shape=(length, *shape))


register(
    Operation(
        "broadcast",
        _broadcast_type,
        _broadcast_stack,
        _broadcast_reverse,
        cost=_free,
        doc="repeat to params shape, aligned from the right; over the batch too, if emitted batched",
    )
)


def _sum_to_type(types: Types, params: Params) -> Types:
    (x,) = types
    shape = params["shape"]
    if not _fits(shape, x.shape):
        raise OperationError(f"a value of shape {show(x.shape)} cannot be summed to shape {show(shape)}")
    return (Type(arithmetic_kind(x), shape),)


def _sum_to_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    return (broadcast(builder, cotangent, x.shape, x.batched),)


def _sum_to_stack(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    shape = eqn.param("shape")
    if not mapped[0]:
        (out,) = emit_like(builder, eqn, inputs)
        return (broadcast(builder, out, (length, *shape)),)
    ones = [1] * (eqn.inputs[0].rank - len(shape))
    (out,) = emit_like(builder, eqn, inputs, shape=(length, *ones, *shape))
    return (reshape(builder, out, (length, *shape)),)


register(
    Operation(
        "sum_to",
        _sum_to_type,
        _sum_to_stack,
        _sum_to_reverse,
        cost=lambda eqn: eqn.inputs[0].type.size,
        doc="sum leading axes and axes of length 1 to params shape; the batch too, if emitted unbatched",
    )
)


def _real_like(types: Types, params: Params) -> Types:
    (x,) = types
    return (x if x.kind == "simplex" else Type("real", x.shape),)


def _batch_mean_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    return (builder.emit("batch_spread", (cotangent,), batched=True) if x.batched else cotangent,)


def _batch_spread_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    return (builder.emit("batch_mean", (cotangent,), batched=False),)


def _spread_type(types: Types, params: Params) -> Types:
    return (Type("real", types[0].shape),)


register(
    Operation(
        "batch_mean",
        _real_like,
        stack_trailing,
        _batch_mean_reverse,
        doc="mean over the examples of the batch; emit it with batched=False",
    )
)
register(
    Operation(
        "batch_spread",
        _spread_type,
        stack_trailing,
        _batch_spread_reverse,
        doc="an unbatched value divided by the number of examples, for each example; emit with batched=True",
    )
)


def _reshape_type(types: Types, params: Params) -> Types:
    (x,) = types
    shape = params["shape"]
    if size_of(shape) != x.size:
        raise ShapeError(
            f"a value of shape {show(x.shape)} ({x.size} elements) cannot take shape {show(shape)} "
            f"({size_of(shape)} elements)",
            argument=0,
        )
    return (same_kind(x, shape, x.shape[-1:] == shape[-1:]),)


def _reshape_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    return (None if cotangent is None or not has_gradient(x) else reshape(builder, cotangent, x.shape),)


def _reshape_stack(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    if not mapped[0]:
        return _constant_stack(builder, eqn, inputs, mapped, length)
    return emit_like(builder, eqn, inputs, shape=(length, *eqn.param("shape")))


register(
    Operation("reshape", _reshape_type, _reshape_stack, _reshape_reverse, cost=_free, doc="params shape")
)


def _transpose_type(types: Types, params: Params) -> Types:
    (x,) = types
    perm = params["perm"]
    if sorted(perm) != list(range(-len(perm), 0)) or len(perm) > len(x.shape):
        raise OperationError(f"{perm} is no order of the last axes of a value of shape {show(x.shape)}")
    kept = x.shape[: len(x.shape) - len(perm)]
    return (same_kind(x, (*kept, *(x.shape[axis] for axis in perm)), not perm or perm[-1] == -1),)


def _transpose_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    perm = eqn.param("perm")
    inverse = tuple(perm.index(axis) - len(perm) for axis in range(-len(perm), 0))
    return (builder.emit("transpose", (cotangent,), perm=inverse),)


register(
    Operation(
        "transpose",
        _transpose_type,
        stack_trailing,
        _transpose_reverse,
        cost=_free,
        doc="params perm: the order of the last len(perm) axes, as negative numbers",
    )
)
