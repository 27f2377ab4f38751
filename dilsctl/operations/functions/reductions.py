"""Functions that take axes away. Without ``axis`` they go over all elements."""

from __future__ import annotations

from typing import Any

from dilsctl.ir import Var
from dilsctl.operations.functions.table import function
from dilsctl.operations.functions.values import as_real, as_var, negative_axes, negative_axis
from dilsctl.operations.rules import constant, expand, sub
from dilsctl.operations.table import Builder, NotKnownError, OperationError, ShapeError

Value = Any
_FAMILY = "Reductions"


def reduce(builder: Builder, name: str, x: Value, axis: Value = None) -> Var:
    """An operation with params ``axes``; of a scalar (bools aside) it is the scalar."""
    value = as_var(builder, x)
    axes = negative_axes(name, value, axis)
    return builder.emit(name, (value,), axes=axes)


def _reduction(name: str, doc: str) -> None:
    @function(f"{name}(x, axis=all)", doc, _FAMILY)
    def build(builder: Builder, x: Value, axis: Value = None) -> Var:
        if isinstance(axis, Var | float):
            hint = f"write {name}imum(a, b)" if name in ("max", "min") else ""
            what = NotKnownError if isinstance(axis, Var) else OperationError
            raise what(f"'{name}': axis must be a whole number known beforehand", hint, 1)
        return reduce(builder, name, x, axis)


for _name, _doc in {
    "sum": "Sum along axes.",
    "mean": "Mean along axes.",
    "prod": "Product along axes.",
    "max": "The largest element. Ties share the gradient equally.",
    "min": "The smallest element. Ties share the gradient equally.",
    "logsumexp": "log(sum(exp(x))), without overflow.",
    "any": "Whether any element is true.",
    "all": "Whether all elements are true.",
}.items():
    _reduction(_name, _doc)


def _place(name: str, doc: str) -> None:
    @function(f"{name}(x, axis=all)", doc, _FAMILY)
    def build(builder: Builder, x: Value, axis: Value = None) -> Var:
        value = as_var(builder, x)
        if value.rank == 0:
            raise ShapeError(f"'{name}' needs a vector, not a scalar", argument=0)
        if axis is None and value.rank > 1:
            value = builder.emit("reshape", (value,), shape=(value.type.size,))
        number = -1 if axis is None else negative_axis(name, value.rank, axis)
        return builder.emit(name, (value,), axis=number)


_place("argmax", "The place of the largest element, as a class; the first if several.")
_place("argmin", "The place of the smallest element, as a class; the first if several.")


def safe_root(builder: Builder, square: Var) -> Var:
    """The square root of a value that is not negative, whose gradient at 0 is 0."""
    zero, one = constant(builder, 0.0), constant(builder, 1.0)
    positive = builder.emit("gt", (square, zero))
    root = builder.emit("sqrt", (builder.emit("where", (positive, square, one)),))
    return builder.emit("where", (positive, root, zero))


@function("pool(x)", "The mean over the batch of runs or examples: the value itself, for one.", _FAMILY)
def _pool(builder: Builder, x: Value) -> Var:
    value = as_var(builder, x)
    pooled = builder.emit("batch_mean", (as_real(builder, value),), batched=False)
    if value.type.kind != "simplex":
        return pooled
    return builder.emit("cast", (pooled,), kind="simplex", classes=value.type.classes)


@function("norm(x, axis=all)", "Euclidean length: sqrt(sum(x * x)). Its gradient at 0 is 0.", _FAMILY)
def _norm(builder: Builder, x: Value, axis: Value = None) -> Var:
    square = builder.emit("square", (as_real(builder, x),))
    return safe_root(builder, reduce(builder, "sum", square, axis))


@function("var(x, axis=all)", "Variance: the mean squared distance from the mean (divided by n).", _FAMILY)
def _var(builder: Builder, x: Value, axis: Value = None) -> Var:
    value = as_real(builder, x)
    axes = negative_axes("var", value, axis)
    centre = expand(builder, reduce(builder, "mean", value, axis), axes, value.rank)
    return reduce(builder, "mean", builder.emit("square", (sub(builder, value, centre),)), axis)


@function("std(x, axis=all)", "Standard deviation: sqrt(var(x)). Its gradient at 0 is 0.", _FAMILY)
def _std(builder: Builder, x: Value, axis: Value = None) -> Var:
    return safe_root(builder, _var(builder, x, axis))
