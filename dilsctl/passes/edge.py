"""Triggers become equations: a condition acts at the tick where it becomes true.

What it was at the last tick is a state of its own, false before the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dilsctl.diagram import Initial, State
from dilsctl.ir import Eqn, Program, Slot, Var
from dilsctl.lower import FlatState, FlatTrigger
from dilsctl.operations.table import Builder
from dilsctl.order import sort_equations

BEFORE = "before"


def detect_edges(program: Program, triggers: Sequence[FlatTrigger]) -> tuple[Program, list[FlatState]]:
    """(the program in which each trigger's ``fired`` is computed, the states ``PATH.before`` it adds)."""
    if not triggers:
        return program, []
    added: list[FlatState] = []
    eqns: list[Eqn] = list(program.eqns)
    builder = Builder(eqns)
    states, slots, updates = list(program.states), dict(program.slots), dict(program.updates)
    for one in triggers:
        builder.span = one.span
        before = Var(one.condition.type, name=f"{one.path}.{BEFORE}")
        new = builder.emit("not", (before,))
        eqns.append(Eqn("and", (one.condition, new), (one.fired,), (), one.span))
        states.append(before)
        kept = State(before.name, before.type, Initial(value=False), None, one.span, before)
        added.append(FlatState(before.name, kept, before))
        slots[before.name] = Slot(before)
        updates[before] = one.condition
    ordered, _ = sort_equations(eqns)
    found = replace(program, eqns=tuple(ordered), states=tuple(states), slots=slots, updates=updates)
    return found, added
