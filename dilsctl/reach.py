"""Learned states that no loss reaches, and states that answer the potential and that none reaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dilsctl.diagnostics import Diagnostic, Label, Severity, SourceSpan
from dilsctl.diagram import Box
from dilsctl.ir import Eqn, Program, Var
from dilsctl.lower import Flat, FlatState, source_of
from dilsctl.operations.rules import has_gradient
from dilsctl.operations.table import OPERATIONS
from dilsctl.passes.differentiate import reached
from dilsctl.places import children_on, nearest

_HELP = "wire it so that it does, or take it out of 'learn'"


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
    if not groups:
        return []
    affects = _affecting(program)
    return [
        _finding(main, around, found, _blocks(program, [one.var for one in found], affects))
        for around, found in groups.items()
    ]


def _affecting(program: Program) -> set[Var]:
    """On what the loss depends, gradients or not, from a tick to those before it as well."""
    producers = {out: eqn for eqn in program.eqns for out in eqn.outputs}
    moving = (program.updates, program.rates)
    found: set[Var] = set()
    stack = [program.outputs["loss"]]
    while stack:
        var = stack.pop()
        if var not in found:
            found.add(var)
            stack += producers[var].inputs if var in producers else ()
            stack += [laws[var] for laws in moving if var in laws]
    return found


def _blocks(program: Program, states: Sequence[Var], affects: set[Var]) -> list[Eqn]:
    """The equations at which the gradients of some states end, though the loss depends on what they make."""
    flows = {one for one in states if one in affects}
    targets = {law: state for laws in (program.updates, program.rates) for state, law in laws.items()}
    found: list[Eqn] = []
    for _ in range(2):  # the second time through states that move
        found = []
        for eqn in program.eqns:
            if not any(one in flows for one in eqn.inputs):
                continue
            passes = OPERATIONS[eqn.op].reverse is not None
            for out in eqn.outputs:
                if passes and has_gradient(out):
                    flows.add(out)
                elif out in affects:
                    found.append(eqn)
        flows |= {targets[one] for one in flows if one in targets}
    return list(dict.fromkeys(found))


def _begins_as_learned(one: FlatState) -> bool:
    return one.state.initial is not None and one.state.initial.rule == "state"


def _inputs(eqn: Eqn) -> Sequence[Var]:
    return eqn.inputs


def reached_over_time(
    program: Program,
    ends: Sequence[Var] = (),
    inputs: Callable[[Eqn], Sequence[Var]] = _inputs,
) -> set[Var]:
    """Through which a gradient of the loss, or of other ends, can flow, from a tick to those before it as
    well. ``inputs``: those of an equation that what it makes depends on."""
    ends = list(ends or [program.outputs["loss"]])
    while True:
        live = reached(program.eqns, ends, inputs)
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


_NAMES = {
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), "a comparison"),
    **dict.fromkeys(("and", "or", "not", "xor", "any", "all"), "logic"),
    "cast": "a change of kind",
}


def _finding(main: Box, around: str, states: list[FlatState], blocks: list[Eqn]) -> Diagnostic:
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
    if blocks:
        names = list(dict.fromkeys(_NAMES.get(one.op, one.op) for one in blocks))
        named = " and ".join([", ".join(names[:-1]), names[-1]] if names[:-1] else names)
        if around in paths:
            message = f"learned state '{around}' affects the loss only through {named}"
        else:
            message = f"what box '{around}' learns affects the loss only through {named}: {shown}"
        message += f", which pass{'es' if len(names) == 1 else ''} no gradient"
        spans = dict.fromkeys(one.span for one in blocks if one.span is not None)
        related += [Label(one, "gradients end here") for one in list(spans)[:3]]
        help = "wire it so that a gradient passes, or take it out of 'learn'"
        return Diagnostic("unreached-state", message, Label(where) if where else None, tuple(related), help)
    return Diagnostic("unreached-state", message, Label(where) if where else None, tuple(related), _HELP)
