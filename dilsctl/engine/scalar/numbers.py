"""Functions of single numbers, as NumPy has them: what generated code may call, and nothing else.

Python raises an exception where NumPy gives an infinity or no number. So there are two ways to write each
such function: the plain one, and the careful one, which asks NumPy where the plain one raises. Both give the
same bits wherever the plain one gives any.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

RAISED = (ZeroDivisionError, OverflowError, ValueError)

_HALF, _WHOLE = 1 << 63, 1 << 64


def careful(plain: Callable[..., Any], ufunc: Callable[..., Any]) -> Callable[..., float]:
    """``plain``, and what NumPy says where that raises."""

    def found(*numbers: float) -> float:
        try:
            result: float = plain(*numbers)
        except RAISED:
            with np.errstate(all="ignore"):
                result = float(ufunc(*map(np.float64, numbers)))
        return result

    return found


def wrapped(number: int) -> int:
    """A whole number as 64 bits hold it."""
    return number if -_HALF <= number < _HALF else (number + _HALF) % _WHOLE - _HALF


def whole(number: float) -> int:
    """The whole part; of what 64 bits can't hold, whatever this machine makes of it."""
    if -9.2e18 < number < 9.2e18:
        return int(number)
    with np.errstate(all="ignore"):
        return int(np.float64(number).astype(np.int64))


def floor(number: float) -> float:
    """With the sign of a zero."""
    return math.copysign(math.floor(number), number)


def ceil(number: float) -> float:
    """With the sign of a zero."""
    return math.copysign(math.ceil(number), number)


def rounded(number: float) -> float:
    """The nearest whole number, halves to even, with the sign of a zero."""
    return math.copysign(round(number), number)


def divided(a: int, b: int) -> int:
    """Whole numbers divided, rounded down; 0 where nothing can be said."""
    return wrapped(a // b) if b else 0


def rest(a: int, b: int) -> int:
    """What is left then."""
    return a % b if b else 0


def first_largest(*numbers: float) -> int:
    """The place of the first of the largest, or of the first that is no number."""
    best = 0
    for place, number in enumerate(numbers):
        if number != number:
            return place
        if number > numbers[best]:
            best = place
    return best


def first_smallest(*numbers: float) -> int:
    """The place of the first of the smallest, or of the first that is no number."""
    return first_largest(*(-number for number in numbers))


_PLAIN: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "exp": (math.exp, np.exp),
    "log": (math.log, np.log),
    "log1p": (math.log1p, np.log1p),
    "sqrt": (math.sqrt, np.sqrt),
    "sin": (math.sin, np.sin),
    "cos": (math.cos, np.cos),
    "tan": (math.tan, np.tan),
    "pow": (math.pow, np.power),
    "floor": (floor, np.floor),
    "ceil": (ceil, np.ceil),
    "round": (rounded, np.rint),
    "div": (operator.truediv, np.true_divide),
    "mod": (operator.mod, np.remainder),
    "floor_div": (operator.floordiv, np.floor_divide),
}

FUNCTIONS: dict[str, Any] = {
    **{name: plain for name, (plain, _) in _PLAIN.items()},
    **{f"careful_{name}": careful(plain, ufunc) for name, (plain, ufunc) in _PLAIN.items()},
    "tanh": math.tanh,
    "arctan": math.atan,
    "arctan2": math.atan2,
    "erf": math.erf,
    "abs": abs,
    "min": min,
    "max": max,
    "range": range,
    "wrapped": wrapped,
    "whole": whole,
    "divided": divided,
    "rest": rest,
    "first_largest": first_largest,
    "first_smallest": first_smallest,
    "inf": math.inf,
    "nan": math.nan,
}
"""All names that generated code may use beside its own."""
