"""A Program with what each equation costs, and a name for every variable.

``flops`` counts floating point operations, ``bytes`` what is read and written once (real numbers at the
chosen precision). Both are for one tick with ``batch`` examples.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dilsctl.ir import Eqn, Program, Var
from dilsctl.operations.table import OPERATIONS


@dataclass(frozen=True, slots=True)
class Line:
    """One equation with what it costs. ``note``: "once" if it depends on constants alone, and so is computed
    before anything runs; "view" if it only gives another name to memory."""

    eqn: Eqn
    flops: int
    bytes: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A program and its costs."""

    program: Program
    lines: tuple[Line, ...]
    batch: int
    names: dict[Var, str]

    @property
    def flops(self) -> int:
        return sum(line.flops for line in self.lines)

    @property
    def bytes(self) -> int:
        return sum(line.bytes for line in self.lines)

    @property
    def states(self) -> int:
        """Elements of all states: parameters, moments and what else lives on."""
        return sum(var.type.size for var in self.program.states)


def describe(
    program: Program, batch: int = 1, precision: str = "float32", views: Collection[str] = ()
) -> Plan:
    """Measure a program. ``views``: operations that the engine does without touching memory."""
    real = 8 if precision == "float64" else 4
    constants: set[Var] = set()
    lines = []
    for eqn in program.eqns:
        if all(var in constants for var in eqn.inputs) and not eqn.op.startswith("random_"):
            constants.update(eqn.outputs)
            lines.append(Line(eqn, 0, 0, "once"))
        elif eqn.op in views:
            lines.append(Line(eqn, 0, 0, "view"))
        else:
            lines.append(Line(eqn, _flops(eqn, batch), _bytes(eqn, batch, real)))
    return Plan(program, tuple(lines), batch, name_variables(program))


def _batched(eqn: Eqn) -> bool:
    return any(var.batched for var in (*eqn.inputs, *eqn.outputs))


def _flops(eqn: Eqn, batch: int) -> int:
    return OPERATIONS[eqn.op].cost(eqn) * (batch if _batched(eqn) else 1)


def _bytes(eqn: Eqn, batch: int, real: int) -> int:
    width = {"real": real, "simplex": real, "bool": 1, "int": 8, "class": 8}
    total = 0
    for var in (*dict.fromkeys(eqn.inputs), *eqn.outputs):
        total += var.type.size * width[var.type.kind] * (batch if var.batched else 1)
    return total


def name_variables(program: Program) -> dict[Var, str]:
    """A name for every variable: its port or state path where that is still free, else a number."""
    names: dict[Var, str] = {}
    taken: set[str] = set()
    number = 0

    def give(var: Var, wish: str) -> None:
        nonlocal number
        if var in names:
            return
        if not wish or wish in taken:
            number += 1
            wish = f"%{number}"
        taken.add(wish)
        names[var] = wish

    for name, var in program.inputs.items():
        give(var, name)
    for var in program.states:
        give(var, var.name)
    for eqn in program.eqns:
        for var in eqn.outputs:
            give(var, var.name)
    for var in (*program.outputs.values(), *program.updates.values()):
        give(var, var.name)
    return names
