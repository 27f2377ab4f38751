"""How active boxes are: against what NumPy makes of the same states and rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dilsctl.activity import ROWS, Activity, activity_of, with_all_shown
from dilsctl.checkpoints import read_checkpoint
from dilsctl.loaded import load_diagram
from dilsctl.plans import Plans
from dilsctl.training import Training

EXAMPLES = Path(__file__).parents[1] / "examples"
TABLE = "x,t\n" + "".join(f"{0.1 * n},{0.05 * n + 0.3}\n" for n in range(80))


def size(*values: object) -> float:
    """The root mean square of some arrays together."""
    flat = np.concatenate([np.ravel(np.asarray(one, float)) for one in values])
    return float(np.sqrt(np.mean(flat**2)))


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "activity.jsonl").read_text().splitlines()]


def test_a_network_of_two_layers(tmp_path: Path) -> None:
    training = Training.begin(EXAMPLES / "digits.yaml", ("train.epochs=2",), tmp_path / "run")
    training.train()
    kept = lines(tmp_path / "run")
    assert [one["epoch"] for one in kept] == [0, 1, 2]
    assert training.run is not None and training.run.facts["activity"] == {"part": "test", "rows": ROWS}
    states = {path: value.astype(float) for path, value in training.learner.states.items()}
    pixels = training.dataset.columns["pixels"][training.dataset.parts["test"][:ROWS]].astype(float)
    hidden = np.tanh(pixels @ states["hidden.weight"].T + states["hidden.bias"])
    output = hidden @ states["output.weight"].T + states["output.bias"]
    assert kept[-1]["activity"] == pytest.approx({"hidden": size(hidden), "output": size(output)}, rel=1e-4)
    assert kept[0]["activity"] != kept[-1]["activity"]


SEVERAL = """
dils: 1
name: several
define:
  leaf:
    in: {x: real}
    out: {y: real 2, high: bool, kind: class 3}
    state: {gain: real = 0.5}
    learn: [gain]
    wires:
      - stack(gain * x, -x) -> y
      - x > 2 -> high
      - 1 -> kind
  group:
    in: {x: real}
    out: {z: real}
    boxes: {leaf: {box: leaf, count: 3}}
    wires:
      - stack(x, 2 * x, 3 * x) -> leaf.x
      - sum(leaf.y) -> z
  silent: {out: {k: class 2}, wires: [0 -> k]}
main:
  in: {x: real}
  out: {z: real}
  boxes: {two: {box: group, count: 2}, one: group, silent: silent}
  wires: [x -> two.x, -x -> one.x, sum(two.z) + one.z -> z]
train:
  data: {file: table.csv, inputs: {x: x}, targets: {truth: t}}
  loss: mse(z, truth)
  optimiser: {sgd: {rate: 0.00001}}
  batch: 16
  epochs: 1
  precision: float64
"""


def test_arrays_in_arrays_and_ports_of_all_kinds(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "several.yaml").write_text(SEVERAL)
    training = Training.of(load_diagram(tmp_path / "several.yaml", (), tmp_path))
    found = activity_of(training.loaded.diagram, training.learner, training.dataset)
    assert found is not None
    x = 0.1 * np.arange(ROWS)
    several = np.stack([x, 2 * x, 3 * x])

    def leaf(told: np.ndarray) -> float:
        return size(0.5 * told, -told, told > 2)

    assert found.read(training.learner.states) == pytest.approx(
        {
            "two": size(-0.5 * several.sum(0)),
            "two.leaf": leaf(several),
            "one": size(0.5 * several.sum(0)),
            "one.leaf": leaf(-several),
        }
    )


MOVING = """
dils: 1
name: moving
define:
  cell:
    in: {hears: real}
    out: {y: real}
    state: {y: real = 1}
    next: {y: 0.5 * y + hears}
main:
  in: {x: real}
  out: {z: real}
  boxes: {a: cell, b: cell}
  state: {k: real = 0.25}
  learn: [k]
  wires: [k * b.y + x -> a.hears, a.y -> b.hears, b.y -> z]
train:
  data: {file: table.csv, inputs: {x: x}, targets: {truth: t}, split: {validation: last 20}}
  ticks: 4
  loss: mse(z, truth)
  optimiser: {sgd: {rate: 0.0001}}
  batch: 4
  epochs: 4
  precision: float64
"""


@pytest.fixture
def moving(tmp_path: Path) -> Path:
    (tmp_path / "table.csv").write_text(TABLE)
    path = tmp_path / "moving.yaml"
    path.write_text(MOVING)
    return path


def test_of_an_episode_the_ticks_of_the_answer_count(moving: Path) -> None:
    training = Training.of(load_diagram(moving, (), moving.parent))
    found = activity_of(training.loaded.diagram, training.learner, training.dataset)
    assert found is not None
    x = 0.1 * np.arange(60, 80)
    a, b = np.ones(20), np.ones(20)
    for _ in range(3):
        a, b = 0.5 * a + 0.25 * b + x, 0.5 * b + a
    assert found.read(training.learner.states) == pytest.approx({"a": size(a), "b": size(b)})


def test_groups_of_rows_end_where_they_end(moving: Path) -> None:
    """Answers of episodes of different length are those of the last tick of each."""
    text = MOVING.replace("split: {validation: last 20}", "episode: {by: id}").replace("  ticks: 4\n", "")
    rows = [(0.5, 0), (0.25, 0), (1.0, 0), (2.0, 1)]
    (moving.parent / "table.csv").write_text("x,t,id\n" + "".join(f"{x},0,{one}\n" for x, one in rows))
    moving.write_text(text)
    training = Training.of(load_diagram(moving, (), moving.parent))
    found = activity_of(training.loaded.diagram, training.learner, training.dataset)
    assert found is not None
    ends = []
    for episode in (0, 1):
        a = b = 1.0
        for x in [x for x, one in rows if one == episode][:-1]:
            a, b = 0.5 * a + 0.25 * b + x, 0.5 * b + a
        ends.append((a, b))
    expected = {"a": size([a for a, _ in ends]), "b": size([b for _, b in ends])}
    assert found.read(training.learner.states) == pytest.approx(expected)
    shown = load_diagram(moving, (), moving.parent).predict()
    assert shown["z"] == pytest.approx(np.array([b for _, b in ends]))


def test_a_run_that_was_stopped_keeps_the_same(moving: Path, tmp_path: Path) -> None:
    Training.begin(moving, (), tmp_path / "whole").train()
    Training.begin(moving, ("train.epochs=2",), tmp_path / "part").train()
    with (tmp_path / "part" / "activity.jsonl").open("ab") as stream:  # ahead of the checkpoint
        stream.write(b'{"epoch": 3, "activity": {}}\n{"epoch": 4')
    Training.resume(tmp_path / "part", settings=("train.epochs=4",)).train()
    whole = (tmp_path / "whole" / "activity.jsonl").read_bytes()
    assert (tmp_path / "part" / "activity.jsonl").read_bytes() == whole
    assert len(whole.splitlines()) == 5


def test_training_is_not_touched(moving: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without it, the same bits are learned."""
    Training.begin(moving, (), tmp_path / "one").train()
    monkeypatch.setattr("dilsctl.training.activity_of", lambda *_: None)
    Training.begin(moving, (), tmp_path / "other").train()
    assert not (tmp_path / "other" / "activity.jsonl").exists()
    one, other = (read_checkpoint(tmp_path / name / "last.safetensors").states for name in ("one", "other"))
    assert {name: value.tobytes() for name, value in one.items()} == {
        name: value.tobytes() for name, value in other.items()
    }


def test_too_much_is_left_out(moving: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training.of(load_diagram(moving, (), moving.parent))
    monkeypatch.setattr("dilsctl.activity.MOST_NUMBERS", 2)
    assert activity_of(training.loaded.diagram, training.learner, training.dataset) is None
    plans: Plans = training.loaded.plans
    monkeypatch.undo()
    diagram, paths = with_all_shown(plans.diagram)
    assert list(paths) == ["a", "b"] and list(diagram.main.outputs) == ["z", "a.y", "b.y"]
    assert Activity(plans.diagram, plans.episode(), {"x": np.zeros(1)}, "float64", 0).paths == paths
