"""Kernels of softmax, its logarithm and the cross entropies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from dilsctl.engine.kernels.base import (
    Array,
    Context,
    Step,
    align,
    as_type,
    kernel,
    physical,
    place_to_work,
    scalar,
    scratch_like,
)
from dilsctl.engine.kernels.elementwise import operands, softplus_steps
from dilsctl.ir import Eqn


def _kept(x: Array, axis: int) -> Array:
    """Scratch of the shape of ``x`` with the axis of length 1."""
    return np.empty([1 if n == axis % x.ndim else length for n, length in enumerate(x.shape)], x.dtype)


@kernel("softmax")
def _softmax(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (out,) = outs
    x = as_type(steps, ins[0], out.dtype)
    axis = physical(eqn.param("axis"), eqn.inputs[0])
    line = _kept(x, axis)
    steps += [
        partial(np.maximum.reduce, x, axis, None, line, True),
        partial(np.subtract, x, line, out),
        partial(np.exp, out, out),
        partial(np.add.reduce, out, axis, None, line, True),
        partial(np.true_divide, out, line, out),
    ]
    return steps


@kernel("log_softmax")
def _log_softmax(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (out,) = outs
    x = as_type(steps, ins[0], out.dtype)
    axis = physical(eqn.param("axis"), eqn.inputs[0])
    line, work = _kept(x, axis), scratch_like(x)
    steps += [
        partial(np.maximum.reduce, x, axis, None, line, True),
        partial(np.subtract, x, line, out),
        partial(np.exp, out, work),
        partial(np.add.reduce, work, axis, None, line, True),
        partial(np.log, line, line),
        partial(np.subtract, out, line, out),
    ]
    return steps


@kernel("cross_entropy")
def _cross_entropy(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    """loss = log(sum(exp(d))) - sum(target * d) with d = logits - max, which needs sum(target) = 1."""
    steps: list[Step] = []
    loss, p = outs
    y = eqn.outputs[1]
    x, target = (align(as_type(steps, a, p.dtype), var, y) for a, var in zip(ins, eqn.inputs, strict=True))
    x = np.broadcast_to(x, p.shape)
    axis = -2 if y.batched else -1
    p_work = place_to_work(p, target)
    line, part, product = _kept(p, axis), scratch_like(loss), scratch_like(p)
    flat = line.reshape(loss.shape)
    steps += [
        partial(np.maximum.reduce, x, axis, None, line, True),
        partial(np.subtract, x, line, p_work),
        partial(np.multiply, target, p_work, product),
        partial(np.add.reduce, product, axis, None, part),
        partial(np.exp, p_work, p_work),
        partial(np.add.reduce, p_work, axis, None, line, True),
        partial(np.true_divide, p_work, line, p),
        partial(np.log, flat, flat),
        partial(np.subtract, flat, part, loss),
    ]
    return steps


_FEW_CLASSES = 32


@kernel("mean_cross_entropy")
def _mean_cross_entropy(
    eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context
) -> list[Step]:
    """The forward and the backward equations share their differences from the maximum and their exponentials.

    Sums over few classes are one product with ones, which leaves them repeated, ready to divide by.
    """
    steps: list[Step] = []
    mean, out = outs
    y = eqn.outputs[1]
    x, target = (align(as_type(steps, a, out.dtype), var, y) for a, var in zip(ins, eqn.inputs, strict=True))
    x, target = np.broadcast_to(x, out.shape), np.broadcast_to(target, out.shape)
    classes, batch = out.shape[-2:]
    share = scalar(1.0 / max(batch, 1), out.dtype)
    work = place_to_work(out, target)
    top = np.empty((*out.shape[:-2], batch), out.dtype)
    total, product = scratch_like(work), scratch_like(work)
    sums = total[..., 0, :] if classes <= _FEW_CLASSES and out.ndim == 2 else np.empty(top.shape, out.dtype)
    part = np.empty(top.shape, out.dtype)
    steps += [partial(np.maximum.reduce, x, -2, None, top), partial(np.subtract, x, top[..., None, :], work)]
    flat = out.ndim == 2 and target.flags.c_contiguous and work.flags.c_contiguous
    row, weights = np.empty(batch + 1, out.dtype), np.full(batch + 1, share, out.dtype)
    weights[batch] = -share  # mean = sum(logs) / batch - sum(target * differences) / batch
    if flat:
        steps.append(partial(np.dot, target.reshape(-1), work.reshape(-1), row[batch:].reshape(())))
    else:
        steps += [
            partial(np.multiply, target, work, out=product),
            partial(np.add.reduce, product, -2, None, part),
        ]
    steps.append(partial(np.exp, work, work))
    if sums.base is total or sums is total:
        steps.append(partial(np.dot, np.ones((classes, classes), out.dtype), work, total))
        divisor = total
    else:
        steps.append(partial(np.add.reduce, work, -2, None, sums))
        divisor = sums[..., None, :]
    logs = row[:batch] if flat else np.empty(sums.shape, out.dtype)
    steps.append(partial(np.log, sums, logs))
    if flat:
        steps.append(partial(np.dot, row, weights, mean))
    else:
        steps += [
            partial(np.subtract, logs, part, logs),
            partial(np.add.reduce, logs, -1, None, mean),
            partial(np.multiply, mean, share, mean),
        ]
    return [
        *steps,
        partial(np.true_divide, work, divisor, work),
        partial(np.subtract, work, target, out),
        partial(np.multiply, out, share, out),
    ]


@kernel("sigmoid_cross_entropy")
def _sigmoid_cross_entropy(
    eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context
) -> list[Step]:
    steps: list[Step] = []
    (out,) = outs
    x, target = operands(eqn, ins, steps, out.dtype)
    product = scratch_like(out)
    return [
        *steps,
        partial(np.multiply, x, target, product),
        *softplus_steps(x, out),
        partial(np.subtract, out, product, out),
    ]
