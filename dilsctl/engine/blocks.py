"""Long elementwise chains over flat arrays run block by block, so that a block stays in the cache.

The optimiser passes over arrays as long as the network has parameters, once an equation. Where they are
longer than the cache, all its equations are run on one block before the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from dilsctl.engine.kernels import KERNELS, VIEWS, Array, Context, Step
from dilsctl.ir import Eqn, Var
from dilsctl.operations.table import OPERATIONS

BLOCK = 1 << 16
SMALLEST = 1 << 17


def tail(eqns: Sequence[Eqn], static: set[Var]) -> tuple[int, int]:
    """(where the elementwise tail over flat arrays begins, their length); the length is 0 if there is none.

    Every equation from there on is elementwise or a view, over arrays whose last axis has that length, and
    scalars.
    """
    length = 0
    start = len(eqns)
    for at in range(len(eqns) - 1, -1, -1):
        eqn = eqns[at]
        if all(out in static for out in eqn.outputs):
            continue
        (out, *more) = eqn.outputs
        if more or out.batched or not out.rank:
            break
        if length == 0:
            length = out.shape[-1]
        if eqn.op == "assemble" and out.rank == 2 and out.shape[-1] == length and _rows(eqn):
            start = at
            continue
        row = eqn.op == "slice" and eqn.inputs[0].rank == 2 and isinstance(eqn.param("index")[0], int)
        if not (OPERATIONS[eqn.op].elementwise or row or eqn.op == "reshape"):
            break
        if any(one.rank and one.shape[-1] not in (1, length) for one in (*eqn.inputs, out)):
            break
        start = at
    return start, length


def _rows(eqn: Eqn) -> bool:
    """Does it put whole rows together?"""
    return all(isinstance(index[0], int) and len(index) == 2 for index in eqn.param("index"))


def block_steps(
    eqns: Sequence[Eqn], arrays: dict[Var, Array], length: int, static: set[Var], context: Context
) -> list[Step]:
    """The tail's steps, block by block."""
    blocks: list[list[Step]] = []
    for start in range(0, length, BLOCK):
        part = slice(start, min(start + BLOCK, length))
        steps: list[Step] = []
        for eqn in eqns:
            if eqn.op in VIEWS or all(out in static for out in eqn.outputs):
                continue
            ins = [_part(arrays[one], length, part) for one in eqn.inputs]
            outs = [_part(arrays[one], length, part) for one in eqn.outputs]
            if eqn.op == "assemble":
                rows = [outs[0][index[0]] for index in eqn.param("index")]
                steps.extend(
                    partial(np.copyto, row, a)
                    for row, a in zip(rows, ins, strict=True)
                    if row.ctypes.data != a.ctypes.data
                )
                continue
            steps.extend(KERNELS[eqn.op](eqn, ins, outs, context))
        blocks.append(steps)
    return [step for steps in blocks for step in steps]


def _part(a: Array, length: int, part: slice) -> Array:
    return a[..., part] if a.ndim and a.shape[-1] == length and length > 1 else a
