"""One tick becomes one tick of every example of a batch.

Inputs are given for each example, draws are made for each, every example has moving states of its own (a kept
one is shared), and so is everything computed from them. It comes after stacking, so that it passes over
stacks and not over every box.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from dilsctl.ir import CLOCK, Eqn, Program, Slot, Var
from dilsctl.operations.rules import broadcast
from dilsctl.operations.table import Builder


def batch(program: Program) -> Program:
    """The program over a batch of examples. What a kept state takes is the mean over the examples."""
    clock = set(CLOCK.values())
    inputs = {
        name: var if var in clock else Var(var.type, True, var.name) for name, var in program.inputs.items()
    }
    new: dict[Var, Var] = {var: inputs[name] for name, var in program.inputs.items()}
    moving = {*program.updates, *program.rates} - program.kept
    for var in program.states:
        if var in moving:
            new[var] = Var(var.type, True, var.name)
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    for eqn in program.eqns:
        ins = tuple([new.get(one, one) for one in eqn.inputs])
        batched = any([one.batched for one in ins]) or eqn.op.startswith("random_")
        if eqn.op == "batch_mean":
            new[eqn.outputs[0]] = builder.emit("batch_mean", ins, batched=False) if batched else ins[0]
            continue
        if batched:
            outs = tuple([Var(one.type, True, one.name) for one in eqn.outputs])
            new.update(zip(eqn.outputs, outs, strict=True))
            eqn = Eqn(eqn.op, ins, outs, eqn.params, eqn.span)
        elif ins != eqn.inputs:
            eqn = Eqn(eqn.op, ins, eqn.outputs, eqn.params, eqn.span)
        eqns.append(eqn)

    def law(state: Var, value: Var) -> Var:
        value = new.get(value, value)
        if state in moving:
            return broadcast(builder, value, value.shape, True)
        if not value.batched:
            return value
        mean = builder.emit("batch_mean", (value,), batched=False)
        if state.type.kind in ("real", "simplex"):
            return mean
        return builder.emit("cast", (mean,), kind=state.type.kind, classes=state.type.classes)

    positions = program.positions
    return replace(
        program,
        inputs=inputs,
        states=tuple(new.get(one, one) for one in program.states),
        slots={path: Slot(new.get(slot.var, slot.var), slot.index) for path, slot in program.slots.items()},
        outputs={name: new.get(var, var) for name, var in program.outputs.items()},
        updates={new.get(state, state): law(state, value) for state, value in program.updates.items()},
        rates={new.get(state, state): law(state, value) for state, value in program.rates.items()},
        eqns=tuple(eqns),
        positions=None if positions is None else frozenset(new.get(one, one) for one in positions),
    )


def unpooled(program: Program) -> list[Var]:
    """Kept states whose law reads what differs from example to example, other than inside ``pool``.

    ``program``: as it is before ``batch``.
    """
    differs = differing(program, {*program.updates, *program.rates})
    laws = (*program.updates.items(), *program.rates.items())
    return [state for state, value in laws if state in program.kept and value in differs]


def differing(program: Program, moving: Collection[Var]) -> set[Var]:
    """What differs from example to example, other than inside ``pool``. ``moving``: the states that move."""
    differs = set(program.inputs.values()) - set(CLOCK.values())
    differs |= set(moving) - program.kept
    for eqn in program.eqns:
        drawn = eqn.op.startswith("random_")
        if eqn.op != "batch_mean" and (drawn or not differs.isdisjoint(eqn.inputs)):
            differs.update(eqn.outputs)
    return differs
