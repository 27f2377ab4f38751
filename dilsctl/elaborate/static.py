"""Values known beforehand: plain numbers, bools, words, and nests of tuples of these."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from dilsctl.limits import MOST_STATIC

Value = Any

_MOST_EXPONENT = 64
_NUMBERS = frozenset({int, float, bool})


def is_number(value: Value) -> bool:
    """A number or a bool known beforehand."""
    return type(value) in _NUMBERS


def static_power(base: Any, exponent: Any) -> Any:
    """A power of numbers; whole ones stay whole where the result may be of a reasonable size."""
    small = isinstance(exponent, float) or 0 <= exponent <= _MOST_EXPONENT
    return base**exponent if small else float(base) ** exponent


def is_list(value: Value) -> bool:
    """A nest of lists of numbers known beforehand."""
    return isinstance(value, tuple) and all(is_number(one) or is_list(one) for one in value)


def elementwise(act: Callable[[Any, Any], Any], left: Value, right: Value) -> Value:
    """An operator of numbers, element by element: of two lists of one shape, or of a list and a number."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return tuple(elementwise(act, a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, tuple):
        return tuple(elementwise(act, one, right) for one in left)
    if isinstance(right, tuple):
        return tuple(elementwise(act, left, one) for one in right)
    return act(left, right)


STATIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: static_power,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
"""Operators of numbers known beforehand."""


def count_leaves(value: Value) -> int:
    """How many single values a nest of tuples holds; counting stops when there are too many."""
    total, stack = 0, [value]
    while stack and total <= MOST_STATIC:
        one = stack.pop()
        if isinstance(one, tuple):
            stack.extend(one)
        else:
            total += 1
    return total
