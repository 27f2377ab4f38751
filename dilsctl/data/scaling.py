"""Standardising: each column brought to mean 0 and deviation 1, as it was in the training part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Standard:
    """Means and standard deviations (population, divisor n), float64, of the shape of one row."""

    mean: Array
    deviation: Array

    def apply(self, values: Array) -> Array:
        """(values - mean) / deviation, computed in float64, in the dtype of ``values``."""
        found: Array = ((values - self.mean) / self.deviation).astype(values.dtype)
        return found


def fit_standard(values: Array, rows: npt.NDArray[np.int64]) -> Standard:
    """Fit to the given rows of ``values``. A column that is constant there is only shifted: its deviation
    counts as 1, also where rounding alone makes it differ from 0."""
    part = values[rows].astype(np.float64)
    mean = part.mean(axis=0)
    deviation = part.std(axis=0)
    constant = (part == part[0]).all(axis=0) | (deviation == 0)
    return Standard(np.where(constant, part[0], mean), np.where(constant, 1.0, deviation))
