"""Functions of one element at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from dilsctl.ir import Type, Var
from dilsctl.operations.functions.operators import select
from dilsctl.operations.functions.table import function
from dilsctl.operations.functions.values import as_pair, as_real, as_var, is_number, known_number
from dilsctl.operations.rules import mul, scale
from dilsctl.operations.table import Builder, OperationError

Value = Any
FAMILY = "Element by element"


def _sign(x: float) -> float:
    return (x > 0) - (x < 0)


_ONE: dict[str, tuple[str, Callable[[Any], float] | None]] = {
    "exp": ("e to the x.", math.exp),
    "log": ("Natural logarithm.", math.log),
    "log1p": ("log(1 + x), exact near 0.", math.log1p),
    "sqrt": ("Square root.", math.sqrt),
    "square": ("x * x.", lambda x: x * x),
    "tanh": ("Hyperbolic tangent.", math.tanh),
    "sigmoid": ("1 / (1 + exp(-x)).", None),
    "relu": ("max(x, 0). Its gradient at 0 is 0.", lambda x: max(x, 0)),
    "gelu": ("x times the normal distribution function of x (exact, by erf).", None),
    "softplus": ("log(1 + exp(x)), without overflow.", None),
    "sin": ("Sine.", math.sin),
    "cos": ("Cosine.", math.cos),
    "tan": ("Tangent.", math.tan),
    "arctan": ("Inverse tangent.", math.atan),
    "abs": ("Absolute value. Its gradient at 0 is 0.", abs),
    "sign": ("-1, 0 or 1. No gradient.", _sign),
    "floor": ("The largest whole number not above x. No gradient.", math.floor),
    "ceil": ("The smallest whole number not below x. No gradient.", math.ceil),
    "round": ("The nearest whole number, halves to even. No gradient.", round),
}


def _are_numbers(x: Value) -> bool:
    """A static number, or nested lists of them."""
    return all(_are_numbers(one) for one in x) if isinstance(x, tuple) and x else is_number(x)


def _one(name: str, doc: str, static: Callable[[Any], float] | None) -> None:
    """A function with an operation of its name; of static numbers, also in lists, it is static."""

    def known(x: Value) -> Value:
        if isinstance(x, tuple):
            return tuple(known(one) for one in x)
        try:
            return static(x) if static is not None else None
        except (ValueError, OverflowError):
            raise OperationError(f"'{name}' is not defined at {x}") from None

    @function(f"{name}(x)", doc, FAMILY)
    def build(builder: Builder, x: Value) -> Value:
        if static is not None and _are_numbers(x):
            return known(x)
        return builder.emit(name, (as_var(builder, x),))


for _name, (_doc, _static) in _ONE.items():
    _one(_name, _doc, _static)


def _two(signature: str, name: str, doc: str, static: Callable[[Any, Any], float]) -> None:
    @function(signature, doc, FAMILY)
    def build(builder: Builder, a: Value, b: Value) -> Value:
        if is_number(a) and is_number(b):
            return static(a, b)
        return builder.emit(name, as_pair(builder, a, b))


_two("minimum(a, b)", "minimum", "The smaller of two; a tie gives its gradient to the first.", min)
_two("maximum(a, b)", "maximum", "The larger of two; a tie gives its gradient to the first.", max)
_two("arctan2(a, b)", "arctan2", "The angle of the point with height a and width b.", math.atan2)


@function("silu(x)", "x * sigmoid(x), also called swish.", FAMILY)
def _silu(builder: Builder, x: Value) -> Var:
    value = as_real(builder, x)
    return mul(builder, value, builder.emit("sigmoid", (value,)))


@function("leaky_relu(x, slope=0.01)", "x above 0, slope * x below.", FAMILY)
def _leaky_relu(builder: Builder, x: Value, slope: Value = 0.01) -> Var:
    if not 0 <= known_number("leaky_relu", "slope", slope) <= 1:
        raise OperationError(f"'leaky_relu': slope is a number from 0 to 1, not {slope}", argument=1)
    value = as_real(builder, x)
    return builder.emit("maximum", (value, scale(builder, value, slope)))


@function("clip(x, low, high)", "x, moved to low if below and to high if above.", FAMILY)
def _clip(builder: Builder, x: Value, low: Value, high: Value) -> Var:
    if is_number(low) and is_number(high) and low > high:
        raise OperationError(f"'clip': low ({low}) is above high ({high})", argument=1)
    value = as_var(builder, x)
    raised = builder.emit("maximum", (value, as_var(builder, low, value.type)))
    return builder.emit("minimum", (raised, as_var(builder, high, value.type)))


@function("where(condition, a, b)", "a where the condition holds, else b.", FAMILY)
def _where(builder: Builder, condition: Value, a: Value, b: Value) -> Var:
    return select(builder, condition, a, b)


@function("identity(x)", "x itself.", FAMILY)
def _identity(builder: Builder, x: Value) -> Value:
    return x


@function("stop(x)", "x, through which no gradient flows.", FAMILY)
def _stop(builder: Builder, x: Value) -> Value:
    return x if is_number(x) else builder.emit("stop", (as_var(builder, x),))


@function("real(x)", "x as a real number: true is 1, false is 0.", FAMILY)
def _real(builder: Builder, x: Value) -> Value:
    return float(x) if isinstance(x, bool | int | float) else _cast(builder, x, Type("real"))


@function("int(x)", "x as a whole number; what follows the point is cut off. No gradient.", FAMILY)
def _int(builder: Builder, x: Value) -> Value:
    return int(x) if isinstance(x, bool | int | float) else _cast(builder, x, Type("int"))


def _cast(builder: Builder, x: Value, wanted: Type) -> Var:
    value = as_var(builder, x)
    return value if value.type.kind == wanted.kind else builder.emit("cast", (value,), kind=wanted.kind)
