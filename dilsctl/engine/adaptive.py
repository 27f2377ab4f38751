"""Flows between ticks by a method that finds its own steps (SciPy), with triggers located in time.

From one tick to the next the clocked states stay as they are. Where the condition of a trigger becomes true,
the time is found by bisection on the method's own interpolation, the triggered laws act, and the method
begins anew; so it does where a box comes into another mode that says what flows, and until then it goes on as
in the mode before. Sources: Hairer,
Nørsett, Wanner, Solving Ordinary Differential Equations I (1993), II.6 for interpolation; Hindmarsh, ODEPACK
(1983), for LSODA; Shampine and Reichelt, The MATLAB ODE suite (1997), for BDF as SciPy has it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from dilsctl.diagnostics import Problem
from dilsctl.engine.bind import Bound
from dilsctl.engine.kernels import Array
from dilsctl.engine.running import Running
from dilsctl.engine.scalar import Slope, suits
from dilsctl.motion import Flow
from dilsctl.passes.edge import BEFORE

ANEW = 64  # ticks after which a method that goes over ticks begins anew, so that a run can be resumed there
LOOKS = 4  # times within a step at which triggers are looked at
MOST_EVENTS = 10_000  # between two ticks
MOST_STEPS = 200_000  # of the method, likewise


class Adaptive(Running):
    """Runs of a diagram side by side, stepped by one method together."""

    def __init__(
        self,
        flow: Flow,
        runs: int = 1,
        *,
        dt: float = 1.0,
        method: str = "dopri5",
        rtol: float = 1e-8,
        atol: float = 1e-10,
        precision: str = "float64",
        seed: int = 0,
        held: bool = False,
    ) -> None:
        """``held``: inputs are given anew at every tick, so that no step may go over one."""
        super().__init__(flow, runs, dt=dt, precision=precision, seed=seed)
        self.flow = flow
        self.method, self.rtol, self.atol = method, rtol, atol
        self._slope, self._watch = self._bind(flow.slope), self._bind(flow.watch)
        self._jump, self._clock = self._bind(flow.jump), self._bind(flow.clock)
        self._flowing = [self.arrays[var] for var in flow.flowing]
        ends = np.cumsum([0, *(one.size for one in self._flowing)])
        self._parts = [slice(low, high) for low, high in itertools.pairwise(ends.tolist())]
        self._slopes = [self._slope_of(number, array) for number, array in enumerate(self._flowing)]
        self._numbers = Slope.of(flow, runs, self.arrays) if suits(flow.slope, runs, self.real) else None
        self._clocked = [self.arrays[var] for var in flow.clock.updates]
        self._over = not held and not self._clocked
        self._solver: Any = None
        self._given: Mapping[str, Array] = {}
        read = {one for eqn in flow.jump.eqns for one in eqn.inputs}
        # The numbers of the triggers that act between ticks; one beside a law of each tick acts at the next.
        self._switches = range(len(flow.triggers) - flow.switches, len(flow.triggers))
        acting = range(self._switches.start)
        self._located = [n for n in acting if flow.jump.inputs[f"fired.{n}"] in read] + [*self._switches]
        self._fired: list[Array] = []
        self._fired = [np.zeros_like(one) for one in self._conditions()]
        self._before = [np.zeros_like(one) for one in self._fired]
        for one, before in zip(flow.triggers, self._before, strict=True):
            self.states[f"{one.name}.{BEFORE}"] = before
            self.per_run[f"{one.name}.{BEFORE}"] = True
        self._anchor = 0, self.copy()

    def _slope_of(self, number: int, array: Array) -> Array:
        """A live view of the rate of a flowing state, of its shape."""
        name = f"rate.{number}"
        rate = self._slope.outputs[name]
        if self.flow.flowing[number].batched and not self.flow.slope.outputs[name].batched:
            rate = rate[..., None]
        return np.broadcast_to(rate, array.shape)

    def advance(self, inputs: Mapping[str, Array] | None = None) -> Mapping[str, Array]:
        """One tick. ``inputs``: values by port, the runs last. Gives what is shown before the step."""
        self._given = inputs or {}
        if self.tick % ANEW == 0:
            self._solver = None
            self._anchor = self.tick, self.copy()
        shown = {name: value.copy() for name, value in self.look(inputs).items()}  # states may be shown
        now = self.time
        new = self._next_clocked(now)
        if any(fired.any() for fired in self._fired):
            self._act(now)
        if self._flowing:
            self._flow_to(now, (self.tick + 1) * self.dt)
        for array, value in zip(self._clocked, new, strict=True):
            array[...] = value
        self.tick += 1
        return shown

    def _next_clocked(self, now: float) -> list[Array]:
        """What the clocked states become when the tick is over; notes which triggers fire at its begin."""
        self._note(self._conditions(now), range(len(self._fired)))
        if not self._clocked:
            return []
        old = [one.copy() for one in self._clocked]
        self._run(self._clock, now)
        new = [one.copy() for one in self._clocked]
        for array, value in zip(self._clocked, old, strict=True):
            array[...] = value
        return new

    def _note(self, conditions: list[Array], which: Iterable[int]) -> None:
        """Let the triggers of these numbers fire whose conditions have become true."""
        for number in which:
            np.logical_and(conditions[number], ~self._before[number], out=self._fired[number])
            self._before[number][...] = conditions[number]

    def _act(self, time: float) -> None:
        """Let the triggered laws act. A condition that they make false may become true again at once; the
        modes are then those of the new states."""
        self._run(self._jump, time)
        self._solver = None
        for number, condition in enumerate(self._conditions(time)):
            self._fired[number][...] = False
            if number in self._switches:
                self._before[number][...] = condition
            else:
                self._before[number] &= condition

    # -- flowing ----------------------------------------------------------------------------------

    def _flow_to(self, begin: float, end: float) -> None:
        events = steps = 0
        if not self._over:
            self._solver = None
        time = begin
        while time < end:
            if self._solver is None:
                anew = (self.tick // ANEW + 1) * ANEW * self.dt
                self._solver = self._method(time, anew if self._over else end)
            solver = self._solver
            if solver.t <= time:  # else a step went over the last tick already
                steps += 1
                if steps > MOST_STEPS:
                    raise self._failed(solver.t, f"{MOST_STEPS} steps did not end the tick")
                try:
                    message = solver.step()
                except ValueError as error:
                    raise self._failed(solver.t, str(error)) from None
                if solver.status == "failed":
                    raise self._failed(solver.t, message)
                if not np.isfinite(solver.y).all():
                    self._put(solver.y)
                    return
            dense = solver.dense_output()
            until = min(solver.t, end)
            found = self._first_event(dense, time, until)
            if found is None:
                self._put(dense(until) if until < solver.t else solver.y)
                time = until
                continue
            self._note(self._conditions_at(dense, found), self._located)
            self._act(found)
            time = found
            events += 1
            if events > MOST_EVENTS:
                raise self._endless(found)

    def _first_event(self, dense: Any, begin: float, end: float) -> float | None:
        """The first time after ``begin`` at which a condition has become true; until then what conditions
        were is kept in mind."""
        if not self._located:
            return None
        low = begin
        for number in range(1, LOOKS + 1):
            high = end if number == LOOKS else begin + (end - begin) * number / LOOKS
            conditions = self._conditions_at(dense, high)
            if not self._rises(conditions):
                low = high
                for n in self._located:
                    self._before[n][...] = conditions[n]
                continue
            while high - low > 4 * np.finfo(float).eps * max(1.0, abs(high)):
                middle = (low + high) / 2
                if self._rises(self._conditions_at(dense, middle)):
                    high = middle
                else:
                    low = middle
            return high
        return None

    def _conditions_at(self, dense: Any, time: float) -> list[Array]:
        self._put(dense(time))
        return self._conditions(time)

    def _rises(self, conditions: list[Array]) -> bool:
        return any(bool((conditions[n] & ~self._before[n]).any()) for n in self._located)

    def _conditions(self, time: float = 0.0) -> list[Array]:
        """Every trigger's condition, of the shape of its program's output."""
        if not self.flow.triggers:
            return []
        self._run(self._watch, time)
        names = [f"when.{number}" for number in range(len(self.flow.triggers))]
        found = []
        for name in names:
            value, var = self._watch.outputs[name], self.flow.watch.outputs[name]
            wide = value if var.batched else value[..., None]
            found.append(np.broadcast_to(wide, (*var.shape, self.runs)).copy())
        return found

    def _run(self, bound: Bound, time: float) -> None:
        self._feed(bound, self._given, time)
        if bound is self._clock or bound is self._jump:
            for number, fired in enumerate(self._fired):
                if f"fired.{number}" in bound.inputs:
                    bound.inputs[f"fired.{number}"][...] = fired
        if bound is self._slope:
            for number, switch in enumerate(self._switches):
                if f"mode.{number}" in bound.inputs:
                    bound.inputs[f"mode.{number}"][...] = self._before[switch]
        bound.run()

    # -- the method -------------------------------------------------------------------------------

    def _method(self, time: float, end: float) -> Any:
        from scipy.integrate import BDF, LSODA, RK45

        method = {"dopri5": RK45, "lsoda": LSODA, "bdf": BDF}[self.method]
        start = np.concatenate([one.ravel() for one in self._flowing]).astype(float)
        try:
            longest = self.dt if "t" in self._slope.inputs else np.inf  # else a short pulse is stepped over
            made = method(self._rates, time, start, end, rtol=self.rtol, atol=self.atol, max_step=longest)
        except ValueError as error:
            raise self._failed(time, str(error)) from None
        if not np.isfinite(getattr(made, "h_abs", 0.0)):  # SciPy would look for a smaller step for ever
            raise self._failed(time, "a rate is not a finite number")
        return made

    def _rates(self, time: float, y: Array) -> Array:
        if self._numbers is not None:
            return self._numbers.rates(time, self.dt, y, self._held_inputs)
        self._put(y)
        self._run(self._slope, time)
        found = np.empty_like(y)
        for part, rate in zip(self._parts, self._slopes, strict=True):
            found[part].reshape(rate.shape)[...] = rate
        return found

    def _held_inputs(self, name: str) -> Array:
        """An input of the slope other than the time: a mode, or what is given."""
        prefix, _, number = name.partition(".")
        if prefix == "mode" and number:
            return self._before[self._switches[int(number)]]
        return np.asarray(self.tick if name == "tick" else self._given.get(name, 0.0))

    def _put(self, y: Array) -> None:
        for part, array in zip(self._parts, self._flowing, strict=True):
            array[...] = y[part].reshape(array.shape)

    def resumable(self) -> tuple[int, dict[str, Array]]:
        """The last tick from which a run goes on as if it had never stopped, and its states."""
        return self._anchor if self._over else super().resumable()

    def restore(self, states: Mapping[str, Array], tick: int) -> None:
        """Take up saved states."""
        super().restore(states, tick)
        self._solver, self._anchor = None, (tick, self.copy())

    def _failed(self, time: float, why: str | None) -> Problem:
        message = (
            f"the method '{self.method}' can't go on at t = {time:.6g}: {why or 'no step is small enough'}"
        )
        help = "another method (bdf for stiff systems), or larger time.rtol and time.atol, may help"
        return Problem.of("not-finite", message, help=help)

    def _endless(self, time: float) -> Problem:
        what = "triggers act, and modes change," if self.flow.switches else "triggers act"
        message = f"{what} more than {MOST_EVENTS} times before the next tick, at t = {time:.6g}"
        help = "do they undo each other? A state that rests needs a law of its own"
        return Problem.of("not-finite", message, help=help)
