"""Rules of the operations that put elements elsewhere, or take them from where an index says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dilsctl.engine.kernels.base import Array, align, physical
from dilsctl.engine.kernels.slicing import physical_index
from dilsctl.engine.kernels.structure import _full, _transposed
from dilsctl.engine.scalar.elementwise import convert, where
from dilsctl.engine.scalar.nodes import Node
from dilsctl.engine.scalar.rules import RULES, Work, empty, filled, rule
from dilsctl.ir import Var
from dilsctl.operations.index import nested_flat, nested_shape

__all__ = ["RULES", "Work", "empty"]


@rule("reshape")
def _reshape(work: Work) -> Sequence[Array]:
    return [work.ins[0].reshape(_full(work.eqn, work.ins[0]))]


@rule("transpose")
def _transpose(work: Work) -> Sequence[Array]:
    return [_transposed(work.eqn, work.ins[0])]


@rule("slice")
def _slice(work: Work) -> Sequence[Array]:
    index = physical_index(work.eqn.param("index"), work.eqn.inputs[0].batched)
    return [np.asarray(work.ins[0][index], object)]


@rule("pad_slice")
def _pad_slice(work: Work) -> Sequence[Array]:
    out = work.zeros(work.shape(), work.group())
    place = physical_index(work.eqn.param("index"), work.eqn.outputs[0].batched)
    out[place] = work.cast(work.ins[0], work.eqn.inputs[0], work.group())
    return [out]


@rule("assemble")
def _assemble(work: Work) -> Sequence[Array]:
    (y,) = work.eqn.outputs
    out = work.zeros(work.shape(), work.group())
    for a, part, index in zip(work.ins, work.eqn.inputs, work.eqn.param("index"), strict=True):
        source = align(work.cast(a, part, work.group()), part, Var(part.type, y.batched))
        out[physical_index(index, y.batched)] = source
    return [out]


@rule("roll")
def _roll(work: Work) -> Sequence[Array]:
    (x,) = work.eqn.inputs
    a = work.cast(work.ins[0], x, work.group())
    return [np.roll(a, work.eqn.param("shift"), physical(work.eqn.param("axis"), x))]


@rule("gather")
def _gather(work: Work) -> Sequence[Array]:
    indices = work.eqn.param("indices")
    places = np.array(nested_flat(indices), np.intp).reshape(nested_shape(indices))
    found = work.ins[0].take(places, axis=work.eqn.inputs[0].rank + work.eqn.param("axis"), mode="clip")
    return [np.asarray(found, object)]


@rule("scatter")
def _scatter(work: Work) -> Sequence[Array]:
    (y,) = work.eqn.outputs
    indices = work.eqn.param("indices")
    flat, rank = nested_flat(indices), len(nested_shape(indices))
    axis = y.rank + work.eqn.param("axis")
    a = work.cast(work.ins[0], work.eqn.inputs[0], work.group())
    merged = a.reshape((*a.shape[:axis], len(flat), *a.shape[axis + rank :]))
    out = work.zeros(work.shape(), work.group())
    target, source = np.moveaxis(out, axis, 0), np.moveaxis(merged, axis, 0)
    written: set[int] = set()
    for number, place in enumerate(flat):
        value = source[number]
        if place in written:
            value = work.each(
                lambda x, y: work.fold("add", (x, y), work.group()),
                np.asarray(target[place], object), np.asarray(value, object),
            )  # fmt: skip
        target[place] = value
        written.add(place)
    return [out]


@rule("one_hot")
def _one_hot(work: Work) -> Sequence[Array]:
    (x,) = work.eqn.inputs
    classes = work.eqn.param("classes")
    numbers = filled([work.graph.literal(n) for n in range(classes)], (classes, *(1,) * x.batched))
    a = work.ins[0][..., None, :] if x.batched else work.ins[0][..., None]
    ins = (np.broadcast_to(one, work.shape()) for one in (a, numbers))
    found = work.each(lambda *args: work.graph.emit("({0} == {1})", *args), *ins)
    if work.group() == "bool":
        return [found]
    return [work.each(lambda node: convert(work.graph, node, "bool", work.group()), found)]


def _clipped(work: Work, index: Node, length: int) -> Node:
    if index.value is not None:
        return work.graph.literal(min(max(int(index.value), 0), length - 1))
    limits = work.graph.literal(0), work.graph.literal(length - 1)
    return work.graph.emit("min(max({0}, {1}), {2})", index, *limits)


def _axis_places(
    work: Work, whole: Var, index: Var, place: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Of a place of what is taken: that before the axis, that in the index, that after the axis."""
    lead = work.eqn.param("lead", 0)
    axis = whole.rank + work.eqn.param("axis")
    inner = index.rank - lead
    before, chosen = place[:axis], place[:lead] + place[axis : axis + inner]
    return before, chosen, place[axis + inner : axis + inner + whole.rank - axis - 1]


@rule("take")
def _take(work: Work) -> Sequence[Array]:
    whole, index = work.eqn.inputs
    table, chosen = work.ins
    out = empty(work.shape())
    length = whole.shape[whole.rank + work.eqn.param("axis")]
    for place in np.ndindex(out.shape):
        run = place[-1:] if work.eqn.outputs[0].batched else ()
        before, at, after = _axis_places(work, whole, index, place)
        picked = _clipped(work, chosen[at + run * index.batched], length)
        line = [table[(*before, n, *after, *run * whole.batched)] for n in range(length)]
        if picked.value is not None:
            out[place] = line[int(picked.value)]
            continue
        listed = "".join(f"{{{n + 1}}}, " for n in range(length))
        out[place] = work.graph.emit(f"({listed})[{{0}}]", picked, *line)
    return [out]


@rule("take_add")
def _take_add(work: Work) -> Sequence[Array]:
    value, index = work.eqn.inputs
    (y,) = work.eqn.outputs
    a = work.cast(work.ins[0], value, work.group())
    out = work.zeros(work.shape(), work.group())
    length = y.shape[y.rank + work.eqn.param("axis")]
    zero: Node = work.zeros((1,), work.group()).item()
    runs = range(work.batch) if any(one.batched for one in (value, index, y)) else range(1)
    for place in np.ndindex(value.shape):
        before, at, after = _axis_places(work, y, index, place)
        for run in runs:
            picked = _clipped(work, work.ins[1][at + (run,) * index.batched], length)
            given: Node = a[place + (run,) * value.batched]  # type: ignore[assignment]
            for n in range(length):
                here = work.graph.emit("({0} == {1})", picked, work.graph.literal(n))
                to = (*before, n, *after, *(run,) * y.batched)
                part = where(work.graph, here, given, zero)
                out[to] = work.fold("add", (out[to], part), work.group())
    return [out]


@rule("argmax", "argmin")
def _argmax(work: Work) -> Sequence[Array]:
    (x,) = work.eqn.inputs
    name = "first_largest" if work.eqn.op == "argmax" else "first_smallest"
    found = []
    for line in work.lines(work.ins[0], (physical(work.eqn.param("axis"), x),)):
        listed = ", ".join(f"{{{n}}}" for n in range(len(line)))
        found.append(work.graph.emit(f"{name}({listed})", *line))
    return [filled(found, work.shape())]
