"""One tick of a running diagram, and the same of other engines: to rounding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dilsctl.engine.kernels import Array, Context
from dilsctl.engine.running import Running
from dilsctl.ir import Program, Var

from .bounds import error_bounds
from .support import advanced, bind_apart, random_row, random_start, single_states

TICKS = 3
WHOLE = [("euler", 1, 1.0), ("midpoint", 1, 2.0), ("rk4", 1, 6.0), ("euler", 3, 3.0), ("rk4", 2, 12.0)]
SMOOTH = [("rk4", 1, 0.1), ("midpoint", 2, 0.3), ("euler", 1, 0.5)]


def within_rounding(plain: Running, other: Running, seed: int, dt: float) -> None:
    """One tick of both from the same states: twice the bound that a running error analysis of the equations
    of ``plain`` gives each new value."""
    for run in (plain, other):
        random_start(run, np.random.default_rng(seed), whole=False)
    row = random_row(plain, np.random.default_rng(seed), whole=False)
    tick = plain.motion.tick
    moved = {f"state {path}": tick.updates.get(slot.var, slot.var) for path, slot in tick.slots.items()}
    program = replace(tick, outputs={**tick.outputs, **moved}, updates={})
    states = {var: array.copy() for var, array in plain.arrays.items()}
    values = _computed(program, states, {**row, "t": np.zeros(()), "dt": np.array(dt), "tick": np.array(0)})
    bounds = error_bounds(program, values)
    shown = advanced(other, {name: value[..., None] for name, value in row.items()})
    found = {f"port.{name}": value[..., 0] for name, value in shown.items()}
    found.update({f"state {path}": value for path, value in single_states(other).items()})
    for name, var in program.outputs.items():
        expected, bound = values[var].astype(float), bounds[var]
        if var.batched:
            expected, bound = expected[..., 0], bound[..., 0]
        error = np.abs(found[name].astype(float) - expected)
        assert (error <= 2 * np.finfo(float).eps * bound).all(), (
            f"{name}: {error} of {expected}, bound {bound}"
        )


def _computed(program: Program, states: dict[Var, Array], inputs: dict[str, Array]) -> dict[Var, Array]:
    """The value of every variable, for one run."""
    values: dict[Var, Array] = {}
    bound = bind_apart(program, 1, states, real=np.float64, context=Context(), arrays=values)
    for name, array in bound.inputs.items():
        array[...] = inputs[name][..., None] if program.inputs[name].batched else inputs[name]
    with np.errstate(all="ignore"):
        bound.run()
    return values
