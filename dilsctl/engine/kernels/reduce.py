"""Kernels of the reductions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from dilsctl.engine.kernels.base import (
    Array,
    Context,
    Kernel,
    Step,
    as_type,
    contiguous,
    kernel,
    physical,
    scalar,
    scratch_like,
)
from dilsctl.ir import Eqn


def physical_axes(eqn: Eqn) -> tuple[int, ...]:
    """The reduced axes of the input's array."""
    return tuple(physical(axis, eqn.inputs[0]) for axis in eqn.param("axes"))


def _reduction(function: Callable[..., object]) -> Kernel:
    def bind(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
        steps: list[Step] = []
        (out,) = outs
        x = as_type(steps, ins[0], out.dtype)
        axes = physical_axes(eqn)
        steps.append(partial(function, x, axis=axes, out=out) if axes else partial(np.copyto, out, x))
        return steps

    return bind


for _name, _function in {
    "sum": np.add.reduce,
    "prod": np.multiply.reduce,
    "max": np.maximum.reduce,
    "min": np.minimum.reduce,
    "any": np.logical_or.reduce,
    "all": np.logical_and.reduce,
}.items():
    kernel(_name)(_reduction(_function))


@kernel("mean")
def _mean(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    (out,) = outs
    axes = physical_axes(eqn)
    count = 1
    for axis in axes:
        count *= ins[0].shape[axis]
    share = scalar(1.0 / max(count, 1), out.dtype)
    return [*_reduction(np.add.reduce)(eqn, ins, outs, context), partial(np.multiply, out, share, out=out)]


def finite_max(x: Array, axes: tuple[int, ...], out: Array) -> list[Step]:
    """The maximum with axes kept, moved off infinity so that differences stay numbers."""
    limit = np.finfo(x.dtype).max
    return [
        partial(np.maximum.reduce, x, axis=axes, out=out, keepdims=True),
        partial(np.maximum, out, scalar(-limit, x.dtype), out=out),
        partial(np.minimum, out, scalar(limit, x.dtype), out=out),
    ]


@kernel("logsumexp")
def _logsumexp(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (out,) = outs
    x = as_type(steps, ins[0], out.dtype)
    axes = physical_axes(eqn)
    if not axes:
        return [*steps, partial(np.copyto, out, x)]
    work = scratch_like(x)
    top = np.empty([1 if n - x.ndim in axes else length for n, length in enumerate(x.shape)], x.dtype)
    steps += [
        *finite_max(x, axes, top),
        partial(np.subtract, x, top, out=work),
        partial(np.exp, work, out=work),
        partial(np.add.reduce, work, axis=axes, out=out),
        partial(np.log, out, out=out),
        partial(np.add, out, top.reshape(out.shape), out=out),
    ]
    return steps


@kernel("prod_others")
def _prod_others(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    """Products of all before, times products of all after, in the order of the flattened axes."""
    steps: list[Step] = []
    (out,) = outs
    x = as_type(steps, ins[0], out.dtype)
    axes = [axis % x.ndim for axis in physical_axes(eqn)]
    order = [*axes, *(n for n in range(x.ndim) if n not in axes)]
    moved = x.transpose(order)
    flat = np.empty(moved.shape, x.dtype)
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    rows = flat.reshape(count, -1)
    before, after = np.ones_like(rows), np.ones_like(rows)
    steps.append(partial(np.copyto, flat, moved))
    if count > 1:
        steps += [
            partial(np.multiply.accumulate, rows[:-1], axis=0, out=before[1:]),
            partial(np.multiply.accumulate, rows[:0:-1], axis=0, out=after[-2::-1]),
        ]
    steps += [
        partial(np.multiply, before, after, out=rows),
        partial(np.copyto, out.transpose(order), flat),
    ]
    return steps


def _place(method: str) -> Kernel:
    def bind(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
        # NumPy would copy the array at each run, unless the axis is the last one.
        steps: list[Step] = []
        moved = np.moveaxis(ins[0], physical(eqn.param("axis"), eqn.inputs[0]), -1)
        rows = contiguous(steps, moved)
        return [*steps, partial(getattr(rows, method), -1, outs[0])]

    return bind


for _name in ("argmax", "argmin"):
    kernel(_name)(_place(_name))


_AT_ONCE = 4096  # elements that are sorted by one call, which makes a new array of their places


@kernel("argsort")
def _argsort(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    """Equal elements keep their order, so that every machine agrees. NumPy can't sort places into an array
    that is there, so it is done by blocks of rows."""
    steps: list[Step] = []
    axis = physical(eqn.param("axis"), eqn.inputs[0])
    moved, target = np.moveaxis(ins[0], axis, -1), np.moveaxis(outs[0], axis, -1)
    length = moved.shape[-1]
    x = contiguous(steps, moved).reshape(-1, length)
    found = target if target.flags.c_contiguous else np.empty(target.shape, target.dtype)
    places = found.reshape(-1, length)
    rows = max(_AT_ONCE // length, 1)

    def order() -> None:
        for start in range(0, len(x), rows):
            part = slice(start, start + rows)
            places[part] = x[part].argsort(axis=-1, kind="stable")

    steps.append(order)
    if found is not target:
        steps.append(partial(np.copyto, target, found))
    return steps
