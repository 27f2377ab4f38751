"""Comparison, logic, choice and change of kind, one element at a time. All broadcast as NumPy does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.rules import (
    Cotangents,
    broadcast_shapes,
    constant,
    has_gradient,
    join_types,
    same_kind,
    stack_elementwise,
    sum_to,
    written,
)
from dilsctl.operations.table import Builder, Infer, Operation, OperationError, ShapeError, register


def _comparison_type(name: str) -> Infer:
    def infer(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
        a, b = types
        if a.kind == b.kind == "class" and a.classes != b.classes:
            raise OperationError(f"'{written(name)}' compares a class {a.classes} with a class {b.classes}")
        return (Type("bool", broadcast_shapes(name, a.shape, b.shape)),)

    return infer


def _logic_type(name: str) -> Infer:
    def infer(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
        for number, one in enumerate(types):
            if one.kind != "bool":
                raise OperationError(
                    f"'{name}' needs bool, not {one}", "compare first, as in x > 0", argument=number
                )
        return (Type("bool", broadcast_shapes(name, *(one.shape for one in types))),)

    return infer


for _name, _sign in (("eq", "=="), ("ne", "!="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")):
    register(
        Operation(
            _name, _comparison_type(_sign), stack_elementwise, elementwise=True, doc=f"a {_sign} b, as bool"
        )
    )
for _name in ("and", "or", "xor", "not"):
    register(
        Operation(_name, _logic_type(_name), stack_elementwise, elementwise=True, doc=f"logical {_name}")
    )


def _where_type(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
    condition, a, b = types
    if condition.kind != "bool":
        raise OperationError(f"the condition of a choice must be bool, not {condition}", argument=0)
    shape = broadcast_shapes("where", condition.shape, a.shape, b.shape)
    if a.kind == b.kind == "simplex" and a.classes == b.classes and condition.shape[-1:] in ((), (1,)):
        return (Type("simplex", shape, a.classes),)
    return (join_types("where", (a, b), shape),)


def _where_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Sequence[Var | None]:
    (condition, a, b), (cotangent,) = eqn.inputs, cotangents
    if cotangent is None:
        return (None, None, None)
    zero = constant(builder, 0.0)
    left = builder.emit("where", (condition, cotangent, zero)) if has_gradient(a) else None
    right = builder.emit("where", (condition, zero, cotangent)) if has_gradient(b) else None
    return (
        None,
        sum_to(builder, left, a) if left is not None else None,
        sum_to(builder, right, b) if right is not None else None,
    )


def _cast_type(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
    (x,) = types
    kind, classes = params["kind"], params.get("classes")
    if kind in ("class", "simplex") and classes is None:
        raise OperationError(f"a cast to {kind} needs the number of classes")
    if kind == "simplex" and x.shape[-1:] != (classes,):
        raise ShapeError(f"a simplex {classes} needs a last axis of length {classes}, not {_last(x)}")
    return (Type(kind, x.shape, classes if kind in ("class", "simplex") else None),)


def _last(x: Type) -> str:
    return str(x.shape[-1]) if x.shape else "a scalar"


def _pass_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Sequence[Var | None]:
    return (cotangents[0] if has_gradient(eqn.inputs[0]) and has_gradient(eqn.outputs[0]) else None,)


def _identity_type(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
    (x,) = types
    return (same_kind(x, x.shape, True),)


register(
    Operation(
        "where", _where_type, stack_elementwise, _where_reverse, elementwise=True, doc="a if condition else b"
    )
)
register(
    Operation(
        "cast",
        _cast_type,
        stack_elementwise,
        _pass_reverse,
        elementwise=True,
        doc="the same value as another kind; params kind, classes. Nothing is checked: reals become "
        "whole by cutting, and a real becomes a simplex on the caller's word",
    )
)
register(
    Operation(
        "copy",
        _identity_type,
        stack_elementwise,
        _pass_reverse,
        cost=lambda eqn: 0,
        elementwise=True,
        doc="x",
    )
)
register(
    Operation(
        "stop",
        _identity_type,
        stack_elementwise,
        cost=lambda eqn: 0,
        elementwise=True,
        doc="x, through which no gradient flows",
    )
)
