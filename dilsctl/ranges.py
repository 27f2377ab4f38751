"""Between which numbers each value of some equations lies, whatever comes: interval arithmetic.

A range holds all elements of an array, at all times and of all examples. It is reckoned in one walk, and of
what is not known it says the whole line, so what it excludes can't be. An infinity or a number that is none
within a product with 0 counts as 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.contract import parse_spec, summed_size

Range = tuple[float, float]

ANY: Range = (-math.inf, math.inf)
ONE_OR_NONE: Range = (0.0, 1.0)
NEVER: Range = (0.0, 0.0)
MOST_NUMBERS = 4096  # of a constant that is read; of larger ones nothing is said

Given = list[Range]


def type_range(type: Type) -> Range:
    """What a type says."""
    if type.kind in ("bool", "simplex"):
        return (1.0, 1.0) if type.kind == "simplex" and type.classes == 1 else ONE_OR_NONE
    if type.kind == "class" and type.classes is not None:
        return 0.0, float(max(type.classes - 1, 0))
    return ANY


def value_range(value: Any, type: Type) -> Range:
    """That of a constant or an initial value: a number, or nested tuples of them."""
    if isinstance(value, int | float):  # a bool too
        return float(value), float(value)
    if type.size > MOST_NUMBERS:
        return type_range(type)
    numbers = list(_numbers(value))
    if not numbers or any(math.isnan(one) for one in numbers):
        return type_range(type)
    return min(numbers), max(numbers)


def _numbers(value: Any) -> Iterable[float]:
    for one in value if isinstance(value, tuple | list) else ():
        if isinstance(one, tuple | list):
            yield from _numbers(one)
        elif isinstance(one, int | float):
            yield float(one)


def ranges(eqns: Iterable[Eqn], given: Mapping[Var, Range]) -> dict[Var, Range]:
    """The ranges of all that equations compute, and of what they read; ``given``: of what is known."""
    found: dict[Var, Range] = dict(given)
    for eqn in eqns:
        inputs: Given = []
        for var in eqn.inputs:
            known = found.get(var)
            if known is None:
                known = found[var] = type_range(var.type)
            inputs.append(known)
        rule = _RULES.get(eqn.op)
        for out in eqn.outputs:
            least, most = rule(eqn, inputs) if rule is not None else ANY
            if least != least or most != most or least > most:
                least, most = ANY
            kind = out.type.kind
            if kind != "real" and kind != "int":
                low, high = type_range(out.type)
                least, most = max(least, low), min(most, high)
                if least > most:  # a cast on the caller's word
                    least, most = low, high
            found[out] = (least, most)
    return found


def hull(given: Iterable[Range]) -> Range:
    """The range that holds all of some."""
    lows, highs = zip(*given, strict=True)
    return min(lows), max(highs)


def times(one: Range, two: Range) -> Range:
    """The range of products."""
    (a, b), (c, d) = one, two
    if a and b and c and d:
        products = (a * c, a * d, b * c, b * d)
    else:
        products = (_product(a, c), _product(a, d), _product(b, c), _product(b, d))
    return min(products), max(products)


def _product(x: float, y: float) -> float:
    return x * y if x and y else 0.0


def _plus(one: Range, two: Range) -> Range:
    return one[0] + two[0], one[1] + two[1]


def _negative(one: Range) -> Range:
    return -one[1], -one[0]


def _first(eqn: Eqn, given: Given) -> Range:
    return given[0]


def _with_nothing(eqn: Eqn, given: Given) -> Range:
    return hull((*given, NEVER))


def _rising(function: Callable[[float], float]) -> Callable[[Eqn, Given], Range]:
    """The rule of a function that never falls."""

    def rule(eqn: Eqn, given: Given) -> Range:
        return function(given[0][0]), function(given[0][1])

    return rule


def _exp(x: float) -> float:
    return math.exp(x) if x < 709 else math.inf


def _log(x: float) -> float:
    return -math.inf if x <= 0 else math.log(x)


def _sigmoid(x: float) -> float:
    return 1 / (1 + _exp(-x)) if x > -709 else 0.0


def _softplus(x: float) -> float:
    return x if x > 709 else math.log1p(_exp(x))


def _whole(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: x if math.isinf(x) else float(function(x))


def _abs(eqn: Eqn, given: Given) -> Range:
    least, most = given[0]
    if least >= 0:
        return least, most
    return (-most, -least) if most <= 0 else (0.0, max(-least, most))


def _square(eqn: Eqn, given: Given) -> Range:
    least, most = _abs(eqn, given)
    return least * least, most * most


def _divided(eqn: Eqn, given: Given) -> Range:
    (a, b), (c, d) = given
    if a == b == 0:
        return NEVER
    if c > 0 or d < 0:
        return times((a, b), _inverse((c, d)))
    if c == 0 and a >= 0:
        return 0.0, math.inf
    return ANY


def _inverse(one: Range) -> Range:
    return tuple(sorted((1 / one[0], 1 / one[1])))  # type: ignore[return-value]


def _power(eqn: Eqn, given: Given) -> Range:
    (a, b), (c, d) = given
    if c == d == 0:
        return 1.0, 1.0
    if c == d == 2:
        return _square(eqn, given)
    if a < 0:
        return (0.0, math.inf) if c == d and c % 2 == 0 else ANY
    if a >= 0 and b <= 1 and c >= 0:
        return 0.0, 1.0
    return 0.0, math.inf


def _sub(eqn: Eqn, given: Given) -> Range:
    return NEVER if eqn.inputs[0] is eqn.inputs[1] else _plus(given[0], _negative(given[1]))


def _mul(eqn: Eqn, given: Given) -> Range:
    return _square(eqn, given) if eqn.inputs[0] is eqn.inputs[1] else times(given[0], given[1])


def _summed(eqn: Eqn, given: Given) -> Range:
    count = eqn.inputs[0].type.size / max(eqn.outputs[0].type.size, 1)
    return times((count, count), given[0])


def _contract(eqn: Eqn, given: Given) -> Range:
    found: Range = (1.0, 1.0)
    for one in given:
        found = times(found, one)
    if len(given) == 2 and eqn.inputs[0] is eqn.inputs[1] and "->" in eqn.param("spec"):
        operands, _ = parse_spec(eqn.param("spec"))
        if operands[0] == operands[1]:
            found = max(found[0], 0.0), found[1]
    if not eqn.outputs[0].batched and any(one.batched for one in eqn.inputs):
        return times((0.0, math.inf), found)
    count = float(summed_size(eqn.param("spec"), tuple([one.shape for one in eqn.inputs])))
    return times((count, count), found)


def _largest(eqn: Eqn, given: Given) -> Range:
    return max(given[0][0], given[1][0]), max(given[0][1], given[1][1])


def _smallest(eqn: Eqn, given: Given) -> Range:
    return min(given[0][0], given[1][0]), min(given[0][1], given[1][1])


def _product_of(eqn: Eqn, given: Given) -> Range:
    if given[0] == NEVER:
        return NEVER
    return ONE_OR_NONE if given[0][0] >= 0 and given[0][1] <= 1 else ANY


def _logsumexp(eqn: Eqn, given: Given) -> Range:
    count = eqn.inputs[0].type.size / max(eqn.outputs[0].type.size, 1)
    return given[0][0], given[0][1] + (math.log(count) if count > 0 else 0.0)


def alternatives(eqn: Eqn) -> int:
    """Over how many a softmax goes."""
    return int(eqn.inputs[0].shape[eqn.param("axis", -1)])


def _softmax(eqn: Eqn, given: Given) -> Range:
    return (1.0, 1.0) if alternatives(eqn) == 1 else ONE_OR_NONE


def _log_softmax(eqn: Eqn, given: Given) -> Range:
    return NEVER if alternatives(eqn) == 1 else (-math.inf, 0.0)


def _constant(eqn: Eqn, given: Given) -> Range:
    return value_range(eqn.param("value"), eqn.outputs[0].type)


def _cast(eqn: Eqn, given: Given) -> Range:
    least, most = given[0]
    kind = eqn.outputs[0].type.kind
    if kind == "bool":
        return NEVER if least == most == 0 else (1.0, 1.0) if least > 0 or most < 0 else ONE_OR_NONE
    if kind in ("int", "class"):
        cut = _whole(math.trunc)
        return cut(least), cut(most)
    return least, most


def _truth(holds: bool, fails: bool) -> Range:
    return (1.0, 1.0) if holds else NEVER if fails else ONE_OR_NONE


def _compared(op: str) -> Callable[[Eqn, Given], Range]:
    def rule(eqn: Eqn, given: Given) -> Range:
        (a, b), (c, d) = given
        same = eqn.inputs[0] is eqn.inputs[1]
        match op:
            case "lt":
                return _truth(b < c, a >= d or same)
            case "le":
                return _truth(b <= c or same, a > d)
            case "gt":
                return _truth(a > d, b <= c or same)
            case "ge":
                return _truth(a >= d or same, b < c)
            case "eq":
                return _truth(a == b == c == d or same, b < c or a > d)
        return _truth(b < c or a > d, a == b == c == d or same)

    return rule


def _where(eqn: Eqn, given: Given) -> Range:
    condition, one, two = given
    if condition == NEVER:
        return two
    return one if condition == (1.0, 1.0) else hull((one, two))


def _assembled(eqn: Eqn, given: Given) -> Range:
    whole = sum(one.type.size for one in eqn.inputs) >= eqn.outputs[0].type.size
    return hull(given if whole else (*given, NEVER)) if given else NEVER


def _fixed(least: float, most: float) -> Callable[[Eqn, Given], Range]:
    return lambda eqn, given: (least, most)


_RULES: dict[str, Callable[[Eqn, Given], Range]] = {
    **dict.fromkeys(
        ("copy", "stop", "reshape", "broadcast", "slice", "gather", "transpose", "roll", "take"), _first
    ),
    **dict.fromkeys(("max", "min", "mean", "max_pool", "any", "all"), _first),
    **dict.fromkeys(("pad_slice", "patches"), _with_nothing),
    **{op: _compared(op) for op in ("lt", "le", "gt", "ge", "eq", "ne")},
    **dict.fromkeys(("sin", "cos", "erf", "sign"), _fixed(-1.0, 1.0)),
    **dict.fromkeys(("one_hot", "random_uniform", "random_bernoulli"), _fixed(0.0, 1.0)),
    "constant": _constant,
    "cast": _cast,
    "assemble": _assembled,
    "neg": lambda eqn, given: _negative(given[0]),
    "exp": _rising(_exp),
    "log": _rising(_log),
    "log1p": _rising(lambda x: _log(1 + x)),
    "sqrt": _rising(lambda x: math.sqrt(max(x, 0.0))),
    "square": _square,
    "abs": _abs,
    "reciprocal": lambda eqn, given: _divided(eqn, [(1.0, 1.0), given[0]]),
    "tanh": _rising(math.tanh),
    "sigmoid": _rising(_sigmoid),
    "softplus": _rising(_softplus),
    "arctan": _rising(math.atan),
    "relu": _rising(lambda x: max(x, 0.0)),
    "floor": _rising(_whole(math.floor)),
    "ceil": _rising(_whole(math.ceil)),
    "round": _rising(_whole(round)),
    "add": lambda eqn, given: _plus(given[0], given[1]),
    "sub": _sub,
    "mul": _mul,
    "div": _divided,
    "pow": _power,
    "minimum": _smallest,
    "maximum": _largest,
    "sum": _summed,
    "contract": _contract,
    "prod": _product_of,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "and": lambda eqn, given: _smallest(eqn, given),
    "or": lambda eqn, given: _largest(eqn, given),
    "not": lambda eqn, given: (1 - given[0][1], 1 - given[0][0]),
    "where": _where,
    "cross_entropy": lambda eqn, given: (0.0, math.inf),
    "sigmoid_cross_entropy": lambda eqn, given: (0.0, math.inf),
}


def heard(eqn: Eqn, known: Mapping[Var, Range]) -> tuple[Var, ...]:
    """The inputs of an equation on which what it makes depends, by the ranges of all."""
    for out in eqn.outputs:
        least, most = known.get(out, ANY)
        if least != most:
            break
    else:
        return ()
    if eqn.op == "where":
        condition = known.get(eqn.inputs[0], ONE_OR_NONE)
        if condition[0] == condition[1]:
            return (eqn.inputs[1] if condition[0] else eqn.inputs[2],)
    elif eqn.op in ("maximum", "minimum"):
        one, two = eqn.inputs
        (a, b), (c, d) = known.get(one, ANY), known.get(two, ANY)
        if a >= d:
            return (one if eqn.op == "maximum" else two,)
        if c >= b:
            return (two if eqn.op == "maximum" else one,)
    return eqn.inputs
