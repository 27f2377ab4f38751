"""What the families share: kinds, broadcasting, and the usual reverse and stacking steps.

Kinds in arithmetic: bool and simplex widen to real; int and class stay int among themselves and widen to
real beside a real. Only real and simplex values have gradients.

A cotangent has the shape and the ``batched`` flag of the Var that it belongs to, and is real.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from dilsctl.ir import REAL, Eqn, Kind, Type, Var
from dilsctl.operations.table import Builder, OperationError, PlaceError, ShapeError

Cotangents = tuple[Var | None, ...]
Shape = tuple[int, ...]


def show(shape: Shape) -> str:
    """A shape in an error message: ``scalar``, ``3`` or ``3 x 4``."""
    return " x ".join(map(str, shape)) if shape else "scalar"


_SYMBOLS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "floor_div": "//",
    "mod": "%",
    "pow": "**",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "neg": "-",
    "where": "if … else",
}


def written(op: str) -> str:
    """An operation as an expression writes it."""
    return _SYMBOLS.get(op, op)


def broadcast_shapes(op: str, *shapes: Shape) -> Shape:
    """The common shape, aligned from the right as in NumPy; raises OperationError where lengths differ."""
    if len(set(shapes)) == 1:
        return shapes[0]
    rank = max((len(one) for one in shapes), default=0)
    result = [1] * rank
    for number, shape in enumerate(shapes):
        for axis in range(1, len(shape) + 1):
            length, known = shape[-axis], result[-axis]
            if known == 1:
                result[-axis] = length
            elif length not in (1, known):
                given = " and ".join(show(one) for one in shapes)
                raise ShapeError(
                    f"'{written(op)}' cannot combine the shapes {given}: lengths {known} and {length} differ",
                    "shapes are aligned from the right; lengths must be equal, or one of them 1",
                    number,
                )
    return tuple(result)


def arithmetic_kind(*types: Type) -> Kind:
    """int if all are int or class, else real."""
    return "int" if types and all([one.kind in ("int", "class") for one in types]) else "real"


def has_gradient(var: Var) -> bool:
    """Whether gradients flow through the Var: only through real numbers."""
    return var.type.kind in ("real", "simplex")


def same_kind(kind_of: Type, shape: Shape, last_axis_kept: bool) -> Type:
    """``kind_of`` with another shape. A simplex stays one only if its last axis is as it was."""
    if kind_of.kind == "simplex" and not last_axis_kept:
        return Type("real", shape)
    return kind_of.with_shape(shape)


def join_types(op: str, types: Sequence[Type], shape: Shape) -> Type:
    """The type that values of all ``types`` have in common, with another shape. Never a simplex."""
    kinds = {one.kind for one in types}
    if kinds == {"bool"}:
        return Type("bool", shape)
    if kinds == {"class"}:
        classes = {one.classes for one in types}
        return Type("class", shape, types[0].classes) if len(classes) == 1 else Type("int", shape)
    return Type(arithmetic_kind(*types), shape)


def whole_axes(op: str, rank: int, axes: Sequence[int]) -> None:
    """Raise OperationError unless each axis is negative and within the rank."""
    for axis in axes:
        if not -rank <= axis < 0:
            raise PlaceError(f"'{op}': axis {axis} is not an axis of a value of rank {rank}")


def constant(builder: Builder, value: Any) -> Var:
    """A real scalar."""
    return builder.constant(value, REAL)


def add(builder: Builder, a: Var, b: Var) -> Var:
    """a + b."""
    return builder.emit("add", (a, b))


def sub(builder: Builder, a: Var, b: Var) -> Var:
    """a - b."""
    return builder.emit("sub", (a, b))


def mul(builder: Builder, a: Var, b: Var) -> Var:
    """a * b."""
    return builder.emit("mul", (a, b))


def div(builder: Builder, a: Var, b: Var) -> Var:
    """a / b."""
    return builder.emit("div", (a, b))


def scale(builder: Builder, a: Var, factor: float) -> Var:
    """a times a number."""
    return mul(builder, a, constant(builder, factor))


def reshape(builder: Builder, x: Var, shape: Shape) -> Var:
    """x in another shape; x itself if it has the shape already."""
    return x if x.shape == shape else builder.emit("reshape", (x,), shape=shape)


def broadcast(builder: Builder, x: Var, shape: Shape, batched: bool | None = None) -> Var:
    """``x`` repeated to ``shape`` (and over the batch, if ``batched`` and ``x`` is not)."""
    batched = x.batched if batched is None else batched
    if x.shape == shape and x.batched == batched:
        return x
    return builder.emit("broadcast", (x,), shape=shape, batched=batched)


def sum_to(builder: Builder, cotangent: Var, like: Var) -> Var:
    """The adjoint of broadcasting ``like`` to the shape and batch of ``cotangent``."""
    if cotangent.shape == like.shape and cotangent.batched == like.batched:
        return cotangent
    if like.batched and not cotangent.batched:
        cotangent = broadcast(builder, cotangent, cotangent.shape, True)
        return sum_to(builder, cotangent, like)
    return builder.emit("sum_to", (cotangent,), shape=like.shape, batched=like.batched)


def expand(builder: Builder, x: Var, axes: Sequence[int], rank: int) -> Var:
    """Put back, with length 1, the (negative) axes that a reduction took from a value of that rank."""
    lengths = iter(x.shape)
    shape = tuple(1 if axis - rank in axes else next(lengths) for axis in range(rank))
    return reshape(builder, x, shape)


def no_second(name: str) -> Callable[[Builder, Eqn, Cotangents], Sequence[Var | None]]:
    """A reverse rule that refuses: the operation is itself a derivative and has none of its own."""

    def reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Sequence[Var | None]:
        raise OperationError(f"'{name}' has no second derivative")

    return reverse


def forced_batch(eqn: Eqn) -> bool | None:
    """The ``batched`` argument with which ``eqn`` must have been emitted."""
    natural = any(one.batched for one in eqn.inputs)
    wanted = eqn.outputs[0].batched
    return None if wanted == natural else wanted


def emit_like(builder: Builder, eqn: Eqn, inputs: Sequence[Var], **changes: Hashable) -> tuple[Var, ...]:
    """``eqn`` with other inputs and some other params; a batch that was summed or made stays so."""
    params: dict[str, Any] = dict(eqn.params)
    params.update(changes)
    return builder.emit_all(eqn.op, inputs, batched=forced_batch(eqn), **params)


def lead(builder: Builder, x: Var, mapped: bool, length: int) -> Var:
    """``x`` with the new leading axis: as it is if mapped, else repeated."""
    return x if mapped else broadcast(builder, x, (length, *x.shape))


def stack_trailing(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    """The stacking rule of operations that count their axes from the right and keep leading ones."""
    led = [lead(builder, one, is_led, length) for one, is_led in zip(inputs, mapped, strict=True)]
    return emit_like(builder, eqn, led)


def stack_elementwise(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    """The stacking rule of operations that broadcast: axes of length 1 go after the new leading axis."""
    if not any(mapped):
        return [broadcast(builder, one, (length, *one.shape)) for one in emit_like(builder, eqn, inputs)]
    rank = eqn.outputs[0].rank
    aligned = []
    for new, old, is_led in zip(inputs, eqn.inputs, mapped, strict=True):
        missing = rank - old.rank
        if is_led and missing:
            new = reshape(builder, new, (length, *([1] * missing), *old.shape))
        aligned.append(new)
    return emit_like(builder, eqn, aligned)
