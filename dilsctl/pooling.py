"""Kept states are one for the whole batch: their laws may read what each example has only inside ``pool``."""

from __future__ import annotations

from dilsctl.diagnostics import Problem
from dilsctl.ir import Program
from dilsctl.lower import Flat
from dilsctl.passes.batch import unpooled


def refuse_unpooled(flat: Flat, program: Program, of: str, instead: str) -> None:
    """Raise Problem: not-pooled. ``program``: of ``flat``, before ``batch``. ``of``: what a batch is of."""
    states = {one.var: one for one in flat.states}
    for var in unpooled(program):
        state = states[var]
        raise Problem.of(
            "not-pooled",
            f"all {of} share the kept state '{state.path}', but its law reads what each has of its own",
            state.state.span,
            help=f"write pool(…) around it, the mean over the {of}; or {instead}",
        )
