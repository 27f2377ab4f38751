"""A learned state that begins where the function it feeds is flat."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from dilsctl.diagnostics import Diagnostic, Label
from dilsctl.diagram import Initial, State
from dilsctl.ir import Eqn, Var
from dilsctl.rules.rule import Rule, Subject, warning

FLAT = {"tanh": 5.0, "sigmoid": 10.0}  # beyond, less than 1/5000 of a gradient is left
SPREAD = 4.0  # how many times that a drawn value must spread for most of it to lie there

Guess = tuple[float, float]  # mean and deviation


def check(subject: Subject) -> Iterator[Diagnostic]:
    """What goes into tanh and sigmoid at the beginning, if inputs are about 1 in size."""
    for box in subject.own_boxes:
        learned = {one.var: one for one in box.states.values() if one.learn is not None}
        if not learned:
            continue
        known: dict[Var, Guess | None] = {one.var: _begin(one) for one in box.states.values()}
        known |= {port.var: (0.0, 1.0) for port in box.inputs.values() if port.type.kind == "real"}
        for child in box.children.values():
            known |= {var: (0.0, 1.0) for var in child.outputs.values() if var.type.kind == "real"}
        reasons: dict[Var, set[Var]] = {var: {var} for var in learned}
        for eqn in box.eqns:
            guess = _guess(eqn, known)
            behind = set[Var]().union(*(reasons.get(one, set()) for one in eqn.inputs))
            for out in eqn.outputs:
                known[out], reasons[out] = guess, behind
            if eqn.op in FLAT and behind:
                yield from _told(subject, eqn, known.get(eqn.inputs[0]), [learned[one] for one in behind])


def _told(subject: Subject, eqn: Eqn, guess: Guess | None, states: list[State]) -> Iterator[Diagnostic]:
    if guess is None:
        return
    mean, spread = guess
    limit = FLAT[eqn.op]
    if abs(mean) - 2 * spread > limit:
        what = f"begins at about {mean:.3g}"
    elif spread > SPREAD * limit:
        what = f"begins anywhere between {-spread:.2g} and {spread:.2g}"
    else:
        return
    blamed = max(states, key=lambda one: (abs(_begin(one)[0]), _begin(one)[1]) if _begin(one) else (0, 0))  # type: ignore[index]
    if not subject.own(blamed.span):
        return
    related = [Label(eqn.span, f"{eqn.op} is flat there")] if eqn.span is not None else []
    message = f"what '{blamed.name}' makes for {eqn.op} {what}, where {eqn.op} passes no gradient"
    help = "begin nearer to 0: glorot and he scale with the number of inputs"
    yield from warning(RULE.code, message, blamed.span, related=related, help=help)


def _begin(state: State) -> Guess | None:
    """Mean and deviation of a state's initial value, None where that says nothing."""
    initial: Initial = state.initial
    numbers = [one for one in initial.arguments if isinstance(one, int | float)]
    shape = state.type.shape
    match initial.rule:
        case "":
            flat = list(_numbers(initial.value))
            if not flat:
                return None
            mean = sum(flat) / len(flat)
            return mean, math.sqrt(sum((one - mean) ** 2 for one in flat) / len(flat))
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


def _guess(eqn: Eqn, known: Mapping[Var, Guess | None]) -> Guess | None:
    """Mean and deviation of what an equation makes; None where it is not known."""
    if eqn.op == "constant":
        value = eqn.param("value")
        return (float(value), 0.0) if isinstance(value, int | float) else None
    given = [known.get(one) for one in eqn.inputs]
    if not given or any(one is None for one in given):
        return None
    one = given[0] or (0.0, 0.0)
    two = (given[1] if len(given) > 1 else None) or (0.0, 0.0)
    match eqn.op:
        case "copy" | "cast" | "reshape" | "broadcast" | "transpose" | "slice" | "neg":
            return (-one[0] if eqn.op == "neg" else one[0]), one[1]
        case "add" | "sub":
            sign = 1 if eqn.op == "add" else -1
            return one[0] + sign * two[0], math.hypot(one[1], two[1])
        case "mul":
            return one[0] * two[0], _product(one, two)
        case "contract":
            count = _summed(eqn)
            return count * one[0] * two[0], math.sqrt(count) * _product(one, two)
        case "sum":
            count = max(eqn.inputs[0].type.size // max(eqn.outputs[0].type.size, 1), 1)
            return count * one[0], math.sqrt(count) * one[1]
    return None


def _product(one: Guess, two: Guess) -> float:
    return math.sqrt((one[0] * two[1]) ** 2 + (two[0] * one[1]) ** 2 + (one[1] * two[1]) ** 2)


def _summed(eqn: Eqn) -> int:
    """How many products a contraction adds up for each element."""
    sizes = eqn.inputs[0].type.size * eqn.inputs[1].type.size
    return max(round(math.sqrt(sizes / max(eqn.outputs[0].type.size, 1))), 1)


RULE = Rule(
    code="saturated-start",
    title="an initial value at which nothing can be learned",
    why="tanh and sigmoid are flat far from 0. A learned state that begins so large that they are flat at "
    "once gets no gradient, and stays where it is. It is reckoned with inputs of about 1 in size.",
    topic="Learning",
    bad="""\
dils: 1
main:
  in: {x: real 400}
  out: {y: real 10}
  state:
    weight: real 10 400 = normal(0, 2)
  learn: [weight]
  wires:
    - tanh(weight @ x) -> y
""",
    good="""\
dils: 1
main:
  in: {x: real 400}
  out: {y: real 10}
  state:
    weight: real 10 400 = normal(0, 0.05)
  learn: [weight]
  wires:
    - tanh(weight @ x) -> y
""",
    check=check,
)
