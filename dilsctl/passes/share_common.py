"""Equal equations become one: the same operation on the same variables is computed once."""

from __future__ import annotations

import math
from typing import Any

from dilsctl.ir import Eqn, Program, Var


def _sign(eqn: Eqn) -> float:
    """Of a constant zero: 0.0 and -0.0 are equal, but not the same."""
    value = eqn.param("value") if eqn.op == "constant" else None
    return math.copysign(1.0, value) if isinstance(value, float) and value == 0 else 1.0


def share_common(program: Program) -> Program:
    """Eliminate common subexpressions, in one pass. Random draws have a key: equal ones are the same draw."""
    same: dict[Var, Var] = {}
    seen: dict[Any, Eqn] = {}
    kept: list[Eqn] = []
    for eqn in program.eqns:
        inputs = tuple([same.get(one, one) for one in eqn.inputs])
        key = (eqn.op, inputs, eqn.params, eqn.outputs[0].batched, _sign(eqn))
        first = seen.get(key)
        if first is not None:
            for mine, theirs in zip(eqn.outputs, first.outputs, strict=True):
                same[mine] = theirs
            continue
        if inputs != eqn.inputs:
            eqn = Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span)
        seen[key] = eqn
        kept.append(eqn)
    return program.renamed(kept, lambda var: same.get(var, var))
