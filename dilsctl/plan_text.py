"""A Program for people, and for scripts: every equation with its shapes, source line and cost.

``flops`` counts floating point operations, ``bytes`` what is read and written once (real numbers at the
chosen precision). Both are for one tick with ``batch`` examples.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import SourceSpan
from dilsctl.ir import Eqn, Program, Slot, Type, Var
from dilsctl.operations.table import OPERATIONS

LONGEST_PARAM = 48


@dataclass(frozen=True, slots=True)
class Line:
    """One equation with what it costs. ``note``: "once" if it depends on constants alone, and so is computed
    before anything runs; "view" if it only gives another name to memory."""

    eqn: Eqn
    flops: int
    bytes: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A program and its costs."""

    program: Program
    lines: tuple[Line, ...]
    batch: int
    names: dict[Var, str]

    @property
    def flops(self) -> int:
        return sum(line.flops for line in self.lines)

    @property
    def bytes(self) -> int:
        return sum(line.bytes for line in self.lines)

    @property
    def states(self) -> int:
        """Elements of all states: parameters, moments and what else lives on."""
        return sum(var.type.size for var in self.program.states)


def describe(
    program: Program, batch: int = 1, precision: str = "float32", views: Collection[str] = ()
) -> Plan:
    """Measure a program. ``views``: operations that the engine does without touching memory."""
    real = 8 if precision == "float64" else 4
    constants: set[Var] = set()
    lines = []
    for eqn in program.eqns:
        if all(var in constants for var in eqn.inputs) and not eqn.op.startswith("random_"):
            constants.update(eqn.outputs)
            lines.append(Line(eqn, 0, 0, "once"))
        elif eqn.op in views:
            lines.append(Line(eqn, 0, 0, "view"))
        else:
            lines.append(Line(eqn, _flops(eqn, batch), _bytes(eqn, batch, real)))
    return Plan(program, tuple(lines), batch, name_variables(program))


def _batched(eqn: Eqn) -> bool:
    return any(var.batched for var in (*eqn.inputs, *eqn.outputs))


def _flops(eqn: Eqn, batch: int) -> int:
    return OPERATIONS[eqn.op].cost(eqn) * (batch if _batched(eqn) else 1)


def _bytes(eqn: Eqn, batch: int, real: int) -> int:
    width = {"real": real, "simplex": real, "bool": 1, "int": 8, "class": 8}
    total = 0
    for var in (*dict.fromkeys(eqn.inputs), *eqn.outputs):
        total += var.type.size * width[var.type.kind] * (batch if var.batched else 1)
    return total


def name_variables(program: Program) -> dict[Var, str]:
    """A name for every variable: its port or state path where that is still free, else a number."""
    names: dict[Var, str] = {}
    taken: set[str] = set()
    number = 0

    def give(var: Var, wish: str) -> None:
        nonlocal number
        if var in names:
            return
        if not wish or wish in taken:
            number += 1
            wish = f"%{number}"
        taken.add(wish)
        names[var] = wish

    for name, var in program.inputs.items():
        give(var, name)
    for var in program.states:
        give(var, var.name)
    for eqn in program.eqns:
        for var in eqn.outputs:
            give(var, var.name)
    for var in (*program.outputs.values(), *program.updates.values()):
        give(var, var.name)
    return names


def canonical_text(program: Program) -> str:
    """A text that is equal for programs that are equal up to names: operations, params, shapes, and which
    variable is which by its number alone."""
    number: dict[Var, int] = {}

    def put(var: Var) -> str:
        number[var] = len(number)
        return f"{var.type}{'*' if var.batched else ''}"

    lines = [f"in {put(var)}" for var in program.inputs.values()]
    lines += [f"state {put(var)}" for var in program.states if var not in number]
    for eqn in program.eqns:
        inputs = " ".join(str(number[var]) for var in eqn.inputs)
        params = " ".join(f"{key}={value}" for key, value in eqn.params)
        lines.append(f"{eqn.op} {inputs}; {params} -> {', '.join(map(put, eqn.outputs))}")
    lines.append("out " + " ".join(str(number[var]) for var in program.outputs.values()))
    lines += [f"update {number[var]} {number[to]}" for var, to in program.updates.items()]
    return "\n".join(lines)


def type_text(var: Var) -> str:
    """``real 64 · batch`` for a variable with one value an example."""
    return f"{var.type}{' · batch' if var.batched else ''}"


def param_text(key: str, value: Any) -> str:
    """``key=value``, cut where it is long. Indices are written as in an expression."""
    text = index_text(value) if key == "index" else repr(value) if isinstance(value, str) else str(value)
    text = text if len(text) <= LONGEST_PARAM else text[: LONGEST_PARAM - 1] + "…"
    return f"{key}={text}"


def index_text(value: Any) -> str:
    """``[0:3, 1]``; and ``[0:3][3:4]`` for a list of indices."""
    if not isinstance(value, tuple):
        return str(value)
    if value and all(isinstance(one, tuple) and not _is_slice(one) for one in value):
        return "".join(map(index_text, value))
    return f"[{', '.join(_axis_text(one) for one in value)}]"


def _is_slice(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 3 and all(isinstance(one, int | None) for one in value)


def _axis_text(value: Any) -> str:
    if not _is_slice(value):
        return str(value)
    start, stop, step = value
    return f"{start}:{stop}" + (f":{step}" if step != 1 else "")


def eqn_text(eqn: Eqn, names: dict[Var, str]) -> str:
    """``h: real 64 · batch = tanh(x)``. A param that is the output's type is left out."""
    out = ", ".join(f"{names[var]}: {type_text(var)}" for var in eqn.outputs)
    inputs = ", ".join(names.get(var, "?") for var in eqn.inputs)
    params = ", ".join(param_text(key, value) for key, value in eqn.params if not isinstance(value, Type))
    inside = "; ".join(part for part in (inputs, params) if part)
    return f"{out} = {eqn.op}({inside})"


def source_text(span: SourceSpan | None) -> str:
    """``file:line: text of that line`` for the place an equation came from."""
    if span is None:
        return "compiler"
    return f"{span.file.name}:{span.line}: {span.file.line(span.line).strip()}"


def amount(number: float, unit: str = "") -> str:
    """A number with a decimal prefix: 12, 3.4 k, 56 M."""
    for prefix in ("", "k", "M", "G", "T"):
        if abs(number) < 999.5 or prefix == "T":
            break
        number /= 1000
    digits = f"{number:.0f}" if number >= 99.95 or number == int(number) else f"{number:.1f}"
    return f"{digits} {prefix}{unit}".strip()


def plan_text(plan: Plan, title: str = "") -> str:
    """The plan as text: a summary, inputs, states, equations under the source line they serve, results."""
    program = plan.program
    lines = [f"{title}: {summary(plan)}" if title else summary(plan)]
    for heading, entries in (("inputs", program.inputs.items()), ("states", _states(program))):
        rows = [(name, type_text(var)) for name, var in entries]
        if rows:
            lines += ["", f"{heading}:", *_aligned(rows)]
    if plan.lines:
        lines += ["", "equations:", *_equations(plan)]
    ends = [(f"{name} = {plan.names[var]}", type_text(var)) for name, var in program.outputs.items()]
    if ends:
        lines += ["", "outputs:", *_aligned(ends)]
    moves = [(f"{plan.names[var]} ← {plan.names[to]}", "") for var, to in program.updates.items()]
    if moves:
        lines += ["", "updates:", *_aligned(moves)]
    return "\n".join(lines)


def summary(plan: Plan) -> str:
    """The plan in one line."""
    work = f"{amount(plan.flops, 'FLOP')}, {amount(plan.bytes, 'B')} moved"
    number = len(plan.lines)
    return (
        f"{number:,} equation{'' if number == 1 else 's'}, {plan.states:,} numbers of state, {work} "
        f"a tick at batch {plan.batch}"
    )


def _states(program: Program) -> Iterable[tuple[str, Var]]:
    names = name_variables(Program(program.inputs, program.states, {}, ()))
    return ((names[var], var) for var in program.states)


def _aligned(rows: list[tuple[str, str]]) -> list[str]:
    wide = max(len(left) for left, _ in rows)
    return [f"  {left.ljust(wide)}  {right}".rstrip() for left, right in rows]


def _equations(plan: Plan) -> list[str]:
    rows = [
        (amount(line.flops) if line.flops else "", line.note or amount(line.bytes, "B"))
        for line in plan.lines
    ]
    wide = [max(len(row[at]) for row in (("FLOP", "bytes"), *rows)) for at in range(2)]
    lines = [f"  {'FLOP'.rjust(wide[0])}  {'bytes'.rjust(wide[1])}"]
    before = None
    for line, row in zip(plan.lines, rows, strict=True):
        source = source_text(line.eqn.span)
        if source != before:
            lines.append(f"  {'':{wide[0]}}  {'':{wide[1]}}  # {source}")
            before = source
        lines.append(f"  {row[0].rjust(wide[0])}  {row[1].rjust(wide[1])}  {eqn_text(line.eqn, plan.names)}")
    return lines


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
