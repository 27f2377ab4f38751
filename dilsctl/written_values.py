"""Values as expressions of the language: literals, names, calls.

A value is a syntax tree with what a writer has to know of it; the text comes last. An expression of numbers
alone would be computed as the file is read, by other means than a run does it: where that could show, one of
the numbers is written as ``sum([2.0])``.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import Problem
from dilsctl.ir import Type

MOST_WRITTEN = 64  # numbers of a constant that stand in an expression


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it is written. ``static``: a literal; ``size``: how many parts its text has."""

    node: ast.expr
    type: Type
    static: bool = False
    size: int = 1

    @property
    def simple(self) -> bool:
        """A name, or a number."""
        return self.size == 1

    @property
    def number(self) -> bool:
        """A literal that is one number."""
        return self.static and not self.type.shape


def text_of(node: ast.expr) -> str:
    """The text of a syntax tree."""
    return ast.unparse(ast.fix_missing_locations(node))


def named(name: str, type: Type) -> Value:
    """A value that has a name."""
    return Value(ast.Name(name), type)


def call(name: str, *arguments: ast.expr, **keywords: ast.expr) -> ast.expr:
    """A call of a function of the language."""
    return ast.Call(ast.Name(name), list(arguments), [ast.keyword(key, one) for key, one in keywords.items()])


def whole(number: int) -> ast.expr:
    """A whole number."""
    return ast.Constant(number) if number >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-number))


def literal(value: Any, type: Type) -> ast.expr:
    """A number, or nested lists of numbers."""
    if isinstance(value, tuple):
        return ast.List([literal(one, type) for one in value])
    if type.kind == "bool":
        return ast.Name("true" if value else "false")
    if type.kind in ("int", "class"):
        return whole(int(value))
    if value != value:
        raise Problem.of("not-flat", "a constant is no number (nan), which no expression can write")
    number = float(value)
    below = number < 0 or (number == 0 and math.copysign(1, number) < 0)
    return ast.UnaryOp(ast.USub(), ast.Constant(-number)) if below else ast.Constant(number)


def constant(value: Any, type: Type) -> Value:
    """A constant. A plain number fills the shape."""
    if isinstance(value, tuple) and type.kind == "int" and value == tuple(range(len(value))):
        return Value(call("arange", whole(len(value))), type, True, 2)
    if isinstance(value, tuple) or not type.shape:
        return Value(literal(value, type), type, True, type.size)
    lengths = [whole(length) for length in type.shape]
    if type.kind == "simplex" and value == 1 / (type.classes or 1):
        return Value(call("normalise", call("ones", *lengths)), type, False, 3)
    if type.kind in ("real", "simplex"):
        if value in (0, 1) and math.copysign(1, value) > 0:
            return Value(call("ones" if value else "zeros", *lengths), type, False, 2)
        return Value(call("broadcast", literal(value, Type("real")), *lengths), type, False, 3)
    full = value
    for length in reversed(type.shape):
        full = (full,) * length if type.size <= MOST_WRITTEN else full
    if isinstance(full, tuple):
        return Value(literal(full, type), type, True, type.size)
    if type.kind == "bool":
        node: ast.expr = ast.Compare(call("ones", *lengths), [ast.Gt()], [whole(0 if value else 1)])
        return Value(node, type, False, 3)
    return Value(call("int", call("broadcast", literal(value, type), *lengths)), type, False, 4)


def at_run_time(given: Sequence[Value]) -> list[Value]:
    """The operands, of which one at least is no number known beforehand."""
    found = list(given)
    if all(one.number for one in found):
        found[0] = hidden(found[0])
    return found


def hidden(one: Value) -> Value:
    """A number, written so that it is computed with as the diagram runs."""
    name = "any" if one.type.kind == "bool" else "sum"
    return Value(call(name, ast.List([one.node])), one.type, False, 2)


def short(one: Value) -> Value:
    """A real number beside a real value: a whole one needs no point."""
    node = one.node
    sign = isinstance(node, ast.UnaryOp)
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    if not one.number or not isinstance(inner, ast.Constant) or not isinstance(inner.value, float):
        return one
    if not inner.value.is_integer() or inner.value >= 1e15 or (sign and inner.value == 0):
        return one
    return Value(whole(-int(inner.value) if sign else int(inner.value)), one.type, True)
