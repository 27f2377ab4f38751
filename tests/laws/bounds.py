"""How far two ways of computing one program may differ: a running error analysis.

Beside each value goes a bound on its rounding error, in units of the machine epsilon: an operation passes on
the errors of its inputs, times the size of its derivatives, and adds its own, which is the sum of the sizes
of all its terms (Higham, Accuracy and Stability of Numerical Algorithms, section 3.3). Products and sums
count every term, so the bound holds whatever the order of summation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dilsctl.engine.kernels import KERNELS, Array, Context
from dilsctl.engine.kernels.base import align
from dilsctl.ir import Eqn, Program, Type, Var, params_of
from dilsctl.operations.contract import label_sizes, parse_spec

FACTOR = 8.0  # roundings of one operation, and of the terms of second order

_ONE: dict[str, Callable[[Array, Array], Any]] = {  # (x, y) to the size of dy/dx
    "neg": lambda x, y: 1.0,
    "tanh": lambda x, y: 1.0,
    "sigmoid": lambda x, y: 1.0,
    "sin": lambda x, y: 1.0,
    "cos": lambda x, y: 1.0,
    "arctan": lambda x, y: 1.0,
    "softplus": lambda x, y: 1.0,
    "gelu": lambda x, y: 1.2,
    "exp": lambda x, y: y,
    "log": lambda x, y: 1 / np.abs(x),
    "sqrt": lambda x, y: 0.5 / y,
    "square": lambda x, y: 2 * np.abs(x),
    "cast": lambda x, y: 1.0,
    "copy": lambda x, y: 1.0,
    "stop": lambda x, y: 1.0,
}
_TWO: dict[str, Callable[[Array, Array], tuple[Any, Any]]] = {
    "add": lambda a, b: (1.0, 1.0),
    "sub": lambda a, b: (1.0, 1.0),
    "mul": lambda a, b: (np.abs(b), np.abs(a)),
    "div": lambda a, b: (1 / np.abs(b), np.abs(a) / b**2),
}
_MOVES = {"slice", "assemble", "pad_slice", "reshape", "broadcast", "transpose", "gather", "roll", "take"}


def error_bounds(program: Program, values: Mapping[Var, Array]) -> dict[Var, Array]:
    """For each variable a bound on the error of its value, in units of epsilon."""
    bounds: dict[Var, Array] = {}

    def bound(var: Var) -> Array:
        return bounds.setdefault(var, np.zeros(values[var].shape))

    for eqn in program.eqns:
        if eqn.outputs[0].type.kind not in ("real", "simplex"):
            continue  # discrete: nothing that is rounded decides it
        ins = [bound(one) for one in eqn.inputs]
        (out,) = eqn.outputs
        bounds[out] = _bound(eqn, [values[one] for one in eqn.inputs], ins, values[out])
    return {var: bound(var) for var in values}


def _bound(eqn: Eqn, xs: list[Array], errors: list[Array], y: Array) -> Array:
    out = eqn.outputs[0]

    def spread(a: Any, k: int) -> Array:
        return align(np.asarray(a, float), eqn.inputs[k], out)

    if not eqn.inputs:
        return np.abs(y)
    if eqn.op == "one_hot":
        return np.zeros(y.shape)
    if eqn.op in _MOVES:
        last = [xs[1]] if eqn.op == "take" else []
        return _run(eqn, [*errors[: len(errors) - len(last)], *last], y)
    if eqn.op in _ONE:
        slope = _ONE[eqn.op](spread(xs[0], 0), y)
        return slope * spread(errors[0], 0) + FACTOR * np.abs(y)
    if eqn.op in _TWO:
        left, right = _TWO[eqn.op](spread(xs[0], 0), spread(xs[1], 1))
        return left * spread(errors[0], 0) + right * spread(errors[1], 1) + FACTOR * np.abs(y)
    if eqn.op == "where":
        chosen = np.where(spread(xs[0], 0) != 0, spread(errors[1], 1), spread(errors[2], 2))
        return np.array(np.broadcast_to(chosen, y.shape))
    if eqn.op == "contract":
        return _of_contract(eqn, xs, errors, y)
    x, error = np.abs(np.asarray(xs[0], float)), errors[0]
    if eqn.op in ("sum", "mean"):
        count = max(x.size // max(y.size, 1), 1)
        return _run(eqn, [error + FACTOR * count * x], y)
    axes = eqn.param("axes") or (eqn.param("axis"),)
    where = tuple(axis - eqn.inputs[0].batched for axis in axes)
    largest = error.max(axis=where, keepdims=True)
    own = FACTOR * (np.prod([x.shape[axis] for axis in where]) + 1)
    if eqn.op == "logsumexp":
        return (largest + own * (1 + x.max(axis=where, keepdims=True))).reshape(y.shape)
    if eqn.op == "softmax":
        return np.abs(y) * (2 * largest + own * (1 + x.max(axis=where, keepdims=True)))
    raise AssertionError(f"no error bound for '{eqn.op}'")


def _of_contract(eqn: Eqn, xs: list[Array], errors: list[Array], y: Array) -> Array:
    operands, result = parse_spec(eqn.param("spec"))
    sizes = label_sizes(eqn.param("spec"), [one.shape for one in eqn.inputs])
    summed = [sizes[label] for label in set("".join(operands)) - set(result)]
    sums = [np.abs(np.asarray(one, float)) for one in xs]
    count = int(np.prod(summed)) + len(xs)
    total = FACTOR * count * _run(eqn, sums, y)
    for k, error in enumerate(errors):
        total = total + _run(eqn, [*sums[:k], error, *sums[k + 1 :]], y)
    return total


def _run(eqn: Eqn, ins: list[Array], like: Array) -> Array:
    """The same equation over reals."""
    kinds = [Var(Type("real", one.shape), one.batched) for one in eqn.inputs]
    if eqn.op == "take":
        kinds[1] = eqn.inputs[1]
    out = Var(Type("real", eqn.outputs[0].shape), eqn.outputs[0].batched)
    params = dict(eqn.params)
    if eqn.op == "assemble":
        params["type"] = out.type.with_shape(params["type"].shape)
    found = np.zeros(like.shape)
    real = Eqn(eqn.op, tuple(kinds), (out,), params_of(**params))
    for step in KERNELS[eqn.op](
        real, ins, [found], Context(examples=np.zeros(like.shape[-1:] or 1, np.int64))
    ):
        step()
    return found
