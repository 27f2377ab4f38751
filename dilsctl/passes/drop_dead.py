"""Drop equations that nothing needs, and states that no equation reads."""

from __future__ import annotations

from dataclasses import replace

from dilsctl.ir import Program, Var


def drop_dead(program: Program, *, keep_states: bool = True) -> Program:
    """The program with only what its outputs and laws need. Inputs stay as they are."""
    live: set[Var] = set(program.ends)
    kept = []
    for eqn in reversed(program.eqns):
        if any(out in live for out in eqn.outputs):
            kept.append(eqn)
            live.update(eqn.inputs)
    kept.reverse()
    states = program.states
    if not keep_states:
        states = tuple(one for one in states if one in live or one in program.updates or one in program.rates)
    alive = set(states)
    return replace(
        program,
        eqns=tuple(kept),
        states=states,
        slots={path: slot for path, slot in program.slots.items() if slot.var in alive},
        learned={var: options for var, options in program.learned.items() if var in alive},
    )
