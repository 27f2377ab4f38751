"""Products of arrays."""

from __future__ import annotations

import string
from typing import Any

from dilsctl.ir import Var
from dilsctl.operations.functions.operators import matmul
from dilsctl.operations.functions.table import function
from dilsctl.operations.functions.values import as_real, as_var
from dilsctl.operations.rules import broadcast, broadcast_shapes, show
from dilsctl.operations.table import Builder, OperationError, ShapeError

Value = Any
_FAMILY = "Products"


@function("matmul(a, b)", "The matrix product a @ b.", _FAMILY)
def _matmul(builder: Builder, a: Value, b: Value) -> Var:
    return matmul(builder, as_var(builder, a), as_var(builder, b))


@function("dot(a, b)", "The sum of the products of the elements of two values of one shape.", _FAMILY)
def _dot(builder: Builder, a: Value, b: Value) -> Var:
    left, right = as_var(builder, a), as_var(builder, b)
    if left.shape != right.shape:
        raise ShapeError(
            f"'dot' needs values of one shape, not {show(left.shape)} and {show(right.shape)}",
            "use @ for matrix products",
            1,
        )
    labels = string.ascii_lowercase[: left.rank]
    return builder.emit("contract", (left, right), spec=f"{labels},{labels}->")


@function(
    "outer(a, b)", "Every element of a times every element of b: the axes of a, then those of b.", _FAMILY
)
def _outer(builder: Builder, a: Value, b: Value) -> Var:
    left, right = as_var(builder, a), as_var(builder, b)
    labels = string.ascii_letters[: left.rank + right.rank]
    first, second = labels[: left.rank], labels[left.rank :]
    return builder.emit("contract", (left, right), spec=f"{first},{second}->{labels}")


@function("solve(a, b)", "The x with a @ x == b: a square matrix, and a vector.", _FAMILY)
def _solve(builder: Builder, a: Value, b: Value) -> Var:
    matrix, right = as_real(builder, a), as_real(builder, b)
    if matrix.rank < 2 or not right.rank:
        given = f"{show(matrix.shape)} and {show(right.shape)}"
        raise ShapeError(f"'solve' needs a matrix and a vector, not {given}", "a is n x n, b has n elements")
    lead = broadcast_shapes("solve", matrix.shape[:-2], right.shape[:-1])
    matrix = broadcast(builder, matrix, (*lead, *matrix.shape[-2:]))
    return builder.emit("solve", (matrix, broadcast(builder, right, (*lead, right.shape[-1]))))


@function(
    "einsum(spec, ...)", "Products summed over shared labels, such as einsum('ij,jk->ik', a, b).", _FAMILY
)
def _einsum(builder: Builder, spec: Value, *values: Value) -> Var:
    if not isinstance(spec, str):
        raise OperationError("'einsum' begins with labels in quotes, such as 'ij,j->i'", argument=0)
    if not values:
        raise OperationError(
            "'einsum' needs the values that the labels are for", "write einsum('ij,j->i', a, b)"
        )
    operands = [as_real(builder, one) for one in values]
    try:
        return builder.emit("contract", operands, spec=spec.replace(" ", ""))
    except OperationError as error:
        place = None if error.argument is None else error.argument + 1
        raise OperationError(error.message, error.help, place) from None
