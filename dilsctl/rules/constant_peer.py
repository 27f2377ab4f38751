"""A wire between siblings that always carries the same value."""

from __future__ import annotations

from collections.abc import Iterator

from dilsctl.diagnostics import Diagnostic, Label
from dilsctl.diagram import Box, Child
from dilsctl.rules.rule import Rule, Subject, warning
from dilsctl.rules.shared import is_constant, leaves, moving


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A box that has inputs or moves, and shows a constant none the less. A source of constants may."""
    known: dict[tuple[Box, str], bool] = {}
    odd: dict[tuple[tuple[Box, ...], str], bool] = {}
    for box in subject.own_boxes:
        sources = {}
        for name, child in box.children.items():
            for out, var in child.outputs.items():
                key = child.boxes, out
                if key not in odd:
                    odd[key] = _odd(subject, child, out, known)
                if odd[key]:
                    sources[var] = name, out
        if not sources:
            continue
        for (target, port), var in box.dispatch.items():
            for leaf in leaves(var, subject.producers[box], subject.known(box)) if target is not None else ():
                name, out = sources.get(leaf, ("", ""))
                if not name or name == target:
                    continue
                child = box.children[name]
                declared = child.box.outputs[out].span
                related = [Label(declared, "it is declared here")] if declared else []
                message = f"'{target}.{port}' is told '{name}.{out}', which is always the same"
                help = "it depends on no input and no state that moves: was another output meant?"
                yield from warning(RULE.code, message, child.span, related=related, help=help)


def _odd(subject: Subject, child: Child, port: str, known: dict[tuple[Box, str], bool]) -> bool:
    """Is an output a constant, of a box that has more to tell than constants?"""
    return all(
        not one.hole and is_constant(subject, one, port, known) and _alive(subject, one, known)
        for one in child.boxes
    )


def _alive(subject: Subject, box: Box, known: dict[tuple[Box, str], bool]) -> bool:
    """Has a box more to tell than constants?"""
    if box.inputs or moving(box):
        return True
    return not all(is_constant(subject, box, port, known) for port in box.outputs)


RULE = Rule(
    code="constant-peer",
    title="a wire between siblings that carries a constant",
    why="A peer that is told always the same learns nothing from the box that tells it. A box may well be a "
    "source of constants; but if it listens, or moves, and the output that is wired depends on none of "
    "this, another output was probably meant.",
    topic="Learning",
    bad="""\
dils: 1
define:
  station:
    in: {heard: real}
    out: {level: real, limit: real}
    state: {level: real = 0, top: real = 5}
    wires:
      - top -> limit
    next: {level: 0.5 * level + heard}
main:
  in: {x: real}
  out: {y: real, limit: real}
  boxes: {near: station, far: station}
  wires:
    - x + far.level -> near.heard
    - near.limit -> far.heard
    - near.level -> y
    - far.limit -> limit
""",
    good="""\
dils: 1
define:
  station:
    in: {heard: real}
    out: {level: real}
    state: {level: real = 0}
    next: {level: 0.5 * level + heard}
main:
  in: {x: real}
  out: {y: real}
  boxes: {near: station, far: station}
  wires:
    - x + far.level -> near.heard
    - near.level -> far.heard
    - near.level -> y
""",
    check=check,
)
