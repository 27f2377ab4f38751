"""Equations made shorter before they are written: what is constant is worked out, and ones and zeros that the
reverse pass leaves behind go away. Nothing changes but rounding."""

from __future__ import annotations

import operator
from collections.abc import Callable

from dilsctl.ir import REAL, Eqn, Program, Var
from dilsctl.operations.table import Builder
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.passes.share_common import share_common
from dilsctl.passes.simplify import simplify

_FOLDED: dict[str, Callable[..., float]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "neg": operator.neg,
}  # fmt: skip


def tidy(program: Program) -> Program:
    """The program, shorter. Its inputs and ends are as they were."""
    for _ in range(2):
        program = drop_dead(share_common(_Tidying(program).run()))
        program = drop_dead(share_common(simplify(program)))
    return program


class _Tidying:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.eqns: list[Eqn] = []
        self.builder = Builder(self.eqns)
        self.same: dict[Var, Var] = {}
        self.parts: dict[Var, Eqn] = {}  # slices
        self.number: dict[Var, float] = {}  # variables all of whose elements are this number

    def run(self) -> Program:
        for eqn in self.program.eqns:
            inputs = tuple(self.same.get(one, one) for one in eqn.inputs)
            eqn = Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span)
            self.builder.span = eqn.span
            found = self._shorter(eqn)
            if found is None:
                self.eqns.append(eqn)
                if eqn.op == "slice":
                    self.parts[eqn.outputs[0]] = eqn
            else:
                self.same[eqn.outputs[0]] = found
        return self.program.renamed(self.eqns, lambda var: self.same.get(var, var))

    def _shorter(self, eqn: Eqn) -> Var | None:
        out = eqn.outputs[0]
        if eqn.op == "copy":
            return eqn.inputs[0]
        if eqn.op == "reshape":
            picked = self._picked(eqn)
            if picked is not None:
                return picked
        if eqn.op == "cross_entropy":
            self._probabilities(eqn)
        if out.type.kind != "real":
            return None
        given = [self.number.get(one) for one in eqn.inputs]
        if eqn.op == "constant":
            value = eqn.param("value")
            if not isinstance(value, tuple):
                self.number[out] = float(value)
            return None
        if eqn.op in ("reshape", "broadcast", *_FOLDED) and all(one is not None for one in given):
            number = _FOLDED[eqn.op](*given) if eqn.op in _FOLDED else given[0]
            return self._constant(float(number or 0.0), out)
        if eqn.op == "div" and given[1] == 1.0:
            return self._as(eqn.inputs[0], out)
        if eqn.op == "mul":
            return self._product(eqn, given)
        if eqn.op == "add" and 0.0 in given:
            return self._as(eqn.inputs[1 - given.index(0.0)], out)
        if eqn.op == "sub" and given[1] == 0.0:
            return self._as(eqn.inputs[0], out)
        return None

    def _picked(self, eqn: Eqn) -> Var | None:
        """A part of length 1 without its axis is an element."""
        cut = self.parts.get(eqn.inputs[0])
        if cut is None or eqn.outputs[0].rank >= cut.outputs[0].rank:
            return None
        given = cut.param("index")
        index = tuple(one[0] if not isinstance(one, int) and len(range(*one)) == 1 else one for one in given)
        lead = cut.inputs[0].shape[: cut.inputs[0].rank - len(index)]
        rest = [len(range(*one)) for one in index if not isinstance(one, int)]
        if (*lead, *rest) != eqn.outputs[0].shape:
            return None
        return self.builder.emit("slice", cut.inputs, index=index)

    def _product(self, eqn: Eqn, given: list[float | None]) -> Var | None:
        out = eqn.outputs[0]
        for number, other in zip(given, reversed(eqn.inputs), strict=True):
            if number is None:
                continue
            if number == 0.0:
                return self._constant(0.0, out)
            if number == 1.0:
                return self._as(other, out)
            if other.shape == out.shape and eqn.inputs[0].shape + eqn.inputs[1].shape != out.shape:
                factor = self.builder.constant(number, REAL)
                self.number[factor] = number
                return self.builder.emit("mul", (factor, other))
        return None

    def _probabilities(self, eqn: Eqn) -> None:
        """What a cross entropy finds on the way has an equation of its own."""
        logits, p = eqn.inputs[0], eqn.outputs[1]
        self.same[p] = self.builder.emit("softmax", (logits,), axis=-1)

    def _constant(self, number: float, like: Var) -> Var:
        made = self.builder.constant(number, like.type)
        self.number[made] = number
        return made

    def _as(self, var: Var, like: Var) -> Var:
        """A real variable in the shape of another."""
        if var.type.kind != "real":
            var = self.builder.emit("cast", (var,), kind="real") if var.type.kind != "simplex" else var
        return var if var.shape == like.shape else self.builder.emit("broadcast", (var,), shape=like.shape)
