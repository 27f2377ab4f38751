"""Sliding windows over one or two trailing spatial axes, and maximum pooling.

``patches`` turns (c, h, w) into (c * kh * kw, oh, ow), so that a convolution is patches and one matrix
product. Params: ``kernel`` and ``stride`` (a number for each spatial axis), ``padding`` (a pair (before,
after) for each), ``fill`` (the padding's value). ``max_pool`` gives the gradient of a tie to the first
element of the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.ir import Eqn, Type, Var, size_of
from dilsctl.operations.rules import (
    Cotangents,
    arithmetic_kind,
    has_gradient,
    no_second,
    show,
    stack_trailing,
)
from dilsctl.operations.table import Builder, Operation, OperationError, ShapeError, register

Types = tuple[Type, ...]
Params = dict[str, Any]
Found = Sequence[Var | None]


def window_counts(name: str, spatial: Sequence[int], params: Params) -> tuple[int, ...]:
    """How many windows fit along each spatial axis. Raises OperationError where none does."""
    counts = []
    for length, kernel, stride, (before, after) in zip(
        spatial, params["kernel"], params["stride"], params["padding"], strict=True
    ):
        if kernel < 1 or stride < 1 or before < 0 or after < 0:
            raise OperationError(f"'{name}': kernel and stride must be at least 1, padding at least 0")
        room = length + before + after - kernel
        if room < 0:
            raise ShapeError(
                f"'{name}': a window of {kernel} does not fit a length of {length} (padding {before}+{after})"
            )
        counts.append(room // stride + 1)
    return tuple(counts)


def _spatial(name: str, x: Type, params: Params) -> tuple[tuple[int, ...], int, tuple[int, ...]]:
    """Leading axes, channels, spatial axes."""
    rank = len(params["kernel"])
    if len(x.shape) < rank + 1:
        words = "channels, length" if rank == 1 else "channels, height, width"
        raise ShapeError(
            f"'{name}' needs a value of shape ({words}), not {show(x.shape)}",
            "an axis of length 1 for the channels is added by x[None]",
            0,
        )
    cut = len(x.shape) - rank
    return x.shape[: cut - 1], x.shape[cut - 1], x.shape[cut:]


def _patches_type(types: Types, params: Params) -> Types:
    (x,) = types
    leading, channels, spatial = _spatial("conv", x, params)
    counts = window_counts("conv", spatial, params)
    return (Type(arithmetic_kind(x), (*leading, channels * size_of(params["kernel"]), *counts)),)


def _patches_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    kernel = eqn.param("kernel")
    return (
        builder.emit(
            "unpatches",
            (cotangent,),
            kernel=kernel,
            stride=eqn.param("stride"),
            padding=eqn.param("padding"),
            size=x.shape[x.rank - len(kernel) :],
        ),
    )


def _unpatches_type(types: Types, params: Params) -> Types:
    (x,) = types
    leading, rows, counts = _spatial("unpatches", x, params)
    window = size_of(params["kernel"])
    if rows % window or counts != window_counts("unpatches", params["size"], params):
        raise OperationError(f"unpatches: {show(x.shape)} are not the patches of {show(params['size'])}")
    return (Type("real", (*leading, rows // window, *params["size"])),)


def _unpatches_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,) = cotangents, eqn.inputs
    if cotangent is None or not has_gradient(x):
        return (None,)
    params: Params = {name: eqn.param(name) for name in ("kernel", "stride", "padding")}
    return (builder.emit("patches", (cotangent,), fill=0.0, **params),)


def _max_pool_type(types: Types, params: Params) -> Types:
    (x,) = types
    leading, channels, spatial = _spatial("max_pool", x, params)
    counts = window_counts("max_pool", spatial, params)
    for kernel, (before, after) in zip(params["kernel"], params["padding"], strict=True):
        if max(before, after) >= kernel:
            raise OperationError("'max_pool': the padding must be smaller than the window")
    return (Type(arithmetic_kind(x), (*leading, channels, *counts)),)


def _max_pool_reverse(builder: Builder, eqn: Eqn, cotangents: Cotangents) -> Found:
    (cotangent,), (x,), (y,) = cotangents, eqn.inputs, eqn.outputs
    params: Params = dict(eqn.params)
    if cotangent is None or not has_gradient(x):
        return (None,)
    return (builder.emit("max_pool_grad", (x, y, cotangent), **params),)


def _max_pool_grad_type(types: Types, params: Params) -> Types:
    return (Type("real", types[0].shape),)


def _window_cost(eqn: Eqn) -> int:
    return eqn.outputs[0].type.size * size_of(eqn.param("kernel"))


register(
    Operation(
        "patches",
        _patches_type,
        stack_trailing,
        _patches_reverse,
        cost=lambda eqn: 0,
        doc="the windows of (channels, ...space) as (channels * window, ...places); params kernel, stride, "
        "padding, fill",
    )
)
register(
    Operation(
        "unpatches",
        _unpatches_type,
        stack_trailing,
        _unpatches_reverse,
        cost=lambda eqn: eqn.inputs[0].type.size,
        doc="windows added back where they came from: the adjoint of patches; params kernel, stride, "
        "padding, size",
    )
)
register(
    Operation(
        "max_pool",
        _max_pool_type,
        stack_trailing,
        _max_pool_reverse,
        cost=_window_cost,
        doc="the largest of each window; params kernel, stride, padding (which never wins)",
    )
)
register(
    Operation(
        "max_pool_grad",
        _max_pool_grad_type,
        stack_trailing,
        no_second("max_pool"),
        cost=lambda eqn: 4 * _window_cost(eqn),
        doc="(x, y, ct): ct at the first place of each window that holds its maximum y",
    )
)
