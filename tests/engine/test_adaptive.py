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


FALLING = """\
dils: 1
define:
  ball:
    params: {bounce: 0.8}
    out: {height: real, hits: int}
    state: {height: real = 10, hits: int = 0}
    conserve: {height: 2}
    potential: 2 * 9.81 * height
    next:
      height.momentum: {to: -bounce * height.momentum, when: height < 0 and height.momentum < 0}
      hits: {to: hits + 1, when: height < 0 and height.momentum < 0}
  court:
    out: {height: real 3, hits: int 3}
    boxes:
      ball: {box: ball, count: 3, each: {bounce: [0.5, 0.8, 1.0]}}
    wires:
      - ball.height -> height
      - ball.hits -> hits
main: court
"""


@pytest.mark.parametrize("method", METHODS)
def test_balls_that_fall_by_a_potential_bounce_alike(method: str) -> None:
    """A trigger moves the momentum; where, is found in time."""
    found = trace(FALLING, 30, 0.1, method)
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


SINKING = """\
dils: 1
define:
  stone:
    params: {begin: 10}
    state: {height: real = begin, way: real = 0, drag: real = 0}
    in: {water: {type: real, when: wet}}
    out: {height: real, way: real, speed: {type: real, when: wet}}
    modes: {wet: height <= 1, dry: otherwise}
    wires: [0.1 * water -> speed]
    rate: {height: -0.1 * water if wet else -1, way: t * (1 if dry else 2)}
  lake:
    out: {height: real 3, way: real 3, speed: real}
    boxes: {stone: {box: stone, count: 3, each: {begin: [10, 3, 0.5]}}}
    wires:
      - 1 -> stone.water
      - stone.height -> height
      - stone.way -> way
      - sum(stone.speed if stone.wet else 0) -> speed
main: lake
"""


@pytest.mark.parametrize("method", METHODS)
def test_changes_of_mode_are_located(method: str) -> None:
    """In each mode the flow is a polynomial, which the method integrates exactly however long its steps are;
    a step over a change of mode would be wrong by far more."""
    run = Adaptive(compile_flow(diagram_of(SINKING)), dt=4.0, method=method, rtol=1e-4, atol=1e-6)
    wet = 0.0
    for _ in range(5):
        shown = run.advance()
        if run.tick > 3:
            wet = float(shown["port.speed"][0])
    end = run.look()
    begin = np.array([10.0, 3.0, 0.5])
    falls = np.maximum(begin - 1, 0)  # the time until it is wet
    close = {"dopri5": 1e-12, "lsoda": 2e-4, "bdf": 2e-4}[method]
    np.testing.assert_allclose(
        end["port.height"][:, 0], begin - falls - 0.1 * (20 - falls), rtol=0, atol=close
    )
    way = falls**2 / 2 + (20**2 - falls**2)
    np.testing.assert_allclose(end["port.way"][:, 0], way, rtol=close, atol=0)
    assert wet == pytest.approx(0.3)


def test_a_jump_into_another_mode() -> None:
    """A clocked state and a triggered law may change the mode as well; from there on it flows otherwise."""
    text = """\
dils: 1
main:
  state: {x: real = 0, up: bool = true, other: bool = false}
  out: {x: real}
  modes: {rising: up and not other, falling: otherwise}
  rate: {x: 1 if rising else -2}
  next:
    up: {to: not up, when: x > 2.5 or x < 0.5 and falling}
    other: t >= 9
"""
    run = Adaptive(compile_flow(diagram_of(text)), dt=1.0, rtol=1e-3, atol=1e-3)
    found = [float(run.advance()["port.x"][0]) for _ in range(13)]
    # up to 2.5 in 2.5, down to 0.5 in 1, up to 2.5 in 2; from 10 on down, whatever is said
    times = [0, 2.5, 3.5, 5.5, 6.5, 8.5, 9.5, 10, 11]
    places = [0, 2.5, 0.5, 2.5, 0.5, 2.5, 0.5, 1, -1]
    np.testing.assert_allclose(found[:12], np.interp(range(12), times, places), rtol=0, atol=1e-9)
