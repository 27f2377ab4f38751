"""A number that is drawn once, where a new one was hardly not meant for each run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dilsctl.diagnostics import Diagnostic
from dilsctl.diagram import Box, State
from dilsctl.rules.rule import Rule, Subject, warning
from dilsctl.rules.shared import moving

DRAWS = ("uniform", "normal")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Numbers of boxes that are there once: an array that is drawn, or a number for each of several boxes, is
    what makes one diagram differ from another, and the same for all its runs."""
    if not any(map(_moves, subject.boxes)):
        return
    single = _single(subject)
    for box in subject.own_boxes:
        for state in box.states.values() if box in single else ():
            if _fixed(box, state) and subject.own(state.span):
                message = f"the state '{state.name}' is drawn once, for all runs and episodes"
                help = (
                    f"write next: {{{state.name}: {state.name}}} to draw anew for each; what is meant to be "
                    "a constant of the diagram is a number"
                )
                yield from warning(RULE.code, message, state.span, help=help)


def _single(subject: Subject) -> set[Box]:
    """The boxes that are there once, and in no array of boxes."""
    uses = Counter(one.main for one in subject.roots)
    for box in subject.boxes:
        for child in box.children.values():
            uses.update([*child.boxes] * (1 if child.count is None else 2))
    found = {one.main for one in subject.roots if uses[one.main] == 1}
    stack = list(found)
    while stack:
        inside = {one for child in stack.pop().children.values() for one in child.boxes if uses[one] == 1}
        stack += inside - found
        found |= inside
    return found


def _moves(box: Box) -> bool:
    return any(not one.source and one.var in moving(box) for one in box.states.values())


def _fixed(box: Box, state: State) -> bool:
    """Is a state one number that is drawn, and that nothing moves or learns?"""
    drawn = state.initial.rule in DRAWS and not state.type.shape and not state.keep
    return drawn and not state.source and state.var not in moving(box)


RULE = Rule(
    code="one-draw",
    title="a number that is drawn once for all runs and episodes",
    why="A state that has no law and is not learned is a constant of the diagram, as a weight is: where it "
    "is drawn, it is drawn once, and all runs and all episodes have the same number. What should be drawn "
    "anew for each of them, such as a goal, needs a law, if only one that leaves it as it is. Arrays that "
    "are drawn, and numbers of boxes of which there are several, are not looked at: they make the boxes "
    "differ.",
    topic="Learning",
    bad="""\
dils: 1
main:
  out: {y: real}
  state: {goal: "real = uniform(0, 1)", x: real = 0}
  next: {x: x + 0.1 * (goal - x)}
  wires: [x -> y]
""",
    good="""\
dils: 1
main:
  out: {y: real}
  state: {goal: "real = uniform(0, 1)", x: real = 0}
  next: {goal: goal, x: x + 0.1 * (goal - x)}
  wires: [x -> y]
""",
    check=check,
)
