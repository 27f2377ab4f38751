"""What stops a simulation, before it begins or on its way, and what is then said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dilsctl
from dilsctl.diagnostics import Diagnostic, Problem
from dilsctl.sweeps import parse_sweep
from dilsctl.trace import Trace

from ..laws.support import running

RUNAWAY = """
define:
  b: {state: {x: real = 1}, out: {x: real}, rate: {x: x * x}}
  main:
    in: {u: real}
    boxes: {b: b, c: {box: b, count: 3}}
    out: {y: real}
    wires: [b.x + u -> y]
main: main
time: {dt: 0.01, method: euler}
simulate: {until: 5, inputs: {u: 2 * t}}
"""


def simulate(folder: Path, text: str, **how: Any) -> Trace:
    file = folder / "moving.yaml"
    file.write_text("dils: 1\n" + text)
    return dilsctl.load(file).simulate(**how)


def refused(folder: Path, text: str, **how: Any) -> Diagnostic:
    with pytest.raises(Problem) as caught:
        simulate(folder, text, **how)
    (found,) = caught.value.diagnostics
    return found


# -- numbers that run away ----------------------------------------------------------------------------


def test_the_state_the_time_and_the_tick(tmp_path: Path) -> None:
    x, tick = np.float64(1), 0
    with np.errstate(over="ignore"):
        while np.isfinite(x):
            x, tick = x + 0.01 * (x * x), tick + 1
    found = refused(tmp_path, RUNAWAY)
    assert found.code == "not-finite"
    assert f"'b.x' is no finite number at t = {0.01 * tick:g} (tick {tick})" in found.message
    assert found.primary is not None and found.primary.span.line == 4


def test_the_element_and_the_run(tmp_path: Path) -> None:
    """One element of one run, though the rest is well."""
    found = refused(tmp_path, RUNAWAY, runs=2)
    assert "'b.x' is no finite number in run 0 at t = 1.14 (tick 114)" in found.message
    run = running("dils: 1\n" + RUNAWAY, method="euler", dt=0.01, runs=2)
    run.states["c.x"][1, 1] = np.nan
    run.advance({"u": np.zeros(1)})
    assert run.not_finite() == ("c.x[1]", 1)


@pytest.mark.parametrize("keep", ["true", "false"])
def test_clocked_states_are_watched_kept_or_not(tmp_path: Path, keep: str) -> None:
    state = f"{{k: {{type: real, init: 1.0e+100, keep: {keep}}}}}"
    text = f"define: {{main: {{state: {state}, next: {{k: k * k}}}}}}\n"
    found = refused(tmp_path, text + "main: main\nsimulate: {until: 5, record: [k]}\n")
    assert "'k' is no finite number at t = 2 (tick 2)" in found.message


def test_states_that_are_well_are_left_alone(tmp_path: Path) -> None:
    """What is shown may be infinite for a while: it is not kept."""
    text = "define: {main: {state: {n: int}, next: {n: n + 1}, out: {y: real}, wires: [1 / n -> y]}}\n"
    trace = simulate(tmp_path, text + "main: main\nsimulate: {until: 2}\n")
    assert trace.values["y"][:, 0].tolist() == [np.inf, 1, 0.5]


# -- what all runs share ------------------------------------------------------------------------------

KEPT = """
define:
  main:
    state:
      mean: {type: real, keep: true}
      x: real = normal(0, 1)
    next: {mean: LAW, x: x + 1}
main: main
simulate: {until: 3, record: [x, mean]}
"""


@pytest.mark.parametrize("law", ["x", "mean + x / 2", "mean if x > 0 else 1", "pool(x) + x", "normal()"])
def test_a_law_of_what_each_run_has_needs_pool(tmp_path: Path, law: str) -> None:
    found = refused(tmp_path, KEPT.replace("LAW", law), runs=2)
    assert found.code == "not-pooled" and "'mean'" in found.message and "pool(…)" in found.help
    assert simulate(tmp_path, KEPT.replace("LAW", law)).runs == 1, "one run shares it with nobody"


def test_pool_is_the_mean_over_runs(tmp_path: Path) -> None:
    trace = simulate(tmp_path, KEPT.replace("LAW", "mean + 2 * pool(x)"), runs=5)
    x, mean = trace.values["x"], trace.values["mean"]
    np.testing.assert_allclose(mean[1:, 0] - mean[:-1, 0], 2 * x[:-1].mean(axis=-1), rtol=1e-14)
    assert (mean == mean[:, :1]).all()
    alone = simulate(tmp_path, KEPT.replace("LAW", "pool(x)"))
    np.testing.assert_array_equal(alone.values["mean"][1:], alone.values["x"][:-1])


# -- what the simulate block says ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "how", "code", "words"),
    [
        ("{inputs: {u: 1}}", {}, "bad-simulation", "nothing says how long"),
        ("{until: 1, record: [z], inputs: {u: 1}}", {}, "bad-simulation", "no output or state 'z' to record"),
        ("{until: 1.0e+9, inputs: {u: 1}}", {}, "too-large", "numbers would be recorded"),
        ("{until: 1}", {}, "missing-input", "nothing is said of the input 'u'"),
        ("{until: 1, inputs: {u: 1, w: 1}}", {}, "unknown-port", "no input 'w'"),
        ("{until: 1, inputs: {u: t > 1}}", {}, "type-mismatch", "the input 'u' is 'real', this is 'bool'"),
        ("{until: 1, inputs: {u: '[t, 1]'}}", {}, "type-mismatch", "this is 'real 2'"),
        ("{until: 1, inputs: {u: x}}", {}, "unknown-name", "'x'"),
        ("{until: 1, inputs: {u: 1}}", {"sweeps": [parse_sweep("b.q=1,2")]}, "bad-simulation", "'b.q'"),
        ("{until: 1, inputs: {u: 1}}", {"sweeps": [parse_sweep("params.q=1")]}, "unknown-parameter", "'q'"),
    ],
)  # fmt: skip
def test_what_it_cannot_mean(tmp_path: Path, block: str, how: dict[str, Any], code: str, words: str) -> None:
    text = RUNAWAY.replace("{until: 5, inputs: {u: 2 * t}}", block)
    found = refused(tmp_path, text, **how)
    assert found.code == code and words in found.message


def test_an_array_of_expressions_drives_an_input(tmp_path: Path) -> None:
    text = "define: {main: {in: {u: real 2}, state: {x: real 2}, rate: {x: u}}}\nmain: main\n"
    trace = simulate(tmp_path, text + "simulate: {until: 2, inputs: {u: '[t, 2 * dt]'}, record: [x]}\n")
    np.testing.assert_allclose(trace.values["x"][-1, :, 0], [2, 4], rtol=1e-14)
