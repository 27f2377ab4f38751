"""What several rules ask of equations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dilsctl.diagram import Box, is_momentum
from dilsctl.ir import Eqn, Var

MOVES = frozenset(
    ("cast", "copy", "reshape", "broadcast", "slice", "gather", "assemble", "transpose", "roll", "pad_slice")
)
"""Operations that give values on as they are, in another place, shape or kind."""


def leaves(var: Var, producers: Mapping[Var, Eqn]) -> Iterator[Var]:
    """The variables that no equation computes, and on which a variable depends."""
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
            stack += eqn.inputs


def moving(box: Box) -> set[Var]:
    """The states and shared variables of a box that may change: by a law, by learning, or by another box."""
    found = {law.target for law in box.laws} | {metric.target for metric in box.metrics}
    found |= {one.var for one in box.states.values() if is_momentum(one.name)}
    found |= {one.target for one in box.metrics}
    found |= {one.var for one in box.states.values() if one.learn is not None}
    return found | {one.var for one in box.shared.values()}
