"""Is a program legal? Run after every pass; a failure is a defect of the compiler, not of a diagram."""

from __future__ import annotations

from typing import Any

from dilsctl.ir import Eqn, Program, Type, Var
from dilsctl.operations.table import OPERATIONS, OperationError


class IllegalProgram(Exception):
    """A pass broke a law of the intermediate representation."""


class _Inference:
    """The types an equation gives. Copies of one box share parameters and types: each is inferred once."""

    def __init__(self) -> None:
        self.found: dict[tuple[Any, ...], tuple[Type, ...]] = {}

    def __call__(self, eqn: Eqn, where: str) -> tuple[Type, ...]:
        key = (eqn.op, id(eqn.params), *[id(one.type) for one in eqn.inputs])  # they live as long as eqn
        if key not in self.found:
            operation = OPERATIONS.get(eqn.op)
            if operation is None:
                raise IllegalProgram(f"there is no operation '{eqn.op}'{where}")
            try:
                self.found[key] = operation.infer(tuple(one.type for one in eqn.inputs), dict(eqn.params))
            except OperationError as error:
                raise IllegalProgram(f"'{eqn.op}' is ill typed{where}: {error.message}") from None
        return self.found[key]


def verify(program: Program, after: str = "", well_typed: set[Eqn] | None = None) -> None:
    """Check single assignment, order, types, slots and updates. Raises IllegalProgram.

    ``well_typed``: equations whose types need no second look; those of this program are put in.
    """
    where = f" after pass '{after}'" if after else ""
    inferred = _Inference()
    known: set[Var] = set(program.inputs.values()) | set(program.states)
    for eqn in program.eqns:
        for one in eqn.inputs:
            if one not in known:
                raise IllegalProgram(f"'{eqn.op}' reads a variable before it is assigned{where}")
        if well_typed is not None and eqn in well_typed:
            for out in eqn.outputs:
                if out in known:
                    raise IllegalProgram(f"a variable of '{eqn.op}' is assigned twice{where}")
                known.add(out)
            continue
        types = inferred(eqn, where)
        if len(types) != len(eqn.outputs):
            raise IllegalProgram(f"'{eqn.op}' has {len(eqn.outputs)} outputs, not {len(types)}{where}")
        for type, out in zip(types, eqn.outputs, strict=True):
            if type.shape != out.shape:
                raise IllegalProgram(f"'{eqn.op}' gives shape {type.shape}, not {out.shape}{where}")
            if out in known:
                raise IllegalProgram(f"a variable of '{eqn.op}' is assigned twice{where}")
            known.add(out)
        if well_typed is not None:
            well_typed.add(eqn)
    for name, out in program.outputs.items():
        if out not in known:
            raise IllegalProgram(f"output '{name}' is never assigned{where}")
    states = set(program.states)
    for path, slot in program.slots.items():
        if slot.var not in states:
            raise IllegalProgram(f"the slot of '{path}' is not in a state{where}")
    for state, new in (*program.updates.items(), *program.rates.items()):
        if state not in states or new not in known or state.shape != new.shape:
            raise IllegalProgram(f"a law of state '{state.name}' does not fit{where}")
    if not (set(program.learned) | program.kept) <= states:
        raise IllegalProgram(f"a learned or kept state is not a state{where}")
