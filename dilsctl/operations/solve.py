"""``solve``: the x with a @ x = b, for a square matrix a and a vector b; leading axes are alike.

Source of the reverse rule: Giles, Collected matrix derivative results for forward and reverse mode
algorithmic differentiation (2008), 2.2.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.rules import (
    Cotangents,
    has_gradient,
    mul,
    reshape,
    scale,
    show,
    stack_trailing,
    sum_to,
)
from dilsctl.operations.table import Builder, Operation, ShapeError, register


def _type(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
    a, b = types
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
        help = "as many rows as columns"
        raise ShapeError(f"'solve' needs a square matrix, not the shape {show(a.shape)}", help, 0)
    if a.shape[:-1] != b.shape:
        given = f"{show(a.shape)} and {show(b.shape)}"
        raise ShapeError(f"'solve' cannot combine the shapes {given}", "a is n x n, b has n elements", 1)
    return (Type("real", b.shape),)


def _reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Sequence[Var | None]:
    (a, b), (x,), (cotangent,) = eqn.inputs, eqn.outputs, cotangents
    if cotangent is None:
        return (None, None)
    turned = builder.emit("transpose", (a,), perm=(-1, -2))
    by_b = builder.emit("solve", (turned, cotangent))
    by_a = None
    if has_gradient(a):
        column = reshape(builder, by_b, (*by_b.shape, 1))
        row = reshape(builder, x, (*x.shape[:-1], 1, x.shape[-1]))
        by_a = sum_to(builder, scale(builder, mul(builder, column, row), -1.0), a)
    return (by_a, sum_to(builder, by_b, b) if has_gradient(b) else None)


def _cost(eqn: Eqn) -> int:
    return eqn.inputs[0].type.size * eqn.inputs[1].shape[-1] * 2 // 3 + 2 * eqn.inputs[0].type.size


register(Operation("solve", _type, stack_trailing, _reverse, _cost, doc="x with a @ x = b"))
