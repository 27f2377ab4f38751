"""Gates: values that count only where a condition holds, and through which no gradient flows elsewhere.

What a choice leaves out may be no number at all, and on its way back a cotangent of zero may be multiplied by
something infinite. So what is read where it counts in some modes only is chosen a second time, on the way
back: forward a gate is its value, backward it is zero where its condition does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dilsctl.ir import Eqn, Var
from dilsctl.operations.table import Builder, OperationError


def gated(builder: Builder, value: Any, gates: Sequence[Var]) -> Any:
    """The value behind these conditions; what has no gradient stays as it is."""
    if not isinstance(value, Var) or value.type.kind not in ("real", "simplex"):
        return value
    for gate in gates:
        try:
            found = builder.emit("where", (gate, value, builder.emit("stop", (value,))))
        except OperationError:
            continue  # shapes that do not go together: who uses the value says so
        if found.type.kind == value.type.kind:
            value = found
    return value


def is_gate(eqn: Eqn, producer: Mapping[Var, Eqn]) -> bool:
    """Is the output of the equation its second input, for all but gradients?"""
    if eqn.op != "where":
        return False
    stopped = producer.get(eqn.inputs[2])
    return stopped is not None and stopped.op == "stop" and stopped.inputs[0] is eqn.inputs[1]
