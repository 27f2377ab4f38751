"""Gradients of a long episode, piece by piece: what the loss of a piece, and all pieces after it, come to.

The gradient of a piece is that of its own loss and of the product of the states after it with their
cotangent, which the piece after it gave. Gradients by learned states add up over the pieces; then the
optimiser moves once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dilsctl.ir import REAL, Eqn, Program, Type, Var
from dilsctl.operations.rules import has_gradient
from dilsctl.operations.table import Builder
from dilsctl.passes.descend import (
    Clip,
    Group,
    flat_gradient,
    move,
    over_flat_states,
    own_states,
)
from dilsctl.passes.differentiate import gradients

BATCH = "episode.batch"  # an input: how many examples there are


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """For each group of learned states the state in which its gradient is summed up."""

    of: tuple[Var, ...]

    @classmethod
    def for_groups(cls, groups: Sequence[Group]) -> Sums:
        return cls(tuple(Var(Type("real", one.parameter.shape), name="gradient") for one in groups))


def accumulate(
    program: Program, groups: Sequence[Group], sums: Sums, share: float, *, linked: bool
) -> Program:
    """The backward program of a piece. ``program``: the piece, whose updates are of states that move.

    Its loss counts by ``share``; 0 for not at all. ``linked``: gradients go from piece to piece; then inputs
    are also ``after.N``, the cotangent of what update N makes, for states that have one, and the number
    ``BATCH`` of examples; outputs also ``before.N``.
    """
    builder, views = over_flat_states(program, groups)
    inputs = dict(program.inputs)
    terms: list[Var] = []
    outputs: dict[str, Var] = {}
    if share:
        loss = views.get(program.outputs["loss"], program.outputs["loss"])
        mean = builder.emit("batch_mean", (loss,), batched=False) if loss.batched else loss
        outputs["loss"] = builder.emit("mul", (builder.constant(share, REAL), mean))
        terms.append(outputs["loss"])
    moving = [(number, one) for number, one in enumerate(program.updates) if linked and has_gradient(one)]
    size = Var(REAL, name=BATCH)
    if linked:
        inputs[BATCH] = size
    for number, state in moving:
        new = views.get(program.updates[state], program.updates[state])
        after = inputs[f"after.{number}"] = Var(new.type, state.batched, "after")
        letters = "abcdefghijklmnopqrstuvwxyz"[: len(new.shape)]
        product = builder.emit("contract", (after, new), spec=f"{letters},{letters}->")
        if product.batched:  # cotangents are those of the mean over the batch
            product = builder.emit("batch_mean", (product,), batched=False)
            product = builder.emit("mul", (size, product))
        terms.append(product)
    total = terms[0]
    for one in terms[1:]:
        total = builder.emit("add", (total, one))
    wanted = [*views.values(), *(state for _, state in moving)]
    found = gradients(builder, list(builder.eqns), total, wanted)
    by_state = dict(zip(views, found[: len(views)], strict=True))
    updates = {state: views.get(new, new) for state, new in program.updates.items()}
    for group, part in zip(groups, sums.of, strict=True):
        updates[part] = builder.emit("add", (part, flat_gradient(builder, group, by_state)))
    for (number, _), gradient in zip(moving, found[len(views) :], strict=True):
        if gradient is not None:
            outputs[f"before.{number}"] = gradient
    states = (*(one for one in program.states if one not in views), *own_states(groups), *sums.of)
    return Program(inputs, states, outputs, tuple(builder.eqns), {}, {}, updates)


def apply_sums(groups: Sequence[Group], sums: Sums, clip: Clip | None) -> Program:
    """The optimiser's step from gradients that are summed up, which then are zero again."""
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    updates, scalars = move(builder, groups, list(sums.of), clip)
    for part in sums.of:
        updates[part] = builder.constant(0.0, part.type)
    states = (*own_states(groups), *sums.of)
    return Program(scalars, states, {}, tuple(eqns), {}, {}, updates)
