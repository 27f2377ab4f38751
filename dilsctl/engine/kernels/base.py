"""What a kernel is, and the helpers that kernels share.

A kernel binds an equation to arrays once and returns steps: callables without arguments that do the work,
any number of times, without allocating. Arrays are physical: the shape of the Var and, if it is batched,
one last axis for the examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.ir import Eqn, Kind, Var

Array = npt.NDArray[Any]
Step = Callable[[], object]


def _zero() -> Array:
    return np.zeros((), np.int64)


@dataclass(frozen=True, eq=False)
class Context:
    """What random draws depend on. The arrays are updated in place between runs.

    epoch, tick: int64, without axes. examples: int64, one identity for each example of the batch.
    """

    seed: int = 0
    epoch: Array = field(default_factory=_zero)
    tick: Array = field(default_factory=_zero)
    examples: Array = field(default_factory=lambda: np.zeros(1, np.int64))


Kernel = Callable[[Eqn, Sequence[Array], Sequence[Array], Context], list[Step]]
View = Callable[[Eqn, Array, int], Array | None]

KERNELS: dict[str, Kernel] = {}
VIEWS: dict[str, View] = {}


def kernel(*names: str) -> Callable[[Kernel], Kernel]:
    """Put a function into the table of kernels, under one name or several."""

    def enter(function: Kernel) -> Kernel:
        for name in names:
            if name in KERNELS:
                raise ValueError(f"kernel '{name}' is registered twice")
            KERNELS[name] = function
        return function

    return enter


def view(*names: str) -> Callable[[View], View]:
    """Put a function into the table of views: (equation, input, batch size) to the output, or None."""

    def enter(function: View) -> View:
        for name in names:
            VIEWS[name] = function
        return function

    return enter


def dtype_of(kind: Kind, real: Any) -> np.dtype[Any]:
    """The dtype of values of a kind, where reals are ``real``."""
    if kind in ("real", "simplex"):
        found: np.dtype[Any] = np.dtype(real)
        return found
    return np.dtype(np.bool_) if kind == "bool" else np.dtype(np.int64)


def align(a: Array, var: Var, out: Var) -> Array:
    """A view of ``a`` that broadcasts against the physical array of ``out``. A scalar stays without axes."""
    if not var.rank and not var.batched:
        return a
    index: tuple[Any, ...] = (None,) * (out.rank - var.rank) + (Ellipsis,)
    if out.batched and not var.batched:
        index += (None,)
    found: Array = a[index]
    return found


def physical(axis: int, var: Var) -> int:
    """A negative axis of the Var as a negative axis of its array."""
    return axis - 1 if var.batched else axis


def as_type(steps: list[Step], a: Array, dtype: Any) -> Array:
    """``a`` in a dtype: itself, or a scratch array that a step fills."""
    if a.dtype == dtype:
        return a
    scratch: Array = np.empty(a.shape, dtype)
    steps.append(partial(np.copyto, scratch, a, casting="unsafe"))
    return scratch


def scratch_like(a: Array) -> Array:
    """An array of the same shape and dtype, in C order, without values."""
    return np.empty(a.shape, a.dtype)


def scalar(value: float, dtype: Any) -> Array:
    """A constant in the dtype of the computation, so that nothing is promoted."""
    return np.array(value, dtype)


def apart(out: Array, *ins: Array) -> bool:
    """Whether ``out`` can be written before the inputs have been read."""
    return not any(np.may_share_memory(out, one) for one in ins)


def place_to_work(out: Array, *ins: Array) -> Array:
    """``out``, or scratch of its shape where it may be the memory of an input."""
    return out if apart(out, *ins) else scratch_like(out)


def reshaped(steps: list[Step], a: Array, shape: Sequence[int]) -> Array:
    """``a`` in another shape: a view where its layout allows one, else scratch that a step fills."""
    found: Array = a.reshape(tuple(shape))
    if a.size == 0 or np.may_share_memory(found, a):
        return found
    scratch = scratch_like(a)
    steps.append(partial(np.copyto, scratch, a))
    return scratch.reshape(tuple(shape))


def contiguous(steps: list[Step], a: Array) -> Array:
    """``a`` in C order: itself, or scratch that a step fills."""
    if a.flags.c_contiguous:
        return a
    scratch = np.empty(a.shape, a.dtype)
    steps.append(partial(np.copyto, scratch, a))
    return scratch
