"""The right side of a differential equation, number by number, as a solver of SciPy's calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dilsctl.engine.kernels import Array, dtype_of
from dilsctl.engine.scalar.loop import Turns
from dilsctl.ir import Var
from dilsctl.motion import Flow


class Slope:
    """The rates of the flowing states, one after the other, at a time and in a state.

    ``parts``: where each state that is read comes from: a part of the solver's vector, or an array.
    """

    def __init__(
        self, turns: Turns, parts: list[slice | Array], inputs: Mapping[str, Var], runs: int
    ) -> None:
        self.turns, self.parts, self.inputs, self.runs = turns, parts, inputs, runs

    @classmethod
    def of(cls, flow: Flow, runs: int, arrays: Mapping[Var, Array]) -> Slope | None:
        """None where a rate is one for all runs and its state is not."""
        names = [f"rate.{number}" for number in range(len(flow.flowing))]
        outputs = [flow.slope.outputs[name] for name in names]
        if any(rate.batched != var.batched for rate, var in zip(outputs, flow.flowing, strict=True)):
            return None
        read = {one for eqn in flow.slope.eqns for one in eqn.inputs} | set(outputs)
        program = replace(flow.slope, states=tuple(var for var in flow.slope.states if var in read))
        places, end = {}, 0
        for var in flow.flowing:
            places[var] = slice(end, end + arrays[var].size)
            end += arrays[var].size
        turns = Turns(program, runs, held=program.inputs, shown=names)
        return cls(turns, [places.get(var, arrays[var]) for var in program.states], program.inputs, runs)

    def rates(self, time: float, dt: float, y: Array, given: Callable[[str], Array]) -> Array:
        """``given``: the value of an input, the runs last."""
        numbers = y.tolist()
        state: list[Any] = []
        for part in self.parts:
            state += numbers[part] if isinstance(part, slice) else part.ravel().tolist()
        held: list[Any] = []
        for name in self.turns.held:
            if name in ("t", "dt"):
                held.append(float(time) if name == "t" else float(dt))
            else:
                held += self._input(name, given(name))
        _, rows = self.turns.run(tuple(state), (), held, 1)
        return np.array(rows[0], np.float64)

    def _input(self, name: str, value: Array) -> list[Any]:
        var = self.inputs[name]
        shape = (*var.shape, self.runs) if var.batched else var.shape
        found: list[Any] = (
            np.broadcast_to(value, shape).astype(dtype_of(var.type.kind, np.float64)).ravel().tolist()
        )
        return found
