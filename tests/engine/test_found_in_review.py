"""What reviewers found wrong once, each with the value that is right."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dilsctl
from dilsctl.diagnostics import Problem
from dilsctl.sweeps import Sweep, columns_of


def ends(tmp_path: Path, body: str, **settings: Any) -> dict[str, Any]:
    """What is recorded at the end."""
    path = tmp_path / "case.yaml"
    path.write_text("dils: 1\n" + body)
    loaded = dilsctl.load(path, settings={key.replace("__", "."): one for key, one in settings.items()})
    trace = loaded.simulate()
    return {name: values[-1, ..., 0] for name, values in trace.values.items()}


PART = """\
define:
  c: {share: {x: real k}, rate: {x: 1}}
  m:
    out: {x: real 4}
    share: {x: real 4}
    boxes: {c: c}
    join: {"x[:3]": [c.x]}
main: m
time: {dt: 0.1}
simulate: {until: 1}
"""


def test_a_part_fixes_a_free_length(tmp_path: Path) -> None:
    np.testing.assert_allclose(ends(tmp_path, PART)["x"], [1, 1, 1, 0])


def test_a_length_that_nothing_fixes_is_told(tmp_path: Path) -> None:
    body = PART.replace('{"x[:3]": [c.x]}', "{z: [c.x]}")
    with pytest.raises(Problem, match="can't be determined"):
        ends(tmp_path, body)


MIXED = """\
main:
  out: {n: int}
  state: {x: real = 0, n: int = 0}
  rate: {x: 1}
  next:
    n:
      - {to: n + 100, when: x > 2.5}
      - n + 1
simulate: {until: 6}
"""
AGAIN = """\
main:
  state: {x: real = 0.5}
  out: {x: real}
  rate: {x: 1}
  next:
    x: {to: x - 1e-4, when: x >= 1}
time: {dt: 0.01}
simulate: {until: 1}
"""
PULSE = """\
main:
  in: {u: real}
  out: {x: real}
  state: {x: real = 0}
  rate: {x: u}
time: {dt: 0.1}
simulate: {until: 10, inputs: {u: exp(-50 * (t - 5) * (t - 5))}}
"""
REST = """\
main: {out: {x: real}, state: {x: real = 0}, rate: {x: sin(t)}}
simulate: {until: 10}
"""
CLOCKED = """\
main:
  out: {x: real, k: int}
  state: {x: real = 0, k: int = 0}
  rate: {x: cos(t)}
  next: {k: k + 1}
simulate: {until: 6}
"""
KEPT = """\
main:
  out: {n: int, f: real}
  state: {n: {type: int, init: 0, keep: true}, f: {type: real, init: 1, keep: true}, k: int = 3}
  rate: {f: -f}
  next: {n: n + k, k: k + 1}
simulate: {until: 4}
"""


@pytest.mark.parametrize("method", ["rk4", "dopri5", "lsoda", "bdf"])
def test_a_trigger_beside_a_law_of_each_tick(tmp_path: Path, method: str) -> None:
    assert ends(tmp_path, MIXED, time__method=method)["n"] == 105


@pytest.mark.parametrize("method", ["dopri5", "lsoda"])
def test_a_trigger_may_come_again_at_once(tmp_path: Path, method: str) -> None:
    assert 0.9998 < ends(tmp_path, AGAIN, time__method=method)["x"] <= 1


@pytest.mark.parametrize("method", ["rk4", "dopri5", "lsoda", "bdf"])
def test_a_short_pulse_is_not_stepped_over(tmp_path: Path, method: str) -> None:
    assert ends(tmp_path, PULSE, time__method=method)["x"] == pytest.approx(math.sqrt(math.pi / 50), rel=1e-4)


@pytest.mark.parametrize("method", ["dopri5", "lsoda", "bdf"])
def test_what_begins_at_rest_and_what_is_clocked(tmp_path: Path, method: str) -> None:
    assert ends(tmp_path, REST, time__method=method)["x"] == pytest.approx(1 - math.cos(10), abs=1e-5)
    found = ends(tmp_path, CLOCKED, time__method=method)
    assert found["x"] == pytest.approx(math.sin(6), abs=1e-5) and found["k"] == 6


@pytest.mark.parametrize("method", ["rk4", "dopri5"])
def test_kept_states_of_any_kind(tmp_path: Path, method: str) -> None:
    found = ends(tmp_path, KEPT, time__method=method, time__dt=1, time__steps=10)
    assert found["n"] == 3 + 4 + 5 + 6
    assert found["f"] == pytest.approx(math.exp(-4), rel=1e-4)


def test_a_simulation_has_what_was_learned() -> None:
    diagram = dilsctl.load(Path(__file__).parents[2] / "examples" / "identify.yaml")
    diagram.train(epochs=2)
    learned = float(diagram.learner.states["growth"])
    trace = diagram.simulate(until=1, record=["growth"])
    assert learned != 0.5 and trace.values["growth"][0, 0] == learned


@pytest.mark.parametrize(
    ("sweeps", "runs", "words"),
    [
        ([Sweep("params.a", (1.0,)), Sweep("params.a", (2.0,))], 1, "swept twice"),
        ([Sweep("params.a", (1.0,) * 2000), Sweep("params.b", (1.0,) * 2000)], 1, "at most"),
        ([], 10**9, "at most"),
    ],
)
def test_sweeps_that_cannot_be(sweeps: list[Sweep], runs: int, words: str) -> None:
    with pytest.raises(Problem, match=words):
        columns_of(sweeps, runs)


@pytest.mark.parametrize("key", ["simulate__until", "time__dt"])
def test_ticks_without_end_are_refused(tmp_path: Path, key: str) -> None:
    value = 1e300 if key == "simulate__until" else 5e-324
    with pytest.raises(Problem, match="ticks"):
        ends(tmp_path, REST, **{key: value})
