"""An episode becomes one program: its ticks are written out one after another, to be differentiated.

States that move begin anew with every episode and are values within it; what is learned stays a state, the
same at every tick. An input that is a sequence has one more leading axis, the ticks; any other is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from dilsctl.diagnostics import Problem
from dilsctl.diagram import Initial
from dilsctl.ir import CLOCK, INT, REAL, Eqn, Program, Type, Var
from dilsctl.lower import FlatState
from dilsctl.operations.rules import broadcast
from dilsctl.operations.table import Builder

MOST_UNROLLED = 2_000_000  # equations of all ticks together
At = Literal["last", "each", "end"]


@dataclass(frozen=True, slots=True)
class Episode:
    """One example over time: ``ticks`` of length ``dt``, with flows moved by ``method`` in ``steps`` each.

    ``at``: when the loss counts: at the last tick, at each (the mean), or after the last step. ``horizon``:
    how many ticks back gradients flow; None for all. ``sequences``: inputs and targets by tick.
    """

    ticks: int = 1
    dt: float = 1.0
    method: str = "rk4"
    steps: int = 1
    at: At = "last"
    horizon: int | None = None
    sequences: frozenset[str] = frozenset()


def unroll(program: Program, episode: Episode, states: Mapping[str, FlatState]) -> Program:
    """The program of an episode. ``states``: those of the diagram by path, for how they begin.

    Raises Problem: too-large, moving-state (a kept state that moves), bad-initial.
    """
    size = len(program.eqns) * episode.ticks
    if size > MOST_UNROLLED:
        message = f"an episode of {episode.ticks} ticks has {size} equations; at most {MOST_UNROLLED} can be"
        raise Problem.of("too-large", message, help="fewer ticks an episode")
    return _Unrolling(program, episode, states).run()


class _Unrolling:
    def __init__(self, program: Program, episode: Episode, states: Mapping[str, FlatState]) -> None:
        self.program = program
        self.episode = episode
        self.states = states
        self.eqns: list[Eqn] = []
        self.builder = Builder(self.eqns)
        self.inputs = {
            name: Var(var.type.with_shape((episode.ticks, *var.shape)), True, name)
            if name in episode.sequences
            else var
            for name, var in program.inputs.items()
            if name not in CLOCK
        }

    def run(self) -> Program:
        program, episode = self.program, self.episode
        values = {state: self._begin(state) for state in program.updates}
        shown: list[dict[str, Var]] = []
        for tick in range(episode.ticks):
            new = self._tick(values, tick)
            shown.append({name: new.get(var, var) for name, var in program.outputs.items()})
            values = {state: new.get(update, update) for state, update in program.updates.items()}
            left = episode.ticks - 1 - tick
            if episode.horizon is not None and left and left % episode.horizon == 0:
                values = {state: self.builder.emit("stop", (value,)) for state, value in values.items()}
        if episode.at == "end":
            new = self._tick(values, episode.ticks)
            shown.append({name: new.get(var, var) for name, var in program.outputs.items()})
        outputs = dict(shown[-1])
        if episode.at == "each":
            for name in outputs:
                if not name.startswith("port."):
                    outputs[name] = self._mean([one[name] for one in shown])
        kept = tuple(one for one in program.states if one not in program.updates)
        return replace(
            program,
            inputs=self.inputs,
            states=kept,
            slots={path: slot for path, slot in program.slots.items() if slot.var in set(kept)},
            outputs=outputs,
            eqns=tuple(self.eqns),
            updates={},
        )

    def _tick(self, values: Mapping[Var, Var], tick: int) -> dict[Var, Var]:
        """Write the equations of a tick; what stands for each variable at it."""
        new: dict[Var, Var] = dict(values)
        self.builder.span = None
        clock: dict[str, tuple[Any, Type]] = {
            "t": (tick * self.episode.dt, REAL), "dt": (self.episode.dt, REAL), "tick": (tick, INT),
        }  # fmt: skip
        for name, var in self.program.inputs.items():
            if name in clock:
                new[var] = self.builder.constant(*clock[name])
            elif name in self.episode.sequences:
                at = min(tick, self.episode.ticks - 1)
                index = (at, *((0, length, 1) for length in var.shape))
                new[var] = self.builder.emit("slice", (self.inputs[name],), index=index)
        for eqn in self.program.eqns:
            inputs = tuple([new.get(one, one) for one in eqn.inputs])
            outs = tuple([Var(one.type, one.batched, one.name) for one in eqn.outputs])
            new.update(zip(eqn.outputs, outs, strict=True))
            params = eqn.params
            if tick and eqn.op.startswith("random_"):
                params = tuple((k, f"{value}@{tick}" if k == "key" else value) for k, value in params)
            self.eqns.append(Eqn(eqn.op, inputs, outs, params, eqn.span))
        return new

    def _mean(self, values: list[Var]) -> Var:
        total = values[0]
        for one in values[1:]:
            total = self.builder.emit("add", (total, one))
        share = self.builder.constant(1.0 / len(values), REAL)
        return self.builder.emit("mul", (share, total))

    # -- how it begins ----------------------------------------------------------------------------

    def _begin(self, state: Var) -> Var:
        """The value of a moving state when an episode begins, for every example."""
        if state in self.program.kept:
            message = f"the kept state '{state.name}' moves by a law of its own: that can't be trained yet"
            raise Problem.of("moving-state", message, help="leave 'keep' out, or learn it")
        pieces, index = [], []
        for path, slot in self.program.slots.items():
            if slot.var is state:
                flat = self.states[path]
                pieces.append(self._piece(path, flat))
                index.append((*slot.index, *((0, length, 1) for length in flat.var.shape)))
        if len(pieces) == 1 and pieces[0].shape == state.shape:
            found = pieces[0]
        else:
            found = self.builder.emit("assemble", pieces, index=tuple(index), type=state.type)
        return broadcast(self.builder, found, state.shape, True)

    def _piece(self, path: str, flat: FlatState) -> Var:
        first, type = flat.state.initial, flat.var.type
        self.builder.span = flat.state.span
        if not first.rule:
            return self.builder.constant(_led(first, len(flat.lead), flat), type)
        if first.rule in ("zeros", "ones") or type.kind == "simplex":
            number = 1.0 / type.shape[-1] if type.kind == "simplex" else float(first.rule == "ones")
            return self.builder.constant(number, type)
        if first.rule not in ("uniform", "normal"):
            message = f"'{path}' begins by '{first.rule}', which is for learned states"
            raise Problem.of("bad-initial", message, flat.state.span, help="use uniform(…) or normal(…)")
        low, high = [*first.arguments, *(0.0, 1.0)[len(first.arguments) :]][:2]
        drawn = self.builder.emit(
            f"random_{first.rule}", (), batched=True, key=f"{path}(begin)", shape=type.shape
        )
        span = float(high) - float(low) if first.rule == "uniform" else float(high)
        scaled = self.builder.emit("mul", (self.builder.constant(span, REAL), drawn))
        return self.builder.emit("add", (self.builder.constant(float(low), REAL), scaled))


def _led(first: Initial, lead: int, flat: FlatState) -> Any:
    """A constant of the state's own shape, repeated over the box arrays that it is in."""
    value = first.value
    if isinstance(value, tuple):
        for length in reversed(flat.lead[:lead]):
            value = (value,) * length
    return value
