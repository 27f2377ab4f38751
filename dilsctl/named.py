"""Boxes whose lets and modes carry their names, for who tells or writes what a flat diagram computes."""

from __future__ import annotations

from dataclasses import replace

from dilsctl.diagram import Box
from dilsctl.ir import Eqn, Var


def with_named_lets(box: Box) -> Box:
    """The box with every let and mode that it computes as a variable of the let's name."""
    made = {out for eqn in box.eqns for out in eqn.outputs}
    told = {var for child in box.children.values() for var in child.told.values()}
    new: dict[Var, Var] = {}
    for name, var in (*box.modes.items(), *box.lets.items()):
        if var in made and not var.name and var not in new and var not in told:
            new[var] = Var(var.type, var.batched, name)
    if not new:
        return box

    def of(var: Var) -> Var:
        return new.get(var, var)

    return replace(
        box,
        eqns=tuple(
            Eqn(eqn.op, tuple(map(of, eqn.inputs)), tuple(map(of, eqn.outputs)), eqn.params, eqn.span)
            for eqn in box.eqns
        ),
        readout={name: of(var) for name, var in box.readout.items()},
        dispatch={key: of(var) for key, var in box.dispatch.items()},
        losses=tuple(of(var) for var in box.losses),
        modes={name: of(var) for name, var in box.modes.items()},
        lets={name: of(var) for name, var in box.lets.items()},
        laws=tuple(replace(law, value=of(law.value)) for law in box.laws),
        potentials=tuple(of(var) for var in box.potentials),
        metrics=tuple(one if one.value is None else replace(one, value=of(one.value)) for one in box.metrics),
        triggers=tuple(replace(one, condition=of(one.condition)) for one in box.triggers),
    )
