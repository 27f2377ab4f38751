"""Reverse-mode differentiation: equations that compute the gradient of a scalar.

It runs after stacking, so that the backward equations are born stacked too. Each operation's reverse rule
emits equations; the same builder, the same types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dilsctl.ir import REAL, Eqn, Var
from dilsctl.operations.rules import has_gradient
from dilsctl.operations.table import OPERATIONS, Builder


def gradients(builder: Builder, eqns: Sequence[Eqn], scalar: Var, wanted: Sequence[Var]) -> list[Var | None]:
    """Emit the gradient of ``scalar`` (unbatched, shape ()) by each of ``wanted``; None where it is zero."""
    found = pull_back(builder, eqns, lambda: {scalar: builder.constant(1.0, REAL)}, wanted)
    return [found.get(one) for one in wanted]


def pull_back(
    builder: Builder, eqns: Sequence[Eqn], seeds: Callable[[], Mapping[Var, Var]], wanted: Sequence[Var]
) -> dict[Var, Var]:
    """Emit what flows back to every variable between ``wanted`` and those of ``seeds``, which gives the
    cotangents to begin with; variables that nothing flows back to are left out."""
    moving: set[Var] = set(wanted)
    path: list[Eqn] = []
    for eqn in eqns:
        if OPERATIONS[eqn.op].reverse is not None and any(one in moving for one in eqn.inputs):
            path.append(eqn)
            moving.update(out for out in eqn.outputs if has_gradient(out))
    cotangent: dict[Var, Var] = {var: one for var, one in seeds().items() if var in moving}
    for eqn in reversed(path):
        found = tuple(cotangent.get(out) for out in eqn.outputs)
        if all(one is None for one in found):
            continue
        reverse = OPERATIONS[eqn.op].reverse
        if reverse is None:
            continue
        builder.span = eqn.span
        for one, part in zip(eqn.inputs, reverse(builder, eqn, found), strict=True):
            if part is None or one not in moving:
                continue
            known = cotangent.get(one)
            cotangent[one] = part if known is None else builder.emit("add", (known, part))
    return cotangent


def reached(eqns: Sequence[Eqn], scalars: Sequence[Var]) -> set[Var]:
    """The variables through which a gradient of ``scalars`` can flow (no equation is emitted)."""
    live = {one for one in scalars if has_gradient(one)}
    for eqn in reversed(eqns):
        if OPERATIONS[eqn.op].reverse is not None and any(out in live for out in eqn.outputs):
            live.update(one for one in eqn.inputs if has_gradient(one))
    return live
