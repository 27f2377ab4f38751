"""Small programs written by hand, and whether a pass kept what they compute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dilsctl.ir import Eqn, Kind, Params, Program, Slot, Type, Var, params_of
from dilsctl.operations.table import Builder
from dilsctl.verify import verify
from tests.laws.support import Machine, random_array

BATCH = 3
Share = tuple[int, int, int]


@dataclass
class Draft:
    """A program in the making."""

    builder: Builder = field(default_factory=lambda: Builder([]))
    inputs: dict[str, Var] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    learned: dict[Var, Params] = field(default_factory=dict)

    def input(
        self, name: str, *shape: int, kind: Kind = "real", classes: int | None = None, batched: bool = True
    ) -> Var:
        self.inputs[name] = Var(Type(kind, shape, classes), batched, name)
        return self.inputs[name]

    def state(self, path: str, *shape: int, learn: dict[str, Any] | None = None, kind: Kind = "real") -> Var:
        """A state. ``learn``: its options, where it is learned."""
        var = Var(Type(kind, shape), name=path)
        self.slots[path] = Slot(var)
        if learn is not None:
            self.learned[var] = params_of(**learn)
        return var

    def emit(self, op: str, *inputs: Var, batched: bool | None = None, **params: Any) -> Var:
        return self.builder.emit(op, inputs, batched=batched, **params)

    def constant(self, value: Any, *shape: int) -> Var:
        return self.builder.constant(value, Type("real", shape))

    def program(self, updates: dict[Var, Var] | None = None, /, **outputs: Var) -> Program:
        states = tuple(slot.var for slot in self.slots.values())
        eqns = tuple(self.builder.eqns)
        made = Program(self.inputs, states, outputs, eqns, self.slots, self.learned, updates or {})
        verify(made)
        return made


def ops(program: Program) -> list[str]:
    """Its operations in order; constants are not counted."""
    return [eqn.op for eqn in program.eqns if eqn.op != "constant"]


def only(program: Program, op: str) -> Eqn:
    """The one equation with that operation."""
    (found,) = [eqn for eqn in program.eqns if eqn.op == op]
    return found


def index(*entries: int | Share | None, shape: tuple[int, ...]) -> tuple[int | Share, ...]:
    """An index in which None stands for a whole axis."""
    return tuple((0, length, 1) if one is None else one for one, length in zip(entries, shape, strict=True))


def same_results(before: Program, after: Program, *, rtol: float = 1e-12, ticks: int = 2) -> None:
    """Equal outputs, and equal states path by path, tick after tick; and the program after is legal."""
    verify(after)
    assert before.outputs.keys() == after.outputs.keys()
    rng = np.random.default_rng(1)
    states = {path: np.zeros(()) for path in before.slots}
    for path, slot in before.slots.items():
        shape = np.zeros(slot.var.shape)[_numpy(slot.index)].shape
        states[path] = random_array(slot.var.type.with_shape(shape), rng, whole=False)
    kept = {path: value for path, value in states.items() if path in after.slots}
    machines = [Machine(before, BATCH, states, seed=5), Machine(after, BATCH, kept, seed=5)]
    for _ in range(ticks):
        given = {
            name: random_array(var.type, rng, lead=(BATCH,) if var.batched else (), whole=False)
            for name, var in before.inputs.items()
        }
        expected, found = (one.run(given) for one in machines)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=rtol, atol=1e-13, err_msg=name)
            assert found[name].shape == value.shape
        for path, view in machines[1].states.items():
            np.testing.assert_allclose(view, machines[0].states[path], rtol=rtol, atol=1e-13, err_msg=path)


def _numpy(entries: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(one if isinstance(one, int) else slice(*one) for one in entries)
