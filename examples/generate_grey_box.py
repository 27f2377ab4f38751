"""Writes data/grey-box.csv: what was counted of rabbits and foxes, which meet by a law that is not told.

    python examples/generate_grey_box.py

Every row is a season that begins with other numbers: rabbits and foxes at 0, 0.5 … 15, by SciPy's DOP853 at
1e-11. Errors of counting are 2 % each, except at the start, which is known. The last two rows are for tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

GROWTH, HUNGER, NOISE = 0.3, 0.7, 0.02
TIMES = np.arange(31) * 0.5
STARTS = ((60, 20), (30, 15), (80, 30), (45, 35), (60, 12), (40, 25), (50, 28), (70, 18))


def met(rabbits: Any, foxes: Any) -> Any:
    """How many rabbits foxes eat in a unit of time: the term that is not told."""
    return 0.015 * rabbits * foxes


def season(start: Any, times: Any) -> Any:
    """Rabbits and foxes (len(times), 2), without errors."""

    def rate(_: float, s: Any) -> Any:
        eaten = met(*s)
        return [GROWTH * s[0] - eaten, eaten - HUNGER * s[1]]

    return solve_ivp(rate, (0, times[-1]), start, "DOP853", times, rtol=1e-11, atol=1e-11).y.T


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    names = [f"{name}{time}" for time in range(len(TIMES)) for name in ("rabbits", "foxes")]
    lines = [",".join(names)]
    for start in STARTS:
        seen = season(start, TIMES)
        seen[1:] *= np.exp(rng.normal(0, NOISE, seen[1:].shape))
        lines.append(",".join(f"{value:.4g}" for value in seen.ravel()))
    path = Path(__file__).parent / "data" / "grey-box.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
