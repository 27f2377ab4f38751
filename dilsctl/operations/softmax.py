"""Softmax, its logarithm, and the two cross entropies, stable for large logits.

``cross_entropy`` takes targets that sum to 1 along the last axis (one-hot or probabilities): its gradient,
p - target, holds for those only. It returns the loss and the probabilities p, which the gradient reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.rules import (
    Cotangents,
    add,
    broadcast_shapes,
    expand,
    has_gradient,
    lead,
    mul,
    show,
    stack_elementwise,
    stack_trailing,
    sub,
    sum_to,
    whole_axes,
)
from dilsctl.operations.table import Builder, Operation, OperationError, register

Types = tuple[Type, ...]
Params = dict[str, Any]
Found = Sequence[Var | None]


def _softmax_type(types: Types, params: Params) -> Types:
    (x,) = types
    axis = params["axis"]
    whole_axes("softmax", len(x.shape), (axis,))
    if x.shape[axis] == 0:
        raise OperationError("'softmax' of no elements", argument=0)
    return (Type("simplex", x.shape, x.shape[-1]) if axis == -1 else Type("real", x.shape),)


def _log_softmax_type(types: Types, params: Params) -> Types:
    _softmax_type(types, params)
    return (Type("real", types[0].shape),)


def softmax_cotangent(builder: Builder, y: Var, cotangent: Var, axis: int) -> Var:
    """y * (ct - sum(y * ct)), for y = softmax(x)."""
    product = mul(builder, y, cotangent)
    total = expand(builder, builder.emit("sum", (product,), axes=(axis,)), (axis,), y.rank)
    return sub(builder, product, mul(builder, y, total))


def _softmax_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,), (y,) = cotangents, eqn.inputs, eqn.outputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    return (softmax_cotangent(builder, y, cotangent, eqn.param("axis")),)


def _log_softmax_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,), (y,) = cotangents, eqn.inputs, eqn.outputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    axis = eqn.param("axis")
    total = expand(builder, builder.emit("sum", (cotangent,), axes=(axis,)), (axis,), y.rank)
    return (sub(builder, cotangent, mul(builder, builder.emit("exp", (y,)), total)),)


register(
    Operation(
        "softmax",
        _softmax_type,
        stack_trailing,
        _softmax_reverse,
        cost=lambda eqn: 4 * eqn.inputs[0].type.size,
        doc="exp(x) / sum(exp(x)) along params axis; a simplex along the last",
    )
)
register(
    Operation(
        "log_softmax",
        _log_softmax_type,
        stack_trailing,
        _log_softmax_reverse,
        cost=lambda eqn: 4 * eqn.inputs[0].type.size,
        doc="x - logsumexp(x) along params axis",
    )
)


def _cross_entropy_type(types: Types, params: Params) -> Types:
    logits, target = types
    if not logits.shape or logits.shape != target.shape:
        raise OperationError(
            f"'cross_entropy' needs logits and targets of one shape, not {show(logits.shape)} and "
            f"{show(target.shape)}",
            "the last axis counts the classes",
            1,
        )
    return (Type("real", logits.shape[:-1]), Type("simplex", logits.shape, logits.shape[-1]))


def _cross_entropy_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (loss_ct, p_ct), (logits, target), (_, p) = cotangents, eqn.inputs, eqn.outputs
    by_logits: Var | None = None
    by_target: Var | None = None
    if loss_ct is not None:
        spread = expand(builder, loss_ct, (-1,), p.rank)
        if has_gradient(logits):
            by_logits = mul(builder, sub(builder, p, target), spread)
        if has_gradient(target):
            log_p = builder.emit("log_softmax", (logits,), axis=-1)
            by_target = sum_to(builder, builder.emit("neg", (mul(builder, log_p, spread),)), target)
    if p_ct is not None and has_gradient(logits):
        more = softmax_cotangent(builder, p, p_ct, -1)
        by_logits = more if by_logits is None else add(builder, by_logits, more)
    return (None if by_logits is None else sum_to(builder, by_logits, logits), by_target)


def _cross_entropy_stack(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    led = [lead(builder, one, is_led, length) for one, is_led in zip(inputs, mapped, strict=True)]
    return builder.emit_all("cross_entropy", led)


register(
    Operation(
        "cross_entropy",
        _cross_entropy_type,
        _cross_entropy_stack,
        _cross_entropy_reverse,
        cost=lambda eqn: 6 * eqn.inputs[0].type.size,
        doc="(-sum(target * log_softmax(logits)), softmax(logits)) along the last axis",
    )
)


def _sigmoid_ce_type(types: Types, params: Params) -> Types:
    logit, target = types
    return (Type("real", broadcast_shapes("binary_cross_entropy", logit.shape, target.shape)),)


def _sigmoid_ce_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (logit, target) = cotangents, eqn.inputs
    if cotangent is None:
        return (None, None)
    by_logit = by_target = None
    if has_gradient(logit):
        wrong = sub(builder, builder.emit("sigmoid", (logit,)), target)
        by_logit = sum_to(builder, mul(builder, wrong, cotangent), logit)
    if has_gradient(target):
        by_target = sum_to(builder, builder.emit("neg", (mul(builder, logit, cotangent),)), target)
    return (by_logit, by_target)


register(
    Operation(
        "sigmoid_cross_entropy",
        _sigmoid_ce_type,
        stack_elementwise,
        _sigmoid_ce_reverse,
        cost=lambda eqn: 4 * eqn.outputs[0].type.size,
        elementwise=True,
        doc="softplus(logit) - logit * target: -log of the probability that sigmoid(logit) gives to target",
    )
)


def _mean_cross_entropy_type(types: Types, params: Params) -> Types:
    logits, _ = types
    _cross_entropy_type(types, params)
    return (Type("real", logits.shape[:-1]), Type("real", logits.shape))


def _mean_cross_entropy_stack(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    led = [lead(builder, one, is_led, length) for one, is_led in zip(inputs, mapped, strict=True)]
    return emit_mean_cross_entropy(builder, *led)


def emit_mean_cross_entropy(builder: Builder, logits: Var, target: Var) -> tuple[Var, Var]:
    """(mean loss over the batch, its gradient by the logits), of logits (K,) for each example."""
    types = _mean_cross_entropy_type((logits.type, target.type), {})
    outs = (Var(types[0], False), Var(types[1], True))
    builder.eqns.append(Eqn("mean_cross_entropy", (logits, target), outs, (), builder.span))
    return outs


register(
    Operation(
        "mean_cross_entropy",
        _mean_cross_entropy_type,
        _mean_cross_entropy_stack,
        cost=lambda eqn: 7 * eqn.inputs[0].type.size,
        doc="the mean over the batch of cross_entropy(logits, target), and its gradient by the logits",
    )
)
