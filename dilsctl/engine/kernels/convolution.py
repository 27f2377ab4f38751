"""Kernels of sliding windows. With the batch last, every window copy runs along contiguous memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from dilsctl.engine.kernels.base import Array, Context, Step, as_type, kernel
from dilsctl.ir import Eqn


def _bordered(shape: Sequence[int], first: int, eqn: Eqn, dtype: Any, fill: float) -> tuple[Array, Array]:
    """Scratch with a border of ``fill`` around the spatial axes (from ``first``), and its inside."""
    padding = eqn.param("padding")
    grown = list(shape)
    inside: list[Any] = [slice(None)] * len(shape)
    for n, (before, after) in enumerate(padding):
        inside[first + n] = slice(before, before + shape[first + n])
        grown[first + n] += before + after
    whole: Array = np.full(grown, fill, dtype)
    return whole, whole[tuple(inside)]


def _windows(
    a: Array, first: int, eqn: Eqn, counts: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], Array]]:
    """For each offset in the window, the view of ``a`` that holds this element of every window."""
    kernel_sizes, strides = eqn.param("kernel"), eqn.param("stride")
    for offset in itertools.product(*(range(length) for length in kernel_sizes)):
        index: list[Any] = [slice(None)] * a.ndim
        for n, start in enumerate(offset):
            index[first + n] = slice(start, start + strides[n] * (counts[n] - 1) + 1, strides[n])
        yield offset, a[tuple(index)]


def _split(patches: Array, channel: int, eqn: Eqn) -> Array:
    """(…, c * window, …) as (…, c, kernel axes, …)."""
    window = eqn.param("kernel")
    size = 1
    for length in window:
        size *= length
    shape = patches.shape
    return patches.reshape((*shape[:channel], shape[channel] // size, *window, *shape[channel + 1 :]))


@kernel("patches")
def _patches(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (x,), (out,) = eqn.inputs, outs
    a = as_type(steps, ins[0], out.dtype)
    rank = len(eqn.param("kernel"))
    first = x.rank - rank
    if any(sum(pair) for pair in eqn.param("padding")):
        whole, inside = _bordered(a.shape, first, eqn, out.dtype, eqn.param("fill", 0.0))
        steps.append(partial(np.copyto, inside, a))
        a = whole
    target = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    split = _split(target, first - 1, eqn)
    counts = eqn.outputs[0].shape[first:]
    for offset, window in _windows(a, first, eqn, counts):
        place = split[(slice(None),) * first + offset]
        steps.append(partial(np.copyto, place, window))
    if target is not out:
        steps.append(partial(np.copyto, out, target))
    return steps


@kernel("unpatches")
def _unpatches(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (x,), (y,), (out,) = eqn.inputs, eqn.outputs, outs
    a = as_type(steps, ins[0], out.dtype)
    first = y.rank - len(eqn.param("kernel"))
    whole, inside = out, out
    if any(sum(pair) for pair in eqn.param("padding")):
        whole, inside = _bordered(out.shape, first, eqn, out.dtype, 0.0)
    if not a.flags.c_contiguous:
        copied = np.empty(a.shape, a.dtype)
        steps.append(partial(np.copyto, copied, a))
        a = copied
    split = _split(a, first - 1, eqn)
    steps.append(partial(whole.fill, 0))
    for offset, window in _windows(whole, first, eqn, x.shape[first:]):
        steps.append(partial(np.add, window, split[(slice(None),) * first + offset], window))
    if inside is not out:
        steps.append(partial(np.copyto, out, inside))
    return steps


@kernel("max_pool")
def _max_pool(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (x,), (out,) = eqn.inputs, outs
    a = as_type(steps, ins[0], out.dtype)
    first = x.rank - len(eqn.param("kernel"))
    if any(sum(pair) for pair in eqn.param("padding")):
        lowest = -np.inf if out.dtype.kind == "f" else np.iinfo(out.dtype).min
        whole, inside = _bordered(a.shape, first, eqn, out.dtype, lowest)
        steps.append(partial(np.copyto, inside, a))
        a = whole
    windows = [one for _, one in _windows(a, first, eqn, eqn.outputs[0].shape[first:])]
    steps.append(partial(np.copyto, out, windows[0]))
    steps += [partial(np.maximum, out, one, out=out) for one in windows[1:]]
    return steps


@kernel("max_pool_grad")
def _max_pool_grad(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (x, y, _), (out,) = eqn.inputs, outs
    a, top, cotangent = (as_type(steps, one, out.dtype) for one in ins)
    first = x.rank - len(eqn.param("kernel"))
    whole, inside = out, out
    if any(sum(pair) for pair in eqn.param("padding")):
        padded, middle = _bordered(a.shape, first, eqn, out.dtype, -np.inf)
        steps.append(partial(np.copyto, middle, a))
        a = padded
        whole, inside = _bordered(out.shape, first, eqn, out.dtype, 0.0)
    free, hit = np.empty(top.shape, np.bool_), np.empty(top.shape, np.bool_)
    part = np.empty(top.shape, out.dtype)
    steps += [partial(whole.fill, 0), partial(free.fill, True)]
    counts = y.shape[first:]
    pairs = zip(_windows(a, first, eqn, counts), _windows(whole, first, eqn, counts), strict=True)
    for (_, values), (_, places) in pairs:
        steps += [
            partial(np.equal, values, top, hit),
            partial(np.logical_and, hit, free, hit),
            partial(np.logical_xor, free, hit, free),
            partial(np.multiply, cotangent, hit, part),
            partial(np.add, places, part, places),
        ]
    if inside is not out:
        steps.append(partial(np.copyto, out, inside))
    return steps
