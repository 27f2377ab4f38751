"""A state that looks like a weight, moves by a law of its own, and is forgotten after every example."""

from __future__ import annotations

from collections.abc import Iterator

from dilsctl.diagnostics import Diagnostic
from dilsctl.diagram import Box, State
from dilsctl.rules.mending import keep_state
from dilsctl.rules.rule import Rule, Subject, warning
from dilsctl.rules.shared import leaves, moved

DRAWN = frozenset(("glorot", "he", "lecun", "normal", "orthogonal", "uniform"))


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A drawn array that is multiplied with what comes in, where a training has examples."""
    train = subject.section("train")
    if not train or (isinstance(train.get("data"), dict) and train["data"].get("episode") == "all"):
        return
    for box in subject.own_boxes:
        laws = {law.target for law in box.laws if law.kind == "next"}
        for state in box.states.values():
            if state.var not in laws or state.keep or state.learn is not None or not subject.own(state.span):
                continue
            if state.initial.rule in DRAWN and len(state.type.shape) >= 2 and _weighs(subject, box, state):
                message = (
                    f"the state '{state.name}' is a weight that moves by its own law, but it is not kept: "
                    "every example begins with the drawn value again"
                )
                help = "keep it: {type: …, init: …, keep: true}"
                fix = keep_state(box.written["state"], state.name)
                yield from warning(RULE.code, message, state.span, help=help, fix=fix)


def _weighs(subject: Subject, box: Box, state: State) -> bool:
    """Is a state multiplied, as a matrix, with something that depends on an input or an interior box?"""
    producers = subject.producers[box]
    comes = {port.var for port in box.inputs.values()}
    comes |= {var for child in box.children.values() for var in child.outputs.values()}
    summed = {one for eqn in box.eqns if eqn.op == "sum" for one in eqn.inputs}
    for eqn in box.eqns:
        weighs = eqn.op == "contract" or (eqn.op == "mul" and eqn.outputs[0] in summed)
        if not weighs or len(eqn.inputs) != 2:
            continue
        for one, other in (eqn.inputs, eqn.inputs[::-1]):
            if moved(one, producers) is not state.var:
                continue
            if comes & set(leaves(other, producers, subject.known(box))):
                return True
    return False


RULE = Rule(
    code="forgotten-weight",
    title="a state that looks like a weight but is not kept",
    why="A state that moves by a 'next' law belongs to one example: it begins anew with the next one. A "
    "weight that learns by a law of its own (Hebb, Oja) must live on between examples: 'keep: true' says so.",
    topic="Learning",
    bad="""\
dils: 1
main:
  in: {x: real 4}
  out: {y: real 2}
  state:
    memory: real 2 4 = glorot
    scale: real 2 = 1
  learn: [scale]
  wires:
    - scale * (memory @ x) -> y
  next:
    memory: memory + 0.01 * outer(memory @ x, x)
train:
  data: {file: a.csv, inputs: {x: a..d}, targets: {wanted: [e, f]}}
  ticks: 3
  loss: mse(y, wanted)
""",
    good="""\
dils: 1
main:
  in: {x: real 4}
  out: {y: real 2}
  state:
    memory: {type: real 2 4, init: glorot, keep: true}
    scale: real 2 = 1
  learn: [scale]
  wires:
    - scale * (memory @ x) -> y
  next:
    memory: memory + 0.01 * pool(outer(memory @ x, x))
train:
  data: {file: a.csv, inputs: {x: a..d}, targets: {wanted: [e, f]}}
  ticks: 3
  loss: mse(y, wanted)
""",
    check=check,
)
