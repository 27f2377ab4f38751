"""Kernels of slices, assembled arrays and rotation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from dilsctl.engine.kernels.base import Array, Context, Step, align, as_type, kernel, physical, view
from dilsctl.ir import Eqn, Var


def physical_index(index: Sequence[Any], batched: bool) -> tuple[Any, ...]:
    """An index of the last axes of a Var, as an index of its array."""
    entries = tuple(one if isinstance(one, int) else slice(*one) for one in index)
    return (Ellipsis, *entries, slice(None)) if batched else (Ellipsis, *entries)


@view("slice")
def _slice_view(eqn: Eqn, a: Array, batch: int) -> Array | None:
    found: Array = a[physical_index(eqn.param("index"), eqn.inputs[0].batched)]
    return found


@kernel("slice")
def _slice(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    part = ins[0][physical_index(eqn.param("index"), eqn.inputs[0].batched)]
    return [partial(np.copyto, outs[0], part)]


@kernel("pad_slice")
def _pad_slice(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    (out,) = outs
    place = out[physical_index(eqn.param("index"), eqn.outputs[0].batched)]
    return [partial(out.fill, 0), partial(np.copyto, place, ins[0], casting="unsafe")]


@kernel("assemble")
def _assemble(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    (out,), y = outs, eqn.outputs[0]
    steps: list[Step] = []
    for a, part, index in zip(ins, eqn.inputs, eqn.param("index"), strict=True):
        place = out[physical_index(index, y.batched)]
        source = align(a, part, Var(part.type, y.batched))
        steps.append(partial(np.copyto, place, source, casting="unsafe"))
    return steps


@kernel("roll")
def _roll(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (out,) = outs
    a = as_type(steps, ins[0], out.dtype)
    axis = physical(eqn.param("axis"), eqn.inputs[0])
    length = a.shape[axis]
    if length == 0:
        return steps
    shift = eqn.param("shift") % length
    source, target = np.moveaxis(a, axis, 0), np.moveaxis(out, axis, 0)
    steps.append(partial(np.copyto, target[shift:], source[: length - shift]))
    if shift:
        steps.append(partial(np.copyto, target[:shift], source[length - shift :]))
    return steps
