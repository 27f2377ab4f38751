"""Are two diagrams the same by form?

Both are made shorter, and every variable gets a number: the same for two that are one operation of the
same, in any order where that is of no account. Sums and products are taken as wholes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dilsctl.ir import CLOCK, Eqn, Program, Var
from dilsctl.unfolding.tidy import tidy

_GROUPED = frozenset({"add", "mul"})
_SPREAD = frozenset({"reshape", "transpose"})  # of a sum they are the sum of those of its parts
_SWAPPED = frozenset({"add", "mul", "eq", "ne", "and", "or", "xor"})


def alike(first: Program, second: Program, same: Mapping[str, str], ends: Mapping[str, str]) -> bool:
    """Do two ticks come to the same, up to rounding, whatever the values are? False if that can't be seen.

    same: the states and inputs of ``first``, by name, and what they are in ``second``. ends: the outputs, and
    the states after the tick, that are compared.
    """
    known: dict[Any, int] = {}
    one = _Numbers(tidy(first), dict(same), known)
    two = _Numbers(tidy(second), {name: name for name in same.values()}, known)
    return all(one.end(name) == two.end(other) is not None for name, other in ends.items())


class _Numbers:
    """The numbers of a program's variables. ``names``: what its inputs and states are called for both."""

    def __init__(self, program: Program, names: Mapping[str, str], known: dict[Any, int]) -> None:
        self.program, self.known = program, known
        self.number: dict[Var, int] = {}
        self.parts: dict[tuple[str, Var], tuple[int, ...]] = {}  # of a sum or a product
        for name, var in (*program.inputs.items(), *((path, one.var) for path, one in program.slots.items())):
            self.number[var] = self._of(("given", names.get(name, name if name in CLOCK else id(var))))
        for eqn in program.eqns:
            self._take(eqn)

    def end(self, name: str) -> int | None:
        """The number of an output, or of a state after the tick."""
        if name in self.program.outputs:
            return self._known(self.program.outputs[name])
        slot = self.program.slots.get(name)
        return None if slot is None else self._known(self.program.updates.get(slot.var, slot.var))

    def _of(self, key: Any) -> int:
        return self.known.setdefault(key, len(self.known))

    def _known(self, var: Var) -> int:
        if var not in self.number:
            self.number[var] = self._of(("clock", var.name) if var.name else ("lone", id(var)))
        return self.number[var]

    def _take(self, eqn: Eqn) -> None:
        given = tuple(self._known(one) for one in eqn.inputs)
        out = eqn.outputs[0]
        if eqn.op in _GROUPED:
            grouped: list[int] = []
            for one, number in zip(eqn.inputs, given, strict=True):
                grouped += self.parts.get((eqn.op, one), (number,)) if one.shape == out.shape else (number,)
            given = self.parts[eqn.op, out] = tuple(grouped)
        if ("add", eqn.inputs[0] if eqn.inputs else out) in self.parts and eqn.op in _SPREAD:
            parts = self.parts["add", out] = tuple(
                self._of((eqn.op, (one,), repr(eqn.params), str(out.type), 0))
                for one in self.parts["add", eqn.inputs[0]]
            )
            self.number[out] = self._of(("add", tuple(sorted(parts)), "()", str(out.type), 0))
            return
        if eqn.op in _SWAPPED:
            given = tuple(sorted(given))
        for place, var in enumerate(eqn.outputs):
            self.number[var] = self._of((eqn.op, given, repr(eqn.params), str(var.type), place))
