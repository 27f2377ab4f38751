"""Losses: one number, the mean over all elements."""

from __future__ import annotations

from typing import Any

from dilsctl.ir import Var
from dilsctl.operations.functions.reductions import reduce
from dilsctl.operations.functions.table import function
from dilsctl.operations.functions.values import as_real, as_var, known_number, same_shapes
from dilsctl.operations.rules import add, constant, mul, scale, show, sub
from dilsctl.operations.table import Builder, OperationError, ShapeError

Value = Any
_FAMILY = "Losses"
_SMALLEST = 1e-12


def _mean(builder: Builder, value: Var) -> Var:
    return reduce(builder, "mean", value) if value.rank else value


def _error(builder: Builder, name: str, y: Value, truth: Value) -> Var:
    given, wanted = as_real(builder, y), as_real(builder, truth)
    for number, one in enumerate((given, wanted)):
        if one.type.kind == "class":
            raise OperationError(
                f"'{name}' compares numbers, not a class",
                "use cross_entropy(logits, truth) for classes",
                number,
            )
    same_shapes(name, given, wanted)
    return sub(builder, given, wanted)


@function("mse(y, truth)", "Mean squared error.", _FAMILY)
def _mse(builder: Builder, y: Value, truth: Value) -> Var:
    return _mean(builder, builder.emit("square", (_error(builder, "mse", y, truth),)))


@function("mae(y, truth)", "Mean absolute error.", _FAMILY)
def _mae(builder: Builder, y: Value, truth: Value) -> Var:
    return _mean(builder, builder.emit("abs", (_error(builder, "mae", y, truth),)))


@function(
    "huber(y, truth, delta=1)",
    "Half the squared error up to delta, beyond it delta * (error - delta / 2).",
    _FAMILY,
)
def _huber(builder: Builder, y: Value, truth: Value, delta: Value = 1) -> Var:
    if known_number("huber", "delta", delta) <= 0:
        raise OperationError(f"'huber': delta is a positive number, not {delta}", argument=2)
    size = builder.emit("abs", (_error(builder, "huber", y, truth),))
    near = builder.emit("minimum", (size, constant(builder, float(delta))))
    beyond = scale(builder, sub(builder, size, near), float(delta))
    return _mean(builder, add(builder, scale(builder, builder.emit("square", (near,)), 0.5), beyond))


def _target(builder: Builder, scores: Var, truth: Value) -> Var:
    """The truth as a probability for each class: a class becomes one-hot."""
    value = as_var(builder, truth)
    if not scores.shape:
        raise ShapeError("'cross_entropy' needs one number for each class, not a scalar", argument=0)
    classes = scores.shape[-1]
    if value.type.kind in ("class", "int"):
        if value.shape != scores.shape[:-1]:
            raise ShapeError(
                f"'cross_entropy': scores of shape {show(scores.shape)} need a truth of shape "
                f"{show(scores.shape[:-1])}, not {show(value.shape)}",
                argument=1,
            )
        if value.type.kind == "class" and value.type.classes != classes:
            raise ShapeError(
                f"'cross_entropy': scores for {classes} classes (the last length), but the truth is a "
                f"class {value.type.classes}",
                argument=1,
            )
        return builder.emit("one_hot", (value,), classes=classes)
    if value.shape != scores.shape:
        raise ShapeError(
            f"'cross_entropy': the truth has shape {show(value.shape)}, the scores {show(scores.shape)}",
            "the truth is a class, or one probability for each class",
            1,
        )
    return value


@function(
    "cross_entropy(logits, truth)",
    "-log of the probability that softmax(logits) gives to the truth: a class, or probabilities (a simplex, "
    "or real numbers that sum to 1). If the first argument is a simplex, it is taken as probabilities, not "
    "logits, and -log stops at 1e-12.",
    _FAMILY,
)
def _cross_entropy(builder: Builder, logits: Value, truth: Value) -> Var:
    scores = as_real(builder, logits)
    target = _target(builder, scores, truth)
    if scores.type.kind == "simplex":
        safe = builder.emit("maximum", (scores, constant(builder, _SMALLEST)))
        part = mul(builder, target, builder.emit("log", (safe,)))
        loss = builder.emit("neg", (builder.emit("sum", (part,), axes=(-1,)),))
    else:
        loss, _ = builder.emit_all("cross_entropy", (scores, target))
    return _mean(builder, loss)


@function(
    "binary_cross_entropy(logit, truth)",
    "-log of the probability that sigmoid(logit) gives to the truth, a bool or a number from 0 to 1. It "
    "takes the logit, not the probability.",
    _FAMILY,
)
def _binary_cross_entropy(builder: Builder, logit: Value, truth: Value) -> Var:
    score, target = as_real(builder, logit), as_real(builder, truth)
    if score.type.kind == "bool":
        raise OperationError("'binary_cross_entropy' needs a logit, not a bool", "swap the arguments?", 0)
    if target.type.kind in ("class", "int") and target.type.classes not in (None, 2):
        raise OperationError(
            f"'binary_cross_entropy' needs a bool, not a {target.type}",
            "use cross_entropy for more classes",
            1,
        )
    same_shapes("binary_cross_entropy", score, target)
    return _mean(builder, builder.emit("sigmoid_cross_entropy", (score, target)))
