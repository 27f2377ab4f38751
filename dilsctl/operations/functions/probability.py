"""Probability vectors, one-hot vectors and random draws."""

from __future__ import annotations

from typing import Any

from dilsctl.ir import REAL, Var
from dilsctl.operations.functions.table import function
from dilsctl.operations.functions.values import as_real, as_var, is_number, negative_axis, static_sizes, whole
from dilsctl.operations.rules import add, broadcast_shapes, expand, mul
from dilsctl.operations.table import Builder, OperationError, ShapeError

Value = Any
_FAMILY = "Probability"
_DRAWS = "Random draws"


def _soft(name: str, doc: str) -> None:
    @function(f"{name}(x, axis=-1)", doc, _FAMILY)
    def build(builder: Builder, x: Value, axis: Value = -1) -> Var:
        value = as_real(builder, x)
        return builder.emit(name, (value,), axis=negative_axis(name, value.rank, axis))


_soft("softmax", "exp(x) / sum(exp(x)): a probability vector. Along the last axis, a simplex.")
_soft("log_softmax", "The logarithm of softmax(x), without overflow.")


@function(
    "normalise(x, axis=-1)",
    "x / sum(x), for x that is not negative and not all 0. Along the last axis, a simplex.",
    _FAMILY,
)
def _normalise(builder: Builder, x: Value, axis: Value = -1) -> Var:
    value = as_real(builder, x)
    number = negative_axis("normalise", value.rank, axis)
    total = expand(builder, builder.emit("sum", (value,), axes=(number,)), (number,), value.rank)
    share = builder.emit("div", (value, total))
    if number != -1:
        return share
    return builder.emit("cast", (share,), kind="simplex", classes=value.shape[-1])


@function(
    "one_hot(x, classes)", "1 at place x, 0 elsewhere, along a new last axis. classes: as x has.", _FAMILY
)
def _one_hot(builder: Builder, x: Value, classes: Value = None) -> Var:
    value = as_var(builder, x)
    if classes is None:
        if value.type.kind != "class":
            raise OperationError("'one_hot' of an int needs the number of classes", "write one_hot(x, 10)")
        classes = value.type.classes
    return builder.emit("one_hot", (value,), classes=whole("one_hot", "classes", classes, 1))


def _draw_shape(name: str, shape: Value, *values: Var) -> tuple[int, ...]:
    """The shape asked for, or that of the parameters."""
    own = broadcast_shapes(name, *(one.shape for one in values))
    if shape is None:
        return own
    wanted = static_sizes(name, (shape,))
    if broadcast_shapes(name, wanted, own) != wanted:
        raise ShapeError(f"'{name}': its parameters do not fit the shape {shape}")
    return wanted


@function(
    "normal(mean=0, std=1, shape=())",
    "A normal draw. Gradients flow to mean and std, not to the draw.",
    _DRAWS,
    draws=True,
)
def _normal(builder: Builder, mean: Value = 0, std: Value = 1, shape: Value = None, key: str = "") -> Var:
    centre, width = as_real(builder, mean), as_real(builder, std)
    draw = builder.emit("random_normal", (), key=key, shape=_draw_shape("normal", shape, centre, width))
    scaled = draw if is_number(std) and std == 1 else mul(builder, draw, width)
    return scaled if is_number(mean) and mean == 0 else add(builder, scaled, centre)


@function(
    "uniform(low=0, high=1, shape=())",
    "A draw between low and high. Gradients flow to low and high, not to the draw.",
    _DRAWS,
    draws=True,
)
def _uniform(builder: Builder, low: Value = 0, high: Value = 1, shape: Value = None, key: str = "") -> Var:
    least, most = as_real(builder, low), as_real(builder, high)
    draw = builder.emit("random_uniform", (), key=key, shape=_draw_shape("uniform", shape, least, most))
    if is_number(low) and is_number(high) and (low, high) == (0, 1):
        return draw
    return add(builder, mul(builder, draw, builder.emit("sub", (most, least))), least)


@function("bernoulli(p=0.5, shape=())", "true with probability p. No gradient.", _DRAWS, draws=True)
def _bernoulli(builder: Builder, p: Value = 0.5, shape: Value = None, key: str = "") -> Var:
    if is_number(p) and not 0 <= p <= 1:
        raise OperationError(f"'bernoulli': {p} is not a probability", argument=0)
    chance = as_real(builder, p)
    wanted = _draw_shape("bernoulli", shape, chance)
    if is_number(p):
        chance = builder.constant(float(p), REAL.with_shape(wanted))
    elif chance.shape != wanted:
        chance = builder.emit("broadcast", (chance,), shape=wanted)
    return builder.emit("random_bernoulli", (chance,), key=key)
