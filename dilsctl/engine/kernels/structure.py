"""Kernels of layout: constants, broadcasting and its adjoint, the batch, reshape, transpose."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from dilsctl.engine.kernels.base import Array, Context, Step, align, as_type, kernel, reshaped, scalar, view
from dilsctl.ir import Eqn


@kernel("constant")
def _constant(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    """Written once, here: nobody else may write to the output."""
    value = np.asarray(eqn.param("value"))
    if value.ndim:
        value = value.reshape(eqn.outputs[0].shape)
    (out,) = outs
    np.copyto(out, value[..., None] if eqn.outputs[0].batched and value.ndim else value, casting="unsafe")
    return []


@view("broadcast")
def _broadcast_view(eqn: Eqn, a: Array, batch: int) -> Array | None:
    (x,), (y,) = eqn.inputs, eqn.outputs
    shape = (*y.shape, batch) if y.batched else y.shape
    return np.broadcast_to(align(a, x, y), shape)


@kernel("broadcast")
def _broadcast(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    return [partial(np.copyto, outs[0], align(ins[0], eqn.inputs[0], eqn.outputs[0]))]


@kernel("sum_to")
def _sum_to(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (x,), (y,), (out,) = eqn.inputs, eqn.outputs, outs
    a = as_type(steps, ins[0], out.dtype)
    extra = x.rank - y.rank
    single = [n for n in range(y.rank) if y.shape[n] == 1 and x.shape[extra + n] != 1]
    axes = [*range(extra), *(extra + n for n in single)]
    if x.batched and not y.batched:
        axes.append(x.rank)
    index: tuple[Any, ...] = tuple(0 if n in single else slice(None) for n in range(y.rank))
    target: Array = out[(*index, Ellipsis)]
    if axes:
        steps.append(partial(np.add.reduce, a, axis=tuple(axes), out=target))
    else:
        steps.append(partial(np.copyto, out, align(a, x, y)))
    return steps


@kernel("batch_mean")
def _batch_mean(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (out,) = outs
    a = as_type(steps, ins[0], out.dtype)
    if not eqn.inputs[0].batched:
        return [*steps, partial(np.copyto, out, a)]
    share = scalar(1.0 / max(a.shape[-1], 1), out.dtype)
    return [*steps, partial(np.add.reduce, a, axis=-1, out=out), partial(np.multiply, out, share, out=out)]


@view("batch_mean")
def _batch_of_one(eqn: Eqn, a: Array, batch: int) -> Array | None:
    (x,) = eqn.inputs
    return a[..., 0] if batch == 1 and x.batched and x.type.kind in ("real", "simplex") else None


@kernel("batch_spread")
def _batch_spread(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (out,) = outs
    a = align(as_type(steps, ins[0], out.dtype), eqn.inputs[0], eqn.outputs[0])
    share = scalar(1.0 / max(out.shape[-1], 1), out.dtype)
    return [*steps, partial(np.multiply, a, share, out=out)]


@view("batch_spread")
def _spread_over_one(eqn: Eqn, a: Array, batch: int) -> Array | None:
    (x,) = eqn.inputs
    return a[..., None] if batch == 1 and not x.batched and x.type.kind in ("real", "simplex") else None


def _full(eqn: Eqn, a: Array) -> tuple[int, ...]:
    y = eqn.outputs[0]
    return (*y.shape, a.shape[-1]) if y.batched else y.shape


@view("reshape")
def _reshape_view(eqn: Eqn, a: Array, batch: int) -> Array | None:
    found: Array = a.reshape(_full(eqn, a))
    return found if a.size == 0 or np.may_share_memory(found, a) else None


@kernel("reshape")
def _reshape(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    (a,), (out,) = ins, outs
    if out.flags.c_contiguous:
        return [partial(np.copyto, out.reshape(a.shape), a)]
    steps: list[Step] = []
    found = reshaped(steps, a, out.shape)
    return [*steps, partial(np.copyto, out, found)]


def _transposed(eqn: Eqn, a: Array) -> Array:
    x, perm = eqn.inputs[0], eqn.param("perm")
    order = [*range(x.rank - len(perm)), *(x.rank + axis for axis in perm)]
    return a.transpose([*order, x.rank] if x.batched else order)


@view("transpose")
def _transpose_view(eqn: Eqn, a: Array, batch: int) -> Array | None:
    return _transposed(eqn, a)


@kernel("transpose")
def _transpose(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    return [partial(np.copyto, outs[0], _transposed(eqn, ins[0]))]
