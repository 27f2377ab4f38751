"""The windows of a convolution or a pooling as expressions: axis by axis, those places are taken that lie in
windows, or what is told to windows is added up where they came from."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

from dilsctl.ir import REAL, Eqn
from dilsctl.operations.convolution import window_counts
from dilsctl.written_arrays import index_text, selected
from dilsctl.written_values import call, literal, whole

LEAST = -3e38  # no value of a window is smaller, in single precision too

Shape = tuple[int, ...]


def windows(node: ast.expr, shape: Shape, eqn: Eqn, fill: float = 0.0) -> ast.expr:
    """Every window of (channels, …space), as (channels, elements of a window, …places). ``eqn`` has the
    parameters; ``fill`` stands beyond the border."""
    kernel, spatial = eqn.param("kernel"), shape[1:]
    counts = window_counts("conv", spatial, dict(eqn.params))
    padded = [shape[0], *spatial]
    for axis, (before, after) in enumerate(eqn.param("padding"), 1):
        around = (_edge(padded, axis, before, fill), node, _edge(padded, axis, after, fill))
        parts = [one for one in around if one is not None]
        padded[axis] += before + after
        node = call("concat", *parts, axis=whole(axis)) if len(parts) > 1 else node
    for axis, places in enumerate(_places(eqn, counts), 1):
        if places != [*range(padded[axis])]:
            node = index_text(node, [*[ast.Slice()] * axis, _list(places)])
    node = _shaped(node, (shape[0], *(one for pair in zip(kernel, counts, strict=True) for one in pair)))
    rank = len(kernel)
    order = (0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2))
    return _shaped(_turned(node, order), (shape[0], math.prod(kernel), *counts))


def added_up(node: ast.expr, channels: int, counts: Shape, eqn: Eqn, size: Shape = ()) -> ast.expr:
    """The adjoint: what (channels * elements of a window, …places) add up to, in (channels, …space) of
    the lengths ``size``, if not those of ``eqn``. For the rest see ``windows``."""
    kernel, rank = eqn.param("kernel"), len(counts)
    node = _shaped(node, (channels, *kernel, *counts))
    node = _turned(node, (0, *(one for k in range(rank) for one in (1 + k, 1 + rank + k))))
    node = _shaped(node, (channels, *(k * n for k, n in zip(kernel, counts, strict=True))))
    size, padding = size or eqn.param("size"), eqn.param("padding")
    whole_shape = [channels]
    for axis, places in enumerate(_places(eqn, counts), 1):
        length = size[axis - 1] + sum(padding[axis - 1])
        whole_shape.append(length)
        if places != [*range(length)]:
            node = call("sum_at", node, _list(places), whole(length), axis=whole(axis))
    index = [(0, channels, 1)]
    index += [(before, before + length, 1) for (before, _), length in zip(padding, size, strict=True)]
    return selected(node, tuple(index), tuple(whole_shape))


def _places(eqn: Eqn, counts: Shape) -> list[list[int]]:
    """For each axis of space the places of each element of the windows, one element after the other."""
    return [
        [at + step * number for at in range(length) for number in range(many)]
        for length, step, many in zip(eqn.param("kernel"), eqn.param("stride"), counts, strict=True)
    ]


def _edge(shape: Sequence[int], axis: int, room: int, fill: float) -> ast.expr | None:
    """What stands beyond a border."""
    if not room:
        return None
    lengths = [whole(one) for one in (*shape[:axis], room, *shape[axis + 1 :])]
    return call("broadcast", literal(fill, REAL), *lengths) if fill else call("zeros", *lengths)


def _list(numbers: Sequence[int]) -> ast.expr:
    return ast.List([whole(one) for one in numbers])


def _shaped(node: ast.expr, shape: Sequence[int]) -> ast.expr:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reshape":
        node = node.args[0]  # the elements stay in their order
    return call("reshape", node, *(whole(one) for one in shape))


def _turned(node: ast.expr, order: Sequence[int]) -> ast.expr:
    return node if [*order] == sorted(order) else call("transpose", node, _list(order))
