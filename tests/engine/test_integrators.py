"""The integrators against SciPy and closed forms: how fast errors shrink, what is kept, when is what read."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dilsctl.diagnostics import Problem
from dilsctl.engine.running import Running

from ..laws.meaning import Meaning
from ..laws.support import diagram_of, running, same_bits, single_states

FORCED = """
dils: 1
define:
  one: {in: {y: real}, state: {x: real = 1}, out: {x: real}, rate: {x: sin(3 * t) - x * y}}
  other: {in: {x: real}, state: {y: real = 0.5}, out: {y: real}, rate: {y: x - y ** 2 + t}}
  main:
    boxes: {one: one, other: other}
    wires: [one.x -> other.x, other.y -> one.y]
main: main
"""

PENDULUM = """
dils: 1
define:
  place: {in: {v: real}, state: {q: real = 1}, out: {q: real}, rate: {q: v}}
  speed: {in: {f: real}, state: {p: real = 0.3}, out: {p: real}, rate: {p: f}}
  main:
    boxes: {place: place, speed: speed}
    wires: [speed.p -> place.v, -sin(place.q)FORCE -> speed.f]
main: main
"""


def until(text: str, method: str, dt: float, end: float, steps: int = 1) -> Running:
    run = running(text, method=method, dt=dt, steps=steps)
    for _ in range(round(end / dt)):
        run.advance()
    return run


def number(run: Running, path: str) -> float:
    return float(run.states[path].reshape(()))


def order(errors: list[float]) -> float:
    """By which power of the step the error shrinks, from steps that are halved each time."""
    return float(np.mean(np.diff(-np.log2(errors))))


@pytest.mark.parametrize(("method", "expected"), [("euler", 1), ("midpoint", 2), ("rk4", 4)])
def test_order_of_convergence(method: str, expected: int) -> None:
    exact = solve_ivp(
        lambda t, s: [math.sin(3 * t) - s[0] * s[1], s[0] - s[1] ** 2 + t],
        (0, 2), [1, 0.5], "DOP853", rtol=1e-13, atol=1e-14,
    ).y[:, -1]  # fmt: skip
    errors = []
    for dt in (0.05, 0.025, 0.0125, 0.00625):
        run = until(FORCED, method, dt, 2)
        errors.append(abs(number(run, "one.x") - exact[0]) + abs(number(run, "other.y") - exact[1]))
    assert order(errors) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("force", ["", " + 0.5 * cos(2 * t)"])
@pytest.mark.parametrize(("method", "expected"), [("symplectic", 1), ("leapfrog", 2)])
def test_order_of_symplectic_methods(method: str, expected: int, force: str) -> None:
    push = 0.5 if force else 0.0
    exact = solve_ivp(
        lambda t, s: [s[1], -math.sin(s[0]) + push * math.cos(2 * t)],
        (0, 2), [1, 0.3], "DOP853", rtol=1e-13, atol=1e-14,
    ).y[:, -1]  # fmt: skip
    errors = []
    for dt in (0.05, 0.025, 0.0125, 0.00625):
        run = until(PENDULUM.replace("FORCE", force), method, dt, 2)
        errors.append(abs(number(run, "place.q") - exact[0]) + abs(number(run, "speed.p") - exact[1]))
    assert order(errors) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize(("method", "bound"), [("symplectic", 0.06), ("leapfrog", 0.002), ("euler", None)])
def test_energy(method: str, bound: float | None) -> None:
    """Symplectic methods keep it within bounds over hundreds of periods; Euler gains without end."""
    run = running(PENDULUM.replace("FORCE", ""), method=method, dt=0.1)
    energies = []
    for _ in range(20_000):
        run.advance()
        q, p = number(run, "place.q"), number(run, "speed.p")
        energies.append(p * p / 2 - math.cos(q))
    drift = np.abs(np.array(energies) - (0.3**2 / 2 - math.cos(1)))
    if bound is None:
        assert drift[-1] > 1
    else:
        assert drift.max() < bound
        assert drift[-2000:].max() < 1.02 * drift[:2000].max()


@pytest.mark.parametrize("method", ["symplectic", "leapfrog"])
@pytest.mark.parametrize("optimise", [False, True])
def test_symplectic_methods_are_what_they_mean(method: str, optimise: bool) -> None:
    """Bit for bit, nested, with a force that depends on time."""
    text = PENDULUM.replace("FORCE", " + t")
    run = running(text, method=method, dt=0.1, steps=3, optimise=optimise)
    meant = Meaning(
        diagram_of(text), single_states(run), method=method, dt=0.1, steps=3, velocities=("speed.p",)
    )
    for _ in range(5):
        run.advance()
        meant.advance({})
    if optimise:
        for path, value in single_states(run).items():
            np.testing.assert_allclose(value, meant.states[path], rtol=1e-14)
    else:
        same_bits(single_states(run), meant.states)


ALIKE = """
dils: 1
define:
  body: {params: {k: 1.0}, in: {f: real}, state: {u: real = 1}, out: {u: real}, rate: {u: k * f}}
  main:
    boxes: {place: body, speed: {box: body, with: {k: -1.0}}}
    wires: [speed.u -> place.f, place.u -> speed.f]
main: main
"""


@pytest.mark.parametrize("method", ["symplectic", "leapfrog"])
def test_positions_and_velocities_of_one_definition(method: str) -> None:
    """A plan would stack them, and could not tell them apart any more."""
    run = until(ALIKE, method, 0.1, 100)
    energy = number(run, "place.u") ** 2 + number(run, "speed.u") ** 2
    assert energy == pytest.approx(2, abs=0.2)


def alone(rate: str, more: str = "") -> str:
    return f"""
dils: 1
define:
  main: {{state: {{x: real = 0, n: int = 0}}, rate: {{x: "{rate}"}}{more}}}
main: main
"""


@pytest.mark.parametrize(
    ("method", "rate", "expected"),
    [
        ("euler", "1 + t", 1.0),  # the time is that of the stage: each rule is exact up to a degree
        ("midpoint", "1 + 2 * t", 2.0),
        ("rk4", "4 * t ** 3 + 2 * t", 2.0),
        ("euler", "dt", 1.0),
        ("rk4", "x", 0.0),
    ],
)
def test_time_within_a_tick(method: str, rate: str, expected: float) -> None:
    assert number(until(alone(rate), method, 1.0, 1), "x") == pytest.approx(expected, rel=1e-15)


def test_clocked_states_and_inputs_are_held_within_a_tick() -> None:
    """A counter is read by every stage as it was when the tick began."""
    run = until(alone("n", ", next: {n: n + 1}"), "rk4", 1.0, 4)
    assert (number(run, "x"), number(run, "n")) == (0 + 1 + 2 + 3, 4)
    text = "dils: 1\ndefine: {main: {in: {u: real}, state: {x: real}, rate: {x: u}}}\nmain: main\n"
    run = running(text, dt=0.5)
    for value in (1.0, 3.0):
        run.advance({"u": np.array([value])})
    assert number(run, "x") == 2


@pytest.mark.parametrize("method", ["euler", "midpoint", "rk4"])
def test_many_steps_a_tick_are_many_ticks(method: str) -> None:
    one, other = until(FORCED, method, 0.2, 2, steps=4), until(FORCED, method, 0.05, 2)
    for path in ("one.x", "other.y"):
        assert number(one, path) == pytest.approx(number(other, path), rel=1e-12)


def test_a_trigger_and_a_flow_add() -> None:
    """What the trigger makes of the state, and the flow of the tick."""
    run = running(alone("2 - x", ", next: {x: {to: 10, when: x > 1}}"), method="euler", dt=1)
    values = []
    for _ in range(4):
        run.advance()
        values.append(number(run, "x"))
    assert values == [2, 10, 2, 2]  # true at ticks 1, 2 and 3, so it acts at tick 1 alone


@pytest.mark.parametrize(
    "rates", ["{a: b, b: c, c: a}", "{a: a + b, b: -a + b, c: a * b}", "{a: b + c, b: a + c, c: a}"]
)
@pytest.mark.parametrize("method", ["symplectic", "leapfrog"])
def test_what_has_no_velocities(rates: str, method: str) -> None:
    text = f"dils: 1\ndefine: {{main: {{state: {{a: real, b: real, c: real}}, rate: {rates}}}}}\nmain: main\n"
    with pytest.raises(Problem) as caught:
        running(text, method=method)
    (found,) = caught.value.diagnostics
    assert found.code == "not-separable" and "depend on each other in another way" in found.message
    assert "rk4" in found.help


def test_damping_is_separable() -> None:
    """A velocity may slow itself down."""
    rates = "{x: v, v: -x - 0.1 * v}"
    text = f"dils: 1\ndefine: {{main: {{state: {{x: real = 1, v: real}}, rate: {rates}}}}}\nmain: main\n"
    run = until(text, "leapfrog", 0.001, 5)
    exact = solve_ivp(lambda t, s: [s[1], -s[0] - 0.1 * s[1]], (0, 5), [1, 0], rtol=1e-10, atol=1e-12).y
    assert number(run, "x") == pytest.approx(exact[0, -1], abs=1e-3)


MASSES = """
dils: 1
main:
  out: {y: DIMS}
  state: {q: DIMS = 1}
  let: {mass: MASS}
  potential: 0.5 * sum(q ** 2)
  conserve: {q: {mass: mass, momentum: 1}}
  wires: [q -> y]
"""


@pytest.mark.parametrize("method", ["symplectic", "leapfrog"])
@pytest.mark.parametrize(
    ("dims", "mass"),
    [("real", "1 + q ** 2"), ("real 2", "1 + q ** 2"), ("real 2", '"[[2 + q[1] ** 2, 0.5], [0.5, 1]]"')],
)
def test_a_mass_that_positions_change_is_refused(method: str, dims: str, mass: str) -> None:
    """The mass of each element may change with its own position alone, and no such step is symplectic."""
    text = MASSES.replace("DIMS", dims).replace("MASS", mass)
    if dims == "real":
        text = text.replace("sum(q ** 2)", "q ** 2")
    with pytest.raises(Problem) as refused:
        running(text, method=method, dt=0.1)
    assert refused.value.diagnostics[0].code == "not-separable"
    assert "rk4" in (refused.value.diagnostics[0].help or "")
    running(text, method="rk4", dt=0.1).advance()


@pytest.mark.parametrize("method", ["symplectic", "leapfrog"])
def test_a_mass_that_positions_leave_is_taken(method: str) -> None:
    text = MASSES.replace("DIMS", "real 2").replace("MASS", '"[[2, 0.5], [0.5, 1]]"')
    running(text, method=method, dt=0.1).advance()
