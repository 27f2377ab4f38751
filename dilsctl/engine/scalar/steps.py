"""Steps of training, number by number: one for each batch of rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from dilsctl.engine.kernels import Array, dtype_of
from dilsctl.engine.scalar.loop import Store, Turns, column
from dilsctl.ir import Program, Var

AT_ONCE = 256  # steps in one call


class Steps:
    """The program of a step over the arrays of its states. ``held``: inputs that every step has alike."""

    def __init__(
        self, program: Program, batch: int, arrays: Mapping[Var, Array], held: Collection[str] = ()
    ) -> None:
        self.program, self.batch = program, batch
        self.turns = Turns(program, batch, held=held)
        self.store = Store([arrays[var] for var in program.states])

    def run(
        self,
        rows: Mapping[str, Array],
        numbers: Mapping[str, list[float]],
        held: Mapping[str, float],
        count: int,
    ) -> dict[str, Array]:
        """``count`` steps, and what each shows by name: steps first, then as the engine's arrays.

        ``rows``: by input, the rows of all steps, rows first. ``numbers``: by input, a number for each step.
        """
        columns = [
            numbers[name] if name in numbers else self._column(name, rows[name]) for name in self.turns.given
        ]
        state, shown = self.turns.run(self.store.read(), columns, [held[n] for n in self.turns.held], count)
        self.store.write(state)
        return self.turns.columns(shown)

    def _column(self, name: str, rows: Array) -> list[Any]:
        var = self.program.inputs[name]
        values = rows.astype(dtype_of(var.type.kind, np.float64), copy=False)
        if self.batch > 1:
            values = np.moveaxis(values.reshape(-1, self.batch, *values.shape[1:]), 1, -1)
        return column(values)
