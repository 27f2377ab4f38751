"""Learned states that no loss reaches, and states that answer the potential and that none reaches."""

from __future__ import annotations

from collections.abc import Sequence

from dilsctl.diagnostics import Diagnostic, Label, Severity, SourceSpan
from dilsctl.diagram import Box
from dilsctl.ir import Program, Var
from dilsctl.lower import Flat, FlatState, source_of
from dilsctl.passes.differentiate import reached
from dilsctl.places import children_on, nearest

_HELP = "wire it so that it does (comparisons, argmax and stop pass no gradient), or take it out of 'learn'"


def unreached_states(main: Box, program: Program, states: Sequence[FlatState]) -> list[Diagnostic]:
    """A finding ``unreached-state`` for each learned state that does not affect the loss, or for the box
    of which that holds for all that it learns."""
    live = reached_over_time(program)
    learned = [one for one in states if one.state.learn is not None]
    begun = {source_of(one) for one in states if one.var in live and _begins_as_learned(one)}
    dead = {one.path: one for one in learned if one.var not in live and one.path not in begun}
    alive = {prefix for one in learned if one.path not in dead for prefix in _prefixes(one.path)}
    groups: dict[str, list[FlatState]] = {}
    for path, one in dead.items():
        around = next((prefix for prefix in _prefixes(path) if prefix not in alive), path)
        groups.setdefault(around, []).append(one)
    return [_finding(main, around, found) for around, found in groups.items()]


def _begins_as_learned(one: FlatState) -> bool:
    return one.state.initial is not None and one.state.initial.rule == "state"


def reached_over_time(program: Program) -> set[Var]:
    """Through which a gradient of the loss can flow, from a tick to those before it as well."""
    ends = [program.outputs["loss"]]
    while True:
        live = reached(program.eqns, ends)
        more = [
            law
            for moving in (program.updates, program.rates)
            for state, law in moving.items()
            if state in live and law not in ends
        ]
        if not more:
            return live
        ends += more


def unforced_states(flat: Flat) -> list[Diagnostic]:
    """A finding ``no-force`` for each state that answers the potential, and does not affect it.

    One that descends it would stay for ever; one that conserves it moves uniformly, which may be meant.
    """
    live = reached(flat.eqns, flat.potentials)
    found = []
    for state, answer in flat.answers.items():
        if state in live or answer.momentum in flat.rates:
            continue
        path = next(one.path for one in flat.states if one.var is state)
        help = "give a box that reads it a potential"
        where = Label(answer.metrics[0].span) if answer.metrics[0].span is not None else None
        if answer.kind == "descend":
            message = f"'{path}' descends the potential, and never affects it: it would stay as it is"
            found.append(Diagnostic("no-force", message, where, (), help))
        else:
            message = f"'{path}' conserves the potential, and never affects it: no force acts on it"
            found.append(Diagnostic("no-force", message, where, (), help, Severity.WARNING))
    if not flat.answers and flat.potentials:
        first = flat.potentials[0]
        span = next((eqn.span for eqn in flat.eqns if first in eqn.outputs), None)
        message = "nothing answers this potential: nothing is under 'conserve', or has a 'step' under 'learn'"
        help = "conserve: {x: MASS}, or learn: {x: {step: …}}"
        where = Label(span) if span is not None else None
        found.append(Diagnostic("idle-potential", message, where, (), help, Severity.WARNING))
    return found


def _prefixes(path: str) -> list[str]:
    """The boxes that a state is in, the outermost first, as paths without the numbers of elements."""
    steps = [step.partition("[")[0] for step in path.split(".")[:-1]]
    return [".".join(steps[: n + 1]) for n in range(len(steps))]


def _finding(main: Box, around: str, states: list[FlatState]) -> Diagnostic:
    paths = [one.path for one in states]
    declared = [one.state.span for one in states if one.state.span is not None]
    uses = [one.span for one in children_on(main, paths[0]) if one.span is not None]
    if around in paths:
        message = f"learned state '{around}' never affects the loss"
        places: list[SourceSpan] = [*declared, *reversed(uses)]
    else:
        shown = ", ".join(f"'{one}'" for one in paths[:4]) + (", …" if len(paths) > 4 else "")
        message = f"nothing that box '{around}' learns affects the loss: {shown}"
        depth = around.count(".") + 1
        places = [*reversed(uses[:depth]), *declared[:3]]
    where = nearest(places, main)
    related = [Label(one) for one in dict.fromkeys(places) if one != where and one in declared]
    return Diagnostic("unreached-state", message, Label(where) if where else None, tuple(related), _HELP)
