"""Potentials against closed forms: chains, Newton's method, orbits, friction, walls, a magnetic field."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dilsctl.diagnostics import Problem
from dilsctl.engine.running import Running

from ..laws.support import running, single_states

CHAIN = """
dils: 1
define:
  spring: {share: {left: real, right: real}, potential: 0.7 * (right - left) ** 2 / 2}
  warm: {share: {x: real}, learn: {x: {step: 0.5, metric: 1.5}}}
  heavy: {share: {x: real}, conserve: {x: 1.5}}
  main:
    share: {x: real 12}
    boxes: {node: {box: KIND, count: 10}, spring: {box: spring, count: 11}}
    join: {"x[1:-1]": [node.x], "x[:-1]": [spring.left], "x[1:]": [spring.right]}
main: main
"""


def chain(kind: str, start: np.ndarray, ticks: int, **options: Any) -> np.ndarray:
    """The nodes at every tick, (ticks + 1, 10), from where they start."""
    run = running(CHAIN.replace("KIND", kind), method="symplectic", **options)
    run.states["x"][...] = np.concatenate([[0], start, [0]])[:, None]
    found = [run.states["x"][1:-1, 0].copy()]
    for _ in range(ticks):
        run.advance()
        found.append(run.states["x"][1:-1, 0].copy())
    assert run.states["x"][0] == run.states["x"][-1] == 0, "a wall stays where it is"
    return np.array(found)


@pytest.mark.parametrize("optimise", [False, True])
@pytest.mark.parametrize("mode", [1, 4, 10])
def test_modes_of_heat_shrink(mode: int, optimise: bool) -> None:
    """By 1 - step (κ/m) 4 sin²(nπ / 2(K + 1)) at every tick."""
    shape = np.sin(mode * np.pi * np.arange(1, 11) / 11)
    factor = 1 - 0.5 * (0.7 / 1.5) * 4 * math.sin(mode * math.pi / 22) ** 2
    found = chain("warm", shape, 20, optimise=optimise)
    np.testing.assert_allclose(found, factor ** np.arange(21)[:, None] * shape, rtol=0, atol=1e-14)


@pytest.mark.parametrize("optimise", [False, True])
def test_the_wave_equation(optimise: bool) -> None:
    """m (q₊₂ - 2 q₊₁ + q) = κ Lap(q₊₁), of nodes between walls."""
    start = np.random.default_rng(0).normal(size=10)
    q = np.pad(chain("heavy", start, 60, optimise=optimise), ((0, 0), (1, 1)))
    second = q[2:, 1:-1] - 2 * q[1:-1, 1:-1] + q[:-2, 1:-1]
    around = q[1:-1, 2:] - 2 * q[1:-1, 1:-1] + q[1:-1, :-2]
    assert np.abs(1.5 * second - 0.7 * around).max() < 1e-14


def test_newton() -> None:
    """Against the closed step x - 1 + exp(-x); the published figures have two digits."""
    text = (
        "dils: 1\nmain: {state: {x: real = 2}, potential: exp(x) - x, learn: {x: {step: 1, metric: exp(x)}}}"
    )
    run = running(text)
    x = 2.0
    for published in (1.1, 0.46, 0.09, 3.9e-3, 7.7e-6, 3e-11):
        run.advance()
        x = x - 1 + math.exp(-x)
        found = float(run.states["x"].reshape(()))
        assert found == pytest.approx(x, rel=1e-5)
        assert found == pytest.approx(published, rel=0.04)


# -- orbits ---------------------------------------------------------------------------------------

KEPLER = """
dils: 1
define:
  planet:
    share: {place: real 2}
    conserve:
      place: {mass: 2, momentum: [0, 1.6]}
  sun:
    share:
      place: real 2 = [1, 0]
    potential: -2 / norm(place)
  main:
    boxes: {planet: planet, sun: sun}
    join: {place: [planet.place, sun.place]}
main: main
"""


def orbit(t: float, y: Any) -> list[float]:
    distance = math.hypot(y[0], y[1])
    return [y[2] / 2, y[3] / 2, -2 * y[0] / distance**3, -2 * y[1] / distance**3]


def energy(run: Running) -> float:
    states = single_states(run)
    place, momentum = states["place"], states["place.momentum"]
    return float(momentum @ momentum / 4 - 2 / np.linalg.norm(place))


@pytest.mark.parametrize(
    ("method", "expected"), [("euler", 1), ("symplectic", 1), ("leapfrog", 2), ("midpoint", 2), ("rk4", 4)]
)
def test_order(method: str, expected: int) -> None:
    exact = solve_ivp(orbit, (0, 1), [1, 0, 0, 1.6], "DOP853", rtol=1e-13, atol=1e-14).y[:, -1]
    errors = []
    for steps in (50, 100, 200, 400):
        run = running(KEPLER, method=method, dt=1 / steps)
        for _ in range(steps):
            run.advance()
        states = single_states(run)
        errors.append(
            float(np.abs(np.concatenate([states["place"], states["place.momentum"]]) - exact).max())
        )
    assert float(np.mean(np.diff(-np.log2(errors)))) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("method", ["symplectic", "leapfrog"])
def test_energy_is_bounded_for_a_hundred_turns(method: str) -> None:
    run = running(KEPLER, method=method, dt=0.02)
    begin = energy(run)
    found = []
    for _ in range(25_000):
        run.advance()
        found.append(energy(run) - begin)
    first, last = np.abs(found[:5000]).max(), np.abs(found[-5000:]).max()
    assert last < 1.1 * first < 0.05


FRICTION = """
dils: 1
main:
  state: {x: real = 1}
  conserve: {x: 2}
  potential: 5 * x ** 2 / 2
  rate: {x.momentum: -0.6 * x.momentum}
"""


@pytest.mark.parametrize(("method", "within"), [("rk4", 1e-9), ("leapfrog", 3e-4), ("symplectic", 2e-3)])
def test_friction_is_a_rate_of_the_momentum(method: str, within: float) -> None:
    """m x'' = -k x - c m x': a damped oscillation in closed form. Friction makes leapfrog of order 1."""
    run = running(FRICTION, method=method, dt=0.001)
    for _ in range(3000):
        run.advance()
    turn = math.sqrt(5 / 2 - 0.3**2)
    exact = math.exp(-0.9) * (math.cos(3 * turn) + 0.3 / turn * math.sin(3 * turn))
    assert float(run.states["x"].reshape(())) == pytest.approx(exact, abs=within)


def test_a_wall_turns_a_momentum() -> None:
    """A ball that falls by a potential and bounces: a trigger moves the momentum, and positions go on."""
    text = """
dils: 1
main:
  state: {h: real = 1}
  conserve: {h: 2}
  potential: 2 * 9.81 * h
  next: {h.momentum: {to: -0.5 * h.momentum, when: h < 0}}
"""
    run = running(text, method="leapfrog", dt=1e-4)
    highest = 0.0
    for tick in range(9000):
        run.advance()
        if tick > 5000:
            highest = max(highest, float(run.states["h"].reshape(())))
    assert highest == pytest.approx(0.25, abs=1e-3)


def test_momenta_and_places_may_be_mixed() -> None:
    """A charge in a magnetic field, H = ½|p - A(q)|², turns on a circle: positions move by ∂H/∂p."""
    text = """
dils: 1
main:
  state:
    q: real 2 = [1, 0]
  conserve:
    q: {mass: 1, momentum: [0, 0.5]}
  let:
    field: "[-q[1], q[0]]"
  potential: -q.momentum @ field + field @ field / 2
"""
    run = running(text, method="rk4", dt=0.01)
    speed = np.array([0, 0.5]) - np.array([0, 1])
    for _ in range(100):
        run.advance()
    turn = np.array([[math.cos(2), math.sin(2)], [-math.sin(2), math.cos(2)]])
    start, states = np.array([1.0, 0.0]), single_states(run)
    moved = np.array([[math.sin(2), 1 - math.cos(2)], [math.cos(2) - 1, math.sin(2)]]) @ speed / 2
    np.testing.assert_allclose(states["q"], start + moved, atol=1e-8)
    q, p = states["q"], states["q.momentum"]
    np.testing.assert_allclose(p - np.array([-q[1], q[0]]), turn @ speed, atol=1e-8)
    with pytest.raises(Problem, match="symplectic methods"):
        running(text, method="symplectic")


PAIR = """
dils: 1
define:
  ball: {out: {q: real}, state: {q: real = 0.5}, conserve: {q: 1.5}}
  bond: {in: {a: real, b: real}, potential: (a - b - 1) ** 2}
  pair:
    boxes: {a: ball, b: ball, bond: bond}
    wires: [a.q -> bond.a, b.q -> bond.b]
main: pair
"""
JOINED = """
dils: 1
define:
  ball: {share: {q: real = 0.5}, conserve: {q: 1.5}}
  bond: {share: {a: real, b: real}, potential: (a - b - 1) ** 2}
  pair:
    boxes: {a: ball, b: ball, bond: bond}
    join: {u: [a.q, bond.a], v: [b.q, bond.b]}
main: pair
"""


@pytest.mark.parametrize("method", ["symplectic", "rk4"])
def test_a_bond_by_wires_is_a_bond_by_shared_variables(method: str) -> None:
    """A box that has ports and a potential is no hole; action and reaction are equal."""
    told, shared = (running(text, method=method, dt=0.1) for text in (PAIR, JOINED))
    for _ in range(50):
        told.advance()
        shared.advance()
    for one, other in (
        ("a.q", "u"),
        ("b.q", "v"),
        ("a.q.momentum", "u.momentum"),
        ("b.q.momentum", "v.momentum"),
    ):
        np.testing.assert_allclose(told.states[one], shared.states[other], rtol=0, atol=1e-14)
    assert abs(told.states["a.q.momentum"] + told.states["b.q.momentum"]) < 1e-14
    assert abs(told.states["a.q.momentum"]) > 0.1


def test_walls_take_what_pushes_them() -> None:
    """They do not move, and all momenta together stay what they were."""
    run = running(CHAIN.replace("KIND", "heavy"), method="leapfrog", dt=0.3)
    run.states["x"][1:-1, 0] = np.random.default_rng(1).normal(size=10)
    for _ in range(100):
        run.advance()
    momentum = run.states["x.momentum"][:, 0]
    assert abs(momentum[0]) > 0.01 and abs(momentum[-1]) > 0.01
    assert abs(momentum.sum()) < 1e-13
    assert run.states["x"][0] == run.states["x"][-1] == 0
