"""A trust that is only ever multiplied, and can come to zero for good."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from dilsctl.diagnostics import Diagnostic
from dilsctl.ir import Eqn, Var
from dilsctl.lower import FlatState
from dilsctl.ranges import ANY
from dilsctl.rules.rule import Rule, Subject, warning
from dilsctl.rules.shared import MOVES, moved, same
from dilsctl.rules.whole import Whole

SMALLEST = 87.0  # -log of the smallest number that is kept in full, in single precision

_POSITIVE = frozenset(("exp", "sigmoid", "softmax", "softplus"))
_SPREAD = frozenset(("mul", "div", "sum", "mean", "pow", "where", "sqrt", "take"))

Factors = list[Var] | None


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Shares whose law is themselves times something, normalised there or where they are read."""
    told = set()
    for whole in subject.wholes:
        places = {law.target: law.span for law in whole.flat.laws}
        positive: set[Var] | None = None
        for state in whole.flat.states:
            value = whole.program.updates.get(state.var)
            span = places.get(state.var) or state.state.span
            if value is None or state.var in whole.program.rates or span in told or not subject.own(span):
                continue
            factors = _told_by(whole, state, value)
            if not factors:
                continue
            positive = _positives(whole) if positive is None else positive
            zero = not positive.issuperset(factors)
            if not zero and _ticks(subject, state) * _most(factors, whole) < SMALLEST:
                continue
            told.add(span)
            message = f"'{state.state.name}' is only ever multiplied: "
            if zero:
                message += "where a factor is 0 it becomes 0, and stays so"
                help = (
                    "mix in a fixed share, as in 0.99 * normalise(…) + 0.01 / n, and keep the factor above 0 "
                    "with maximum(…, 1e-6)"
                )
            else:
                message += "after many ticks it is too small for a number, becomes 0, and stays so"
                help = (
                    "mix in a fixed share, as in 0.99 * normalise(…) + 0.01 / n, or keep its logarithm, of "
                    "which softmax makes shares"
                )
            yield from warning(RULE.code, message, span, help=help)


def _told_by(whole: Whole, state: FlatState, value: Var) -> Factors:
    """What shares are multiplied with at every tick; None for what are no shares, or not only multiplied."""
    factors = _factors(value, state.var, whole.producers)
    if factors is None or state.var.type.size < 2:
        return None
    shares = state.var.type.kind == "simplex" or _normalises(value, value, whole)
    if not shares:  # it shrinks, and is normalised where it is read
        if any(whole.known.get(one, ANY)[0] < 0 or whole.known.get(one, ANY)[1] > 1 for one in factors):
            return None
        if not any(_normalises(out, state.var, whole) for eqn in whole.program.eqns for out in eqn.outputs):
            return None
    return [
        one for one in factors if moved(one, whole.producers).shape
    ]  # one number for all changes no share


def _normalises(value: Var, whose: Var, whole: Whole) -> bool:
    """Is a value something over its own sum, and that something ``whose`` or a multiple of it?"""
    eqn = whole.producers.get(moved(value, whole.producers))
    if eqn is None or eqn.op != "div":
        return False
    above, below = (moved(one, whole.producers) for one in eqn.inputs)
    total = whole.producers.get(below)
    if total is None or total.op != "sum":
        return False
    inner = moved(total.inputs[0], whole.producers)
    return same(above, inner, whole.producers) and (whose is value or above is whose)


def _factors(value: Var, state: Var, producers: Mapping[Var, Eqn]) -> Factors:
    """What a state is multiplied with to make a value; None if it is not a mere multiple of the state."""
    multiples = _multiples(value, state, producers)
    if not multiples[value]:
        return None
    found: list[Var] = []
    seen: set[Var] = set()
    stack = [value]
    while stack:
        one = stack.pop()
        if one is state or one in seen:
            continue
        seen.add(one)
        eqn = producers[one]
        parts = _may_be_multiples(eqn)
        if eqn.op == "mul":
            part, factor = parts if multiples[parts[0]] else parts[::-1]
            found.append(factor)
            stack.append(part)
        else:  # divided by any number, moved, or a law that acts now and then
            stack += parts
    return found


def _multiples(value: Var, state: Var, producers: Mapping[Var, Eqn]) -> dict[Var, bool]:
    """Is a value a mere multiple of a state? Told of all that it might be one through."""
    found = {state: True}
    stack = [value]
    while stack:
        one = stack[-1]
        eqn = producers.get(one)
        parts = _may_be_multiples(eqn) if eqn is not None else ()
        if missing := [part for part in parts if part not in found]:
            stack += missing
            continue
        stack.pop()
        some = [found[part] for part in parts]
        if one not in found:
            found[one] = any(some) if eqn is not None and eqn.op == "mul" else bool(some) and all(some)
    return found


def _may_be_multiples(eqn: Eqn) -> tuple[Var, ...]:
    """The inputs of an equation of which what it makes may be a multiple."""
    if eqn.op == "mul":
        return eqn.inputs
    if eqn.op == "where":
        return eqn.inputs[1:]
    return eqn.inputs[:1] if eqn.op == "div" or (eqn.op in MOVES and len(eqn.inputs) == 1) else ()


def _positives(whole: Whole) -> set[Var]:
    """The values that are surely more than 0."""
    found = {one for one, (least, _) in whole.known.items() if least > 0}
    for eqn in whole.program.eqns:
        if _is_positive(eqn, found, whole):
            found.update(eqn.outputs)
    return found


def _is_positive(eqn: Eqn, found: set[Var], whole: Whole) -> bool:
    """Is what an equation makes more than 0, where ``found`` are the values before it that are?"""
    if eqn.op in _POSITIVE:
        return True
    if eqn.op == "maximum":
        return not found.isdisjoint(eqn.inputs)
    if eqn.op == "add":
        least = (whole.known.get(one, ANY)[0] for one in eqn.inputs if one not in found)
        return not found.isdisjoint(eqn.inputs) and all(one >= 0 for one in least)
    if eqn.op in MOVES or eqn.op in _SPREAD:
        inputs = eqn.inputs[1:] if eqn.op == "where" else eqn.inputs[:1] if eqn.op == "take" else eqn.inputs
        return bool(inputs) and found.issuperset(inputs)
    return False


def _most(factors: list[Var], whole: Whole) -> float:
    """By how much the logarithms of two shares can grow apart in a tick."""
    total = 0.0
    for one in factors:
        least, most = whole.known.get(one, ANY)
        total += math.inf if least <= 0 or most == math.inf else math.log(most) - math.log(least)
    return total


def _ticks(subject: Subject, state: FlatState) -> float:
    """How many ticks a state lives for at most, as far as the document says."""
    train, simulate, time = (subject.section(key) for key in ("train", "simulate", "time"))
    if state.state.keep or subject.section("live") or not (train or simulate):
        return math.inf
    found = 0.0
    if train:
        ticks: Any = train.get("ticks", 1)
        data: Any = train.get("data") or {}
        found = float(ticks) if isinstance(ticks, int) and not data.get("episode") else math.inf
    if simulate:
        until = simulate.get("until")
        step = time.get("dt", 1) if time else 1
        numbers = isinstance(until, int | float) and isinstance(step, int | float) and step > 0
        found = max(found, until / step if numbers else math.inf)
    return found


RULE = Rule(
    code="lost-trust",
    title="a market whose trust can reach zero",
    why="A manager that multiplies its trust in each worker by how right it was never trusts again a worker "
    "that was once entirely wrong: nothing times zero is more than zero. If all were, the trust is 0 "
    "divided by 0. A floor under the factor is not enough: after many ticks the trust is less than the "
    "smallest number there is, which is 0 again. A small fixed share for everyone keeps it alive, or its "
    "logarithm as the state, to which logarithms are added.",
    topic="Learning",
    bad="""\
dils: 1
main:
  in: {p: simplex 2 3, outcome: class 2}
  out: {mix: simplex 2}
  state: {trust: simplex 3 = uniform}
  wires:
    - normalise(einsum('ik,i->k', p, trust)) -> mix
  next:
    trust: normalise(trust * p[:, outcome])
""",
    good="""\
dils: 1
main:
  in: {p: simplex 2 3, outcome: class 2}
  out: {mix: simplex 2}
  state: {trust: simplex 3 = uniform}
  wires:
    - normalise(einsum('ik,i->k', p, trust)) -> mix
  next:
    trust: normalise(0.99 * normalise(trust * maximum(p[:, outcome], 0.000001)) + 0.01 / 3)
""",
    check=check,
)
