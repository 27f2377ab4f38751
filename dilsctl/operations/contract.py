"""``contract``: products of arrays summed over shared labels (Einstein's notation), one to many operands.

``spec`` reads like ``ij,j->i``. The batch has no label: it is carried by batched operands, and summed
where the output is emitted with ``batched=False``. One operation serves ``@``, outer and einsum, and is
closed under differentiation.
"""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dilsctl.ir import Eqn, Type, Var, size_of
from dilsctl.operations.rules import (
    Cotangents,
    arithmetic_kind,
    broadcast,
    emit_like,
    has_gradient,
    reshape,
    show,
)
from dilsctl.operations.table import Builder, Operation, OperationError, ShapeError, register


@lru_cache(maxsize=4096)
def parse_spec(spec: str) -> tuple[tuple[str, ...], str]:
    """The labels of each operand, and of the output. Raises OperationError."""
    left, arrow, right = spec.partition("->")
    if not arrow:
        raise OperationError(f"'{spec}' has no '->'", "write it as in 'ij,j->i'")
    operands = tuple(left.split(","))
    for labels in (*operands, right):
        for label in labels:
            if label not in string.ascii_letters:
                raise OperationError(f"'{label}' in '{spec}' is no label", "labels are single letters")
        if len(set(labels)) != len(labels):
            raise OperationError(
                f"'{spec}' repeats a label within '{labels}'", "give each axis its own label"
            )
    for label in right:
        if not any(label in one for one in operands):
            raise OperationError(f"'{label}' in the result of '{spec}' is in no operand")
    return operands, right


def label_sizes(spec: str, shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """The length of each label. Raises OperationError where operands disagree."""
    operands, _ = parse_spec(spec)
    if len(operands) != len(shapes):
        raise OperationError(f"'{spec}' is for {len(operands)} operands, {len(shapes)} given")
    sizes: dict[str, int] = {}
    for number, (labels, shape) in enumerate(zip(operands, shapes, strict=True)):
        if len(labels) != len(shape):
            raise ShapeError(
                f"operand {number + 1} of '{spec}' has {len(labels)} labels, but the shape {show(shape)}",
                "each axis needs one label",
                number,
            )
        for label, length in zip(labels, shape, strict=True):
            if sizes.setdefault(label, length) != length:
                given = " and ".join(show(one) for one in shapes)
                raise ShapeError(
                    f"shapes {given} do not fit: '{label}' of '{spec}' would be {sizes[label]} and {length}",
                    "the lengths of summed axes must be equal",
                    number,
                )
    return sizes


@lru_cache(maxsize=4096)
def summed_size(spec: str, shapes: tuple[tuple[int, ...], ...]) -> int:
    """How many products are added up for each element of the result."""
    _, right = parse_spec(spec)
    return math.prod(size for label, size in label_sizes(spec, shapes).items() if label not in right)


def _is_mixture(operands: Sequence[str], out: str, types: Sequence[Type]) -> Type | None:
    """The simplex that a mixture of simplexes is: weights over k times distributions over c, summed by k."""
    for weight, parts in ((0, 1), (1, 0)):
        w, p = operands[weight], operands[parts]
        if types[weight].kind != "simplex" or types[parts].kind != "simplex":
            return None
        summed = (set(w) | set(p)) - set(out)
        if summed == {w[-1]} and w[-1] in p[:-1] and out[-1:] == p[-1] and p[-1] not in w:
            return types[parts]
    return None


def _type(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
    operands, out = parse_spec(params["spec"])
    sizes = label_sizes(params["spec"], [one.shape for one in types])
    shape = tuple(sizes[label] for label in out)
    if len(types) == 2:
        mixture = _is_mixture(operands, out, types)
        if mixture is not None:
            return (mixture.with_shape(shape),)
    return (Type(arithmetic_kind(*types), shape),)


def _reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Sequence[Var | None]:
    (cotangent,) = cotangents
    operands, out = parse_spec(eqn.param("spec"))
    found: list[Var | None] = []
    for number, x in enumerate(eqn.inputs):
        if cotangent is None or not has_gradient(x):
            found.append(None)
            continue
        others = [n for n in range(len(operands)) if n != number]
        known = set(out).union(*(operands[n] for n in others)) if others else set(out)
        kept = "".join(label for label in operands[number] if label in known)
        sources = [cotangent, *(eqn.inputs[n] for n in others)]
        spec = ",".join([out, *(operands[n] for n in others)]) + "->" + kept
        batched = x.batched and any(one.batched for one in sources)
        if spec == f"{out}->{out}" and batched == cotangent.batched:
            part = cotangent
        else:
            part = builder.emit("contract", sources, spec=spec, batched=batched)
        # Labels that only this operand has were summed alone: their cotangent repeats.
        ones = tuple(
            length if label in known else 1 for label, length in zip(operands[number], x.shape, strict=True)
        )
        found.append(broadcast(builder, reshape(builder, part, ones), x.shape, x.batched))
    return found


def free_label(spec: str) -> str:
    """A letter that ``spec`` does not use."""
    for label in reversed(string.ascii_letters):
        if label not in spec:
            return label
    raise OperationError(f"'{spec}' uses every letter")


def _stack(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    if not any(mapped):
        return [broadcast(builder, one, (length, *one.shape)) for one in emit_like(builder, eqn, inputs)]
    operands, out = parse_spec(eqn.param("spec"))
    label = free_label(eqn.param("spec"))
    led = [label + one if is_led else one for one, is_led in zip(operands, mapped, strict=True)]
    return emit_like(builder, eqn, inputs, spec=f"{','.join(led)}->{label}{out}")


def _cost(eqn: Eqn) -> int:
    sizes = label_sizes(eqn.param("spec"), [one.shape for one in eqn.inputs])
    return len(eqn.inputs) * size_of(sizes.values())


register(
    Operation("contract", _type, _stack, _reverse, _cost, doc="einsum over operands; params spec ('ij,j->i')")
)
