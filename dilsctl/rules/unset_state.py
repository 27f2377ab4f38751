"""A state that is read before anything can have set it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dilsctl.diagnostics import Diagnostic
from dilsctl.diagram import Box, State
from dilsctl.rules.rule import Rule, Subject, warning
from dilsctl.rules.shared import moving


def check(subject: Subject) -> Iterator[Diagnostic]:
    """States that nothing sets, and moving ones in episodes of one tick."""
    for box in subject.own_boxes:
        moves = moving(box)
        for state in box.states.values():
            if state.var not in moves and not _written(box, state) and subject.own(state.span):
                message = f"nothing ever sets the state '{state.name}': it is {_default(state)} for ever"
                help = "give it an initial value, a law (next, rate) or learn it"
                yield from warning(RULE.code, message, state.span, help=help)
    train = subject.section("train")
    if not train or train.get("ticks") != 1 or _at(train) != "last" or train.get("data") is None:
        return
    if isinstance(train["data"], dict) and (train["data"].get("episode") or train["data"].get("sequences")):
        return
    for box in subject.own_boxes:
        laws = {law.target for law in box.laws if not law.triggered}
        for state in box.states.values():
            if state.var in laws and not state.keep and state.learn is None and subject.own(state.span):
                message = (
                    f"the state '{state.name}' begins anew with every example, and an example has one tick: "
                    "it is read before its law has set it"
                )
                help = "give the episode more ticks, or keep the state (keep: true)"
                yield from warning(RULE.code, message, state.span, help=help)


def _at(train: Any) -> Any:
    loss = train.get("loss")
    return loss.get("at", "last") if isinstance(loss, dict) else "last"


def _written(box: Box, state: State) -> bool:
    """Does the file say how a state begins?"""
    states: Any = (box.written.get("state") if box.written is not None else None) or {}
    spec = states.get(state.name)
    if isinstance(spec, dict):
        return spec.get("init") is not None or "=" in str(spec.get("type")) or spec.get("drawn") is not None
    return not isinstance(spec, str) or "=" in spec


def _default(state: State) -> str:
    return "uniform" if state.type.kind == "simplex" else "false" if state.type.kind == "bool" else "0"


RULE = Rule(
    code="unset-state",
    title="a state that is read before anything can set it",
    why="A state without an initial value begins at 0. If it has no law and is not learned, it stays 0, "
    "which a reader can't tell from a mistake. And a state that begins anew with every example never moves "
    "where an example has one tick only: its law acts after it was read for the last time.",
    topic="Learning",
    bad="""\
dils: 1
main:
  in: {x: real}
  out: {y: real}
  state:
    gain: real
  wires:
    - gain * x -> y
""",
    good="""\
dils: 1
main:
  in: {x: real}
  out: {y: real}
  state:
    gain: real = 0.5
  wires:
    - gain * x -> y
""",
    check=check,
)
