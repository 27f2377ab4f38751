"""Writes data/choir.csv.gz: what was heard of ten oscillators with a sparse graph that the data do not tell.

    python examples/generate_choir.py

Every row is a trajectory from phases of its own: the phases at ticks 0 to 20, 0.1 apart, by NumPy with RK4
in steps of 0.01. Errors of hearing are normal; their deviation is 5 % of that of a phase which may be
anything. Twenty of the ninety directed pairs are coupled, with strengths from 0.6 to 1.4. Phases are between
-pi and pi.
"""

from __future__ import annotations

import gzip
import io
import math
from pathlib import Path
from typing import Any

import numpy as np

N, EDGES, TICKS, DT, FINE = 10, 20, 20, 0.1, 10
NOISE = 0.05 * math.pi / math.sqrt(3)
TRAIN, TEST = 80, 20


def truth(seed: int = 1) -> tuple[Any, Any]:
    """The frequencies (N,), and the couplings (N, N): who is pulled, by whom."""
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(0.5, 2.5, N)
    pairs = [(i, j) for i in range(N) for j in range(N) if i != j]
    coupling = np.zeros((N, N))
    for place in rng.choice(len(pairs), EDGES, replace=False):
        coupling[pairs[place]] = rng.uniform(0.6, 1.4)
    return frequency, coupling


def rate(phase: Any, frequency: Any, coupling: Any) -> Any:
    """How fast phases (rows, N) move."""
    return frequency + np.sum(coupling * np.sin(phase[:, None, :] - phase[:, :, None]), axis=-1)


def trajectories(starts: Any, ticks: int, frequency: Any, coupling: Any) -> Any:
    """Phases (rows, ticks + 1, N), not wrapped, from phases (rows, N) at tick 0."""
    phase, seen, h = starts, [starts], DT / FINE
    for _ in range(ticks):
        for _ in range(FINE):
            a = rate(phase, frequency, coupling)
            b = rate(phase + h / 2 * a, frequency, coupling)
            c = rate(phase + h / 2 * b, frequency, coupling)
            d = rate(phase + h * c, frequency, coupling)
            phase = phase + h / 6 * (a + 2 * b + 2 * c + d)
        seen.append(phase)
    return np.stack(seen, axis=1)


def wrapped(phase: Any) -> Any:
    """Phases brought between -pi and pi."""
    return np.angle(np.exp(1j * phase))


def heard(rng: Any, phases: Any) -> Any:
    """Phases with errors."""
    return wrapped(phases + rng.normal(0, NOISE, phases.shape))


def world(seed: int = 1, longer: int = 1) -> tuple[Any, Any]:
    """What was heard of a world, (rows, ticks, N); its test rows without errors, so many times as long."""
    rng = np.random.default_rng([seed, 1])
    starts = rng.uniform(-math.pi, math.pi, (TRAIN + TEST, N))
    phases = trajectories(starts, TICKS, *truth(seed))
    return heard(rng, phases), trajectories(starts[TRAIN:], longer * TICKS, *truth(seed))


def packed(rows: Any) -> bytes:
    """Phases (rows, ticks, N) as a csv.gz file."""
    names = [f"p{tick}_{one}" for tick in range(TICKS + 1) for one in range(N)]
    lines = [
        ",".join(names),
        *(",".join(f"{value:.3f}" for value in row) for row in rows.reshape(len(rows), -1)),
    ]
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as into:
        into.write(("\n".join(lines) + "\n").encode())
    return file.getvalue()


if __name__ == "__main__":
    (Path(__file__).parent / "data" / "choir.csv.gz").write_bytes(packed(world()[0]))
