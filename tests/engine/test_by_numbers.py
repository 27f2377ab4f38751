"""Small programs run number by number: as by NumPy, resumed to the same bits, live as in training."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dilsctl
from dilsctl.data.stream import tables
from dilsctl.diagnostics import Problem
from dilsctl.engine.scalar import Turns, suits
from dilsctl.engine.scalar.numbers import FUNCTIONS
from dilsctl.live import Life
from dilsctl.loaded import load_diagram
from dilsctl.motion import compile_motion
from dilsctl.report.life import Silent
from dilsctl.saved_states import go_on_from, saved
from dilsctl.simulate import Simulation
from dilsctl.sweeps import Sweep

SPRING = """\
dils: 1
define:
  spring:
    in: {push: real}
    out: {x: real, quick: bool}
    state: {x: real = 1, v: real = 0, count: int = 0}
    rate: {x: v, v: -x - 0.4 * v + push}
    next: {count: count + 1}
    wires: [v * v > 0.1 -> quick]
main: spring
time: {dt: 0.1, method: rk4}
simulate: {until: 20, inputs: {push: "0.1 * t if t < 5 else 0"}, record: [x, quick, v, count]}
"""
HUNTERS = """\
dils: 1
define:
  field:
    state: {prey: real = 10, hunters: real = 5}
    out: {both: real}
    rate: {prey: prey - 0.1 * prey * hunters, hunters: 0.02 * exp(log(prey)) * hunters - 0.4 * hunters}
    wires: [tanh(prey) + sqrt(hunters) -> both]
main: field
time: {dt: 0.05, method: METHOD}
simulate: {until: 10, record: [prey, hunters, both]}
"""
JUDGE = """\
dils: 1
define:
  judge:
    in: {x: real 3}
    out: {p: real}
    state:
      weight: real 3 = 0.1
      seen: {type: real, init: 0, keep: true}
      mean: {type: real 3, init: 0, keep: true}
    learn: [weight]
    next:
      seen: seen + 1
      mean: mean + pool(x - mean) / (seen + 1)
    wires: [sigmoid(weight @ (x - mean)) -> p]
main: judge
train:
  data: {file: rows.csv, inputs: {x: [a, b, c]}, targets: {good: good}, scale: {x: 0.5}, episode: all}
  loss: -log(p if good else 1 - p)
  metrics: {METRIC}
  optimiser: METHOD
  precision: float64
  epochs: 1
live: {predict: p, truth: good, window: 20, save: 7}
"""
METHODS = ["adam", "{sgd: {rate: 0.1}}", "{momentum: {rate: 0.01}}", "rmsprop"]
METRICS = {"right": "right: p > 0.5 if good else p < 0.5", "drawn": "drawn: p + normal()"}  # only NumPy draws


def simulation(folder: Path, text: str, **changes: Any) -> Simulation:
    (folder / "one.yaml").write_text(text)
    found = dilsctl.load(folder / "one.yaml").simulation(**changes)
    assert isinstance(found, Simulation)
    return found


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    draws = np.random.default_rng(1)
    x = draws.normal(size=(150, 3)) + np.arange(1, 4)
    good = x @ [1, -1, 0.5] + draws.normal(size=150) > 0.5
    lines = [
        "a,b,c,good",
        *(f"{','.join(map(repr, a.tolist()))},{int(b)}" for a, b in zip(x, good, strict=True)),
    ]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def lived(folder: Path) -> Life:
    life = Life.of(load_diagram(folder / "judge.yaml", (), folder))
    with (folder / "rows.csv").open("rb") as file:
        life.live(tables(file.fileno(), "rows.csv", ".csv"), Silent(), lambda: False)
    return life


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("method", METHODS)
def test_row_by_row_is_training_in_file_order(rows: Path, method: str, metric: str) -> None:
    text = JUDGE.replace("METHOD", method).replace("{METRIC}", "{" + METRICS[metric] + "}")
    (rows / "judge.yaml").write_text(text)
    diagram = dilsctl.load(rows / "judge.yaml")
    found = diagram.train()
    life = lived(rows)
    assert diagram.learner.small(1) and life.online.learner.small(1)
    for path, value in diagram.learner.states.items():
        assert value.tobytes() == life.online.learner.states[path].tobytes(), path
    assert life.values()["loss"] == pytest.approx(found.history[0]["train.loss"], rel=1e-12)


def test_training_is_as_with_numpy(rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = JUDGE[: JUDGE.index("live:")].replace("{METRIC}", "{}")
    text = text.replace("METHOD", "{adam: {rate: {cosine: {start: 0.1}}}}")
    for batch in (1, 4):
        (rows / "judge.yaml").write_text(
            text.replace(", episode: all", "").replace("epochs", f"batch: {batch}\n  epochs")
        )
        found = {}
        for engine in ("auto", "numpy"):
            monkeypatch.setenv("DILSCTL_ENGINE", engine)
            diagram = dilsctl.load(rows / "judge.yaml")
            history = diagram.train().history
            assert diagram.learner.small(batch) is (engine == "auto")
            found[engine] = [*diagram.learner.states.values(), history[0]["train.loss"]]
        for one, other in zip(found["auto"], found["numpy"], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9)


def test_a_prediction_is_what_is_shown_when_it_is_learned_from(rows: Path) -> None:
    (rows / "judge.yaml").write_text(JUDGE.replace("METHOD", "adam").replace("{METRIC}", "{}"))
    online = lived(rows).online
    x = np.random.default_rng(3).normal(size=(5, 3))
    for row in range(5):
        one = x[row : row + 1]
        said = online.predict({"x": one})["port.p"]
        assert said.tobytes() == online.learn({"x": one, "good": np.array([True])})["port.p"].tobytes()


@pytest.mark.parametrize("text", [SPRING, HUNTERS.replace("METHOD", "midpoint")])
@pytest.mark.parametrize("every", [1, 7])
def test_a_trace_is_as_with_numpy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, every: int
) -> None:
    text = text.replace("record:", f"every: {every}, record:")
    traces = {}
    for engine in ("auto", "numpy"):
        monkeypatch.setenv("DILSCTL_ENGINE", engine)
        one = simulation(tmp_path, text)
        assert one.running.small is (engine == "auto")
        traces[engine] = one.run()
    exact = text.startswith(SPRING[:40])
    np.testing.assert_array_equal(traces["auto"].times, traces["numpy"].times)
    for name, values in traces["numpy"].values.items():
        found = traces["auto"].values[name]
        assert found.shape == values.shape and found.dtype == values.dtype
        np.testing.assert_allclose(found, values, rtol=0 if exact else 1e-11)


def test_runs_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traces = []
    sweeps = [Sweep("params.stiff", (1.0, 2.0, 3.0))]
    text = SPRING.replace("    in: {push", "    params: {stiff: 1}\n    in: {push").replace(
        "v: -x", "v: -stiff * x"
    )
    for engine in ("auto", "numpy"):
        monkeypatch.setenv("DILSCTL_ENGINE", engine)
        (tmp_path / "one.yaml").write_text(text)
        one = dilsctl.load(tmp_path / "one.yaml").simulation(sweeps=sweeps)
        assert isinstance(one, Simulation) and one.running.small is (engine == "auto")
        traces.append(one.run().values)
    for name, found in traces[0].items():
        np.testing.assert_array_equal(found, traces[1][name])
    assert len(np.unique(traces[0]["x"][-1])) == 3


@pytest.mark.parametrize("method", ["rk4", "dopri5", "lsoda"])
def test_a_resumed_run_goes_on_bit_for_bit(tmp_path: Path, method: str) -> None:
    text = HUNTERS.replace("METHOD", method)
    whole = simulation(tmp_path, text)
    trace = whole.run()
    part = simulation(tmp_path, text.replace("until: 10", "until: 6.4"))
    part.run()
    (tmp_path / "state").write_bytes(saved(part))
    rest = simulation(tmp_path, text)
    go_on_from(rest, tmp_path / "state")
    after = rest.run()
    count = len(after.times)
    assert 0 < count < len(trace.times)
    for name, values in after.values.items():
        assert values.tobytes() == trace.values[name][-count:].tobytes(), name


def test_an_adaptive_method_is_as_with_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    for engine in ("auto", "numpy"):
        monkeypatch.setenv("DILSCTL_ENGINE", engine)
        ends.append(simulation(tmp_path, HUNTERS.replace("METHOD", "dopri5")).run().values["prey"])
    np.testing.assert_allclose(*ends, rtol=1e-11)


@pytest.mark.parametrize("law", ["x * x", "1 / (1 - x)", "x * sqrt(3 - x)"])
def test_numbers_that_are_not_finite_are_found_where_numpy_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, law: str
) -> None:
    text = f"dils: 1\ndefine: {{one: {{state: {{x: real = 1}}, rate: {{x: '{law}'}}}}}}\nmain: one\n"
    text += "time: {dt: 0.125, method: rk4}\nsimulate: {until: 100}\n"
    told = []
    for engine in ("auto", "numpy"):
        monkeypatch.setenv("DILSCTL_ENGINE", engine)
        with pytest.raises(Problem) as caught:
            simulation(tmp_path, text).run()
        told.append(str(caught.value))
    assert told[0] == told[1] and "no finite number" in told[0]


def test_nothing_of_a_file_is_in_what_runs(tmp_path: Path) -> None:
    text = SPRING.replace("push", "__import__").replace("quick", "exec").replace("count", "open")
    (tmp_path / "one.yaml").write_text(text)
    loaded = load_diagram(tmp_path / "one.yaml", (), tmp_path)
    motion = compile_motion(loaded.diagram, "rk4", 0.1, 1)
    for careful in (False, True):
        words = set(
            re.findall(
                r"[^\W\d]\w*", re.sub(r"\d+\.?\d*(e[-+]?\d+)?", "0", Turns(motion.tick, 1).source(careful))
            )
        )
        ours = {word for word in words if re.fullmatch(r"[svxh]0", word)}
        known = {*FUNCTIONS, "loop", "state", "given", "held", "show", "_", "True", "False"}
        assert {word for word in words - ours - known if not keyword.iskeyword(word)} <= {"log0p", "arctan0"}


def test_which_programs_are_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tick = simulation(tmp_path, SPRING).motion.tick
    assert suits(tick, 1, np.float64)
    assert not suits(tick, 1, np.float32)
    assert not suits(tick, 1000, np.float64)
    draws = simulation(tmp_path, SPRING.replace("+ push", "+ push + normal()")).motion.tick
    assert not suits(draws, 1, np.float64)
    monkeypatch.setenv("DILSCTL_ENGINE", "numpy")
    assert not suits(tick, 1, np.float64)
    monkeypatch.setenv("DILSCTL_ENGINE", "fast")
    with pytest.raises(Problem, match="DILSCTL_ENGINE"):
        suits(tick, 1, np.float64)
