"""Equations of a reverse pass, written as expressions of the language."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from dilsctl.diagnostics import Problem
from dilsctl.ir import Eqn
from dilsctl.written_arrays import index_text
from dilsctl.written_back import Writer
from dilsctl.written_values import Value, call, whole


class ReverseWriter(Writer):
    """Writes what derivatives are made of, besides all that a diagram says itself."""

    def refused(self, eqn: Eqn) -> Problem:
        message = f"this can't be unfolded: the language has no expression for '{eqn.op}', a part of its"
        help = "it is trained as it is; only its unfolding can't be written"
        return Problem.of("not-unfolded", f"{message} derivative", eqn.span, help=help)

    def _tanh_grad(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        y, change = given
        rest = ast.BinOp(whole(1), ast.Sub(), ast.BinOp(y.node, ast.Pow(), whole(2)))
        return ast.BinOp(change.node, ast.Mult(), rest)

    def _sigmoid_grad(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        y, change = given
        rest = ast.BinOp(whole(1), ast.Sub(), y.node)
        return ast.BinOp(ast.BinOp(change.node, ast.Mult(), y.node), ast.Mult(), rest)

    def _relu_grad(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        y, change = given
        return ast.IfExp(ast.Compare(y.node, [ast.Gt()], [whole(0)]), change.node, whole(0))

    def _sum_to(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        (x,), shape = given, eqn.param("shape")
        lead = len(x.type.shape) - len(shape)
        ones = [k for k, length in enumerate(shape) if length == 1 and x.type.shape[lead + k] != 1]
        axes = [*range(lead), *(lead + k for k in ones)]
        if len(axes) == len(x.type.shape) and not shape:
            return call("sum", x.node)
        shown = whole(axes[0]) if len(axes) == 1 else ast.List([whole(one) for one in axes])
        node = call("sum", x.node, axis=shown)
        items: list[ast.expr] = [ast.Constant(None) if k in ones else ast.Slice() for k in range(len(shape))]
        while items and isinstance(items[-1], ast.Slice):
            items.pop()
        return index_text(node, items)

    def _cross_entropy(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        truth = self.producer.get(eqn.inputs[1])
        if truth is not None and truth.op == "one_hot" and len(given[0].type.shape) == 1:
            return call("cross_entropy", given[0].node, self.values[truth.inputs[0]].node)
        return super()._cross_entropy(eqn, given)

    def _take_add(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        change, place = given
        rank = len(eqn.outputs[0].type.shape)
        first = not eqn.param("lead", 0) and eqn.param("axis") == -rank
        picked = call("one_hot", place.node, whole(eqn.param("size")))
        if not first or len(place.type.shape) > 1 or (place.type.shape and len(change.type.shape) != 2):
            raise self.refused(eqn)
        if place.type.shape:
            return ast.BinOp(call("transpose", picked), ast.MatMult(), change.node)
        if rank == 1:
            return ast.BinOp(picked, ast.Mult(), change.node)
        if rank == 2:
            return call("outer", picked, change.node)
        items: list[ast.expr] = [ast.Slice(), *[ast.Constant(None)] * (rank - 1)]
        return ast.BinOp(index_text(picked, items), ast.Mult(), change.node)

    def _contract(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        spec = _letters(eqn.param("spec"))
        operands, _, out = spec.partition("->")
        if operands in (f",{out}", f"{out},"):
            return ast.BinOp(given[0].node, ast.Mult(), given[1].node)
        if spec == "i,j->ij":
            return call("outer", *(one.node for one in given))
        if spec == "i,j->ji":
            return call("outer", given[1].node, given[0].node)
        return super()._contract(eqn, given)


def _letters(spec: str) -> str:
    """The labels of a contraction as i, j, k in the order in which they appear."""
    names: dict[str, str] = {}
    for label in spec:
        if label.isalpha():
            names.setdefault(label, "ijklmnopqrstuvwxyz"[len(names) % 18])
    return "".join(names.get(one, one) for one in spec)
