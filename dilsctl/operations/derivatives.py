"""Derivatives of elementwise functions as operations of their own: fewer passes over memory.

``tanh_grad``, ``sigmoid_grad`` and ``relu_grad`` take the function's output, ``gelu_grad`` its input; all
take the cotangent second. They are differentiable in turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.rules import (
    Cotangents,
    broadcast_shapes,
    constant,
    mul,
    scale,
    stack_elementwise,
    sub,
    sum_to,
)
from dilsctl.operations.table import Builder, Operation, register


def _type(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
    first, cotangent = types
    return (Type("real", broadcast_shapes("derivative", first.shape, cotangent.shape)),)


def _by_first(builder: Builder, op: str, first: Var, cotangent: Var, outer: Var) -> Var | None:
    """The cotangent of the first argument; ``outer`` is the cotangent of the operation's output."""
    both = mul(builder, cotangent, outer)
    if op == "tanh_grad":  # d (1 - y²) = -2 y
        return scale(builder, mul(builder, both, first), -2.0)
    if op == "sigmoid_grad":  # d y (1 - y) = 1 - 2 y
        return mul(builder, both, sub(builder, constant(builder, 1.0), scale(builder, first, 2.0)))
    if op == "gelu_grad":  # d (Phi + x phi) = phi (2 - x²)
        square = builder.emit("square", (first,))
        bell = scale(
            builder, builder.emit("exp", (scale(builder, square, -0.5),)), 1 / math.sqrt(2 * math.pi)
        )
        return mul(builder, both, mul(builder, bell, sub(builder, constant(builder, 2.0), square)))
    return None


def _reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Sequence[Var | None]:
    (first, cotangent), (outer,) = eqn.inputs, cotangents
    if outer is None:
        return (None, None)
    by_first = _by_first(builder, eqn.op, first, cotangent, outer)
    return (
        None if by_first is None else sum_to(builder, by_first, first),
        sum_to(builder, builder.emit(eqn.op, (first, outer)), cotangent),
    )


for _name, _doc in (
    ("tanh_grad", "ct * (1 - y*y), from the output y of tanh"),
    ("sigmoid_grad", "ct * y * (1 - y), from the output y of sigmoid"),
    ("relu_grad", "ct where y > 0, else 0, from the output y (or the input) of relu"),
    ("gelu_grad", "ct * (Phi(x) + x phi(x)), from the input x of gelu"),
):
    register(
        Operation(
            _name, _type, stack_elementwise, _reverse, lambda eqn: 3 * eqn.outputs[0].type.size, True, _doc
        )
    )
