"""Equations of a reverse pass, written as expressions of the language."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

from dilsctl.diagnostics import Problem
from dilsctl.ir import Eqn
from dilsctl.unfolding.windows import LEAST, added_up, windows
from dilsctl.written_arrays import index_text
from dilsctl.written_back import Writer
from dilsctl.written_values import Value, call, whole

LETTERS = "ijklmnopqrstuvwxyz"


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
        rank, lead = len(eqn.outputs[0].type.shape), eqn.param("lead", 0)
        axis, size = rank + eqn.param("axis"), eqn.param("size")
        if place.type.kind == "int":
            place = Value(call("clip", place.node, whole(0), whole(size - 1)), place.type)
        picked = call("one_hot", place.node, whole(size))
        if not place.type.shape and rank == 1:
            return ast.BinOp(picked, ast.Mult(), change.node)
        if not place.type.shape and rank == 2 and not axis:
            return call("outer", picked, change.node)
        if len(place.type.shape) == 1 and rank == 2 and not axis:
            return ast.BinOp(call("transpose", picked), ast.MatMult(), change.node)
        labels = LETTERS[:rank]  # those of the array that is added to
        index = LETTERS[rank : rank + len(place.type.shape) - lead]
        given_labels = f"{labels[:axis]}{index}{labels[axis + 1 :]}"
        spec = f"{labels[:lead]}{index}{labels[axis]},{given_labels}->{labels}"
        return call("einsum", ast.Constant(spec), picked, change.node)

    def _gelu_grad(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        x, change = given
        near = ast.IfExp(ast.Compare(x.node, [ast.NotEq()], [whole(0)]), x.node, ast.Constant(1e-30))
        below = ast.BinOp(call("gelu", near), ast.Div(), near)  # the normal distribution function
        square = ast.BinOp(ast.BinOp(x.node, ast.Pow(), whole(2)), ast.Div(), whole(2))
        slope = ast.BinOp(x.node, ast.Mult(), call("exp", ast.UnaryOp(ast.USub(), square)))
        bell = ast.BinOp(slope, ast.Div(), ast.Constant(math.sqrt(2 * math.pi)))
        return ast.BinOp(change.node, ast.Mult(), ast.BinOp(below, ast.Add(), bell))

    def _prod_others(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        (x,), axes = given, eqn.param("axes")
        shape = x.type.shape
        places = sorted(axis % len(shape) for axis in axes)
        first, many = places[0], math.prod(shape[axis] for axis in places)
        if places != [*range(first, first + len(places))]:
            raise self.refused(eqn)
        merged = (*shape[:first], 1, many, *shape[places[-1] + 1 :])
        every = call("reshape", x.node, *(whole(one) for one in merged))
        if shape == (many,):
            every = index_text(x.node, [ast.Constant(None)])
        own = call("eye", whole(many))
        if len(merged) > first + 2:
            own = index_text(
                own, [ast.Slice(), ast.Slice(), *[ast.Constant(None)] * (len(merged) - first - 2)]
            )
        others = call("where", ast.Compare(own, [ast.Gt()], [whole(0)]), whole(1), every)
        node = call("prod", others, axis=whole(first + 1))
        return node if len(places) == 1 else call("reshape", node, *(whole(one) for one in shape))

    def _of_windows(self, eqn: Eqn) -> ast.expr:
        try:
            return super()._of_windows(eqn)
        except Problem:
            for var in eqn.inputs:
                if var not in self.values:
                    node, static = self.write(self.producer[var])
                    self.values[var] = Value(node, var.type, static)
            return self.write(eqn)[0]

    def _patches(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        shape = given[0].type.shape
        if len(shape) != len(eqn.param("kernel")) + 1:
            raise self.refused(eqn)
        found = windows(given[0].node, shape, eqn)
        return call("reshape", found, *(whole(one) for one in eqn.outputs[0].shape))

    def _unpatches(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        out, counts = eqn.outputs[0].shape, given[0].type.shape[1:]
        if len(out) != len(eqn.param("kernel")) + 1:
            raise self.refused(eqn)
        return added_up(given[0].node, out[0], counts, eqn)

    def _max_pool_grad(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        x, y, change = given
        shape, counts = x.type.shape, y.type.shape[1:]
        if len(shape) != len(eqn.param("kernel")) + 1:
            raise self.refused(eqn)
        many, rank = math.prod(eqn.param("kernel")), len(counts)
        places = call("argmax", windows(x.node, shape, eqn, LEAST), axis=whole(1))
        told = index_text(change.node, [*[ast.Slice()] * (rank + 1), ast.Constant(None)])
        each = ast.BinOp(call("one_hot", places, whole(many)), ast.Mult(), told)
        order = [0, rank + 1, *range(1, rank + 1)]
        told_each = call("transpose", each, ast.List([whole(one) for one in order]))
        return added_up(told_each, shape[0], counts, eqn, shape[1:])

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
