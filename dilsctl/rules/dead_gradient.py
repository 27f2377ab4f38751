"""A learned state that is multiplied by 0, or feeds what can't be anything but one number."""

from __future__ import annotations

from collections.abc import Iterator

from dilsctl.diagnostics import Diagnostic, Label
from dilsctl.ir import Eqn, Var
from dilsctl.lower import FlatState, source_of
from dilsctl.places import children_on, nearest
from dilsctl.reach import reached_over_time
from dilsctl.rules.rule import Rule, Subject, warning
from dilsctl.rules.whole import Whole

_WORDS = {
    "mul": "a product with 0",
    "contract": "a product with 0",
    "where": "a choice that is always the same",
}


def check(subject: Subject) -> Iterator[Diagnostic]:
    """States that a gradient reaches by the functions on the way, but not by the numbers in them."""
    told = set()
    for whole in () if subject.loose else subject.wholes:
        learned = [one for one in whole.flat.states if one.state.learn is not None]
        if not learned or not whole.deaf:
            continue
        by_kind = reached_over_time(whole.program, whole.ends)
        live = reached_over_time(whole.program, whole.ends, whole.heard)
        begun = {
            source_of(one)
            for one in whole.flat.states
            if one.var in live and one.state.initial is not None and one.state.initial.rule == "state"
        }
        for state in learned:
            if state.var not in by_kind or state.var in live or state.path in begun:
                continue
            uses = [one.span for one in children_on(whole.main, state.path) if one.span is not None]
            declared = [state.state.span] if state.state.span is not None else []
            where = nearest([*declared, *reversed(uses)], whole.main)
            ends = _ends(whole, state, by_kind)
            if where in told or not subject.own(where):
                continue
            told.add(where)
            what = " and ".join(
                dict.fromkeys(_WORDS.get(one.op, f"{one.op}, which can't change") for one in ends)
            )
            related = [Label(one.span, "gradients end here") for one in ends[:3] if one.span is not None]
            message = f"the learned state '{state.path}' affects what it is learned for only through {what}"
            help = "take it out of 'learn', or let it count"
            yield from warning(RULE.code, message, where, related=related, help=help)


def _ends(whole: Whole, state: FlatState, by_kind: set[Var]) -> list[Eqn]:
    """The equations that do not hear what a state makes."""
    flows = {state.var}
    targets = {law: one for laws in (whole.program.updates, whole.program.rates) for one, law in laws.items()}
    found: dict[Eqn, None] = {}
    for _ in range(2):  # the second time through states that move
        for eqn in whole.program.eqns:
            if flows.isdisjoint(eqn.inputs) or by_kind.isdisjoint(eqn.outputs):
                continue
            if flows.isdisjoint(whole.heard(eqn)):
                found[eqn] = None
            else:
                flows.update(eqn.outputs)
        flows |= {targets[one] for one in flows if one in targets}
    return list(found)


RULE = Rule(
    code="dead-gradient",
    title="a learned state that no gradient can reach, by the numbers on the way",
    why="What is multiplied by 0, left out of a choice that is always the same, or goes into a relu that is "
    "never above 0, has no effect, and a gradient of 0: it is listed under 'learn', and stays as it began. A "
    "factor was probably set to 0 for a trial, or a sign is wrong.",
    topic="Learning",
    bad="""\
dils: 1
main:
  params: {mix: 0}
  in: {x: real 4}
  out: {y: real}
  state:
    weight: real 4 = glorot
    second: real 4 = glorot
  learn: [weight, second]
  let:
    correction: relu(-abs(second @ x) - 1)
  wires:
    - mix * (weight @ x) + correction + x[0] -> y
""",
    good="""\
dils: 1
main:
  params: {mix: 0.1}
  in: {x: real 4}
  out: {y: real}
  state:
    weight: real 4 = glorot
    second: real 4 = glorot
  learn: [weight, second]
  let:
    correction: relu(1 - abs(second @ x))
  wires:
    - mix * (weight @ x) + correction + x[0] -> y
""",
    check=check,
)
