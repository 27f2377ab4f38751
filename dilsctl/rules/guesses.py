"""Mean and deviation that values have at the beginning, roughly: as if all were drawn independently."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from dilsctl.diagram import State
from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.contract import summed_size
from dilsctl.ranges import alternatives

Guess = tuple[float, float]  # mean and deviation

_SAME = frozenset(
    ("copy", "cast", "stop", "reshape", "broadcast", "transpose", "slice", "gather", "roll", "take", "mean",
     "patches", "pad_slice")
)  # fmt: skip
LINEAR = _SAME | {"neg", "add", "sub", "mul", "contract", "sum", "div", "assemble"}
"""Through which a state's size is felt as it is."""


def usual(type: Type) -> Guess | None:
    """What is taken of a value that comes from outside, or moves."""
    if type.kind == "real":
        return 0.0, 1.0
    if type.kind == "bool":
        return 0.5, 0.5
    if type.kind == "simplex":
        return 1 / (type.classes or 1), 1 / (type.classes or 1)
    return None


def begin(state: State) -> Guess | None:
    """Mean and deviation of a state's initial value, None where that says nothing."""
    initial = state.initial
    numbers = [one for one in initial.arguments if isinstance(one, int | float)]
    shape = state.type.shape
    match initial.rule:
        case "":
            flat = list(_numbers(initial.value))
            if not flat:
                return None
            mean = sum(flat) / len(flat)
            return mean, math.hypot(*(one - mean for one in flat)) / math.sqrt(len(flat))
        case "normal":
            mean, std = (*numbers, 0.0, 1.0)[:2] if len(numbers) != 1 else (numbers[0], 1.0)
            return float(mean), float(std)
        case "uniform":
            low, high = (*numbers, 0.0, 1.0)[:2] if len(numbers) != 1 else (numbers[0], 1.0)
            return (low + high) / 2, abs(high - low) / math.sqrt(12)
        case "zeros":
            return 0.0, 0.0
        case "ones":
            return 1.0, 0.0
        case "glorot" | "he" | "lecun" | "orthogonal":
            return 0.0, 1 / math.sqrt(shape[-1]) if shape else 1.0
    return None


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, tuple | list):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, int | float):
        yield float(value)


def guess(eqn: Eqn, known: Mapping[Var, Guess | None]) -> Guess | None:
    """Mean and deviation of what an equation makes; None where it is not known."""
    found = _guess(eqn, known)
    return None if found is None or any(map(math.isnan, found)) else found


def _guess(eqn: Eqn, known: Mapping[Var, Guess | None]) -> Guess | None:
    if eqn.op == "constant":
        value = eqn.param("value")
        return (float(value), 0.0) if isinstance(value, int | float) else None
    given = [one for one in (known.get(var) for var in eqn.inputs) if one is not None]
    if not given or len(given) < len(eqn.inputs):
        return given[0] if given and eqn.op == "take" else None
    (mean, spread), two = given[0], given[-1]
    if eqn.op in _SAME:
        return mean, spread
    match eqn.op:
        case "neg":
            return -mean, spread
        case "add" | "sub":
            sign = 1 if eqn.op == "add" else -1
            return mean + sign * two[0], math.hypot(spread, two[1])
        case "mul":
            return mean * two[0], _product(given[0], two)
        case "div" if two[0] and not two[1]:
            return mean / two[0], spread / abs(two[0])
        case "contract" if len(given) == 2:
            count = float(summed_size(eqn.param("spec"), tuple([one.shape for one in eqn.inputs])))
            return count * mean * two[0], math.sqrt(count) * _product(given[0], two)
        case "sum":
            count = max(eqn.inputs[0].type.size // max(eqn.outputs[0].type.size, 1), 1)
            return count * mean, math.sqrt(count) * spread
        case "assemble":
            return sum(one[0] for one in given) / len(given), max(one[1] for one in given)
        case "tanh":
            return math.tanh(mean), min(spread, 1.0)
        case "sigmoid":
            return (1 + math.tanh(mean / 2)) / 2, min(spread / 4, 0.5)
        case "relu":
            return _above(mean, spread)
        case "softmax":
            return 1 / alternatives(eqn), 1 / alternatives(eqn)
        case "sin" | "cos":
            return 0.0, min(spread, 0.7)
    return None


def _above(mean: float, spread: float) -> Guess:
    """Of what is left above 0 of a normal value."""
    if not spread:
        return max(mean, 0.0), 0.0
    at = mean / spread
    below = (1 + math.erf(at / math.sqrt(2))) / 2
    bell = math.exp(-at * at / 2) / math.sqrt(2 * math.pi)
    first = mean * below + spread * bell
    second = (mean * mean + spread * spread) * below + mean * spread * bell
    return first, math.sqrt(max(second - first * first, 0.0))


def _product(one: Guess, two: Guess) -> float:
    return math.hypot(one[0] * two[1], two[0] * one[1], one[1] * two[1])
