"""Kernels of gathering, taking, their adjoints, and one-hot.

``take`` works on flat positions: a base for every output element, found when it is bound, plus the index
times a stride. So one call of ``np.take`` (or ``np.add.at``) serves all layouts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from dilsctl.engine.kernels.base import Array, Context, Step, as_type, contiguous, kernel
from dilsctl.ir import Eqn, Var
from dilsctl.operations.index import nested_flat, nested_shape


@kernel("gather")
def _gather(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    (x,) = eqn.inputs
    indices = eqn.param("indices")
    places = np.array(nested_flat(indices), np.intp).reshape(nested_shape(indices))
    return [partial(np.take, ins[0], places, axis=x.rank + eqn.param("axis"), out=outs[0], mode="clip")]


@kernel("scatter")
def _scatter(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (y,), (out,) = eqn.outputs, outs
    a = as_type(steps, ins[0], out.dtype)
    indices = eqn.param("indices")
    flat = np.array(nested_flat(indices), np.intp)
    axis = y.rank + eqn.param("axis")
    rank = len(nested_shape(indices))
    merged = a.reshape((*a.shape[:axis], flat.size, *a.shape[axis + rank :]))
    if a.size and not np.may_share_memory(merged, a):
        a = contiguous(steps, a)
        merged = a.reshape(merged.shape)
    target, source = np.moveaxis(out, axis, 0), np.moveaxis(merged, axis, 0)
    steps.append(partial(out.fill, 0))
    order = np.argsort(flat, kind="stable")
    places, starts = np.unique(flat[order], return_index=True)
    if places.size < flat.size:  # what goes to one place lies side by side, and is summed
        if not np.array_equal(order, np.arange(flat.size)):
            sorted_ = np.empty(source.shape, out.dtype)
            steps.append(partial(np.take, source, order, 0, sorted_, "clip"))
            source = sorted_
        if places.size == len(target):
            steps.append(partial(np.add.reduceat, source, starts, axis=0, out=target))
            return steps
        summed = np.empty((places.size, *source.shape[1:]), out.dtype)
        steps.append(partial(np.add.reduceat, source, starts, axis=0, out=summed))
        flat, source = places, summed
    steps.append(partial(target.__setitem__, flat, source))
    return steps


def _positions(
    steps: list[Step], whole: Var, table: tuple[int, ...], index: Var, chosen: Array, params: tuple[int, int]
) -> Array:
    """The flat position in a C-ordered array of shape ``table`` (of Var ``whole``) of each element that
    is taken, in the order of the taken value's axes: before, index, after, batch. A step fills it."""
    axis, leading = params
    place = whole.rank + axis
    inner = index.rank - leading
    batch = table[-1:] if whole.batched else (chosen.shape[-1:] if index.batched else ())
    shape = (*whole.shape[:place], *index.shape[leading:], *whole.shape[place + 1 :], *batch)
    strides = [1] * len(table)
    for n in range(len(table) - 2, -1, -1):
        strides[n] = strides[n + 1] * table[n + 1]
    base: Array = np.zeros(shape, np.intp)
    for n in range(whole.rank):
        if n == place:
            continue
        at = n if n < place else n - 1 + inner
        steps_of = np.arange(whole.shape[n], dtype=np.intp) * strides[n]
        base += steps_of.reshape([-1 if k == at else 1 for k in range(len(shape))])
    if whole.batched:
        base += np.arange(table[-1], dtype=np.intp)
    # The index's axes: its leading ones first, the others where the axis was, the batch last.
    spread: list[Any] = [slice(None)] * leading + [None] * (place - leading) + [slice(None)] * inner
    spread += [None] * (whole.rank - place - 1)
    if batch:
        spread.append(slice(None) if index.batched else None)
    limit = np.array(table[place] - 1, np.intp)
    clipped, found = np.empty(chosen.shape, np.intp), np.empty(shape, np.intp)
    stride = np.array(strides[place], np.intp)
    steps += [
        partial(np.maximum, chosen, np.array(0, np.intp), out=clipped),
        partial(np.minimum, clipped, limit, out=clipped),
        partial(np.multiply, clipped, stride, out=clipped),
        partial(np.add, base, clipped[tuple(spread)] if spread else clipped, out=found),
    ]
    return found


@kernel("take")
def _take(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    x, index = eqn.inputs
    (out,) = outs
    table = contiguous(steps, ins[0])
    params = (eqn.param("axis"), eqn.param("lead", 0))
    where = _positions(steps, x, table.shape, index, ins[1], params)
    if out.shape != where.shape:  # a batched output of unbatched inputs
        where = np.broadcast_to(where[..., None], out.shape)
    steps.append(partial(np.take, table.reshape(-1), where, out=out, mode="clip"))
    return steps


@kernel("take_add")
def _take_add(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    value, index = eqn.inputs
    (y,), (out,) = eqn.outputs, outs
    a = as_type(steps, ins[0], out.dtype)
    params = (eqn.param("axis"), eqn.param("lead", 0))
    where = _positions(steps, y, out.shape, index, ins[1], params)
    if value.batched and where.ndim < a.ndim:
        where = np.broadcast_to(where[..., None], a.shape)
    elif not value.batched and where.ndim > a.ndim:
        a = a[..., None]
    target = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    steps += [partial(target.fill, 0), partial(np.add.at, target.reshape(-1), where, a)]
    if target is not out:
        steps.append(partial(np.copyto, out, target))
    return steps


@kernel("one_hot")
def _one_hot(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    (x,), (a,), (out,) = eqn.inputs, ins, outs
    classes = np.arange(eqn.param("classes"), dtype=np.int64)
    if x.batched:
        return [partial(np.equal, a[..., None, :], classes[:, None], out=out)]
    return [partial(np.equal, a[..., None], classes, out=out)]
