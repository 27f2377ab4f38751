"""Drop gates, which are there for gradients only: run where these are written, or where there are none.

A gate (``dilsctl.elaborate.gates``) is forward its value.
"""

from __future__ import annotations

from dilsctl.elaborate.gates import is_gate
from dilsctl.ir import Eqn, Program, Var, params_of


def drop_gates(program: Program) -> Program:
    """The program in which what a gate lets through stands for it."""
    producer = {out: eqn for eqn in program.eqns for out in eqn.outputs}
    same: dict[Var, Var] = {}
    eqns: list[Eqn] = []
    for eqn in program.eqns:
        if is_gate(eqn, producer):
            value, (out,) = eqn.inputs[1], eqn.outputs
            value = same.get(value, value)
            if value.batched == out.batched:
                if value.type == out.type:
                    same[out] = value
                else:
                    eqns.append(Eqn("broadcast", (value,), (out,), params_of(shape=out.shape), eqn.span))
                continue
        inputs = tuple([same.get(one, one) for one in eqn.inputs])
        eqns.append(eqn if inputs == eqn.inputs else Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span))
    return program.renamed(eqns, lambda var: same.get(var, var)) if same else program
