"""A chain of masses and springs: by its potential, and by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from simulate_diagrams import _load, simulating, ticking
from simulate_peers import Mover


@dataclass(frozen=True)
class Wave:
    """Masses in a row between two walls; a tick is one step of symplectic Euler."""

    begin: np.ndarray  # the masses and both walls
    mass: float = 2.0
    stiffness: float = 50.0
    dt: float = 0.01


def make_wave(boxes: int) -> Wave:
    """One bow of a sine, with some noise."""
    begin = np.sin(np.pi * np.arange(boxes + 2) / (boxes + 1))
    begin[1:-1] += np.random.default_rng(0).normal(size=boxes) / 10
    begin[-1] = 0
    return Wave(begin)


def wave_text(wave: Wave) -> str:
    """Boxes that are masses and boxes that are springs, which share places."""
    return f"""
dils: 1
define:
  ball: {{share: {{q: real}}, conserve: {{q: {wave.mass!r}}}}}
  spring: {{share: {{a: real, b: real}}, potential: {wave.stiffness!r} * (b - a) ** 2 / 2}}
  chain:
    params: {{n: {len(wave.begin) - 2}}}
    share: {{x: real n+2}}
    boxes: {{ball: {{box: ball, count: n}}, spring: {{box: spring, count: n+1}}}}
    join:
      "x[1:-1]": [ball.q]
      "x[:-1]": [spring.a]
      "x[1:]": [spring.b]
main: chain
time: {{dt: {wave.dt!r}, method: symplectic}}
simulate: {{until: 1, record: [x]}}
"""


def wave_ticks(wave: Wave) -> Mover:
    """The chain, ticks alone."""
    return ticking(_load(wave_text(wave)), {"x": wave.begin[:, None]}, ["x"])


def wave_run(wave: Wave) -> Mover:
    """The chain, simulated; all places are recorded at each hundredth tick."""
    return simulating(_load(wave_text(wave)), {"x": wave.begin[:, None]}, ["x"], 100)


def wave_in_place(wave: Wave) -> Mover:
    """NumPy, written for speed: the pull of every spring once, results in arrays made once."""
    q, p = wave.begin.copy(), np.zeros(len(wave.begin))
    pull, force, step = np.empty(len(q) - 1), np.empty(len(q) - 2), np.empty(len(q) - 2)
    inner, moving = q[1:-1], p[1:-1]
    push, speed = wave.stiffness * wave.dt, wave.dt / wave.mass

    def start() -> None:
        np.copyto(q, wave.begin)
        p[...] = 0

    def run(ticks: int) -> None:
        for _ in range(ticks):
            np.subtract(q[1:], q[:-1], out=pull)
            np.subtract(pull[1:], pull[:-1], out=force)
            np.multiply(force, push, out=force)
            np.add(moving, force, out=moving)
            np.multiply(moving, speed, out=step)
            np.add(inner, step, out=inner)

    return Mover(start, run, lambda: q)


def wave_plain(wave: Wave) -> Mover:
    """NumPy as it is usually written: the gradient of the energy, a new array for each result."""
    q, p = wave.begin, np.zeros(len(wave.begin))

    def start() -> None:
        nonlocal q, p
        q, p = wave.begin, np.zeros(len(wave.begin))

    def run(ticks: int) -> None:
        nonlocal q, p
        for _ in range(ticks):
            force = np.zeros(len(q))
            force[1:-1] = wave.stiffness * (q[2:] - 2 * q[1:-1] + q[:-2])
            p = p + wave.dt * force
            q = q + wave.dt * p / wave.mass

    return Mover(start, run, lambda: q)
