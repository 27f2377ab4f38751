"""The kernel of ``solve``: LAPACK, for stacks of matrices and for all examples at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from dilsctl.engine.kernels.base import Array, Context, Step, as_type, kernel
from dilsctl.ir import Eqn

_NUMBERS = 4096  # of the matrices, or of the right sides, that LAPACK copies at a time


@kernel("solve")
def _solve(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (out,) = outs
    a, b = (as_type(steps, one, out.dtype) for one in ins)
    size = out.shape[-2] if eqn.outputs[0].batched else out.shape[-1]
    if eqn.inputs[0].batched:  # a matrix for each example: the examples lead
        matrices, target = np.moveaxis(a, -1, 0), np.moveaxis(out, -1, 0)
        right = np.moveaxis(b, -1, 0) if eqn.inputs[1].batched else np.broadcast_to(b, target.shape)
        many = max(1, _NUMBERS // max(1, out[..., 0].size * size))
        for at in range(0, len(target), many):
            part = slice(at, at + many)
            steps.append(partial(_into, matrices[part], right[part, ..., None], target[part, ..., None]))
    elif eqn.outputs[0].batched:  # one matrix: the examples are columns
        columns = b if eqn.inputs[1].batched else np.broadcast_to(b[..., None], out.shape)
        many = max(1, _NUMBERS // max(1, out[..., 0].size))
        for at in range(0, out.shape[-1], many):
            steps.append(partial(_into, a, columns[..., at : at + many], out[..., at : at + many]))
    else:
        steps.append(partial(_into, a, b[..., None], out[..., None]))
    return steps


def _into(a: Array, b: Array, out: Array) -> None:
    """Solve into ``out``. Where a matrix is singular there is no solution: no numbers."""
    try:
        out[...] = np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        for place in np.ndindex(out.shape[:-2]):
            try:
                out[place] = np.linalg.solve(a[place], b[place])
            except np.linalg.LinAlgError:
                out[place] = np.nan
