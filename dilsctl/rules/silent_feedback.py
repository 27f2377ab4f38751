"""A feedback input that is told a constant: what it should pass back gets lost."""

from __future__ import annotations

from collections.abc import Iterator

from dilsctl.diagnostics import Diagnostic, Label
from dilsctl.diagram import Box
from dilsctl.rules.rule import Rule, Subject, warning
from dilsctl.rules.shared import is_constant, leaves, moving


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The output that it answers is read, and what it is told depends on nothing."""
    known: dict[tuple[Box, str], bool] = {}
    for box in subject.own_boxes:
        for (name, port), var in box.dispatch.items():
            child = box.children.get(name) if name is not None else None
            if child is None or port not in child.box.inputs or not subject.own(child.span):
                continue
            declared = child.box.inputs[port]
            if declared.feedback is None or (name, declared.feedback) not in box.reads:
                continue
            fixed = {one.var for one in box.states.values()} - moving(box)
            fixed |= {
                shown
                for other in box.children.values()
                for out, shown in other.outputs.items()
                if all(is_constant(subject, one, out, known) for one in other.boxes)
            }
            if fixed.issuperset(leaves(var, subject.producers[box], subject.known(box))):
                message = (
                    f"'{name}.{port}' is feedback of '{name}.{declared.feedback}', which is read, but it is "
                    "told a constant"
                )
                related = [Label(declared.span, "it is declared here")] if declared.span else []
                help = "wire to it how that output should change: the sum over all who read it"
                yield from warning(RULE.code, message, child.span, related=related, help=help)


RULE = Rule(
    code="silent-feedback",
    title="a feedback input that is told a constant",
    why="In an unfolded diagram every value that goes forward has feedback that says how it should change. "
    "An input declared feedback that is told 0, or any constant, cuts the way back: what lies behind it "
    "learns nothing.",
    topic="Learning",
    bad="""\
dils: 1
define:
  layer:
    in: {x: real, dy: {type: real, feedback: y}}
    out: {y: real}
    state: {weight: {type: real, init: 0.5, keep: true}}
    wires:
      - weight * x -> y
    next:
      weight: weight + 0.1 * dy * x
main:
  in: {x: real, truth: real}
  out: {y: real}
  boxes: {layer: layer}
  wires:
    - x -> layer.x
    - layer.y -> y
    - 0 -> layer.dy
""",
    good="""\
dils: 1
define:
  layer:
    in: {x: real, dy: {type: real, feedback: y}}
    out: {y: real}
    state: {weight: {type: real, init: 0.5, keep: true}}
    wires:
      - weight * x -> y
    next:
      weight: weight + 0.1 * dy * x
main:
  in: {x: real, truth: real}
  out: {y: real}
  boxes: {layer: layer}
  wires:
    - x -> layer.x
    - layer.y -> y
    - truth - layer.y -> layer.dy
""",
    check=check,
)
