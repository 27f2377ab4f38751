"""A mode whose condition the modes before it leave nothing of."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import Any

from dilsctl.diagnostics import Diagnostic, Label
from dilsctl.expression import ExpressionError, parse_expression
from dilsctl.rules.rule import Rule, Subject, warning

# A bound is a number, and whether it is just above it (1) or not (0); a range goes from one to another.
Bound = tuple[float, int]
Range = tuple[Bound, Bound]
Facts = dict[str, Range]  # what a condition asks of quantities, by their text; all of it together

TRUTH = "the truth of "  # before the text of a bool, which is 0 or 1
FALSE: Range = ((0, 0), (0, 1))
TRUE: Range = ((1, 0), (1, 1))
ALL: Range = ((-math.inf, 0), (math.inf, 1))
_TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Eq: ast.Eq}


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Conditions that compare a quantity, and bools; of what is more involved nothing is said."""
    for box in subject.own_boxes:
        modes: Any = (box.written.get("modes") if box.written is not None else None) or {}
        taken: list[tuple[str, Facts]] = []
        for name, text in modes.items():
            facts = _facts(text)
            if facts is None:
                continue
            before = _cover(facts, taken)
            empty = any(not low < high for low, high in facts.values())
            if before or empty:
                why = "its condition can't hold" if empty else "a mode before it holds whenever it would"
                related = [Label(modes.key_span(one), "this comes first") for one in before or ()]
                help = "modes are tried in order, and the first that holds is taken"
                yield from warning(
                    RULE.code,
                    f"the mode '{name}' can never be entered: {why}",
                    modes.key_span(name),
                    related=related,
                    help=help if not empty else "",
                )
            taken.append((name, facts))


def _facts(text: Any) -> Facts | None:
    """What a condition asks; None if it can't be said in full."""
    if text is True or text == "otherwise":
        return {}
    try:
        return _of(parse_expression(str(text)))
    except ExpressionError:
        return None


def _of(node: ast.expr) -> Facts | None:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        found: Facts = {}
        for value in node.values:
            facts = _of(value)
            if facts is None:
                return None
            for key, (low, high) in facts.items():
                was = found.get(key, ALL)
                found[key] = max(was[0], low), min(was[1], high)
        return found
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = node.operand
        if isinstance(inner, ast.Name | ast.Attribute | ast.Subscript):
            return {TRUTH + ast.unparse(inner): FALSE}
        return None
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):  # a bool: 0 or 1
        return {TRUTH + ast.unparse(node): TRUE}
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _comparison(node.left, type(node.ops[0]), node.comparators[0])
    return None


def _comparison(left: ast.expr, op: type[ast.cmpop], right: ast.expr) -> Facts | None:
    if op not in _TURNED:
        return None
    number = _number(right)
    if number is None:
        number = _number(left)
        if number is not None:
            left, op = right, _TURNED[op]
    key = ast.unparse(left)
    if number is None:  # a quantity less another: its sign
        key, number = f"{key} - ({ast.unparse(right)})", 0.0
    match op.__name__:
        case "Lt":
            return {key: (ALL[0], (number, 0))}
        case "LtE":
            return {key: (ALL[0], (number, 1))}
        case "Gt":
            return {key: ((number, 1), ALL[1])}
        case "GtE":
            return {key: ((number, 0), ALL[1])}
    return {key: ((number, 0), (number, 1))}


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    return (
        float(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, int | float) else None
    )


def _cover(facts: Facts, taken: list[tuple[str, Facts]]) -> list[str]:
    """The modes before that together hold wherever the facts do; empty if there are none such."""
    for name, other in taken:
        if all(_within(facts.get(key, ALL), wanted) for key, wanted in other.items()):
            return [name]
    for key in {one for _, other in taken if len(other) == 1 for one in other}:
        own = facts.get(key, ALL)
        parts = sorted((other[key], name) for name, other in taken if list(other) == [key])
        if key.startswith(TRUTH):  # nothing lies between its two values
            own = FALSE[0], TRUE[1]
            parts = [((FALSE[0], TRUE[0]) if range == FALSE else range, name) for range, name in parts]
        at, used = own[0], []
        for (low, high), name in parts:
            if low <= at < high:
                at = high
                used.append(name)
        if at >= own[1] and used:
            return used
    return []


def _within(inner: Range, outer: Range) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


RULE = Rule(
    code="unreachable-mode",
    title="a mode that can never be entered",
    why="Modes are tried in order, and a box is in the first one whose condition holds. A mode whose "
    "condition holds only where one before it does is never entered: the order is wrong, or a sign.",
    topic="Learning",
    bad="""\
dils: 1
main:
  in: {push: real}
  out: {y: real}
  state: {place: real = 0}
  modes:
    inside: place < 5
    close: place < 2
    outside: otherwise
  wires:
    - 2.0 if close else 1.0 if inside else 0.0 -> y
  next: {place: place + push}
""",
    good="""\
dils: 1
main:
  in: {push: real}
  out: {y: real}
  state: {place: real = 0}
  modes:
    close: place < 2
    inside: place < 5
    outside: otherwise
  wires:
    - 2.0 if close else 1.0 if inside else 0.0 -> y
  next: {place: place + push}
""",
    check=check,
)
