"""How strong wires are and were: against norms by hand, what a box shows, and runs that were stopped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dilsctl import load
from dilsctl.cli import main
from dilsctl.loaded import load_diagram
from dilsctl.training import Training
from dilsctl.wire_history import History, as_trace, history_of_file, history_of_run
from dilsctl.wires import Gauge, Weight, unwatched

EXAMPLES = Path(__file__).parents[1] / "examples"

LEARNED = """
dils: 1
name: pair
define:
  cell:
    in: {hears: real}
    out: {y: real}
    state: {y: real = 1}
    rate: {y: hears - y}
main:
  in: {x: real}
  out: {z: real}
  boxes: {a: cell, b: cell}
  state: {k: real = 0.5, back: real = 0.25, gain: real = 1, scale: real = 3}
  learn: [k, back, gain]
  wires:
    - k * b.y + x -> a.hears
    - -back ** 2 * a.y * scale -> b.hears
    - gain * b.y -> z
time: {dt: 0.2, method: euler}
train:
  data:
    file: table.csv
    inputs: {x: x}
    targets: {truth: t}
  ticks: 4
  loss: mse(z, truth)
  optimiser: {sgd: {rate: 0.05}}
  batch: 4
  epochs: 4
"""
TABLE = "x,t\n" + "".join(f"{0.1 * n},{0.05 * n + 0.3}\n" for n in range(16))


MARKET = """
dils: 1
use: {managers: std/managers}
main:
  in: {x: real 2, y: real}
  out: {forecast: real}
  boxes:
    market:
      box: managers.switching_regression_market
      with:
        workers: 3
        worker: [managers.linear, managers.running_mean, managers.least_squares]
  wires:
    - x -> market.x
    - y -> market.y
    - market.forecast -> forecast
simulate: {until: 9, inputs: {x: "[sin(t), cos(t)]", y: sin(t) + 1}}
"""


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    (tmp_path / "table.csv").write_text(TABLE)
    path = tmp_path / "pair.yaml"
    path.write_text(LEARNED)
    return path


def test_what_is_not_watched_is_named(tmp_path: Path) -> None:
    (tmp_path / "market.yaml").write_text(MARKET)
    result = CliRunner().invoke(main, ["wires", str(tmp_path / "market.yaml")])
    assert result.exit_code == 0, result.output
    *_, last = result.stdout.splitlines()
    assert last.startswith("not watched") and last.endswith(": market.worker[2].weight")
    assert unwatched(load(EXAMPLES / "pendigits.yaml").diagram) == []


def test_the_wires_of_a_grid_have_two_ends() -> None:
    diagram = load(EXAMPLES / "pendigits.yaml")
    gauge = Gauge(diagram.diagram)
    titles = [one.title for one in gauge.weights]
    assert set(titles) == {"coupling", "pacing", "enter", "hurry", "weight"}
    assert set(titles[:2]) == {"coupling", "pacing"}  # those between boxes are told first
    states = diagram.learner.states
    found = gauge.read(states)
    norms = np.sqrt((states["coupling"].astype(float) ** 2).sum(axis=(1, 3)))
    strengths = found["coupling"].reshape(20, 20)
    assert (strengths > 0).sum() == 110
    np.testing.assert_allclose(strengths[strengths > 0], norms[strengths > 0])
    np.testing.assert_allclose(found["weight"], np.abs(states["weight"]).ravel())
    states["coupling"][...] = 0
    states["coupling"][3, 1, 7, 0] = -2.5  # box 3 is told what box 7 shows
    strengths = gauge.read(states)["coupling"]
    (coupling,) = (one for one in gauge.weights if one.title == "coupling")
    assert [coupling.wire(int(at)) for at in np.flatnonzero(strengths)] == ["cell[7] -> cell[3]"]
    assert strengths.max() == 2.5


def test_what_is_done_to_a_state_before_counts(pair: Path) -> None:
    diagram = load(pair)
    found = Gauge(diagram.diagram).read(diagram.learner.states)
    assert {name: value.tolist() for name, value in found.items()} == {
        "k": [0.5], "back": [0.0625], "gain": [1.0]
    }  # fmt: skip


def test_signs_are_kept(pair: Path, tmp_path: Path) -> None:
    """Of wires the sign of their sum, of a weight that of its mean; simplices have none."""
    training = Training.begin(pair, ("train.epochs=1",), tmp_path / "run")
    training.learner.states["k"][...] = -0.75
    line = training.gauge.line(3, training.learner.states) if training.gauge is not None else {}
    assert line["signs"] == {"k": "-", "back": "-", "gain": "+"}
    assert line["means"] == {"k": -0.75, "back": -0.0625, "gain": 1.0}
    assert line["strengths"]["k"] == [0.75]
    diagram = load(EXAMPLES / "pendigits.yaml")
    states, gauge = diagram.learner.states, Gauge(diagram.diagram)
    line = gauge.line(0, states)
    coupling = np.where(line["strengths"]["coupling"], states["coupling"].sum(axis=(1, 3)).ravel(), 0)
    assert line["signs"]["coupling"] == "".join(
        "+" if one > 0 else "-" if one < 0 else "0" for one in coupling
    )
    weights = states["weight"].astype(float)
    assert line["means"]["weight"] == pytest.approx(weights.mean(), rel=1e-4)
    (market,) = Gauge(load(EXAMPLES / "market.yaml").diagram).weights
    assert not market.signed and Weight.from_json(market.facts()) == market
    facts = {name: one for name, one in market.facts().items() if name != "signed"}
    assert Weight.from_json(facts) == market  # of a run of an older version


def test_trust_is_what_the_manager_shows() -> None:
    (found,) = history_of_file(EXAMPLES / "market.yaml")
    shown = load(EXAMPLES / "market.yaml").simulate(record=["trust"])
    assert found.weight.title == "market.weight" and found.weight.wire(1) == "worker[1]"
    np.testing.assert_allclose(found.values, shown.values["trust"][..., 0], rtol=1e-12)
    assert found.fates() == ["grew", "died"]


def test_arrays_of_managers_are_told_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "arrays.yaml"
    path.write_text("""
dils: 1
define:
  worker: {out: {y: real}, state: {y: real = 2}}
  manager:
    out: {z: real}
    boxes: {worker: {box: worker, count: 3}}
    state:
      trust: real 3 = uniform(1, 2)
    next: {trust: trust + 1}
    wires:
      - trust @ worker.y -> z
main:
  out: {z: real 2}
  boxes: {manager: {box: manager, count: 2}}
  wires: [manager.z -> z]
simulate: {until: 1}
""")
    (found,) = history_of_file(path)
    assert found.weight.shape == (2, 3)
    begins = load(path).simulate(record=["manager.trust"]).values["manager.trust"][0].ravel()
    assert len(set(begins.tolist())) == 6
    np.testing.assert_allclose(found.values, [begins, begins + 1])
    assert found.weight.wire(4) == "trust[1,1]"


def test_shares_of_modes(tmp_path: Path) -> None:
    path = tmp_path / "modes.yaml"
    path.write_text("""
dils: 1
main:
  out: {n: int}
  state: {n: int = 0}
  modes: {low: n < 3, high: otherwise}
  next: {n: n + 1}
simulate: {until: 11}
""")
    (found,) = history_of_file(path)
    assert found.modes and found.values.mean(axis=0).tolist() == [0.25, 0.75]
    printed = CliRunner().invoke(main, ["wires", str(path)]).stdout
    assert "low   25.0 %" in printed and "high  75.0 %" in printed


def test_what_becomes_of_wires() -> None:
    weight = Weight("", "w", ("a.y",), ("b.x",), (6,), ("",))
    courses = [(0, 10), (3, 0.1), (0, 0.4), (5, 5.4), (8, 4), (0, 0)]
    values = np.array(
        [[first, 2 * last if n == 0 else last, last] for n, (first, last) in enumerate(courses)]
    )
    found = History(weight, np.arange(3.0), values.T)
    assert found.scale == 20
    assert found.fates() == ["grew", "died", "never", "steady", "shrank", "never"]
    assert as_trace([found]).values["w"].shape == (3, 4, 1)


def test_a_run_keeps_how_strong_its_wires_were(pair: Path, tmp_path: Path) -> None:
    training = Training.begin(pair, (), tmp_path / "run")
    training.train()
    found = {one.weight.title: one for one in history_of_run(tmp_path / "run")}
    assert found["k"].times.tolist() == [0, 1, 2, 3, 4]
    assert found["k"].values[0].tolist() == [0.5]
    assert found["k"].values[-1] == pytest.approx(abs(float(training.learner.states["k"])), rel=1e-4)
    assert found["back"].values[-1] == pytest.approx(float(training.learner.states["back"]) ** 2, rel=1e-4)


def test_a_run_that_was_stopped_goes_on_with_its_wires(pair: Path, tmp_path: Path) -> None:
    Training.begin(pair, (), tmp_path / "whole").train()
    part = Training.begin(pair, ("train.epochs=2",), tmp_path / "part")
    part.train()
    lines = (tmp_path / "part" / "wires.jsonl").read_bytes()
    with (tmp_path / "part" / "wires.jsonl").open("ab") as stream:  # ahead of the checkpoint, and half a line
        stream.write(
            lines.splitlines(keepends=True)[-1].replace(b'"epoch": 2', b'"epoch": 3') + b'{"epoch": 4'
        )
    Training.resume(tmp_path / "part", settings=("train.epochs=4",)).train()
    whole = (tmp_path / "whole" / "wires.jsonl").read_bytes()
    assert (tmp_path / "part" / "wires.jsonl").read_bytes() == whole
    assert len(whole.splitlines()) == 5


def test_the_command(pair: Path, tmp_path: Path) -> None:
    Training.begin(pair, (), tmp_path / "run").train()
    picture = tmp_path / "wires.svg"
    result = CliRunner().invoke(main, ["wires", str(tmp_path / "run"), "--plot", str(picture)])
    assert result.exit_code == 0, result.output
    assert "gain" in result.stdout and "course" in result.stdout
    assert "epoch" in picture.read_text()
    facts = json.loads(CliRunner().invoke(main, ["wires", str(tmp_path / "run"), "--json"]).stdout)
    assert {one["name"]: one["wires"][0]["wire"] for one in facts} == {
        "k": "k",
        "back": "back",
        "gain": "gain",
    }
    assert CliRunner().invoke(main, ["wires", str(tmp_path / "run"), "--plot", str(picture)]).exit_code == 2


def test_where_nothing_is_to_be_seen(pair: Path, tmp_path: Path) -> None:
    for path in (EXAMPLES / "or-gate.yaml", EXAMPLES / "clock.yaml"):
        result = CliRunner().invoke(main, ["wires", str(path)])
        assert result.exit_code == 1 and "error[no-wires]" in result.stderr
    Training.begin(pair, (), tmp_path / "run").train()
    (tmp_path / "run" / "wires.jsonl").unlink()  # as of a run of an older version
    result = CliRunner().invoke(main, ["wires", str(tmp_path / "run")])
    assert result.exit_code == 1 and "error[no-wires]" in result.stderr
    (tmp_path / "run" / "wires.jsonl").write_text('{"epoch": 0, "strengths": {"k": "?"}}\n')
    result = CliRunner().invoke(main, ["wires", str(tmp_path / "run")])
    assert result.exit_code == 1
    shutil.rmtree(tmp_path / "run" / "diagram")
    assert CliRunner().invoke(main, ["wires", str(tmp_path / "run")]).exit_code == 1


def test_thousands_of_plain_wires_are_looked_through_once() -> None:
    """Quickly enough that a listed network need not wait; counted, not timed."""
    diagram = load_diagram(EXAMPLES / "digits-listed.yaml", (), EXAMPLES)
    assert Gauge(diagram.diagram).weights == []
