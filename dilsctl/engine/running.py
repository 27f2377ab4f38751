"""Runs the programs of a simulation: states that move, tick by tick."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from dilsctl.engine.bind import Bound, bind
from dilsctl.engine.kernels import Array, Context, dtype_of
from dilsctl.engine.memory import aligned
from dilsctl.engine.scalar import Ticks, suits
from dilsctl.engine.states import drawn, numpy_index
from dilsctl.ir import Program, Var
from dilsctl.lower import source_of
from dilsctl.motion import Flow, Motion

CHECKED = 64  # ticks from one look for numbers that are not finite to the next


class Running:
    """Many runs of one diagram, side by side: states by path, arrays with the runs last.

    A kept or constant state is one for all runs: its array has no axis of runs. ``small``: the ticks are run
    number by number, not by NumPy (``dilsctl.engine.scalar``).
    """

    def __init__(
        self,
        motion: Motion | Flow,
        runs: int = 1,
        *,
        dt: float = 1.0,
        precision: str = "float64",
        seed: int = 0,
    ) -> None:
        self.motion = motion
        self.runs = runs
        self.dt = dt
        self.tick = 0
        self.real = np.dtype(precision)
        self.seed = seed
        self.arrays = {var: self._allocate(var) for var in motion.tick.states}
        self.states = {
            path: self.arrays[slot.var][numpy_index(slot.index)] for path, slot in motion.tick.slots.items()
        }
        self.per_run = {path: slot.var.batched for path, slot in motion.tick.slots.items()}
        for path in sorted(self.states, key=self._begins_as_another):
            self._begin(path, self.states[path])
        self.context = Context(seed=seed, examples=np.arange(runs))
        self._sized: dict[tuple[bool, int], Bound] = {}  # of fewer runs: whether for a look, how many
        self._settle: Bound | None = None
        self._watched = [
            var
            for var in motion.tick.states
            if (var.batched or var in motion.tick.kept) and var.type.kind in ("real", "simplex")
        ]
        self.small = isinstance(motion, Motion) and suits(motion.tick, runs, self.real)
        self._small: dict[int, Ticks] = {}  # one for each number of runs
        self._step = None if self.small else self._bind(motion.tick)

    def _allocate(self, var: Var) -> Array:
        shape = (*var.shape, self.runs) if var.batched else var.shape
        found = aligned(shape, dtype_of(var.type.kind, self.real))
        found.fill(0)
        return found

    def begin_as_learned(self) -> None:
        """States that begin as a learned one begin anew: that one has changed."""
        for path in self.motion.states:  # not what an engine remembers besides
            if path in self.states and self._begins_as_another(path):
                self._begin(path, self.states[path])

    def _begins_as_another(self, path: str) -> bool:
        return self.motion.states[path].state.initial.rule == "state"

    def _begin(self, path: str, view: Array) -> None:
        state = self.motion.states[path]
        first = state.state.initial
        if first.rule == "state":
            source = source_of(state)
            value = self.states[source]
            view[...] = value[..., None] if self.per_run[path] and not self.per_run[source] else value
            return
        if not first.rule:
            value = np.asarray(first.value)
            lead = len(state.lead)
            if value.ndim and lead:
                value = value.reshape((1,) * lead + value.shape)
            view[...] = value[..., None] if self.per_run[path] else value
        elif not self.per_run[path]:
            view[...] = drawn(state, self.seed)
        else:
            for run in range(self.runs):
                view[..., run] = drawn(state, self.seed, run)

    def _bind(self, program: Program, runs: int | None = None) -> Bound:
        context = self.context if runs is None else Context(seed=self.seed, examples=np.arange(runs))
        bound = bind(program, runs or self.runs, self.arrays, real=self.real, context=context)
        if "dt" in bound.inputs:
            bound.inputs["dt"][()] = self.dt
        return bound

    @property
    def time(self) -> float:
        """Now."""
        return self.tick * self.dt

    # -- running ----------------------------------------------------------------------------------

    def advance(self, inputs: Mapping[str, Array] | None = None) -> Mapping[str, Array]:
        """One tick. ``inputs``: values by port, the runs last. Gives what is shown before the step, live."""
        if self._step is None:
            shown = self._by_numbers(inputs or {}, move=True)
            self.tick += 1
            return shown
        bound = self._of_size(inputs, False) or self._step
        self._feed(bound, inputs or {})
        for step in bound.steps:
            step()
        self.tick += 1
        return bound.outputs

    def _of_size(self, inputs: Mapping[str, Array] | None, look: bool) -> Bound | None:
        """The program for fewer runs than there are. No state may be of one run then."""
        runs = next((one.shape[-1] for one in inputs.values()), self.runs) if inputs else self.runs
        if runs == self.runs or runs == 1:
            return None
        if (look, runs) not in self._sized:
            program = self.motion.settle if look else self.motion.tick
            self._sized[look, runs] = self._bind(program, runs)
        return self._sized[look, runs]

    def look(self, inputs: Mapping[str, Array] | None = None) -> Mapping[str, Array]:
        """What is shown now, live; nothing moves."""
        if self.small:
            return self._by_numbers(inputs or {}, move=False)
        if self._settle is None:
            self._settle = self._bind(self.motion.settle)
        bound = self._of_size(inputs, True) or self._settle
        self._feed(bound, inputs or {})
        bound.run()
        return bound.outputs

    def _feed(self, bound: Bound, inputs: Mapping[str, Array], time: float | None = None) -> None:
        if "t" in bound.inputs:
            bound.inputs["t"][()] = self.tick * self.dt if time is None else time
        if "tick" in bound.inputs:
            bound.inputs["tick"][()] = self.tick
        bound.context.tick[...] = self.tick
        for name, value in inputs.items():
            if name in bound.inputs:
                bound.inputs[name][...] = value

    # -- number by number -------------------------------------------------------------------------

    def ticks(
        self,
        shown: Sequence[str],
        states: Sequence[str],
        fixed: Collection[str] = (),
        runs: int | None = None,
    ) -> Ticks:
        """The ticks number by number, where they are ``small``. ``shown``: names of outputs; ``states``:
        paths; ``fixed``: inputs that are the same at every tick."""
        slots = self.motion.tick.slots
        where: dict[str, tuple[Var, Any]] = {
            path: (slots[path].var, numpy_index(slots[path].index)) for path in states
        }
        return Ticks(self.motion.tick, runs or self.runs, self.arrays, self.dt, shown, where, fixed)

    def _by_numbers(self, inputs: Mapping[str, Array], move: bool) -> Mapping[str, Array]:
        """One tick, or what is shown now."""
        runs = next((one.shape[-1] for one in inputs.values()), self.runs)
        runs = self.runs if runs == 1 else runs
        outputs = self.motion.tick.outputs
        if runs not in self._small:
            self._small[runs] = self.ticks(list(outputs), (), runs=runs)
        ticks = self._small[runs]
        if move:
            rows = ticks.go(self.tick, 1, 1, lambda _: inputs)
        else:
            rows = ticks.look(self.tick, lambda _: inputs)
        return {name: array[0] for name, array in ticks.columns(rows).items()}

    def not_finite(self) -> tuple[str, int] | None:
        """(state, run) of the first number that is not finite."""
        if all(np.isfinite(self.arrays[var]).all() for var in self._watched):
            return None
        for path, view in self.states.items():
            if view.dtype.kind == "f" and not np.isfinite(view).all():
                where = np.argwhere(~np.isfinite(view))[0]
                run = int(where[-1]) if self.per_run[path] else 0
                place = [int(one) for one in (where[:-1] if self.per_run[path] else where)]
                return path + (str(place) if place else ""), run
        return None

    # -- saving -----------------------------------------------------------------------------------

    def copy(self) -> dict[str, Array]:
        """All states, copied."""
        return {path: view.copy() for path, view in self.states.items()}

    def resumable(self) -> tuple[int, dict[str, Array]]:
        """The last tick from which a run goes on as if it had never stopped, and its states."""
        return self.tick, self.copy()

    def restore(self, states: Mapping[str, Array], tick: int) -> None:
        """Take up saved states."""
        for path, view in self.states.items():
            view[...] = states[path]
        self.tick = tick
