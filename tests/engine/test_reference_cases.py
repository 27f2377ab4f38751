"""Systems whose results are known from elsewhere, each in the forms that mean the same."""

from __future__ import annotations

import numpy as np
import pytest

from dilsctl.diagnostics import Problem
from dilsctl.engine.kernels import Array

from ..laws.support import advanced, running, same_bits, single_states

# -- Lotka-Volterra, three ways (AlgebraicDynamics.jl); by DOP853 at 1e-11 ----------------------------

POPULATIONS = """
dils: 1
define:
  growth: {share: {u: real}, rate: {u: 0.3 * u}}
  predation: {share: {a: real, b: real}, rate: {a: -0.015 * a * b, b: 0.015 * a * b}}
  decline: {share: {u: real}, rate: {u: -0.7 * u}}
  shared:
    share: {r: real = 10, f: real = 100}
    out: {r: real, f: real}
    boxes: {growth: growth, predation: predation, decline: decline}
    join: {r: [growth.u, predation.a], f: [predation.b, decline.u]}
  prey: {in: {n: real}, state: {r: real = 10}, out: {r: real}, rate: {r: 0.3 * r - 0.015 * r * n}}
  hunter: {in: {n: real}, state: {f: real = 100}, out: {f: real}, rate: {f: 0.015 * n * f - 0.7 * f}}
  wired:
    out: {r: real, f: real}
    boxes: {a: prey, b: hunter}
    wires: [b.f -> a.n, a.r -> b.n, a.r -> r, b.f -> f]
  whole:
    state: {r: real = 10, f: real = 100}
    out: {r: real, f: real}
    rate: {r: 0.3 * r - 0.015 * r * f, f: 0.015 * r * f - 0.7 * f}
main: """
WAYS = ("shared", "wired", "whole")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("optimise", [False, True])
def test_lotka_volterra(way: str, optimise: bool) -> None:
    run = running(POPULATIONS + way, dt=0.01, optimise=optimise)
    known = {1: (4.34433, 54.67300), 10: (18.17927, 0.254677), 100: (119.7706, 0.509421)}
    for tick in range(10_001):
        shown = {name: float(value[0]) for name, value in run.look().items()}
        if tick in (100, 1000, 10_000):
            r, f = known[tick // 100]
            assert shown["port.r"] == pytest.approx(r, rel=2e-6)
            assert shown["port.f"] == pytest.approx(f, rel=2e-6)
        run.advance()
    r, f = shown["port.r"], shown["port.f"]
    assert 0.015 * r - 0.7 * np.log(r) + 0.015 * f - 0.3 * np.log(f) == pytest.approx(-1.34336062, abs=1e-7)


@pytest.mark.parametrize("way", WAYS)
def test_lotka_volterra_by_euler(way: str) -> None:
    run = running(POPULATIONS + way, method="euler", dt=0.01)
    for _ in range(100):
        run.advance()
    found = run.look()
    assert float(found["port.r"][0]) == pytest.approx(4.31668, abs=5e-6)
    assert float(found["port.f"][0]) == pytest.approx(54.57797, abs=5e-6)


# -- chain, copy and trace of one machine (AlgebraicDynamics unit tests) ------------------------------

MACHINE = """
dils: 1
define:
  machine: {params: {start: 0}, in: {x: real}, state: {u: real = start}, out: {u: real}, rate: {u: x - u}}
  chain:
    boxes: {a: {box: machine, with: {start: -1}}, b: {box: machine, with: {start: 29}}}
    wires: [200 -> a.x, a.u -> b.x]
  copies:
    boxes: {a: {box: machine, with: {start: -1}}, b: {box: machine, with: {start: 29}}}
    wires: [200 -> a.x, 200 -> b.x]
  trace:
    boxes: {a: {box: machine, with: {start: 29}}}
    wires: [a.u -> a.x]
main: """


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ("chain", {"a.u": 201, "b.u": -30}),
        ("copies", {"a.u": 201, "b.u": 171}),
        ("trace", {"a.u": 0}),
    ],
)
def test_derivatives_of_machines(main: str, expected: dict[str, float]) -> None:
    """A step of Euler, one long, adds the derivative."""
    run = running(MACHINE + main, method="euler")
    old = single_states(run)
    run.advance()
    assert {path: float(new - old[path]) for path, new in single_states(run).items()} == expected


# -- a feed-through and an integrated output, nested (bdsim, issue 84) --------------------------------


def nested(depth: int) -> str:
    """x' = -x, closed through the integrated output of a box so many levels deep."""
    text = """
dils: 1
define:
  b0: {in: {u: real}, state: {x: real = 1}, out: {now: real, x: real}, rate: {x: u}, wires: [u -> now]}
"""
    for level in range(1, depth + 1):
        text += (
            f"""
  b{level}:
    in: {{u: real}}
    out: {{now: real, x: real}}
    boxes: {{in: b{level - 1}}}
    wires: [u -> in.u, in.now -> now, in.x -> x]
""".replace("in:", "in:", 1)
            .replace("{in: b", "{inner: b")
            .replace("in.", "inner.")
        )
    return (
        text
        + f"""
  main:
    out: {{x: real, slope: real}}
    boxes: {{b: b{depth}}}
    wires: [-b.x -> b.u, b.x -> x, b.now -> slope]
main: main
"""
    )


@pytest.mark.parametrize("optimise", [False, True])
def test_no_loop_at_any_depth(optimise: bool) -> None:
    found: list[dict[str, Array]] = []
    for depth in (0, 1, 2, 12):
        run = running(nested(depth), dt=0.01, optimise=optimise)
        for _ in range(100):
            run.advance()
        found.append(advanced(run, {}))
    assert float(found[0]["x"][0]) == pytest.approx(np.exp(-1), abs=1e-9)
    assert float(found[0]["slope"][0]) == -float(found[0]["x"][0])
    for other in found[1:]:
        same_bits(found[0], other)


def test_a_loop_that_is_one() -> None:
    """Closed through the other output, the same box waits for itself."""
    with pytest.raises(Problem) as caught:
        running(nested(2).replace("-b.x -> b.u", "-b.now -> b.u"))
    (found,) = caught.value.diagnostics
    assert found.code == "algebraic-loop" and "b.inner.inner.u" in str(
        (found.message, found.related, found.help)
    )


# -- clocked machines ---------------------------------------------------------------------------------

FIBONACCI = """
dils: 1
define:
  plus: {in: {a: int, b: int}, out: {y: int}, wires: [a + b -> y]}
  delay: {params: {first: 0}, in: {x: int}, state: {y: int = first}, out: {y: int}, next: {y: x}}
  main:
    out: {y: int}
    boxes: {plus: plus, one: {box: delay, with: {first: 1}}, two: delay}
    wires: [one.y -> plus.a, two.y -> plus.b, plus.y -> one.x, one.y -> two.x, one.y -> y]
main: main
"""

CLOCK = """
dils: 1
define:
  clock: {state: {hour: int = 11}, out: {hour: int}, next: {hour: hour % 12 + 1}}
  meridian: {in: {hour: int}, state: {pm: bool}, out: {pm: bool}, next: {pm: not pm if hour == 11 else pm}}
  main:
    out: {hour: int, pm: bool}
    boxes: {clock: clock, meridian: meridian}
    wires: [clock.hour -> meridian.hour, clock.hour -> hour, meridian.pm -> pm]
main: main
"""


def trace(text: str, ticks: int, optimise: bool) -> dict[str, list[int]]:
    run = running(text, optimise=optimise)
    rows = [advanced(run, {}) for _ in range(ticks)]
    return {name: [int(row[name][0]) for row in rows] for name in rows[0]}


@pytest.mark.parametrize("optimise", [False, True])
def test_fibonacci(optimise: bool) -> None:
    assert trace(FIBONACCI, 7, optimise) == {"y": [1, 1, 2, 3, 5, 8, 13]}


@pytest.mark.parametrize("optimise", [False, True])
def test_a_clock_of_24_ticks(optimise: bool) -> None:
    found = trace(CLOCK, 48, optimise)
    moments = list(zip(found["hour"], found["pm"], strict=True))
    assert moments[:24] == moments[24:] and len(set(moments[:24])) == 24
    assert moments[:3] == [(11, 0), (12, 1), (1, 1)]
