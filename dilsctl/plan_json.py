"""A plan for scripts."""

from __future__ import annotations

from typing import Any

from dilsctl.diagnostics import SourceSpan
from dilsctl.ir import Slot, Var
from dilsctl.plan_costs import Plan


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON-ready data."""
    program, names = plan.program, plan.names

    def var_json(var: Var) -> dict[str, Any]:
        return {"id": names[var], "type": str(var.type), "shape": list(var.shape), "batched": var.batched}

    def span_json(span: SourceSpan | None) -> dict[str, Any] | None:
        if span is None:
            return None
        return {"file": span.file.name, "line": span.line, "column": span.column}

    def slot_json(slot: Slot) -> dict[str, Any]:
        return {"state": names[slot.var], "index": [_plain(one) for one in slot.index]}

    return {
        "batch": plan.batch,
        "inputs": {name: var_json(var) for name, var in program.inputs.items()},
        "states": [var_json(var) for var in program.states],
        "slots": {path: slot_json(slot) for path, slot in program.slots.items()},
        "equations": [
            {
                "op": line.eqn.op,
                "inputs": [names.get(var, "?") for var in line.eqn.inputs],
                "outputs": [var_json(var) for var in line.eqn.outputs],
                "params": {key: _plain(value) for key, value in line.eqn.params},
                "source": span_json(line.eqn.span),
                "flops": line.flops,
                "bytes": line.bytes,
                "note": line.note,
            }
            for line in plan.lines
        ],
        "outputs": {name: names[var] for name, var in program.outputs.items()},
        "updates": {names[var]: names[to] for var, to in program.updates.items()},
        "totals": {
            "equations": len(plan.lines),
            "state": plan.states,
            "flops": plan.flops,
            "bytes": plan.bytes,
        },
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
