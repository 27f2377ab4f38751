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
        partial(np.maximum.reduce, x, axis=axis, out=line, keepdims=True),
        partial(np.subtract, x, line, out=out),
        partial(np.exp, out, out=out),
        partial(np.add.reduce, out, axis=axis, out=line, keepdims=True),
        partial(np.true_divide, out, line, out=out),
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
        partial(np.maximum.reduce, x, axis=axis, out=line, keepdims=True),
        partial(np.subtract, x, line, out=out),
        partial(np.exp, out, out=work),
        partial(np.add.reduce, work, axis=axis, out=line, keepdims=True),
        partial(np.log, line, out=line),
        partial(np.subtract, out, line, out=out),
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
        partial(np.maximum.reduce, x, axis=axis, out=line, keepdims=True),
        partial(np.subtract, x, line, out=p_work),
        partial(np.multiply, target, p_work, out=product),
        partial(np.add.reduce, product, axis=axis, out=part),
        partial(np.exp, p_work, out=p_work),
        partial(np.add.reduce, p_work, axis=axis, out=line, keepdims=True),
        partial(np.true_divide, p_work, line, out=p),
        partial(np.log, flat, out=flat),
        partial(np.subtract, flat, part, out=loss),
    ]
    return steps


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
        partial(np.multiply, x, target, out=product),
        *softplus_steps(x, out),
        partial(np.subtract, out, product, out=out),
    ]
