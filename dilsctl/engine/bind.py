"""Bind once, run many: a program and arrays become a list of calls.

Every equation is bound to its arrays; what depends on constants only is computed here and now; what is a view
costs no call. A run is the list of calls and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from dilsctl.engine.blocks import SMALLEST, block_steps, tail
from dilsctl.engine.kernels import KERNELS, VIEWS, Array, Context, Step
from dilsctl.engine.memory import Memory
from dilsctl.ir import Eqn, Program, Var


@dataclass(slots=True, eq=False)
class Bound:
    """A program bound to arrays. Fill ``inputs``, call ``run``, read ``outputs``.

    Arrays are physical: shape of the Var, then the batch. ``bytes`` is the memory taken for values.
    """

    inputs: dict[str, Array]
    outputs: dict[str, Array]
    steps: list[Step]
    context: Context
    bytes: int
    calls: int

    def run(self) -> None:
        for step in self.steps:
            step()


def bind(
    program: Program,
    batch: int,
    states: dict[Var, Array],
    *,
    real: Any = np.float32,
    context: Context | None = None,
    rows_first: frozenset[str] = frozenset(),
) -> Bound:
    """Bind ``program`` for batches of ``batch`` examples. ``states``: the array of each state Var."""
    context = context or Context(examples=np.zeros(batch, np.int64))
    memory = Memory(program, batch, np.dtype(real), states, rows_first=rows_first)
    steps: list[Step] = []
    begin, length = tail(program.eqns, memory.static)
    blocked = length >= SMALLEST
    for at, eqn in enumerate(program.eqns):
        found = _bind_equation(at, eqn, memory, context)
        if blocked and at >= begin and not all(one in memory.static for one in eqn.outputs):
            found = []
        if all(one in memory.static for one in eqn.outputs):
            with np.errstate(all="ignore"):  # what a choice leaves out may be anything
                for step in found:
                    step()
        else:
            steps.extend(found)
        memory.release(at, eqn)
    if blocked:
        steps.extend(block_steps(program.eqns[begin:], memory.array, length, memory.static, context))
    steps.extend(_moves(program, memory.array))
    outputs = {name: memory.array[var] for name, var in program.outputs.items()}
    for name, var in program.outputs.items():
        if _base(var, memory) in program.updates:  # shown as it was before the step
            outputs[name] = memory.array[var].copy()
            steps.insert(0, partial(np.copyto, outputs[name], memory.array[var]))
    inputs = {name: memory.array[var] for name, var in program.inputs.items()}
    return Bound(inputs, outputs, steps, context, memory.pool.total, len(steps))


def _moves(program: Program, array: dict[Var, Array]) -> list[Step]:
    """Copies of new values over the old ones; what another state may overwrite before is put aside first."""
    aside: list[Step] = []
    moves: list[Step] = []
    pending: dict[Var, Array] = {}
    for state, new in program.updates.items():
        if not _same_memory(array[new], array[state]):
            pending[state] = array[new]
    for state, value in pending.items():
        if any(np.may_share_memory(value, array[other]) for other in pending):
            kept = value.copy()
            aside.append(partial(np.copyto, kept, value))
            value = kept
        moves.append(partial(np.copyto, array[state], value))
    return aside + moves


def _base(var: Var, memory: Memory) -> Var:
    """What ``var`` is a view of, or itself."""
    while var in memory.producer:
        eqn = memory.program.eqns[memory.producer[var]]
        if eqn.op not in VIEWS or var in memory.placed:
            break
        if not np.may_share_memory(memory.array[var], memory.array[eqn.inputs[0]]):
            break  # an int of a real is no view
        (var,) = eqn.inputs
    return var


def _same_memory(a: Array, b: Array) -> bool:
    return a.ctypes.data == b.ctypes.data and a.shape == b.shape and a.strides == b.strides


def _bind_equation(at: int, eqn: Eqn, memory: Memory, context: Context) -> list[Step]:
    ins = [memory.array[one] for one in eqn.inputs]
    static = all(one in memory.static for one in eqn.outputs)
    if eqn.op in VIEWS and not static and eqn.outputs[0] not in memory.placed:
        view = VIEWS[eqn.op](eqn, ins[0], memory.batch)
        if view is not None:
            memory.share(eqn.outputs[0], eqn.inputs[0], view)
            return []
    outs = [memory.output(at, eqn, one) for one in eqn.outputs]
    if eqn.op == "assemble":
        return _assemble(eqn, ins, outs[0], memory)
    kernel: Callable[..., list[Step]] = KERNELS[eqn.op]
    return kernel(eqn, ins, outs, context)


def _assemble(eqn: Eqn, ins: list[Array], out: Array, memory: Memory) -> list[Step]:
    """Copies for the pieces that were not computed in their place; constant ones are copied once."""
    from dilsctl.engine.kernels.slicing import physical_index

    steps: list[Step] = []
    (target,) = eqn.outputs
    for piece, index, a in zip(eqn.inputs, eqn.param("index"), ins, strict=True):
        where = physical_index(index, target.batched)
        part = out[where]
        if _same_memory(part, a):
            continue
        if target.batched and not piece.batched:
            a = a[..., None]
        if piece in memory.static and target not in memory.static and memory.root[target].own:
            np.copyto(part, a, casting="unsafe")
        else:
            steps.append(partial(np.copyto, part, a, casting="unsafe"))
    return steps
