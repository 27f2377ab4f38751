"""Traces made by hand, for tests of what shows them."""

from __future__ import annotations

from typing import Any

import numpy as np

from dilsctl.ir import BOOL, INT, REAL, Type
from dilsctl.trace import Trace

KINDS = {"f": REAL, "b": BOOL, "i": INT}


def trace(*, runs: int = 1, sweep: dict[str, Any] | None = None, times: Any = None, **values: Any) -> Trace:
    """A trace of arrays (T, *shape), or (T, *shape, runs) where there are several runs."""
    arrays = {name: np.asarray(one) for name, one in values.items()}
    arrays = {name: one if runs > 1 else one[..., None] for name, one in arrays.items()}
    types = {name: Type(KINDS[one.dtype.kind].kind, one.shape[1:-1]) for name, one in arrays.items()}
    length = len(next(iter(arrays.values()))) if arrays else 0
    times = np.arange(float(length)) if times is None else np.asarray(times, float)
    return Trace(times, arrays, types, runs, {name: np.asarray(one) for name, one in (sweep or {}).items()})


def waves(count: int = 1, length: int = 100, runs: int = 1) -> dict[str, np.ndarray]:
    """Sines of names a, b, …; (T,), or (T, runs)."""
    t = np.arange(length)[:, None] / 10 + np.arange(runs)
    found = {chr(ord("a") + at): np.sin(t * (at + 1)) for at in range(count)}
    return {name: one if runs > 1 else one[:, 0] for name, one in found.items()}
