"""Which programs are run number by number.

A call of NumPy costs about as much as twenty sums of Python's, so small programs are faster so, and large
ones are not. The choice depends on the program and the batch alone, never on a clock, so that a run that is
resumed takes the same way. ``DILSCTL_ENGINE=numpy`` in the environment takes NumPy for all.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from dilsctl.diagnostics import Problem
from dilsctl.engine.kernels import VIEWS
from dilsctl.engine.scalar.program import RULES, known_values
from dilsctl.ir import Eqn, Program
from dilsctl.operations.table import OPERATIONS

VARIABLE = "DILSCTL_ENGINE"
A_CALL = 24  # sums of Python's in the time of a call of NumPy; they are even at about 40
MOST_WORK = 3000  # sums in a program: more would take long to compile
MOST_ELEMENTS = 30_000  # of all values together


def suits(program: Program, batch: int, real: Any) -> bool:
    """Whether a program is run number by number, for batches of ``batch`` with reals of a dtype.

    Raises Problem: bad-value, if the environment names no engine.
    """
    chosen = os.environ.get(VARIABLE, "auto")
    if chosen not in ("auto", "numpy"):
        help = "write auto or numpy, or leave it out"
        raise Problem.of("bad-value", f"{VARIABLE} is '{chosen}', which is no engine", help=help)
    if chosen == "numpy" or np.dtype(real) != np.float64 or not supported(program, batch):
        return False
    work, calls = cost(program, batch)
    return work <= MOST_WORK and work <= A_CALL * calls


def supported(program: Program, batch: int) -> bool:
    """Whether there is a rule for every operation, and not too much of all."""
    elements = 0
    known = known_values(program)
    for eqn in program.eqns:
        if eqn.outputs[0] in known:
            continue
        if eqn.op not in RULES or (eqn.op == "pow" and eqn.outputs[0].type.kind in ("int", "class")):
            return False
        for var in (*eqn.inputs, *eqn.outputs):
            size = var.type.size
            if size == 0:
                return False
            elements += size * (batch if var.batched else 1)
    return batch > 0 and elements <= MOST_ELEMENTS


def cost(program: Program, batch: int) -> tuple[int, int]:
    """(sums that are computed, about how many calls of NumPy do the same)."""
    known = known_values(program)
    work = calls = 0
    for eqn in program.eqns:
        if eqn.outputs[0] in known or eqn.op in VIEWS:
            continue
        calls += 1
        if eqn.op not in ("assemble", "roll", "gather", "pad_slice"):
            work += _work(eqn) * (batch if any(one.batched for one in eqn.inputs) else 1)
    return work, calls


def _work(eqn: Eqn) -> int:
    if eqn.op in ("take", "take_add"):
        return sum(one.type.size for one in (*eqn.inputs, *eqn.outputs))
    return OPERATIONS[eqn.op].cost(eqn)
