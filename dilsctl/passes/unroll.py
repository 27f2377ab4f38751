"""An episode becomes one program: its ticks are written out one after another, to be differentiated.

States that move begin anew with every episode and are values within it; what is learned stays a state, the
same at every tick. A kept state lives on: the first tick finds it as it is, and what it is after the last one
is its update. Where the episode is a piece of a longer one, all states that move live on so. An input that is
a sequence has one more leading axis, the ticks; any other is held.

Measuring must not change what is kept: where a kept state moves within an episode, the program has the loss
twice, ``train.loss`` with it moving, and ``loss`` with it held; ``held.N`` then is what update N is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from dilsctl.diagnostics import Problem
from dilsctl.diagram import Initial, State
from dilsctl.ir import CLOCK, INT, REAL, Eqn, Program, Slot, Var, params_of
from dilsctl.lower import FlatState, source_of
from dilsctl.operations.rules import broadcast, has_gradient
from dilsctl.operations.table import Builder

MOST_UNROLLED = 2_000_000  # equations of all ticks together
LENGTH = "episode.ticks"  # an input: how many ticks of each example there are
TICK = "episode.tick"  # a state: the tick that a piece of a longer episode begins with
FIRST = Var(INT, name=TICK)
FIRST_STATE = FlatState(TICK, State(TICK, INT, Initial(value=0), None, None, FIRST), FIRST)
At = Literal["last", "each", "end"]


@dataclass(frozen=True, slots=True)
class Episode:
    """One example over time: ``ticks`` of length ``dt``, with flows moved by ``method`` in ``steps`` each.

    ``at``: when the loss counts: at the last tick, at each (the mean), or after the last step. ``horizon``:
    how many ticks back gradients flow; None for all. ``sequences``: inputs and targets by tick. ``ragged``:
    examples have different numbers of ticks, at most ``ticks``, given by the input ``LENGTH``. ``goes_on``:
    an example is a piece of one long episode, and the next one goes on where it ends.
    """

    ticks: int = 1
    dt: float = 1.0
    method: str = "rk4"
    steps: int = 1
    at: At = "last"
    horizon: int | None = None
    sequences: frozenset[str] = frozenset()
    ragged: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """The program of an episode, and the state that it adds, if any."""

    program: Program
    added: tuple[FlatState, ...] = ()


def unroll(program: Program, episode: Episode, states: Mapping[str, FlatState]) -> Unrolled:
    """The program of an episode. ``states``: those of the diagram by path, for how they begin.

    Raises Problem: too-large, bad-initial.
    """
    size = len(program.eqns) * episode.ticks
    if size > MOST_UNROLLED:
        message = f"an episode of {episode.ticks} ticks has {size} equations; at most {MOST_UNROLLED} can be"
        raise Problem.of("too-large", message, help="fewer ticks an episode")
    return _Unrolling(program, episode, states).run()


def beginning(program: Program, episode: Episode, states: Mapping[str, FlatState]) -> Program:
    """What the states that move begin an episode with: ``begin.N`` for update N of ``unroll``'s program."""
    work = _Unrolling(program, replace(episode, ticks=0), states)
    outputs = {f"begin.{number}": work._begin(one) for number, one in enumerate(program.updates)}
    kept = tuple(one for one in program.states if one not in program.updates)
    slots = {path: slot for path, slot in program.slots.items() if slot.var in set(kept)}
    return Program({}, kept, outputs, tuple(work.eqns), slots, {})


class _Unrolling:
    def __init__(self, program: Program, episode: Episode, states: Mapping[str, FlatState]) -> None:
        self.program = program
        self.episode = episode
        self.states = states
        self.eqns: list[Eqn] = []
        self.builder = Builder(self.eqns)
        self.living = {
            one for one in program.updates if episode.goes_on or one in program.kept
        }  # states that live on after the episode
        self.inputs = {
            name: Var(var.type.with_shape((episode.ticks, *var.shape)), True, name)
            if name in episode.sequences
            else var
            for name, var in program.inputs.items()
            if name not in CLOCK
        }
        self.length = Var(INT, True, LENGTH) if episode.ragged else None
        if self.length is not None:
            self.inputs[LENGTH] = self.length
        self.first = FIRST if episode.goes_on else None
        self.counts = [self._counts(tick) for tick in range(episode.ticks)]

    def run(self) -> Unrolled:
        program, episode = self.program, self.episode
        begin = {one: one if one in self.living else self._begin(one) for one in program.updates}
        outputs, after = self._ticks(begin, frozenset())
        living = [one for one in program.updates if one in self.living]
        held = program.kept.intersection(living)
        if held and (episode.ticks > 1 or episode.at == "end") and "loss" in outputs:
            still, values = self._ticks(begin, held)
            moved = {f"held.{number}": values[one] for number, one in enumerate(living)}
            outputs = {**still, **moved, "train.loss": outputs["loss"]}
        lasting = tuple(one for one in program.states if one not in program.updates or one in self.living)
        updates = {one: after[one] for one in living}
        slots = {path: slot for path, slot in program.slots.items() if slot.var in set(lasting)}
        added: tuple[FlatState, ...] = ()
        if self.first is not None:
            count = self.length or self.builder.constant(episode.ticks, INT)
            if count.batched:
                mean = self.builder.emit("batch_mean", (count,), batched=False)  # a piece is one example
                count = self.builder.emit("cast", (mean,), kind="int")
            updates[self.first] = self.builder.emit("add", (self.first, count))
            slots[TICK] = Slot(self.first)
            lasting = (*lasting, self.first)
            added = (FIRST_STATE,)
        found = replace(
            program,
            inputs=self.inputs,
            states=lasting,
            slots=slots,
            outputs=outputs,
            eqns=tuple(self.eqns),
            updates=updates,
        )
        return Unrolled(found, added)

    def _ticks(self, begin: Mapping[Var, Var], held: frozenset[Var]) -> tuple[dict[str, Var], dict[Var, Var]]:
        """Write all ticks: (what the episode shows, the states after it). ``held`` states do not move."""
        program, episode = self.program, self.episode
        values = dict(begin)
        shown: list[dict[str, Var]] = []
        for tick in range(episode.ticks):
            new = self._tick(values, tick)
            shown.append({name: new.get(var, var) for name, var in program.outputs.items()})
            moved = {
                state: values[state] if state in held else new.get(update, update)
                for state, update in program.updates.items()
            }
            values = {state: self._choose(tick, value, values[state]) for state, value in moved.items()}
            values = self._cut(tick, values)
        if episode.at == "end":
            new = self._tick(values, episode.ticks)
            return {name: new.get(var, var) for name, var in program.outputs.items()}, values
        outputs = dict(shown[0])
        for tick, later in enumerate(shown[1:], 1):
            outputs = {name: self._choose(tick, later[name], outputs[name]) for name in outputs}
        if episode.at == "each":
            for name in outputs:
                if not name.startswith("port."):
                    outputs[name] = self._mean([one[name] for one in shown])
        return outputs, values

    def _cut(self, tick: int, values: dict[Var, Var]) -> dict[Var, Var]:
        """The states after a tick, without gradients where a block of the horizon ends: blocks are counted
        from the end of each example."""
        horizon, emit = self.episode.horizon, self.builder.emit
        left = self.episode.ticks - 1 - tick
        if horizon is None or left < horizon:
            return values
        stopped = {state: emit("stop", (value,)) for state, value in values.items()}
        if self.length is None:
            return stopped if left % horizon == 0 else values
        ends = [
            emit("eq", (self.length, self.builder.constant(tick + 1 + blocks * horizon, INT)))
            for blocks in range(1, left // horizon + 1)
        ]
        here = ends[0]
        for one in ends[1:]:
            here = emit("or", (here, one))
        return {
            state: self._chosen(here, stopped[state], value) if has_gradient(value) else value
            for state, value in values.items()
        }

    def _counts(self, tick: int) -> Var | None:
        """Whether each example still goes on at a tick; None where all do."""
        if self.length is None or tick == 0:
            return None
        return self.builder.emit("gt", (self.length, self.builder.constant(tick, INT)))

    def _choose(self, tick: int, value: Var, before: Var) -> Var:
        """``value`` where an example still goes on at a tick, else ``before``."""
        counts = self.counts[tick]
        if counts is None or value is before:
            return value
        return self._chosen(counts, value, before)

    def _chosen(self, which: Var, value: Var, other: Var) -> Var:
        """``value`` for some examples, else the ``other``. What is one for all is so if it is for any."""
        if not value.batched and not other.batched:
            which = self.builder.emit("gt", (self._part(which), self.builder.constant(0.0, REAL)))
        return self.builder.emit("where", (which, value, other))

    def _part(self, which: Var) -> Var:
        """The part of the examples of which something holds."""
        numbers = self.builder.emit("cast", (which,), kind="real")
        return self.builder.emit("batch_mean", (numbers,), batched=False)

    def _pooled(self, value: Var, counts: Var) -> Var:
        """The mean over the examples that still go on."""
        zero = self.builder.constant(0.0, REAL)
        total = self.builder.emit("where", (counts, value, zero))
        total = self.builder.emit("batch_mean", (total,), batched=False)
        least = self.builder.constant(1e-30, REAL)  # where none goes on, nothing takes the mean
        return self.builder.emit("div", (total, self.builder.emit("maximum", (self._part(counts), least))))

    def _tick(self, values: Mapping[Var, Var], tick: int) -> dict[Var, Var]:
        """Write the equations of a tick; what stands for each variable at it."""
        new: dict[Var, Var] = dict(values)
        self.builder.span = None
        for name, var in self.program.inputs.items():
            if name in CLOCK:
                new[var] = self._clock(name, tick)
            elif name in self.episode.sequences:
                at = min(tick, self.episode.ticks - 1)
                index = (at, *((0, length, 1) for length in var.shape))
                new[var] = self.builder.emit("slice", (self.inputs[name],), index=index)
        for eqn in self.program.eqns:
            inputs = tuple([new.get(one, one) for one in eqn.inputs])
            counts = self.counts[tick] if tick < len(self.counts) else None
            if eqn.op == "batch_mean" and counts is not None and inputs[0].batched:
                new[eqn.outputs[0]] = self._pooled(inputs[0], counts)
                continue
            outs = tuple([Var(one.type, one.batched, one.name) for one in eqn.outputs])
            new.update(zip(eqn.outputs, outs, strict=True))
            params = eqn.params
            if tick and eqn.op.startswith("random_"):
                params = params_of(**dict(params), later=tick)
            self.eqns.append(Eqn(eqn.op, inputs, outs, params, eqn.span))
        return new

    def _clock(self, name: str, tick: int) -> Var:
        """The time, the length of a tick, or its number."""
        dt = self.episode.dt
        if name == "dt":
            return self.builder.constant(dt, REAL)
        if tick == self.episode.ticks and self.length is not None:
            number = self.length
        elif self.first is None:
            return self.builder.constant(*((tick, INT) if name == "tick" else (tick * dt, REAL)))
        else:
            number = self.builder.constant(tick, INT)
        if self.first is not None:
            number = self.builder.emit("add", (self.first, number))
        if name == "tick":
            return number
        return self.builder.emit(
            "mul", (self.builder.constant(dt, REAL), self.builder.emit("cast", (number,), kind="real"))
        )

    def _mean(self, values: list[Var]) -> Var:
        """The mean over the ticks of each example."""
        total = values[0]
        zero = self.builder.constant(0.0, REAL)
        for tick, one in enumerate(values[1:], 1):
            total = self.builder.emit("add", (total, self._choose(tick, one, zero)))
        if self.length is not None:
            return self.builder.emit("div", (total, self.builder.emit("cast", (self.length,), kind="real")))
        share = self.builder.constant(1.0 / len(values), REAL)
        return self.builder.emit("mul", (share, total))

    # -- how it begins ----------------------------------------------------------------------------

    def _begin(self, state: Var) -> Var:
        """The value of a moving state when an episode begins, for every example."""
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
        if first.rule == "state":
            slot = self.program.slots[source_of(flat)]
            index = (*slot.index, *((0, length, 1) for length in type.shape))
            return self.builder.emit("slice", (slot.var,), index=index)
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
