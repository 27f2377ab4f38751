"""Refuse a diagram that is too large before anything is allocated for it."""

from __future__ import annotations

import math

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan
from dilsctl.limits import MOST_ARRAY_AXES, MOST_ELEMENTS
from dilsctl.lower import Flat


def refuse_large(flat: Flat) -> None:
    """Raise Problem ``too-large`` if an array, or all states and constants together, are over the limit."""
    total = 0
    largest, where = 0, None
    for state in flat.states:
        size = math.prod(state.var.shape)
        total += size
        if size > largest:
            largest, where = size, state.state.span
    if total > MOST_ELEMENTS:
        raise _too_large("the states of this diagram have", total, where)
    for eqn in flat.eqns:
        for out in eqn.outputs:
            shape = out.type.shape
            if len(shape) > MOST_ARRAY_AXES:
                message = f"{len(shape)} axes, those of box arrays included; at most {MOST_ARRAY_AXES} can be"
                raise Problem.of("too-large", message, eqn.span)
            size = math.prod(shape)
            if size > MOST_ELEMENTS:
                raise _too_large(f"an array of shape {' x '.join(map(str, shape))} has", size, eqn.span)
            if eqn.op == "constant":
                total += size
    if total > MOST_ELEMENTS:
        raise _too_large("the states and constants of this diagram have", total, where)


def _too_large(what: str, size: int, span: SourceSpan | None) -> Problem:
    message = f"{what} {size} elements; at most {MOST_ELEMENTS} can be"
    return Problem([Diagnostic("too-large", message, Label(span) if span is not None else None)])
