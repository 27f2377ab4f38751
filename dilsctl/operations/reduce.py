"""Reductions: axes go away. ``axes`` is a sorted tuple of negative numbers; ``argmax`` has one ``axis``.

Where several elements share the maximum (or minimum), the gradient is shared equally among them;
``argmax`` and ``argmin`` take the first. ``argsort`` takes no axis away, but is of their kind. ``mean`` over
leading axes of simplexes is a simplex.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.ir import Eqn, Type, Var, size_of
from dilsctl.operations.rules import (
    Cotangents,
    arithmetic_kind,
    broadcast,
    div,
    expand,
    has_gradient,
    mul,
    no_second,
    scale,
    show,
    stack_trailing,
    sub,
    whole_axes,
)
from dilsctl.operations.table import Builder, Infer, Operation, OperationError, Reverse, register


def remaining(shape: tuple[int, ...], axes: Sequence[int]) -> tuple[int, ...]:
    """``shape`` without the (negative) axes."""
    return tuple(length for axis, length in enumerate(shape) if axis - len(shape) not in axes)


def reduced_size(eqn: Eqn) -> int:
    """How many elements go into one element of the output."""
    x = eqn.inputs[0]
    return size_of(x.shape[axis] for axis in eqn.param("axes"))


def _type(name: str) -> Infer:
    def infer(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
        (x,) = types
        axes = params["axes"]
        whole_axes(name, len(x.shape), axes)
        shape = remaining(x.shape, axes)
        if name in ("max", "min") and 0 in [x.shape[axis] for axis in axes]:
            raise OperationError(f"'{name}' of no elements (shape {show(x.shape)})", argument=0)
        if name in ("any", "all"):
            if x.kind != "bool":
                raise OperationError(f"'{name}' needs bool, not {x}", "compare first, as in x > 0", 0)
            return (Type("bool", shape),)
        if name in ("sum", "prod", "max", "min"):
            return (Type(arithmetic_kind(x), shape),)
        if name == "mean" and x.kind == "simplex" and -1 not in axes:
            return (x.with_shape(shape),)
        return (Type("real", shape),)

    return infer


def _spread(builder: Builder, eqn: Eqn, value: Var) -> Var:
    """A value of the output's shape, repeated along the axes that were reduced."""
    x = eqn.inputs[0]
    return broadcast(builder, expand(builder, value, eqn.param("axes"), x.rank), x.shape)


def _sum_rule(b: Builder, eqn: Eqn, ct: Var) -> Var:
    return _spread(b, eqn, ct)


def _mean_rule(b: Builder, eqn: Eqn, ct: Var) -> Var:
    return _spread(b, eqn, scale(b, ct, 1.0 / max(reduced_size(eqn), 1)))


def _extreme_rule(b: Builder, eqn: Eqn, ct: Var) -> Var:
    x, y, axes = eqn.inputs[0], eqn.outputs[0], eqn.param("axes")
    hit = b.emit("cast", (b.emit("eq", (x, expand(b, y, axes, x.rank))),), kind="real", classes=None)
    share = div(b, ct, b.emit("sum", (hit,), axes=axes))
    return mul(b, hit, expand(b, share, axes, x.rank))


def _logsumexp_rule(b: Builder, eqn: Eqn, ct: Var) -> Var:
    x, y, axes = eqn.inputs[0], eqn.outputs[0], eqn.param("axes")
    weight = b.emit("exp", (sub(b, x, expand(b, y, axes, x.rank)),))
    return mul(b, weight, expand(b, ct, axes, x.rank))


def _prod_rule(b: Builder, eqn: Eqn, ct: Var) -> Var:
    x, axes = eqn.inputs[0], eqn.param("axes")
    return mul(b, b.emit("prod_others", (x,), axes=axes), expand(b, ct, axes, x.rank))


def _reverse(rule: Any) -> Reverse:
    def reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Sequence[Var | None]:
        (cotangent,) = cotangents
        if cotangent is None or not has_gradient(eqn.inputs[0]):
            return (None,)
        return (rule(builder, eqn, cotangent),)

    return reverse


def input_size(eqn: Eqn) -> int:
    """The cost of a reduction: one operation an input element."""
    return eqn.inputs[0].type.size


for _name, _rule, _doc in (
    ("sum", _sum_rule, "sum along axes"),
    ("mean", _mean_rule, "mean along axes"),
    ("prod", _prod_rule, "product along axes"),
    ("max", _extreme_rule, "largest along axes"),
    ("min", _extreme_rule, "smallest along axes"),
    ("logsumexp", _logsumexp_rule, "log of the sum of exp, without overflow"),
    ("any", None, "whether any is true"),
    ("all", None, "whether all are true"),
):
    register(
        Operation(
            _name,
            _type(_name),
            stack_trailing,
            _reverse(_rule) if _rule else None,
            cost=input_size,
            doc=f"{_doc}; params axes",
        )
    )


def _others_type(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
    (x,) = types
    whole_axes("prod_others", len(x.shape), params["axes"])
    return (Type("real", x.shape),)


register(
    Operation(
        "prod_others",
        _others_type,
        stack_trailing,
        no_second("prod"),
        cost=lambda eqn: 3 * input_size(eqn),
        doc="for each element, the product of the others along axes: the derivative of prod, zeros included",
    )
)


def _place_type(name: str) -> Infer:
    def infer(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
        (x,) = types
        axis = params["axis"]
        whole_axes(name, len(x.shape), (axis,))
        if x.shape[axis] == 0:
            raise OperationError(f"'{name}' of no elements (shape {show(x.shape)})", argument=0)
        return (Type("class", remaining(x.shape, (axis,)), x.shape[axis]),)

    return infer


for _name in ("argmax", "argmin"):
    register(
        Operation(
            _name,
            _place_type(_name),
            stack_trailing,
            cost=input_size,
            doc=f"index of the {_name[3:]} along axis, the first if several; params axis. A class",
        )
    )


def _order_type(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
    (x,) = types
    axis = params["axis"]
    whole_axes("argsort", len(x.shape), (axis,))
    if x.shape[axis] == 0:
        raise OperationError(f"'argsort' of no elements (shape {show(x.shape)})", argument=0)
    return (Type("class", x.shape, x.shape[axis]),)


def _order_cost(eqn: Eqn) -> int:
    x, axis = eqn.inputs[0], int(eqn.param("axis"))
    return x.type.size * x.shape[axis].bit_length()


register(
    Operation(
        "argsort",
        _order_type,
        stack_trailing,
        cost=_order_cost,
        doc="indices that bring axis in order, smallest first, equals in theirs; params axis. Classes",
    )
)
