"""Initial values of states: each element of a box stack draws by its own index, so counts never disturb
one another.

Sources: Glorot and Bengio (AISTATS 2010), He et al. (ICCV 2015), LeCun et al. (Efficient BackProp, 1998),
Saxe et al. (ICLR 2014, orthogonal).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dilsctl.engine.kernels.base import Array
from dilsctl.engine.kernels.random import draw_normal, draw_uniform
from dilsctl.ir import Type
from dilsctl.operations.functions.initialisers import INITIALISERS


def fans(core: tuple[int, ...]) -> tuple[int, int]:
    """fan_in and fan_out of a state's own shape (out, in, ...). A vector is one row: its fan_out is 1."""
    if len(core) < 2:
        return math.prod(core), 1
    return math.prod(core[1:]), core[0] * math.prod(core[2:])


def initial(name: str, args: tuple[Any, ...], type: Type, seed: int, path: str, lead: int = 0) -> Array:
    """The values, float64, of the shape of ``type``; its first ``lead`` axes are box stacks.

    A function of (seed, path, stack index, element) alone. ``check_initial`` says which names and
    arguments there are; the type's shape includes the stacks.
    """
    stack, core = type.shape[:lead], type.shape[lead:]
    values = [float(one) for one in (*args, *INITIALISERS[name].defaults[len(args) :])]
    if type.kind == "simplex":
        return np.full(type.shape, 1.0 / core[-1])
    if name in ("zeros", "ones"):
        return np.full(type.shape, float(name == "ones"))
    if name == "identity":
        return np.array(np.broadcast_to(np.eye(core[0], core[1]) * values[0], type.shape))
    fan_in, fan_out = fans(core)
    if name == "glorot":
        limit = math.sqrt(6.0 / max(fan_in + fan_out, 1))
        return _uniform(seed, path, stack, core) * (2 * limit) - limit
    if name == "uniform":
        return values[0] + (values[1] - values[0]) * _uniform(seed, path, stack, core)
    draws = draw_normal(seed, path, *_indices(stack, core))
    if name == "normal":
        return values[0] + values[1] * draws
    if name == "orthogonal":
        return values[0] * _orthogonal(draws, len(stack))
    gain = 2.0 if name == "he" else 1.0
    return draws * math.sqrt(gain / max(fan_in, 1))


def _indices(stack: tuple[int, ...], core: tuple[int, ...]) -> list[Array]:
    """The counters of a draw: the place on each stack axis, then the element's number in its own value."""
    rank = len(stack) + len(core)
    places = [
        np.arange(length).reshape([-1 if k == n else 1 for k in range(rank)])
        for n, length in enumerate(stack)
    ]
    return [*places, np.arange(math.prod(core)).reshape((1,) * len(stack) + core)]


def _uniform(seed: int, path: str, stack: tuple[int, ...], core: tuple[int, ...]) -> Array:
    return draw_uniform(seed, path, *_indices(stack, core))


def _orthogonal(draws: Array, lead: int) -> Array:
    """The orthogonal factor of random matrices, made unique by the signs of the other factor's diagonal."""
    stack, core = draws.shape[:lead], draws.shape[lead:]
    rows, columns = core[0], math.prod(core[1:])
    flat = draws.reshape(*stack, rows, columns)
    tall = flat if rows >= columns else np.swapaxes(flat, -1, -2)
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diagonal(r, axis1=-2, axis2=-1) < 0, -1.0, 1.0)[..., None, :]
    found = q if rows >= columns else np.swapaxes(q, -1, -2)
    return np.ascontiguousarray(found).reshape(draws.shape)
