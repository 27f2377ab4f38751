"""The slow, obvious meaning of time: what one tick makes of the states of a diagram.

A tick settles, then all states move at once. A clocked law gives a new value, a flow the rate of change;
where several laws speak of one number, what each adds to it is added, in the order of paths. A flow settles
once a stage, with clocked states held and the time that of the stage. A trigger acts at the tick where its
condition becomes true; a state that flows besides moves on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dilsctl.diagram import Box, Diagram, Initial
from dilsctl.engine.kernels import Array, Context, dtype_of
from dilsctl.ir import Type, Var

from .instances import Chain, Instance, lives, part
from .interpreter import Interpreter

States = dict[str, Array]


@dataclass(frozen=True, eq=False)
class Part:
    """What one law says of a part of a state. ``added``: of a clocked one not the value but what it adds."""

    path: str
    chain: Chain
    value: Array
    added: bool = False


class Meaning:
    """A diagram as time goes on, for one run. ``states``: where it stands, by path, box stacks leading.

    ``velocities``: for symplectic and leapfrog, the paths that are moved first.
    """

    def __init__(
        self,
        diagram: Diagram,
        states: Mapping[str, Array],
        *,
        method: str = "euler",
        steps: int = 1,
        dt: float = 1.0,
        seed: int = 0,
        run: int = 0,
        velocities: tuple[str, ...] = (),
    ) -> None:
        self.diagram = diagram
        self.states: States = {path: np.array(value) for path, value in states.items()}
        self.method, self.steps, self.dt, self.velocities = method, steps, dt, velocities
        self.context = Context(seed, examples=np.array([run]))
        self.tick = 0
        self.inputs: Mapping[str, Array] = {}

    def advance(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """One tick. Gives what is shown before the states move."""
        self.inputs = inputs
        self.context.tick[...] = self.tick
        old = self.states
        now = self._settled(old, 0)
        shown = now.outputs()
        new = {path: value.copy() for path, value in old.items()}
        self._conditions(now, now.root, new)
        jumps = self._clocked(now)
        flows = self._flowed(old)
        for path, value in jumps.items():
            new[path] = value if path not in flows else value + (flows[path] - old[path])
        new.update({path: value for path, value in flows.items() if path not in jumps})
        self.states = {path: np.array(value) for path, value in new.items()}
        self.tick += 1
        return shown

    def _settled(self, states: States, at: float) -> Interpreter:
        """All ports, ``at`` integrator steps after the tick began."""
        time = self.tick * self.dt
        if at:
            time += (at / self.steps) * self.dt
        clock = {"t": time, "dt": self.dt, "tick": self.tick}
        return Interpreter(self.diagram, self.inputs, states, context=self.context, clock=clock)

    def _conditions(self, now: Interpreter, at: Instance, new: States) -> None:
        """Put into ``new`` whether each trigger's condition is true."""
        for one in at.box.triggers:
            new[f"{at.path}{one.name}.before"][at.places] = now.complete(at, one.condition)
        for child in at.all_children():
            self._conditions(now, child, new)

    # -- what laws say ----------------------------------------------------------------------------

    def _said(self, now: Interpreter, at: Instance, flowing: bool) -> list[Part]:
        """What the laws of a box and of all inside it say. Copies of a box that speak of the same number are
        added up first."""
        found = []
        for law in at.box.laws:
            if (law.kind == "rate") == flowing:
                path, chain = lives(at, _name(at.box, law.target))
                found.append(Part(path, chain, now.complete(at, law.value)))
        for name, child in at.box.children.items():
            numbers = [None] if child.count is None else range(child.count)
            each = [self._said(now, at.child(name, number), flowing) for number in numbers]
            if len(child.boxes) == 1 and child.count is not None:
                for parts in zip(*each, strict=True):
                    found += self._together(list(parts), flowing)
            else:
                found += [one for parts in each for one in parts]
        return found

    def _together(self, parts: list[Part], flowing: bool) -> list[Part]:
        if len({(one.path, str(one.chain)) for one in parts}) > 1 or len(parts) == 1:
            return parts
        values = [one.value if flowing else self._step(one) for one in parts]
        return [replace(parts[0], value=sum(values[1:], values[0]), added=True)]

    def _step(self, one: Part) -> Array:
        """What a clocked law adds to its number."""
        return one.value if one.added else one.value - part(self.states[one.path], one.chain)

    def _clocked(self, now: Interpreter) -> States:
        """The new values of states that have clocked laws."""
        found: States = {}
        alone: dict[str, Array] = {}
        said = self._said(now, now.root, False)
        for one in said:
            count = alone.setdefault(one.path, np.zeros(self.states[one.path].shape, int))
            part(count, one.chain)[...] += 2 if one.added else 1
        for one in said:
            new = found.setdefault(one.path, self.states[one.path].copy())
            if new.dtype.kind in "fi":
                part(new, one.chain)[...] += self._step(one)
        for one in said:  # where nobody else speaks, the value itself
            where = part(alone[one.path], one.chain) == 1
            new = part(found[one.path], one.chain)
            new[...] = np.where(where, one.value, new)
        return found

    # -- flows ------------------------------------------------------------------------------------

    def _rates(self, values: States, at: float) -> States:
        """The rate of each state that flows, ``at`` steps after the tick began."""
        now = self._settled({**self.states, **values}, at)
        found: States = {}
        for one in self._said(now, now.root, True):
            whole = np.zeros(self.states[one.path].shape)
            part(whole, one.chain)[...] = one.value
            found[one.path] = found[one.path] + whole if one.path in found else whole
        return found

    def _flowed(self, old: States) -> States:
        """Where states that flow are at the end of the tick."""
        rates = self._rates({}, 0)
        values = {path: old[path] for path in rates}
        for number in range(self.steps if values else 0):
            values = getattr(self, f"_{self.method}")(values, number)
        return values

    def _moved(self, values: States, rates: States, share: float) -> States:
        """values + share · (length of a step) · rates."""
        length = (share / self.steps) * self.dt
        return {**values, **{path: values[path] + length * rate for path, rate in rates.items()}}

    def _euler(self, y: States, at: float) -> States:
        return self._moved(y, self._rates(y, at), 1)

    def _midpoint(self, y: States, at: float) -> States:
        half = self._moved(y, self._rates(y, at), 1 / 2)
        return self._moved(y, self._rates(half, at + 1 / 2), 1)

    def _rk4(self, y: States, at: float) -> States:
        first = self._rates(y, at)
        second = self._rates(self._moved(y, first, 1 / 2), at + 1 / 2)
        third = self._rates(self._moved(y, second, 1 / 2), at + 1 / 2)
        fourth = self._rates(self._moved(y, third, 1), at + 1)
        total = {one: first[one] + 2 * (second[one] + third[one]) + fourth[one] for one in first}
        return self._moved(y, total, 1 / 6)

    def _symplectic(self, y: States, at: float) -> States:
        y = self._moved(y, self._of(self._rates(y, at), True), 1)
        return self._moved(y, self._of(self._rates(y, at), False), 1)

    def _leapfrog(self, y: States, at: float) -> States:
        y = self._moved(y, self._of(self._rates(y, at), True), 1 / 2)
        y = self._moved(y, self._of(self._rates(y, at + 1 / 2), False), 1)
        return self._moved(y, self._of(self._rates(y, at + 1), True), 1 / 2)

    def _of(self, rates: States, velocities: bool) -> States:
        return {path: rate for path, rate in rates.items() if (path in self.velocities) is velocities}


def _name(box: Box, var: Var) -> str:
    for variables in (box.states, box.shared):
        for name, one in variables.items():
            if one.var is var:
                return name
    raise AssertionError("a law of no variable")


def beginning(diagram: Diagram) -> States:
    """How states begin that begin with numbers. Of variables that are one, the outermost value counts."""
    found: States = {}
    filled: dict[str, Array] = {}

    def fill(at: Instance, name: str, type: Type, initial: Initial | None) -> None:
        path, chain = lives(at, name)
        if path not in found:  # the outermost comes first
            whole = (*at.lengths, *type.shape)
            uniform = 1.0 / whole[-1] if type.kind == "simplex" else 0
            found[path] = np.full(whole, uniform, dtype_of(type.kind, np.float64))
            filled[path] = np.zeros(whole, bool)
        if initial is None or initial.rule == "uniform":
            return
        free = ~part(filled[path], chain)
        value = part(found[path], chain)
        value[...] = np.where(free, np.asarray(initial.value), value)
        part(filled[path], chain)[...] = True

    def walk(at: Instance) -> None:
        for name, one in at.box.states.items():
            fill(at, name, one.type, one.initial)
        for name, shared in at.box.shared.items():
            fill(at, name, shared.type, shared.initial)
        for trigger in at.box.triggers:
            shape = (*at.lengths, *trigger.condition.shape)
            found.setdefault(f"{at.path}{trigger.name}.before", np.zeros(shape, bool))
        for child in at.all_children():
            walk(child)

    walk(Instance(diagram.main))
    return found
