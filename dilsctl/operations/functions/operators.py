"""The operators of expressions: arithmetic, comparison, logic, matrix product, choice."""

from __future__ import annotations

import string
from typing import Any

from dilsctl.ir import Var
from dilsctl.operations.functions.values import as_pair, as_var, is_number
from dilsctl.operations.rules import show
from dilsctl.operations.table import Builder, ShapeError

Value = Any

_BINARY = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floor_div",
    "%": "mod",
    "**": "pow",
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "and": "and",
    "or": "or",
}


def binary(builder: Builder, symbol: str, a: Value, b: Value) -> Var:
    """The value of ``a symbol b``. Raises OperationError where kinds or shapes do not fit."""
    if symbol == "@":
        return matmul(builder, as_var(builder, a), as_var(builder, b))
    if symbol == "**" and is_number(b):
        short = _power(builder, as_var(builder, a), b)
        if short is not None:
            return short
    return builder.emit(_BINARY[symbol], as_pair(builder, a, b))


def _power(builder: Builder, a: Var, exponent: float) -> Var | None:
    """Powers that are cheaper than the general one."""
    if exponent == 1:
        return a
    if exponent == 2:
        return builder.emit("square", (a,))
    if exponent == 3:
        return builder.emit("mul", (builder.emit("square", (a,)), a))
    if exponent == 0.5:
        return builder.emit("sqrt", (a,))
    return builder.emit("reciprocal", (a,)) if exponent == -1 else None


def unary(builder: Builder, symbol: str, a: Value) -> Var:
    """The value of ``-a``, ``+a`` or ``not a``."""
    x = as_var(builder, a)
    if symbol == "+":
        return x
    return builder.emit("neg" if symbol == "-" else "not", (x,))


def select(builder: Builder, condition: Value, a: Value, b: Value) -> Var:
    """``a if condition else b``, element by element."""
    first, second = as_pair(builder, a, b)
    return builder.emit("where", (as_var(builder, condition), first, second))


def matmul(builder: Builder, a: Var, b: Var) -> Var:
    """The matrix product as in NumPy: the last axis of ``a`` with the last but one of ``b`` (or its only
    one); leading axes are loops, aligned from the right, and must be equal where both have them."""
    for number, one in enumerate((a, b)):
        if one.rank == 0:
            raise ShapeError("'@' needs vectors or matrices, not a scalar", "use * for a scalar", number)
    inner = b.shape[-2] if b.rank > 1 else b.shape[0]
    if a.shape[-1] != inner:
        raise ShapeError(
            f"'@' cannot multiply the shapes {show(a.shape)} and {show(b.shape)}: "
            f"lengths {a.shape[-1]} and {inner} differ",
            "the last axis of the left value must be as long as the "
            + ("last but one of the right value" if b.rank > 1 else "right value"),
            1,
        )
    loops_a, loops_b = max(a.rank - 2, 0), max(b.rank - 2, 0)
    letters = string.ascii_letters[: max(loops_a, loops_b)]
    for axis in range(1, min(loops_a, loops_b) + 1):
        if a.shape[-2 - axis] != b.shape[-2 - axis]:
            raise ShapeError(
                f"'@' cannot multiply the shapes {show(a.shape)} and {show(b.shape)}: leading lengths differ",
                argument=1,
            )
    left = letters[len(letters) - loops_a :] + ("X" if a.rank > 1 else "") + "Y"
    right = letters[len(letters) - loops_b :] + ("YZ" if b.rank > 1 else "Y")
    out = letters + ("X" if a.rank > 1 else "") + ("Z" if b.rank > 1 else "")
    return builder.emit("contract", (a, b), spec=f"{left},{right}->{out}")
