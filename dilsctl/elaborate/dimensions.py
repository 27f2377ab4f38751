"""Dimensions that are names, and how wires make them numbers.

A dimension is a number, or a ``Name`` (solved by unification where the box is used), or arithmetic of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LARGEST = 2**40


class DimensionError(Exception):
    """A dimension that cannot be computed, or is not a sensible length."""


@dataclass(eq=False)
class Unsolved:
    """A dimension that is not known yet. Equal ones are linked: follow ``target``."""

    name: str
    target: Unsolved | int | None = None


Dimension = Any  # int, Unsolved, or ("op", left, right)


def resolve(dim: Dimension) -> Dimension:
    """The dimension with what is known put in: an int where all is known."""
    while isinstance(dim, Unsolved):
        if dim.target is None:
            return dim
        dim = dim.target
    if isinstance(dim, tuple):
        left, right = resolve(dim[1]), resolve(dim[2])
        if isinstance(left, int) and isinstance(right, int):
            return compute(dim[0], left, right)
        return (dim[0], left, right)
    return dim


def compute(op: str, left: int, right: int) -> int:
    if op == "//" and right == 0:
        raise DimensionError("division by zero in a dimension")
    value = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "//": lambda: left // right,
    }[op]()
    if value < 0:
        raise DimensionError(f"a dimension is negative: {left} {op} {right} = {value}")
    if value > LARGEST:
        raise DimensionError(f"a dimension is too large: {left} {op} {right}")
    return int(value)


def unify(left: Dimension, right: Dimension) -> bool | None:
    """Make two dimensions equal. True: done; False: they differ; None: not enough is known yet."""
    left, right = resolve(left), resolve(right)
    if isinstance(left, int) and isinstance(right, int):
        return left == right
    if left is right:
        return True
    if isinstance(left, Unsolved) and not isinstance(right, tuple):
        left.target = right
        return True
    if isinstance(right, Unsolved) and not isinstance(left, tuple):
        right.target = left
        return True
    if isinstance(left, tuple) and isinstance(right, int):
        return _solve(left, right)
    if isinstance(right, tuple) and isinstance(left, int):
        return _solve(right, left)
    return None


def _solve(dim: tuple[str, Any, Any], value: int) -> bool | None:
    """Solve op(left, right) = value where one side is a number."""
    op, left, right = dim
    if isinstance(right, int):
        if op == "+":
            return unify(left, value - right) if value >= right else False
        if op == "-":
            return unify(left, value + right)
        if op == "*":
            return unify(left, value // right) if right and value % right == 0 else False
        return None
    if isinstance(left, int):
        if op == "+":
            return unify(right, value - left) if value >= left else False
        if op == "-":
            return unify(right, left - value) if left >= value else False
        if op == "*":
            return unify(right, value // left) if left and value % left == 0 else False
    return None
