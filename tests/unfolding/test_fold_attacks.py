"""Files that fold could take for the unfolding of a network that trains otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from dilsctl import api
from dilsctl.diagnostics import Diagnostic, Problem
from dilsctl.dump import dump
from dilsctl.simulate import Simulation
from dilsctl.training import Training

from .support import written
from .test_fold import UNFOLDED

ROWS = """simulate:
  until: 150
  data:
    file: iris.csv
    inputs: {x: [sepal_length, sepal_width, petal_length, petal_width], truth: species}
"""
LAW = "w: w - 0.1 * pool(outer(dy, data.x))"


def refused(path: Path) -> Diagnostic:
    with pytest.raises(Problem) as caught:
        api.load(path).fold()
    (found,) = caught.value.diagnostics
    assert found.code == "not-folded" and found.primary is not None
    return found


def test_rows_that_come_one_a_tick_are_batches_of_one(tmp_path: Path) -> None:
    """The training takes the same rows in the same order, and comes to the same state."""
    loaded = api.load(written(tmp_path, UNFOLDED.replace("w - 0.1", "w - 0.01") + ROWS))
    document = loaded.fold()
    train = document["train"]
    assert (train["batch"], train["epochs"], train["shuffle"]) == (1, 1, False)
    folded = tmp_path / "folded.yaml"
    folded.write_text(dump(document), encoding="utf-8")
    training = Training.of(api.load(folded))
    training.train()
    simulation = loaded.simulation()
    assert isinstance(simulation, Simulation)
    simulation.run()
    assert training.learner.states["layer.w"] == pytest.approx(
        simulation.running.states["layer.w"].squeeze(), rel=1e-12
    )


def test_as_many_epochs_as_ticks_take(tmp_path: Path) -> None:
    path = written(tmp_path, UNFOLDED + ROWS.replace("until: 150", "until: 38\n  batch: 8"))
    train = api.load(path).fold()["train"]
    assert (train["batch"], train["epochs"]) == (8, 2)


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("until: 55", "epochs: 1, batch: 1"),
        ("until: 300", "epochs: 2, batch: 1"),  # one row a tick: the last one is held
        ("until: 55\n  batch: 8", "epochs: 3, batch: 8"),
    ],
)
def test_a_training_is_of_whole_epochs(tmp_path: Path, until: str, words: str) -> None:
    path = written(tmp_path, UNFOLDED + ROWS.replace("until: 150", until))
    found = refused(path)
    assert words in found.help
    assert found.primary is not None
    assert path.read_text().splitlines()[found.primary.span.line - 1].strip() == until.partition("\n")[0]


@pytest.mark.parametrize("init", ["0.5", "glorot"])
def test_what_an_optimiser_keeps_begins_at_nothing(tmp_path: Path, init: str) -> None:
    text = UNFOLDED.replace(LAW, "w: w - 0.1 * new\n      v: new")
    text = text.replace(
        "    wires:\n      - w @",
        "    let:\n      new: 0.9 * v + pool(outer(dy, data.x))\n    wires:\n      - w @",
    )
    text = text.replace("keep: true}}", "keep: true}, v: {type: real 3 4 = 0, keep: true}}")
    path = written(tmp_path, text)
    assert api.load(path).fold()["train"]["optimiser"] == {"momentum": {"rate": 0.1}}
    path.write_text(text.replace("real 3 4 = 0", f"real 3 4 = {init}"), encoding="utf-8")
    assert "'layer.v', which does not begin at 0" in refused(path).message


@pytest.mark.parametrize("times", ["", "7 * "])
def test_a_wrong_derivative_where_most_values_are_no_number(tmp_path: Path, times: str) -> None:
    """The logarithm of what is negative at most random states: those where it is a number are found."""
    text = UNFOLDED.replace("w @ data.x -> y", "log(w @ data.x) -> y")
    text = text.replace("dy @ w -> data.dx", f"{times}(transpose(w) @ (dy / (w @ data.x))) -> data.dx")
    path = written(tmp_path, text.replace("outer(dy, data.x)", "outer(dy / (w @ data.x), data.x)"))
    if not times:
        api.load(path).fold()
        return
    assert "what 'layer.data.x' is told is 7 times" in refused(path).message


def test_what_is_no_number_anywhere_is_not_taken_for_the_same(tmp_path: Path) -> None:
    text = UNFOLDED.replace("w @ data.x -> y", "w @ data.x + log(-1 - square(w @ data.x)) -> y")
    path = written(tmp_path, text)
    assert "no random states that were tried" in refused(path).message
