"""One tick becomes one tick of every example of a batch.

Inputs are given for each example, draws are made for each, and so is everything computed from them. It comes
after stacking, so that it passes over stacks and not over every box.
"""

from __future__ import annotations

from dataclasses import replace

from dilsctl.ir import Eqn, Program, Var


def batch(program: Program) -> Program:
    """The program over a batch of examples."""
    inputs = {name: Var(var.type, True, var.name) for name, var in program.inputs.items()}
    new: dict[Var, Var] = {var: inputs[name] for name, var in program.inputs.items()}
    eqns: list[Eqn] = []
    for eqn in program.eqns:
        ins = tuple([new.get(one, one) for one in eqn.inputs])
        if any([one.batched for one in ins]) or eqn.op.startswith("random_"):
            outs = tuple([Var(one.type, True, one.name) for one in eqn.outputs])
            new.update(zip(eqn.outputs, outs, strict=True))
            eqn = Eqn(eqn.op, ins, outs, eqn.params, eqn.span)
        eqns.append(eqn)
    return replace(
        program,
        inputs=inputs,
        eqns=tuple(eqns),
        outputs={name: new.get(var, var) for name, var in program.outputs.items()},
        updates={state: new.get(var, var) for state, var in program.updates.items()},
    )
