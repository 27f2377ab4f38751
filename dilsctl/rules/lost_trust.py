"""A trust that is only ever multiplied, and can come to zero for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dilsctl.diagnostics import Diagnostic
from dilsctl.diagram import Box
from dilsctl.ir import Eqn, Var
from dilsctl.rules.rule import Rule, Subject, warning
from dilsctl.rules.shared import MOVES

_POSITIVE = frozenset(("exp", "sigmoid", "softmax", "softplus"))
_SURE = frozenset(("add", "maximum", "sum", "mean"))


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A probability vector whose law is itself times something that may be 0, normalised."""
    for box in subject.own_boxes:
        producers = subject.producers[box]
        states = {one.var: one for one in box.states.values() if one.type.kind == "simplex"}
        for law in box.laws:
            state = states.get(law.target)
            if state is None or law.kind != "next" or not subject.own(law.span or state.span):
                continue
            factors = _factors(law.value, state.var, producers)
            if factors and not all(_positive(one, box, producers) for one in factors):
                message = (
                    f"'{state.name}' is only ever multiplied: where a factor is 0 it becomes 0, and stays so"
                )
                help = (
                    "mix in a fixed share, as in 0.99 * normalise(…) + 0.01 / n, or keep the factor above 0 "
                    "with maximum(…, 1e-6)"
                )
                yield from warning(RULE.code, message, law.span or state.span, help=help)


def _factors(value: Var, state: Var, producers: Mapping[Var, Eqn]) -> list[Var]:
    """What a state is multiplied with to make a value; empty if it is not a mere multiple of the state."""
    eqn = producers.get(value)
    if value is state or eqn is None:
        return []
    if eqn.op in MOVES and len(eqn.inputs) == 1:
        return _factors(eqn.inputs[0], state, producers)
    if eqn.op == "div":  # normalise, or by any number
        return _factors(eqn.inputs[0], state, producers)
    if eqn.op == "mul":
        for one, other in (eqn.inputs, eqn.inputs[::-1]):
            if _is(one, state, producers):
                return [other]
            if inner := _factors(one, state, producers):
                return [*inner, other]
    return []


def _is(var: Var, state: Var, producers: Mapping[Var, Eqn]) -> bool:
    """Is a variable a state, moved at most?"""
    while var is not state:
        eqn = producers.get(var)
        if eqn is None or eqn.op not in MOVES or len(eqn.inputs) != 1:
            return False
        var = eqn.inputs[0]
    return True


def _positive(var: Var, box: Box, producers: Mapping[Var, Eqn]) -> bool:
    """Is a value surely more than 0?"""
    eqn = producers.get(var)
    if eqn is None:
        return False
    if eqn.op in _POSITIVE:
        return True
    if eqn.op == "constant":
        value = eqn.param("value")
        return isinstance(value, int | float) and value > 0
    if eqn.op == "maximum":
        return any(_positive(one, box, producers) for one in eqn.inputs)
    if eqn.op == "add":
        return any(_positive(one, box, producers) for one in eqn.inputs) and all(
            _positive(one, box, producers) or _not_negative(one) for one in eqn.inputs
        )
    if eqn.op in MOVES or eqn.op in ("mul", "div", "sum", "mean", "pow", "where", "sqrt", "take"):
        inputs = eqn.inputs[1:] if eqn.op == "where" else eqn.inputs[:1] if eqn.op == "take" else eqn.inputs
        return bool(inputs) and all(_positive(one, box, producers) for one in inputs)
    return False


def _not_negative(var: Var) -> bool:
    return var.type.kind in ("simplex", "bool", "class")


RULE = Rule(
    code="lost-trust",
    title="a market whose trust can reach zero",
    why="A manager that multiplies its trust in each worker by how right it was never trusts again a worker "
    "that was once entirely wrong: nothing times zero is more than zero. If all were, the trust is 0 "
    "divided by 0. A small fixed share for everyone, or a floor under the factor, keeps it alive.",
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
    trust: normalise(trust * maximum(p[:, outcome], 0.000001))
""",
    check=check,
)
