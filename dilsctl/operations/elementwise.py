"""Arithmetic on one element at a time: functions of one value and of two.

All broadcast as NumPy does. ``gelu`` is the exact one, x Phi(x) with the error function. Ties: the
gradient of ``abs`` at 0 is 0; ``minimum`` and ``maximum`` give the gradient of a tie to their first
argument. ``round`` rounds halves to even. Division by zero follows IEEE arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.rules import (
    Cotangents,
    add,
    arithmetic_kind,
    broadcast_shapes,
    constant,
    div,
    has_gradient,
    mul,
    scale,
    stack_elementwise,
    sub,
    sum_to,
)
from dilsctl.operations.table import Builder, Infer, Operation, Reverse, register

UnaryRule = Callable[[Builder, Var, Var, Var], Var]  # builder, x, y, cotangent of y → cotangent of x
BinaryRule = Callable[[Builder, Var, Var, Var, Var], tuple[Var | None, Var | None]]


def _one_type(name: str, keeps_int: bool) -> Infer:
    def infer(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
        (x,) = types
        return (Type(arithmetic_kind(x) if keeps_int else "real", x.shape),)

    return infer


def _one_reverse(rule: UnaryRule) -> Reverse:
    def reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Sequence[Var | None]:
        (x,), (y,), (cotangent,) = eqn.inputs, eqn.outputs, cotangents
        if cotangent is None or not has_gradient(x):
            return (None,)
        return (rule(builder, x, y, cotangent),)

    return reverse


def _unary(name: str, doc: str, rule: UnaryRule | None, *, keeps_int: bool = False) -> None:
    register(
        Operation(
            name,
            _one_type(name, keeps_int),
            stack_elementwise,
            _one_reverse(rule) if rule else None,
            elementwise=True,
            doc=doc,
        )
    )


def _one_plus(builder: Builder, x: Var) -> Var:
    return add(builder, x, constant(builder, 1.0))


def _erf_rule(b: Builder, x: Var, y: Var, ct: Var) -> Var:
    bell = b.emit("exp", (b.emit("neg", (b.emit("square", (x,)),)),))
    return mul(b, ct, scale(b, bell, 2 / math.sqrt(math.pi)))


_unary("neg", "-x", lambda b, x, y, ct: b.emit("neg", (ct,)), keeps_int=True)
_unary("exp", "e to the x", lambda b, x, y, ct: mul(b, ct, y))
_unary("log", "natural logarithm", lambda b, x, y, ct: div(b, ct, x))
_unary("log1p", "log(1 + x)", lambda b, x, y, ct: div(b, ct, _one_plus(b, x)))
_unary("sqrt", "square root", lambda b, x, y, ct: div(b, scale(b, ct, 0.5), y))
_unary("square", "x * x", lambda b, x, y, ct: mul(b, scale(b, ct, 2.0), x), keeps_int=True)
_unary("reciprocal", "1 / x", lambda b, x, y, ct: b.emit("neg", (mul(b, ct, b.emit("square", (y,))),)))
_unary("tanh", "hyperbolic tangent", lambda b, x, y, ct: b.emit("tanh_grad", (y, ct)))
_unary("sigmoid", "1 / (1 + exp(-x))", lambda b, x, y, ct: b.emit("sigmoid_grad", (y, ct)))
_unary("relu", "max(x, 0); gradient 0 at 0", lambda b, x, y, ct: b.emit("relu_grad", (y, ct)))
_unary("gelu", "x * Phi(x), exact (erf)", lambda b, x, y, ct: b.emit("gelu_grad", (x, ct)))
_unary("softplus", "log(1 + exp(x))", lambda b, x, y, ct: mul(b, ct, b.emit("sigmoid", (x,))))
_unary("sin", "sine", lambda b, x, y, ct: mul(b, ct, b.emit("cos", (x,))))
_unary("cos", "cosine", lambda b, x, y, ct: b.emit("neg", (mul(b, ct, b.emit("sin", (x,))),)))
_unary("tan", "tangent", lambda b, x, y, ct: mul(b, ct, _one_plus(b, b.emit("square", (y,)))))
_unary("arctan", "inverse tangent", lambda b, x, y, ct: div(b, ct, _one_plus(b, b.emit("square", (x,)))))
_unary("abs", "absolute value", lambda b, x, y, ct: mul(b, ct, b.emit("sign", (x,))), keeps_int=True)
_unary("erf", "error function", _erf_rule)
_unary("sign", "-1, 0 or 1", None, keeps_int=True)
_unary("floor", "largest whole number not above x", None, keeps_int=True)
_unary("ceil", "smallest whole number not below x", None, keeps_int=True)
_unary("round", "nearest whole number, halves to even", None, keeps_int=True)


def _two_types(name: str, keeps_int: bool) -> Infer:
    def infer(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
        a, b = types
        shape = broadcast_shapes(name, a.shape, b.shape)
        kind = arithmetic_kind(a, b) if keeps_int else "real"
        return (a,) if kind == a.kind and shape == a.shape else (Type(kind, shape),)

    return infer


def _two_reverse(rule: BinaryRule) -> Reverse:
    def reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Sequence[Var | None]:
        (a, b), (y,), (cotangent,) = eqn.inputs, eqn.outputs, cotangents
        if cotangent is None:
            return (None, None)
        found = rule(builder, a, b, y, cotangent)
        return tuple(
            sum_to(builder, one, var) if one is not None and has_gradient(var) else None
            for one, var in zip(found, (a, b), strict=True)
        )

    return reverse


def _binary(name: str, doc: str, rule: BinaryRule | None, *, keeps_int: bool = True) -> None:
    register(
        Operation(
            name,
            _two_types(name, keeps_int),
            stack_elementwise,
            _two_reverse(rule) if rule else None,
            elementwise=True,
            doc=doc,
        )
    )


def _product_cotangent(b: Builder, ct: Var, other: Var, like: Var) -> Var:
    """ct * other, summed to the shape of ``like``: in one contraction where no axis of length 1 repeats."""
    shapes = (ct.shape, other.shape, like.shape)
    agree = all(one == ct.shape[ct.rank - len(one) :] for one in shapes)
    if not agree or (like.shape == ct.shape and like.batched == ct.batched) or ct.rank > 20:
        return mul(b, ct, other)
    letters = "abcdefghijklmnopqrst"[: ct.rank]
    labels = [letters[ct.rank - len(one) :] for one in shapes]
    return b.emit("contract", (ct, other), spec=f"{labels[0]},{labels[1]}->{labels[2]}", batched=like.batched)


def _mul_rule(b: Builder, x: Var, z: Var, y: Var, ct: Var) -> tuple[Var | None, Var | None]:
    return (
        _product_cotangent(b, ct, z, x) if has_gradient(x) else None,
        _product_cotangent(b, ct, x, z) if has_gradient(z) else None,
    )


def _div_rule(b: Builder, x: Var, z: Var, y: Var, ct: Var) -> tuple[Var | None, Var | None]:
    first = div(b, ct, z)
    return first, b.emit("neg", (mul(b, first, y),)) if has_gradient(z) else None


def _pow_rule(b: Builder, x: Var, z: Var, y: Var, ct: Var) -> tuple[Var | None, Var | None]:
    one, zero = constant(b, 1.0), constant(b, 0.0)
    first = mul(b, ct, mul(b, z, b.emit("pow", (x, sub(b, z, one)))))
    if not has_gradient(z):
        return first, None
    # d/dz x^z = x^z log x, taken as 0 where x is not positive.
    positive = b.emit("gt", (x, zero))
    log = b.emit("log", (b.emit("where", (positive, x, one)),))
    return first, mul(b, ct, mul(b, y, log))


def _mod_rule(b: Builder, x: Var, z: Var, y: Var, ct: Var) -> tuple[Var | None, Var | None]:
    whole = b.emit("floor", (div(b, x, z),))
    return ct, b.emit("neg", (mul(b, ct, whole),))


def _pick_rule(comparison: str) -> BinaryRule:
    def rule(b: Builder, x: Var, z: Var, y: Var, ct: Var) -> tuple[Var | None, Var | None]:
        first, zero = b.emit(comparison, (x, z)), constant(b, 0.0)
        return b.emit("where", (first, ct, zero)), b.emit("where", (first, zero, ct))

    return rule


def _arctan2_rule(b: Builder, x: Var, z: Var, y: Var, ct: Var) -> tuple[Var | None, Var | None]:
    part = div(b, ct, add(b, b.emit("square", (x,)), b.emit("square", (z,))))
    return mul(b, part, z), b.emit("neg", (mul(b, part, x),))


_binary("add", "a + b", lambda b, x, z, y, ct: (ct, ct))
_binary("sub", "a - b", lambda b, x, z, y, ct: (ct, b.emit("neg", (ct,)) if has_gradient(z) else None))
_binary("mul", "a * b", _mul_rule)
_binary("div", "a / b", _div_rule, keeps_int=False)
_binary("pow", "a to the b; the gradient by b is 0 where a is not positive", _pow_rule, keeps_int=False)
_binary("mod", "remainder with the sign of b", _mod_rule)
_binary("floor_div", "floor(a / b)", None)
_binary("minimum", "the smaller", _pick_rule("le"))
_binary("maximum", "the larger", _pick_rule("ge"))
_binary("arctan2", "angle of the point (b, a)", _arctan2_rule, keeps_int=False)
