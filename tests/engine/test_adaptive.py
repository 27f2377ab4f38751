"""Adaptive methods against SciPy's own solution and closed forms; triggers located in time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dilsctl.engine.adaptive import Adaptive
from dilsctl.motion import compile_flow
from tests.laws.support import diagram_of

METHODS = ("dopri5", "lsoda", "bdf")
PREY = """\
dils: 1
main:
  state: {r: real = 10, f: real = 100}
  out: {r: real, f: real}
  rate:
    r: 0.3 * r - 0.015 * r * f
    f: 0.015 * r * f - 0.7 * f
"""
BALL = """\
dils: 1
define:
  ball:
    params: {bounce: 0.8}
    out: {height: real, speed: real, hits: int}
    state: {height: real = 10, speed: real = 0, hits: int = 0}
    rate:
      height: speed
      speed: -9.81
    next:
      speed: {to: -bounce * speed, when: height < 0 and speed < 0}
      hits: {to: hits + 1, when: height < 0 and speed < 0}
  court:
    out: {height: real 3, hits: int 3}
    boxes:
      ball: {box: ball, count: 3, each: {bounce: [0.5, 0.8, 1.0]}}
    wires:
      - ball.height -> height
      - ball.hits -> hits
main: court
"""
HEATED = """\
dils: 1
main:
  state: {warmth: real = 15, on: bool = false, count: int = 0}
  out: {warmth: real, on: bool, count: int}
  rate:
    warmth: (40 if on else 5) - warmth
  next:
    on:
      - {to: true, when: warmth < 18}
      - {to: false, when: warmth > 22}
    count: count + 1
"""


def trace(text: str, ticks: int, dt: float, method: str = "dopri5", **options: Any) -> dict[str, Any]:
    running = Adaptive(compile_flow(diagram_of(text)), dt=dt, method=method, **options)
    rows = [{name: value.copy() for name, value in running.advance().items()} for _ in range(ticks)]
    rows.append({name: value.copy() for name, value in running.look().items()})
    return {name[5:]: np.stack([row[name][..., 0] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("method", METHODS)
def test_a_flow_is_that_of_scipy_at_every_tick(method: str) -> None:
    found = trace(PREY, 40, 0.25, method, rtol=1e-9, atol=1e-11)
    times = np.arange(41) * 0.25
    truth = solve_ivp(
        lambda t, y: [0.3 * y[0] - 0.015 * y[0] * y[1], 0.015 * y[0] * y[1] - 0.7 * y[1]],
        (0, 10), [10, 100], "DOP853", times, rtol=1e-12, atol=1e-12,
    ).y  # fmt: skip
    np.testing.assert_allclose(found["r"], truth[0], rtol=1e-5)
    np.testing.assert_allclose(found["f"], truth[1], rtol=1e-5)


def height(bounce: float, time: float) -> tuple[float, int]:
    """Of a ball dropped from 10, in closed form; and how often it has hit the ground."""
    landing, speed, hits = math.sqrt(20 / 9.81), math.sqrt(2 * 9.81 * 10), 0
    if time <= landing:
        return 10 - 9.81 * time**2 / 2, 0
    time -= landing
    while True:
        hits += 1
        speed *= bounce
        if time <= 2 * speed / 9.81:
            return speed * time - 9.81 * time**2 / 2, hits
        time -= 2 * speed / 9.81


@pytest.mark.parametrize("method", METHODS)
def test_balls_bounce_when_they_land(method: str) -> None:
    found = trace(BALL, 30, 0.1, method)
    for number, bounce in enumerate((0.5, 0.8, 1.0)):
        truth = [height(bounce, tick * 0.1) for tick in range(31)]
        np.testing.assert_allclose(found["height"][:, number], [one[0] for one in truth], atol=1e-5)
        assert found["hits"][:, number].tolist() == [one[1] for one in truth]


def test_clocked_states_move_at_ticks_and_triggers_between() -> None:
    found = trace(HEATED, 40, 0.1)
    assert found["count"].tolist() == list(range(41))
    assert found["on"][0] == 0 and found["on"][1] == 1  # it begins too cold
    assert found["warmth"][10:].min() > 18 - 1e-6 and found["warmth"].max() < 22 + 1e-6
    assert set(found["on"][10:].tolist()) == {True, False}


def test_runs_are_those_of_one_alone() -> None:
    text = PREY.replace("r: real = 10", 'r: "real = uniform(5, 15)"')
    many = Adaptive(compile_flow(diagram_of(text)), 3, dt=0.5, rtol=1e-10, atol=1e-12)
    alone = Adaptive(compile_flow(diagram_of(text)), dt=0.5, rtol=1e-10, atol=1e-12)
    for _ in range(10):
        many.advance()
        alone.advance()
    np.testing.assert_allclose(many.states["r"][..., :1], alone.states["r"], rtol=1e-7)
    assert len(set(many.states["r"].tolist())) == 3


def test_a_run_resumed_is_one_that_never_stopped() -> None:
    whole = Adaptive(compile_flow(diagram_of(BALL)), dt=0.02)
    for _ in range(100):
        whole.advance()
    tick, states = whole.resumable()
    states = {path: value.copy() for path, value in states.items()}
    assert tick == 64
    again = Adaptive(compile_flow(diagram_of(BALL)), dt=0.02)
    again.restore(states, tick)
    for _ in range(100 - tick):
        again.advance()
    for path, value in whole.states.items():
        np.testing.assert_array_equal(again.states[path], value, path)
