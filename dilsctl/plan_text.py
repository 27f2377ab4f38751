"""A plan for people: every equation with its shapes, the source line it serves, and its cost."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterable
from typing import Any

from dilsctl.diagnostics import SourceSpan
from dilsctl.ir import Eqn, Program, Type, Var
from dilsctl.plan_costs import Plan, name_variables

LONGEST_PARAM = 48
PLAIN_PARAMS = ("index", "spec", "value")


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


def plan_hash(program: Program) -> str:
    """A digest of ``canonical_text``: equal for equal plans, whatever the names."""
    return hashlib.sha256(canonical_text(program).encode()).hexdigest()[:16]


def type_text(var: Var) -> str:
    """``real 64 · batch`` for a variable with one value an example."""
    return f"{var.type}{' · batch' if var.batched else ''}"


def param_text(key: str, value: Any) -> str:
    """``key=value``, cut where it is long. Indices are written as in an expression; they and what says itself
    which param it is stand without a key."""
    text = index_text(value) if key == "index" else str(value)
    text = text if len(text) <= LONGEST_PARAM else text[: LONGEST_PARAM - 1] + "…"
    return text if key in PLAIN_PARAMS else f"{key}={text}"


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
    """``h: real 64 · batch = tanh(x)``. A param that is the output's type or shape is left out."""
    out = ", ".join(f"{names[var]}: {type_text(var)}" for var in eqn.outputs)
    inputs = ", ".join(names.get(var, "?") for var in eqn.inputs)
    shape = eqn.outputs[0].type.shape if eqn.outputs else ()
    params = ", ".join(
        param_text(key, value)
        for key, value in eqn.params
        if not isinstance(value, Type) and not (key == "shape" and value == shape)
    )
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


def plan_text(plan: Plan, title: str = "", width: int = 0) -> str:
    """The plan as text: a summary, inputs, states, equations under the source line they serve, results.

    What is wider than ``width`` columns goes on in another line, and source lines are cut; 0: never.
    """
    program = plan.program
    lines = _folded(f"{title}: {summary(plan)}" if title else summary(plan), width, "  ")
    for heading, entries in (("inputs", program.inputs.items()), ("states", _states(program))):
        rows = [(name, type_text(var)) for name, var in entries]
        if rows:
            lines += ["", f"{heading}:", *_aligned(rows)]
    if plan.lines:
        lines += ["", "equations:", *_equations(plan, width)]
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


def _equations(plan: Plan, width: int) -> list[str]:
    rows = [(amount(one.flops) if one.flops else "", one.note or amount(one.bytes)) for one in plan.lines]
    wide = [max(len(row[at]) for row in (("FLOP", "bytes"), *rows)) for at in range(2)]
    lines = [f"  {'FLOP'.rjust(wide[0])}  {'bytes'.rjust(wide[1])}"]
    blank = " " * (sum(wide) + 6)
    before = None
    for line, row in zip(plan.lines, rows, strict=True):
        source = source_text(line.eqn.span)
        if source != before:
            head = f"{blank}# {source}"
            lines.append(head if not width or len(head) <= width else head[: width - 1] + "…")
            before = source
        costs = f"  {row[0].rjust(wide[0])}  {row[1].rjust(wide[1])}  "
        lines += _folded(costs + eqn_text(line.eqn, plan.names), width, f"{blank}    ")
    return lines


def _folded(text: str, width: int, indent: str) -> list[str]:
    """A line as several, where it is too wide: first broken before an operation, else at any blank."""
    if not width or len(text) <= width:
        return [text]
    left, equals, right = text.partition(" = ")
    if equals and len(left) + 2 <= width and len(indent) + len(right) <= width:
        return [f"{left} =", indent + right]
    return textwrap.wrap(
        text,
        max(width, len(indent) + 20),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
