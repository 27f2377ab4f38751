"""Equations as lets and expressions: what is read often, or is long, gets a name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dilsctl.ir import Eqn, Var
from dilsctl.unfolding.expressions import ReverseWriter
from dilsctl.unfolding.levels import free
from dilsctl.written_values import Value, constant, named, text_of

MOST_PARTS = 14  # of an expression: what is longer gets a name


class Texts:
    """Writes the equations of one box. ``values``: what stands for inputs, states and what interior boxes
    show; ``used``: names that are taken; ``names``: what a variable would be called; ``inline``: there are no
    lets where it will stand; ``keep``: what has a name keeps it, however seldom it is read."""

    def __init__(
        self,
        values: dict[Var, Value],
        used: set[str],
        names: Mapping[Var, str],
        *,
        inline: bool = False,
        keep: bool = False,
    ) -> None:
        self.values, self.used, self.names, self.inline, self.keep = values, used, names, inline, keep
        self.lets: dict[str, str] = {}
        self.params: dict[str, Any] = {}

    def write(self, eqns: Sequence[Eqn], ends: Iterable[Var], shown: Mapping[Var, str]) -> None:
        """Write equations that are in order. ``shown``: outputs by the variable that they show."""
        producer = {out: eqn for eqn in eqns for out in eqn.outputs}
        writer = ReverseWriter(producer, self.values)
        uses: dict[Var, int] = {}
        for one in (*ends, *(var for eqn in eqns for var in eqn.inputs)):
            uses[one] = uses.get(one, 0) + 1
        for eqn in eqns:
            out = eqn.outputs[0]
            if out in self.values:
                continue
            if eqn.op == "constant":
                self.values[out] = self._constant(eqn, out)
                continue
            if eqn.op == "copy" and self.values[eqn.inputs[0]].simple:
                self.values[out] = self.values[eqn.inputs[0]]
                continue
            if eqn.op == "patches" or (eqn.op == "reshape" and eqn.inputs[0] not in self.values):
                continue  # windows: a convolution says it, or a mean of them
            node, static = writer.write(eqn)
            size = sum(self.values[one].size for one in eqn.inputs if one in self.values) + 1
            value = Value(node, out.type, static, size)
            often = uses.get(out, 0) > 1 and eqn.op != "one_hot"
            often = often or (self.keep and out in self.names)
            if not self.inline and not value.simple and (often or size > MOST_PARTS):
                name = self.names.get(out, "")
                if not name or name == shown.get(out):
                    name = _called(eqn, shown.get(out, ""))
                value = self._let(value, name)
            self.values[out] = value

    def text(self, var: Var) -> str:
        """A variable as an expression."""
        return text_of(self.values[var].node)

    def _constant(self, eqn: Eqn, out: Var) -> Value:
        given = eqn.param("value")
        if isinstance(given, tuple) and out.type.size > 16:
            name = free("table", self.used)
            self.params[name] = _listed(given)
            return Value(ast.Name(name), out.type, True)
        return constant(given, out.type)

    def _let(self, value: Value, name: str) -> Value:
        called = free(name, self.used)
        self.lets[called] = text_of(value.node)
        return named(called, value.type)


def _called(eqn: Eqn, shown: str) -> str:
    """A name for what has none."""
    if shown:
        return f"{shown}_shown"
    words = {"softmax": "p", "tanh_grad": "change", "sigmoid_grad": "change", "relu_grad": "change"}
    return words.get(eqn.op, "part")


def _listed(value: Any) -> Any:
    return [_listed(one) for one in value] if isinstance(value, tuple) else float(value)
