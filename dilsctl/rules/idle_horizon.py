"""A horizon that cuts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dilsctl.diagnostics import Diagnostic
from dilsctl.diagram import moves
from dilsctl.removal import removal
from dilsctl.rules.rule import Rule, Subject, warning


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Where examples have no more ticks than the horizon, or nothing goes from one tick to the next."""
    train = subject.section("train")
    if not train or subject.diagram is None or not isinstance(train.get("horizon"), int):
        return
    data: Any = train.get("data") or {}
    if data.get("episode", "row") != "row":
        return
    ticks, horizon = train.get("ticks", 1), train["horizon"]
    if not moves(subject.diagram.main):
        why = "no state moves, so nothing goes from one tick to the next"
    elif isinstance(ticks, int) and ticks <= horizon:
        why = f"an example has {ticks} tick{'s' if ticks > 1 else ''}"
    else:
        return
    message = f"a horizon of {horizon} cuts nothing: {why}"
    help = "take it out"
    fix = removal(subject.document.root, ("train", "horizon"), "take 'horizon' out")
    yield from warning(RULE.code, message, train.key_span("horizon"), help=help, fix=fix)


RULE = Rule(
    code="idle-horizon",
    title="a horizon that cuts nothing",
    why="The horizon says how many ticks back gradients flow. Where an example has no more ticks than that, "
    "or no state goes from one tick to the next, it has no effect: a longer episode was probably meant.",
    topic="Learning",
    bad="""\
dils: 1
main:
  in: {x: real 4}
  out: {y: real}
  state:
    weight: real 4 = glorot
    level: real = 0
  learn: [weight]
  wires:
    - level -> y
  next:
    level: 0.5 * level + weight @ x
train:
  data: {file: a.csv, inputs: {x: a..d}, targets: {wanted: e}}
  ticks: 8
  horizon: 20
  loss: mse(y, wanted)
""",
    good="""\
dils: 1
main:
  in: {x: real 4}
  out: {y: real}
  state:
    weight: real 4 = glorot
    level: real = 0
  learn: [weight]
  wires:
    - level -> y
  next:
    level: 0.5 * level + weight @ x
train:
  data: {file: a.csv, inputs: {x: a..d}, targets: {wanted: e}}
  ticks: 80
  horizon: 20
  loss: mse(y, wanted)
""",
    check=check,
)
