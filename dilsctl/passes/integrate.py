"""Flows become updates: the stages of an integrator written out as equations.

The program settles once a stage: the equations that rates need are written again, with the flowing states and
the time of the stage in place of those of the tick. Clocked states and inputs stay as they are within a tick.

A state moves from its old value, or from what a trigger made of it, by the increment of its flow.
Sources: Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations I (1993), II.1; Hairer, Lubich,
Wanner, Geometric Numerical Integration (2006), I.1 and VI.3 for symplectic Euler and leapfrog.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from dilsctl.diagnostics import Problem
from dilsctl.ir import CLOCK, REAL, Eqn, Program, Var
from dilsctl.operations.rules import broadcast
from dilsctl.operations.table import Builder
from dilsctl.passes.separate import needed, separate

MOST_WRITTEN = 500_000  # equations of all steps together, for one stage

States = dict[Var, Var]  # flowing state -> its value


def integrate(program: Program, method: str, dt: float, steps: int = 1) -> Program:
    """The program in which every rate is an update over one tick, ``dt`` long, of ``steps`` integrator
    steps.

    ``method``: euler, midpoint, rk4, symplectic or leapfrog. Raises Problem ``not-separable`` where the last
    two find no positions and velocities.
    """
    if not program.rates:
        return program
    work = _Integration(program, dt, steps)
    if len(work.moving) * steps > MOST_WRITTEN:
        message = f"{steps} integrator steps a tick are too many to be written out"
        raise Problem.of("too-large", message, help="a smaller time.dt, and fewer steps a tick")
    values = work.start
    for number in range(steps):
        work.step = number
        values = _METHODS[method](work, values)
    updates = dict(program.updates)
    for state, value in values.items():
        jump = updates.get(state)
        if jump is not None:  # a trigger's new value, and the flow of this tick
            value = work.add(jump, work.sub(value, state))
        updates[state] = value
    return replace(program, eqns=tuple(work.eqns), updates=updates, rates={})


class _Integration:
    """Equations in the making."""

    def __init__(self, program: Program, dt: float, steps: int) -> None:
        self.program = program
        self.eqns = list(program.eqns)
        self.builder = Builder(self.eqns)
        self.dt = dt
        self.steps = steps
        self.step = 0
        self.start: States = {state: state for state in program.rates}
        self.moving = self._moving()
        self.timed = any(CLOCK["t"] in eqn.inputs for eqn in self.moving)
        self.factors: dict[float, Var] = {}

    def _moving(self) -> list[Eqn]:
        """Equations that rates need and that change from stage to stage, in order."""
        changing: set[Var] = {*self.program.rates, CLOCK["t"]}
        found = []
        for eqn in self.program.eqns:
            if not changing.isdisjoint(eqn.inputs):
                changing.update(eqn.outputs)
                found.append(eqn)
        return needed(found, self.program.rates.values())

    def sides(self) -> tuple[list[Var], list[Var]]:
        """(positions, velocities). Raises Problem ``not-separable``."""
        positions = separate(self.program).positions or frozenset()
        states = self.program.rates
        return [one for one in states if one in positions], [one for one in states if one not in positions]

    def rates(self, values: Mapping[Var, Var], at: float, wanted: list[Var] | None = None) -> States:
        """The rate of each state (or of those wanted) where the states have ``values`` and the time is ``at``
        steps after the tick's begin."""
        wanted = wanted if wanted is not None else list(self.program.rates)
        if at == 0 and all(value is state for state, value in values.items()):
            return {state: self.program.rates[state] for state in wanted}
        new: dict[Var, Var] = dict(values)
        if at and self.timed:
            new[CLOCK["t"]] = self.add(CLOCK["t"], self.factor(at / self.steps))
        for eqn in needed(self.moving, [self.program.rates[state] for state in wanted]):
            inputs = tuple([new.get(one, one) for one in eqn.inputs])
            outs = tuple([Var(one.type, one.batched, one.name) for one in eqn.outputs])
            new.update(zip(eqn.outputs, outs, strict=True))
            self.eqns.append(Eqn(eqn.op, inputs, outs, eqn.params, eqn.span))
        return {state: new.get(self.program.rates[state], self.program.rates[state]) for state in wanted}

    # -- arithmetic -------------------------------------------------------------------------------

    def factor(self, share: float) -> Var:
        """``share`` of a tick's length."""
        if share not in self.factors:
            self.factors[share] = self.builder.constant(share * self.dt, REAL)
        return self.factors[share]

    def add(self, a: Var, b: Var) -> Var:
        return self.builder.emit("add", (a, b))

    def sub(self, a: Var, b: Var) -> Var:
        return self.builder.emit("sub", (a, b))

    def moved(self, values: Mapping[Var, Var], rates: Mapping[Var, Var], share: float) -> States:
        """values + share · (length of a step) · rates, for the states that have a rate here."""
        factor = self.factor(share / self.steps)
        found = dict(values)
        for state, rate in rates.items():
            step = self.builder.emit("mul", (factor, rate))
            value = self.add(values[state], step)
            found[state] = broadcast(self.builder, value, state.shape, state.batched)
        return found


def _euler(work: _Integration, y: States) -> States:
    return work.moved(y, work.rates(y, work.step), 1)


def _midpoint(work: _Integration, y: States) -> States:
    half = work.moved(y, work.rates(y, work.step), 0.5)
    return work.moved(y, work.rates(half, work.step + 0.5), 1)


def _rk4(work: _Integration, y: States) -> States:
    first = work.rates(y, work.step)
    second = work.rates(work.moved(y, first, 0.5), work.step + 0.5)
    third = work.rates(work.moved(y, second, 0.5), work.step + 0.5)
    fourth = work.rates(work.moved(y, third, 1), work.step + 1)
    two = work.builder.constant(2.0, REAL)
    total: States = {}
    for state in first:
        middle = work.builder.emit("mul", (two, work.add(second[state], third[state])))
        total[state] = work.add(work.add(first[state], middle), fourth[state])
    return work.moved(y, total, 1 / 6)


def _symplectic(work: _Integration, y: States) -> States:
    positions, velocities = work.sides()
    y = work.moved(y, work.rates(y, work.step, velocities), 1)
    return work.moved(y, work.rates(y, work.step, positions), 1)


def _leapfrog(work: _Integration, y: States) -> States:
    positions, velocities = work.sides()
    y = work.moved(y, work.rates(y, work.step, velocities), 0.5)
    y = work.moved(y, work.rates(y, work.step + 0.5, positions), 1)
    return work.moved(y, work.rates(y, work.step + 1, velocities), 0.5)


_METHODS: dict[str, Callable[[_Integration, States], States]] = {
    "euler": _euler,
    "midpoint": _midpoint,
    "rk4": _rk4,
    "symplectic": _symplectic,
    "leapfrog": _leapfrog,
}

SEPARATED = ("symplectic", "leapfrog")  # those that tell positions from velocities
