"""Triggers become equations: a condition acts at the tick where it becomes true.

What it was at the last tick is a state of its own, false before the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dilsctl.diagram import Initial, State, Trigger
from dilsctl.ir import Eqn, Program, Slot, Var
from dilsctl.lower import FlatState
from dilsctl.order import sort_equations

BEFORE = "before"


def detect_edges(program: Program, triggers: Sequence[Trigger]) -> tuple[Program, list[FlatState]]:
    """(the program in which each trigger's ``fired`` is computed, the states ``PATH.before`` it adds)."""
    if not triggers:
        return program, []
    added: list[FlatState] = []
    eqns: list[Eqn] = list(program.eqns)
    states, slots, updates = list(program.states), dict(program.slots), dict(program.updates)
    for one in triggers:
        state, equations = edge_of(one)
        eqns += equations
        added.append(state)
        states.append(state.var)
        slots[state.path] = Slot(state.var)
        updates[state.var] = one.condition
    ordered, _ = sort_equations(eqns)
    found = replace(program, eqns=tuple(ordered), states=tuple(states), slots=slots, updates=updates)
    return found, added


def edge_of(trigger: Trigger) -> tuple[FlatState, list[Eqn]]:
    """(a state that takes the condition at every tick, the equations of ``fired``)."""
    path, span = f"{trigger.name}.{BEFORE}", trigger.span
    before, still = Var(trigger.condition.type, name=path), Var(trigger.condition.type)
    state = State(path, before.type, Initial(value=False), None, span, before)
    return FlatState(path, state, before), [
        Eqn("not", (before,), (still,), (), span),
        Eqn("and", (trigger.condition, still), (trigger.fired,), (), span),
    ]
