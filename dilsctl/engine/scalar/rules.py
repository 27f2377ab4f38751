"""What each operation does to arrays of nodes. Arrays are physical, as the kernels' are: the batch is last.

A rule gives new arrays; what only moves elements moves nodes and computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dilsctl.engine.kernels.base import Array, align, physical
from dilsctl.engine.scalar.elementwise import (
    COMPARISONS,
    FORMULAS,
    GROUPS,
    TABLES,
    Arithmetic,
    convert,
    one,
    where,
)
from dilsctl.engine.scalar.nodes import Graph, Node
from dilsctl.ir import Eqn, Var

Rule = Callable[["Work"], Sequence[Array]]

RULES: dict[str, Rule] = {}


class Work:
    """One equation over arrays of nodes, for batches of ``batch``."""

    def __init__(self, graph: Graph, eqn: Eqn, ins: Sequence[Array], batch: int) -> None:
        self.graph, self.eqn, self.ins, self.batch = graph, eqn, ins, batch
        self.math = Arithmetic(graph)

    def shape(self, number: int = 0) -> tuple[int, ...]:
        """That of an output's array."""
        out = self.eqn.outputs[number]
        return (*out.shape, self.batch) if out.batched else out.shape

    def group(self, number: int = 0) -> str:
        return GROUPS[self.eqn.outputs[number].type.kind]

    def cast(self, array: Array, var: Var, group: str) -> Array:
        """``array``, which is of ``var``, in another group of numbers."""
        old = GROUPS[var.type.kind]
        return array if old == group else self.each(lambda x: convert(self.graph, x, old, group), array)

    def spread(self, number: int, group: str, output: int = 0) -> Array:
        """An input in a group of numbers, in the shape of an output."""
        var, out = self.eqn.inputs[number], self.eqn.outputs[output]
        array = self.cast(self.ins[number], var, group)
        return np.broadcast_to(align(array, var, out), self.shape(output))

    def each(self, function: Callable[..., Node], *arrays: Array) -> Array:
        """A function of numbers, element by element of equal arrays."""
        found = empty(arrays[0].shape)
        for place in np.ndindex(found.shape):
            found[place] = function(*(array[place] for array in arrays))
        return found

    def lines(self, array: Array, axes: Sequence[int]) -> list[list[Node]]:
        """The elements along some axes (negative), in C order, for each place of the others, in C order."""
        moved = np.moveaxis(array, axes, range(-len(axes), 0)) if axes else array[..., None]
        kept = array.ndim - len(axes)
        count = int(np.prod(moved.shape[kept:], dtype=np.int64))
        return [list(line) for line in moved.reshape(-1, count)]

    def fold(self, op: str, nodes: Sequence[Node], group: str = "float") -> Node:
        """An operation of two from the left to the right."""
        found = nodes[0]
        for node in nodes[1:]:
            found = one(self.graph, op, (found, node), group)
        return found

    def zeros(self, shape: tuple[int, ...], group: str) -> Array:
        zero: float | int | bool = {"float": 0.0, "int": 0, "bool": False}[group]
        found = empty(shape)
        found.fill(self.graph.literal(zero))
        return found


def empty(shape: Sequence[int]) -> Array:
    """An array of nodes that are to come."""
    return np.empty(tuple(shape), object)


def filled(nodes: Sequence[Node], shape: Sequence[int]) -> Array:
    """An array of nodes in C order."""
    found = empty((len(nodes),))
    found[:] = nodes
    return found.reshape(tuple(shape))


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Put a function into the table."""

    def enter(function: Rule) -> Rule:
        for name in names:
            RULES[name] = function
        return function

    return enter


@rule(*{name for table in TABLES.values() for name in table}, "reciprocal")
def _elementwise(work: Work) -> Sequence[Array]:
    group, op = work.group(), work.eqn.op
    ins = [work.spread(n, group) for n in range(len(work.ins))]
    return [work.each(lambda *args: one(work.graph, op, args, group), *ins)]


@rule(*COMPARISONS)
def _comparison(work: Work) -> Sequence[Array]:
    groups = {GROUPS[var.type.kind] for var in work.eqn.inputs}
    group = "float" if "float" in groups else "int" if "int" in groups else "bool"
    a, b = (work.spread(n, group) for n in range(2))
    return [work.each(lambda *args: one(work.graph, work.eqn.op, args), a, b)]


@rule(*FORMULAS)
def _formula(work: Work) -> Sequence[Array]:
    ins = [work.spread(n, "float") for n in range(len(work.ins))]
    return [work.each(lambda *args: FORMULAS[work.eqn.op](work.math, *args), *ins)]


@rule("where")
def _where(work: Work) -> Sequence[Array]:
    ins = [work.spread(0, "bool"), *(work.spread(n, work.group()) for n in (1, 2))]
    return [work.each(lambda *args: where(work.graph, *args), *ins)]


@rule("cast", "copy", "stop", "broadcast")
def _moved(work: Work) -> Sequence[Array]:
    return [work.spread(0, work.group())]


# -- sums and products ----------------------------------------------------------------------------


def _axes(work: Work) -> tuple[int, ...]:
    return tuple(physical(axis, work.eqn.inputs[0]) for axis in work.eqn.param("axes"))


def _reduced(work: Work, function: Callable[[list[Node]], Node], axes: Sequence[int], group: str) -> Array:
    x = work.cast(work.ins[0], work.eqn.inputs[0], group)
    return filled([function(line) for line in work.lines(x, axes)], work.shape())


_FOLDS = {"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum", "any": "or", "all": "and"}


@rule(*_FOLDS)
def _reduction(work: Work) -> Sequence[Array]:
    op, group = _FOLDS[work.eqn.op], work.group()
    return [_reduced(work, lambda line: work.fold(op, line, group), _axes(work), group)]


@rule("prod_others")
def _prod_others(work: Work) -> Sequence[Array]:
    """Products of all before, times products of all after, in the order of the flattened axes."""
    axes = _axes(work)
    x = work.cast(work.ins[0], work.eqn.inputs[0], "float")
    moved = np.moveaxis(x, axes, range(-len(axes), 0)) if axes else x
    found = []
    for line in work.lines(x, axes):
        before, after = [work.graph.literal(1.0)], [work.graph.literal(1.0)]
        for ahead, behind in zip(line[:-1], line[:0:-1], strict=True):
            before.append(work.math("mul", before[-1], ahead))
            after.append(work.math("mul", after[-1], behind))
        found += [work.math("mul", a, b) for a, b in zip(before, reversed(after), strict=True)]
    out = filled(found, moved.shape)
    return [np.moveaxis(out, range(-len(axes), 0), axes) if axes else out]


@rule("mean")
def _mean(work: Work) -> Sequence[Array]:
    return [
        _reduced(
            work, lambda line: work.math("mul", work.fold("add", line), 1.0 / len(line)), _axes(work), "float"
        )
    ]


@rule("logsumexp")
def _logsumexp(work: Work) -> Sequence[Array]:
    limit = float(np.finfo(np.float64).max)

    def found(line: list[Node]) -> Node:
        top = work.math("minimum", work.math("maximum", work.fold("maximum", line), -limit), limit)
        total = work.fold("add", [work.math("exp", work.math("sub", x, top)) for x in line])
        return work.math("add", work.math("log", total), top)

    axes = _axes(work)
    return [_reduced(work, found if axes else lambda line: line[0], axes, "float")]


@rule("sum_to")
def _sum_to(work: Work) -> Sequence[Array]:
    (x,), (y,) = work.eqn.inputs, work.eqn.outputs
    a = work.cast(work.ins[0], x, work.group())
    extra = x.rank - y.rank
    single = [extra + n for n in range(y.rank) if y.shape[n] == 1 and x.shape[extra + n] != 1]
    axes = [*range(extra), *single]
    if x.batched and not y.batched:
        axes.append(x.rank)
    if not axes:
        return [np.broadcast_to(align(a, x, y), work.shape())]
    lines = work.lines(a, [axis - a.ndim for axis in axes])
    return [filled([work.fold("add", line, work.group()) for line in lines], work.shape())]


@rule("batch_mean")
def _batch_mean(work: Work) -> Sequence[Array]:
    axes = (-1,) if work.eqn.inputs[0].batched else ()
    return [
        _reduced(work, lambda line: work.math("mul", work.fold("add", line), 1.0 / len(line)), axes, "float")
    ]


@rule("batch_spread")
def _batch_spread(work: Work) -> Sequence[Array]:
    share = 1.0 / max(work.shape()[-1], 1)
    return [work.each(lambda x: work.math("mul", x, share), work.spread(0, "float"))]


@rule("contract")
def _contract(work: Work) -> Sequence[Array]:
    from dilsctl.operations.contract import parse_spec

    operands, result = parse_spec(work.eqn.param("spec"))
    group, out = work.group(), work.eqn.outputs[0]
    labels = [names + "*" * var.batched for names, var in zip(operands, work.eqn.inputs, strict=True)]
    arrays = [work.cast(a, var, group) for a, var in zip(work.ins, work.eqn.inputs, strict=True)]
    sizes = {
        label: size
        for names, a in zip(labels, arrays, strict=True)
        for label, size in zip(names, a.shape, strict=True)
    }
    alone = out.batched and "*" not in sizes
    kept = result + "*" * (out.batched and not alone)
    summed = [label for label in sizes if label not in kept]
    found = empty([sizes[label] for label in kept])
    for place in np.ndindex(found.shape):
        terms = []
        for inner in np.ndindex(*(sizes[label] for label in summed)):
            at = {**dict(zip(kept, place, strict=True)), **dict(zip(summed, inner, strict=True))}
            picked = [a[tuple(at[label] for label in names)] for names, a in zip(labels, arrays, strict=True)]
            terms.append(work.fold("mul", picked, group))
        found[place] = work.fold("add", terms, group)
    return [np.broadcast_to(found[..., None], work.shape()) if alone else found]


# -- softmax and cross entropy --------------------------------------------------------------------


def _by_line(work: Work, axis: int, function: Callable[[list[Node]], list[Node]]) -> Array:
    """A function of whole lines along an axis."""
    x = work.cast(work.ins[0], work.eqn.inputs[0], "float")
    moved = np.moveaxis(x, axis, -1)
    lines = [function(line) for line in work.lines(x, (axis,))]
    found = filled([node for line in lines for node in line], moved.shape)
    return np.moveaxis(found, -1, axis)


def _differences(work: Work, line: Sequence[Node]) -> list[Node]:
    top = work.fold("maximum", line)
    return [work.math("sub", x, top) for x in line]


@rule("softmax")
def _softmax(work: Work) -> Sequence[Array]:
    def found(line: list[Node]) -> list[Node]:
        powers = [work.math("exp", x) for x in _differences(work, line)]
        total = work.fold("add", powers)
        return [work.math("div", x, total) for x in powers]

    return [_by_line(work, physical(work.eqn.param("axis"), work.eqn.inputs[0]), found)]


@rule("log_softmax")
def _log_softmax(work: Work) -> Sequence[Array]:
    def found(line: list[Node]) -> list[Node]:
        rest = _differences(work, line)
        total = work.math("log", work.fold("add", [work.math("exp", x) for x in rest]))
        return [work.math("sub", x, total) for x in rest]

    return [_by_line(work, physical(work.eqn.param("axis"), work.eqn.inputs[0]), found)]


@rule("cross_entropy", "mean_cross_entropy")
def _cross_entropy(work: Work) -> Sequence[Array]:
    y = work.eqn.outputs[1]
    axis = -2 if y.batched else -1
    x, target = (work.spread(n, "float", 1) for n in range(2))
    mean = work.eqn.op == "mean_cross_entropy"
    share = 1.0 / max(x.shape[-1], 1) if mean else 1.0
    losses, parts = [], []
    for line, wanted in zip(work.lines(x, (axis,)), work.lines(target, (axis,)), strict=True):
        rest = _differences(work, line)
        powers = [work.math("exp", one) for one in rest]
        total = work.fold("add", powers)
        said = work.fold("add", [work.math("mul", a, b) for a, b in zip(wanted, rest, strict=True)])
        losses.append(work.math("sub", work.math("log", total), said))
        p = [work.math("div", one, total) for one in powers]
        if mean:
            p = [work.math("mul", work.math("sub", a, b), share) for a, b in zip(p, wanted, strict=True)]
        parts.extend(p)
    shape = np.moveaxis(x, axis, -1).shape
    second = np.moveaxis(filled(parts, shape), -1, axis)
    if not mean:
        return [filled(losses, work.shape()), second]
    lines = work.lines(filled(losses, shape[:-1]), (-1,))
    means = [work.math("mul", work.fold("add", line), share) for line in lines]
    return [filled(means, work.shape()), second]
