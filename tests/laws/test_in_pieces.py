"""An episode in pieces learns what the same episode learns as one program."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import dilsctl
import dilsctl.compile
from dilsctl.compile import compile_diagram
from dilsctl.engine.learner import Learner
from dilsctl.engine.piecewise import PiecewiseLearner
from dilsctl.garbage import collection_off
from dilsctl.learning.methods import method_of
from dilsctl.objective import Objective
from dilsctl.passes.unroll import Episode
from dilsctl.plans import clip_together

from .support import diagram_of
from .test_through_time import (
    ARMS,
    BATCH,
    BEGUN,
    CHAIN,
    DT,
    HOW,
    MODES,
    RNN,
    SHARED,
    SPRINGS,
    _written,
)


class Rate:
    """A constant learning rate."""

    def of(self, rate: Any) -> Any:
        return lambda step: 0.05


DRAWS = """\
dils: 1
define:
  noisy:
    in: {x: real 2}
    out: {y: real 3}
    state:
      s: real 3 = normal
      w: real 3 2 = glorot
    learn: [w]
    next:
      s: 0.5 * s + w @ x + normal(shape=[3])
    wires:
      - s -> y
main: noisy
"""
TEXTS = {
    "next": RNN, "rate": CHAIN, "shared": SHARED, "begun": BEGUN, "potential": SPRINGS, "matrix": ARMS,
    "modes": MODES, "draws": DRAWS,
}  # fmt: skip


def learned(kind: type, text: str, at: Any, horizon: int | None, ticks: int, clip: float = 0) -> list[Any]:
    """(measures, the loss of a step, by how much states moved, predictions)."""
    objective = Objective(_written("mse(y, z)"), {"m": _written("mean(y)")}, {"z": 3})
    episode = Episode(ticks, DT, HOW.get(text, "rk4"), 2, at, horizon, frozenset({"x"}))
    compiled = compile_diagram(diagram_of(text), objective, episode=episode)
    limit = (lambda builder, gradients: clip_together(builder, gradients, clip)) if clip else None
    learner = kind(compiled, lambda options: method_of("momentum"), limit, precision="float64")
    draws = np.random.default_rng(3)
    data = {"x": draws.normal(size=(BATCH + 2, ticks, 2)), "z": draws.normal(size=(BATCH + 2, 3))}
    rows = np.array([5, 1, 0, 3, 2])
    staged = learner.stage(data)
    measures = learner.evaluate(staged, rows)
    before = {path: value.copy() for path, value in learner.states.items()}
    loss = learner.run_epoch(staged, rows, BATCH, Rate(), 1, 0)  # a batch, and one that is smaller
    moved = {path: before[path] - value for path, value in learner.states.items() if path in before}
    return [measures, loss, moved, learner.predict({"x": data["x"]})]


@pytest.mark.parametrize("ticks", [7, 9])
@pytest.mark.parametrize("horizon", [None, 3])
@pytest.mark.parametrize("at", ["last", "each", "end"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@np.errstate(all="ignore")  # what a closed port is not looked at for
def test_pieces_are_the_whole(
    text: str, at: str, horizon: int | None, ticks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = learned(Learner, text, at, horizon, ticks)
    monkeypatch.setattr(dilsctl.compile, "LONG", 1)
    pieces = learned(PiecewiseLearner, text, at, horizon, ticks)
    assert whole[0].keys() == pieces[0].keys()
    for name, value in whole[0].items():
        assert pieces[0][name] == pytest.approx(value, rel=1e-11)
    assert pieces[1] == pytest.approx(whole[1], rel=1e-11)
    assert pieces[2].keys() == whole[2].keys()
    for path, value in whole[2].items():
        np.testing.assert_allclose(pieces[2][path], value, rtol=1e-8, atol=1e-11)
    for name, value in whole[3].items():
        np.testing.assert_allclose(pieces[3][name], value, rtol=1e-11, atol=1e-13)


def test_the_whole_gradient_is_clipped(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = learned(Learner, RNN, "last", None, 9, 0.01)
    monkeypatch.setattr(dilsctl.compile, "LONG", 1)
    pieces = learned(PiecewiseLearner, RNN, "last", None, 9, 0.01)
    for path, value in whole[2].items():
        np.testing.assert_allclose(pieces[2][path], value, rtol=1e-8, atol=1e-13)


def peak(ticks: int, horizon: int | None) -> int:
    """The most bytes that NumPy held while a batch was learned from."""
    objective = Objective(_written("mse(y, z)"), {}, {"z": 3})
    episode = Episode(ticks, DT, "rk4", 1, "last", horizon)
    compiled = compile_diagram(diagram_of(RNN), objective, episode=episode)
    learner = PiecewiseLearner(compiled, lambda options: method_of("sgd"), precision="float64")
    data = {"x": np.ones((64, 2)), "z": np.ones((64, 3))}
    staged, rows = learner.stage(data), np.arange(64)
    with collection_off():  # when garbage is collected is no property of the episode
        tracemalloc.start()
        learner.run_epoch(staged, rows, 64, Rate(), 1, 0)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return found


def test_memory_does_not_grow_with_the_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a horizon not at all; without one with the square root of the number of ticks."""
    monkeypatch.setattr(dilsctl.compile, "LONG", 1)
    short, long = peak(400, 20), peak(6400, 20)
    assert long < 1.05 * short
    short, long = peak(400, None), peak(6400, None)
    assert long < 6 * short  # 16 times as many ticks


def test_a_long_episode_from_a_file(tmp_path: Any) -> None:
    """Known equations with an unknown number, over 2000 ticks."""
    (tmp_path / "decay.yaml").write_text("""\
dils: 1
define:
  decay:
    out: {x: real}
    state: {s: real = 1, speed: real = 0.002}
    learn: [speed]
    rate: {s: -speed * s}
    wires:
      - s -> x
main: decay
time: {dt: 0.5, method: rk4, steps: 4}
train:
  episodes: 1
  batch: 1
  ticks: 2000
  loss: {at: end, is: square(x - 0.1)}
  optimiser: {adam: {rate: 0.0002}}
  epochs: 40
  precision: float64
""")
    diagram = dilsctl.load(tmp_path / "decay.yaml")
    assert isinstance(diagram.plans.learner(training=True), PiecewiseLearner)
    diagram.train()
    assert diagram.learner.states["speed"] == pytest.approx(np.log(10) / 1000, rel=0.01)
    assert [name for name, _ in diagram.plan()]
