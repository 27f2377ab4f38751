"""What several rules ask of equations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dilsctl.diagram import Box, is_momentum
from dilsctl.ir import Eqn, Var
from dilsctl.ranges import Range, heard
from dilsctl.rules.rule import Subject

MOVES = frozenset(
    ("cast", "copy", "reshape", "broadcast", "slice", "gather", "assemble", "transpose", "roll", "pad_slice")
)
"""Operations that give values on as they are, in another place, shape or kind."""

MOST_PAIRS = 1000  # of variables that are compared, to see whether two are computed in the same way


def leaves(var: Var, producers: Mapping[Var, Eqn], known: Mapping[Var, Range]) -> Iterator[Var]:
    """The variables that no equation computes, and on which a variable depends by the ranges of all: what is
    multiplied by 0 it does not depend on."""
    seen: set[Var] = set()
    stack = [var]
    while stack:
        one = stack.pop()
        if one in seen:
            continue
        seen.add(one)
        eqn = producers.get(one)
        if eqn is None:
            yield one
        else:
            stack += heard(eqn, known)


def moving(box: Box) -> set[Var]:
    """The states and shared variables of a box that may change: by a law, by learning, or by another box."""
    found = {law.target for law in box.laws} | {metric.target for metric in box.metrics}
    found |= {one.var for one in box.states.values() if is_momentum(one.name)}
    found |= {one.target for one in box.metrics}
    found |= {one.var for one in box.states.values() if one.learn is not None}
    return found | {one.var for one in box.shared.values()}


def same(one: Var, other: Var, producers: Mapping[Var, Eqn]) -> bool:
    """Are two variables computed in the same way?"""
    seen: set[tuple[Var, Var]] = set()
    stack = [(one, other)]
    while stack:
        pair = stack.pop()
        if pair[0] is pair[1] or pair in seen:
            continue
        seen.add(pair)
        if len(seen) > MOST_PAIRS:
            return False
        first, second = (producers.get(var) for var in pair)
        if first is None or second is None or first.op.startswith("random_"):
            return False
        if first.op != second.op or first.params != second.params:
            return False
        if len(first.inputs) != len(second.inputs):
            return False
        if first.outputs.index(pair[0]) != second.outputs.index(pair[1]):
            return False
        stack += zip(first.inputs, second.inputs, strict=True)
    return True


def moved(var: Var, producers: Mapping[Var, Eqn]) -> Var:
    """What a variable is before it is moved, reshaped or cast."""
    while (eqn := producers.get(var)) is not None and eqn.op in MOVES and len(eqn.inputs) == 1:
        var = eqn.inputs[0]
    return var


def is_constant(subject: Subject, box: Box, port: str, known: dict[tuple[Box, str], bool]) -> bool:
    """Does an output depend on no input, no state that moves, no clock and no draw? ``known``: what has been
    found out."""
    if (box, port) in known:
        return known[box, port]
    known[box, port] = False  # while it is found out
    if box.hole or port not in box.readout:
        return False
    producers = subject.producers[box]
    fixed = {one.var for one in box.states.values()} - moving(box)
    shown = {var: (child, out) for child in box.children.values() for out, var in child.outputs.items()}
    found = not any(eqn.op.startswith("random_") for eqn in box.eqns)
    ends = [box.readout[port], *(box.modes[mode] for mode in box.outputs[port].when)]  # where it is there
    for leaf in (one for end in ends for one in leaves(end, producers, subject.known(box))) if found else ():
        if leaf in fixed:
            continue
        if leaf not in shown:
            found = False
            break
        child, out = shown[leaf]
        if not all(is_constant(subject, one, out, known) for one in child.boxes):
            found = False
            break
    known[box, port] = found
    return found
