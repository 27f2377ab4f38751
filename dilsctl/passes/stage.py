"""What depends on the data alone is computed once for the whole data set, not at every step.

``stage`` splits a program in two: a staging program over the raw inputs, whose outputs are the inputs of the
rest. Scaled pixels, one-hot targets and the constant one beside a layer's inputs are staged; values much
larger than the data they come from are not. Without inputs, as in episodes without data,
nothing is.
"""

from __future__ import annotations

from dataclasses import replace

from dilsctl.ir import Eqn, Program, Var
from dilsctl.passes.drop_dead import drop_dead

_GROWTH = 4
_ALLOWANCE = 64


def stage(program: Program) -> tuple[Program, Program]:
    """(staging program, rest). The staging outputs and the rest's batched inputs have the same names."""
    raw = {var for var in program.inputs.values() if var.batched}
    if not raw:
        return Program({}, (), {}, ()), program
    limit = _GROWTH * sum(var.type.size for var in raw) + _ALLOWANCE
    refused: set[Var] = set()
    while True:
        hoisted, frontier = _split(program, raw, refused)
        large = [var for var in frontier if var.type.size > limit]
        if not large:
            break
        refused.update(large)
    staged: dict[str, Var] = {}
    fresh: dict[Var, Var] = {}
    names = {var: name for name, var in program.inputs.items()}
    for var in frontier:
        name = names.get(var, f"staged.{len(staged)}")
        staged[name] = var
        fresh[var] = var if var in names else Var(var.type, True, var.name)
    inside = set(hoisted)
    constants = {
        out for eqn in program.eqns if not eqn.inputs and eqn.op == "constant" for out in eqn.outputs
    }
    staging = drop_dead(
        Program(
            {name: var for name, var in program.inputs.items() if var.batched},
            (),
            staged,
            tuple(eqn for eqn in program.eqns if eqn in inside or eqn.outputs[0] in constants),
        )
    )
    eqns = []
    for eqn in program.eqns:
        if eqn in inside:
            continue
        inputs = tuple(fresh.get(one, one) for one in eqn.inputs)
        eqns.append(replace(eqn, inputs=inputs) if inputs != eqn.inputs else eqn)
    rest = replace(
        program,
        inputs={name: fresh[var] for name, var in staged.items()}
        | {name: var for name, var in program.inputs.items() if not var.batched},
        eqns=tuple(eqns),
        outputs={name: fresh.get(var, var) for name, var in program.outputs.items()},
        updates={state: fresh.get(var, var) for state, var in program.updates.items()},
    )
    return staging, drop_dead(rest)


def _split(program: Program, raw: set[Var], refused: set[Var]) -> tuple[list[Eqn], list[Var]]:
    """Equations to hoist, and the values that cross over to the rest."""
    known = set(raw)
    constants: set[Var] = set()
    hoisted: list[Eqn] = []
    for eqn in program.eqns:
        if eqn.op == "constant":
            constants.update(eqn.outputs)
            continue
        if eqn.op.startswith("random_") or any(out in refused for out in eqn.outputs):
            continue
        if all(one in known or one in constants for one in eqn.inputs) and eqn.outputs[0].batched:
            hoisted.append(eqn)
            known.update(eqn.outputs)
    inside = set(hoisted)
    frontier: dict[Var, None] = {}
    for eqn in program.eqns:
        if eqn not in inside:
            for one in eqn.inputs:
                if one in known:
                    frontier[one] = None
    for var in program.ends:
        if var in known:
            frontier[var] = None
    return hoisted, list(frontier)
