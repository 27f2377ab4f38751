"""The grid that reads digits: only the wires between its boxes carry the pen to where it is read."""

from pathlib import Path

import numpy as np
import pytest

from dilsctl import load

FILE = Path(__file__).parents[1] / "examples" / "pendigits.yaml"
WIRES = ("coupling", "pacing")


def test_without_neighbours_it_learns_nothing() -> None:
    run = load(FILE, settings=["params.reach=0"]).train(epochs=1)
    assert run.values["test.accuracy"] == pytest.approx(0.1, abs=0.02)


def test_without_its_wires_a_trained_grid_knows_nothing() -> None:
    diagram = load(FILE)
    run = diagram.train(epochs=1)
    assert run.values["test.accuracy"] > 0.5
    for name in WIRES:
        diagram.learner.states[name][...] = 0
    assert diagram.eval()["test.accuracy"] == pytest.approx(0.1, abs=0.02)
    answers = diagram.predict()["logits"]
    assert np.ptp(answers, axis=0).max() == 0  # whatever was written


def test_it_is_as_small_as_it_says() -> None:
    states = load(FILE).learner.compiled.states
    moving = [one for path, one in states.items() if path == "cell.s"]
    assert [one.lead for one in moving] == [(20,)]
    assert moving[0].state.type.shape == (2,)
