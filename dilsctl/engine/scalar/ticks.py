"""The ticks of a simulation, number by number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from dilsctl.engine.kernels import Array, dtype_of
from dilsctl.engine.scalar.loop import Store, Turns
from dilsctl.ir import Program, Var

Inputs = Callable[[int], Mapping[str, Array]]  # of a tick: values by port, the runs last


class Ticks:
    """The program of a tick over the arrays of its states, for ``runs`` runs.

    ``shown``: outputs that are shown; ``states_shown``: by name, a state and an index of its array.
    ``fixed``: inputs that are the same at every tick.
    """

    def __init__(
        self,
        program: Program,
        runs: int,
        arrays: Mapping[Var, Array],
        dt: float,
        shown: Sequence[str],
        states_shown: Mapping[str, tuple[Var, Any]],
        fixed: Collection[str] = (),
    ) -> None:
        self.program, self.runs, self.dt = program, runs, dt
        self.shown, self.states_shown = tuple(shown), dict(states_shown)
        self.held = {"dt", *fixed} & set(program.inputs)
        self.store = Store([arrays[var] for var in program.states])
        self._turns: dict[bool, Turns] = {}

    def turns(self, showing: bool) -> Turns:
        """The loop that shows, or the one that does not."""
        if showing not in self._turns:
            self._turns[showing] = Turns(
                self.program,
                self.runs,
                held=self.held,
                shown=self.shown if showing else (),
                states_shown=self.states_shown if showing else {},
            )
        return self._turns[showing]

    def go(self, tick: int, count: int, every: int, inputs: Inputs) -> list[tuple[Any, ...]]:
        """So many ticks from ``tick`` on. Gives what is shown before each that is a multiple of ``every``."""
        state, found, at, end = self.store.read(), [], tick, tick + count
        columns, held = self._inputs(tick, count, inputs)
        while at < end:
            showing = at % every == 0
            last = end if every == 1 else at + 1 if showing else min(end, at - at % every + every)
            part = [column[at - tick : last - tick] for column in columns]
            state, rows = self.turns(showing).run(state, part, held, last - at)
            found += rows
            at = last
        self.store.write(state)
        return found

    def look(self, tick: int, inputs: Inputs) -> list[tuple[Any, ...]]:
        """What is shown now; nothing moves."""
        columns, held = self._inputs(tick, 1, inputs)
        return self.turns(True).run(self.store.read(), columns, held, 1)[1]

    def columns(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, Array]:
        """What was shown, by name: ticks first, then as the engine's arrays."""
        return self.turns(True).columns(rows) if rows else {}

    def _inputs(self, tick: int, count: int, inputs: Inputs) -> tuple[list[list[Any]], list[Any]]:
        turns = self.turns(True)
        wanted = [name for name in turns.given if name not in ("t", "tick")]
        values = [inputs(at) for at in range(tick, tick + count)] if wanted else []
        columns: list[list[Any]] = []
        for name in turns.given:
            if name == "t":
                columns.append((np.arange(tick, tick + count) * self.dt).tolist())
            elif name == "tick":
                columns.append(list(range(tick, tick + count)))
            else:
                columns.append([self._numbers(name, one.get(name)) for one in values])
        held: list[Any] = []
        first = inputs(tick) if set(turns.held) - {"dt"} else {}
        for name in turns.held:
            held += [self.dt] if name == "dt" else self._all(name, first.get(name))
        return columns, held

    def _all(self, name: str, value: Array | None) -> list[Any]:
        var = self.program.inputs[name]
        shape = (*var.shape, self.runs) if var.batched else var.shape
        typed = np.asarray(0 if value is None else value).astype(dtype_of(var.type.kind, np.float64))
        found: list[Any] = np.broadcast_to(typed, shape).ravel().tolist()
        return found

    def _numbers(self, name: str, value: Array | None) -> Any:
        found = self._all(name, value)
        return found[0] if len(found) == 1 else found
