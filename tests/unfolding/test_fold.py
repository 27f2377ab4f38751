"""Folding is the inverse of unfolding, and refuses what is the unfolding of no network."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from dilsctl import api
from dilsctl.diagnostics import Diagnostic, Problem
from dilsctl.dump import dump
from dilsctl.learning.methods import method_of
from dilsctl.learning.optimisers import OPTIMISERS
from dilsctl.loaded import LoadedDiagram

from .support import ROOT, written
from .test_training import CASES, LAYERED

SAME_PLAN = ("figure 1: a neuron", "figure 2: neurons", "figure 3: layers", "skips")
BY_NUMBERS = ("embedded", "a chain through an array")  # sums come back in other parts
SAME_TEXT = ("figure 3: layers", "skips")


def there_and_back(folder: Path, loaded: LoadedDiagram) -> tuple[dict[str, Any], LoadedDiagram]:
    """What a diagram unfolds to, and that folded again."""
    unfolded = loaded.unfold().document
    (folder / "unfolded.yaml").write_text(dump(unfolded), encoding="utf-8")
    (folder / "folded.yaml").write_text(dump(api.load(folder / "unfolded.yaml").fold()), encoding="utf-8")
    return unfolded, api.load(folder / "folded.yaml")


@pytest.mark.parametrize("name", CASES)
def test_the_network_comes_back(tmp_path: Path, name: str) -> None:
    """It begins with the same draws and trains to the same numbers, in another computation."""
    loaded = api.load(written(tmp_path, CASES[name]), settings=["train.precision=float64"])
    unfolded, folded = there_and_back(tmp_path, loaded)
    assert loaded.train(epochs=3).values == pytest.approx(folded.train(epochs=3).values, rel=1e-9)
    if name in SAME_PLAN:
        plans = [one.plans.learner(training=True).plan_hash for one in (loaded, folded)]
        assert plans[0] == plans[1]
    if name in SAME_TEXT:
        assert {**folded.unfold().document, "name": "", "doc": ""} == {**unfolded, "name": "", "doc": ""}


@pytest.mark.parametrize(
    "name", ["digits", "digits-neurons", "digits-listed", "digits-conv", "attention", "experts", "towers"]
)
def test_examples(tmp_path: Path, name: str) -> None:
    shutil.copytree(ROOT / "examples" / "data", tmp_path / "data")
    path = tmp_path / "example.yaml"
    text = (ROOT / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    loaded = api.load(path, settings=["train.precision=float64", "train.optimiser=adam"])
    _, folded = there_and_back(tmp_path, loaded)
    assert loaded.train(epochs=1).values == pytest.approx(folded.train(epochs=1).values, rel=1e-9)


@pytest.mark.parametrize(
    "optimiser",
    [
        *(f"{{{name}: {{rate: 0.02}}}}" for name in OPTIMISERS),
        "{momentum: {rate: 0.02, momentum: 0.5}}",
        "{adamw: {rate: 0.02, decay: 0.3}}",
        "{rmsprop: {rate: {cosine: {start: 0.1, end: 0.01}}}}",
        "{sgd: {rate: {linear: {start: 0.1, end: 0.02}}}}",
        "{adam: {rate: {step: {start: 0.1, factor: 0.5, every: 2}}}}",
        "{adamw: {rate: {exponential: {start: 0.1, factor: 0.8}}}}",
        "{sgd: {rate: {warmup: {epochs: 2.0, then: {linear: {start: 0.1, end: 0.02}}}}}}",
        "{sgd: {rate: {warmup: {epochs: 2.0, then: 0.1}}}}",
    ],
)
def test_the_optimiser_comes_back(tmp_path: Path, optimiser: str) -> None:
    settings = [f"train.optimiser={optimiser}", "train.decay=0.25"]
    loaded = api.load(written(tmp_path, LAYERED), settings=settings)
    _, folded = there_and_back(tmp_path, loaded)
    before, after = loaded.document.document.train, folded.document.document.train
    assert before is not None and after is not None
    first, second = (method_of(one.optimiser, one.decay) for one in (before, after))
    if first.name == "adamw":  # the decay of training is its own
        first = method_of(before.optimiser, 0.25)
    assert (first.name, [key for key, _ in first.options]) == (
        second.name,
        [key for key, _ in second.options],
    )
    assert [by for _, by in first.options] == pytest.approx([by for _, by in second.options], rel=1e-9)
    assert first.decay == pytest.approx(second.decay, rel=1e-9)
    assert _numbers(first.rate) == pytest.approx(_numbers(second.rate), rel=1e-9)
    assert (before.batch, before.epochs, before.seed) == (after.batch, after.epochs, after.seed)
    assert before.metrics == after.metrics and before.loss_text == after.loss_text


def _numbers(rate: Any) -> list[float]:
    """The numbers of a schedule, and its names as numbers."""
    if isinstance(rate, tuple):
        return [number for one in rate for number in _numbers(one)]
    return [float(rate)] if isinstance(rate, int | float) else [float(sum(map(ord, rate)))]


UNFOLDED = """dils: 1
define:
  data:
    in: {dx: {type: real 4, feedback: x}}
    out: {x: real 4}
  layer:
    in: {dy: {type: real 3, feedback: y}}
    out: {y: real 3}
    boxes: {data: data}
    state: {w: {type: real 3 4 = glorot, keep: true}}
    wires:
      - w @ data.x -> y
      - dy @ w -> data.dx
    next:
      w: w - 0.1 * pool(outer(dy, data.x))
  net:
    in: {truth: class 3}
    out: {p: real 3, loss: real}
    boxes: {layer: layer}
    wires:
      - layer.y -> p
      - pool(cross_entropy(layer.y, truth)) -> loss
      - softmax(layer.y) - one_hot(truth, 3) -> layer.dy
main: net
"""


def refused(folder: Path, before: str, after: str) -> Diagnostic:
    assert before in UNFOLDED
    path = folder / "unfolded.yaml"
    path.write_text(UNFOLDED.replace(before, after), encoding="utf-8")
    with pytest.raises(Problem) as caught:
        api.load(path).fold()
    found = caught.value.diagnostics[0]
    assert found.code == "not-folded"
    return found


def test_one_written_by_hand(tmp_path: Path) -> None:
    """The same derivatives in other words are the same."""
    path = tmp_path / "unfolded.yaml"
    path.write_text(UNFOLDED, encoding="utf-8")
    folded = api.load(path).fold()
    assert folded["define"]["layer"]["wires"] == ["w @ x -> y"]
    assert folded["train"] == {
        "data": {"inputs": {"x": "x0..x3"}, "targets": {"truth": "truth"}},
        "loss": "cross_entropy(p, truth)", "optimiser": {"sgd": {"rate": 0.1}}, "shuffle": False,
        "precision": "float64",
    }  # fmt: skip
    words = UNFOLDED.replace("dy @ w -> data.dx", "transpose(w) @ dy -> data.dx")
    words = words.replace("pool(outer(dy, data.x))", "pool(dy[:, None] * data.x)")
    path.write_text(words, encoding="utf-8")
    assert api.load(path).fold() == folded


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("w: w - 0.1 * pool(outer(dy, data.x))", "w: w - 0.1 * pool(outer(dy, dy @ w))", 15, "'layer.w'"),
        ("dy @ w -> data.dx", "2 * (dy @ w) -> data.dx", 13, "what 'layer.data.x' is told"),
        ("- one_hot(truth, 3) -> layer.dy", "-> layer.dy", 23, "what 'layer.y' is told is not what"),
        ("pool(cross", "pool(2 * cross", 23, "what 'layer.y' is told is 0.5 times"),
        ("pool(cross", "2 * pool(cross", 23, "what 'layer.y' is told is 0.5 times"),
        ("layer.y -> p", "2 * layer.y -> p", 22, "what 'layer.y' shows, which no output"),
        ("pool(cross_entropy(layer.y, truth))", "pool(sum(layer.y)) / pool(real(truth))", 16, "no output"),
        ("layer.y -> p", "layer.y * real(truth == 1) -> p", 21, "'p' reads a target"),
        ("w @ data.x -> y", "w @ data.x + t -> y", 12, "the time"),
        ("w @ data.x -> y", "w @ data.x + normal() -> y", 12, "a draw"),
        ("w @ data.x -> y", "w @ data.x - pool(w @ data.x) -> y", 12, "pooled"),
        ("w @ data.x -> y", "w @ data.x + dy -> y", 8, "what 'layer.y' shows depends on what is told"),
        (", keep: true", "", 10, "'layer.w' is not kept"),
        ("  w: w - 0.1 * pool(outer(dy, data.x))", "  w: w", 15, "'layer.w' moves by no law"),
        ("    next:\n      w: w - 0.1 * pool(outer(dy, data.x))\n", "", 14, "no state of it moves"),
        ("main: net", "    loss: sum(layer.y)\nmain: net", 16, "has a loss of its own"),
        ("w: w - 0.1 * pool(outer(dy, data.x))", "w: w ** 2 - 0.1 * pool(outer(dy, data.x))", 15, "no law"),
        ("w: w - 0.1 * pool", "w: w - 0.1 * t * pool", 15, "no law of an optimiser"),
        ("pool(cross_entropy(layer.y, truth)) -> loss", "0 -> loss", 16, "shows the loss"),
    ],
)  # fmt: skip
def test_what_no_network_unfolds_to(tmp_path: Path, before: str, after: str, line: int, message: str) -> None:
    found = refused(tmp_path, before, after)
    assert message in found.message
    assert found.primary is not None and found.primary.span.line == line


def test_peers_can_not_be_folded() -> None:
    with pytest.raises(Problem) as caught:
        api.load(ROOT / "examples" / "peers.yaml").fold()
    (found,) = caught.value.diagnostics
    assert found.code == "not-folded" and "peer wire" in found.message


def test_a_network_is_no_unfolded_one(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        api.load(written(tmp_path, LAYERED)).fold()
    (found,) = caught.value.diagnostics
    assert found.code == "not-folded" and "it is no unfolding" in found.message
    assert found.primary is not None and found.primary.span.line == 4


def test_a_multiple_of_a_mean_is_a_metric(tmp_path: Path) -> None:
    text = UNFOLDED.replace("loss: real}", "loss: real, percent: real}").replace(
        "-> loss\n", "-> loss\n      - 100 * pool(real(argmax(layer.y) == truth)) - 1 -> percent\n"
    )
    path = tmp_path / "unfolded.yaml"
    path.write_text(text, encoding="utf-8")
    train = api.load(path).fold()["train"]
    assert train["loss"] == "cross_entropy(p, truth)"
    assert train["metrics"] == {"percent": "100 * real(argmax(p) == truth) - 1"}


def test_the_wire_that_is_wrong_is_named_not_what_comes_of_it(tmp_path: Path) -> None:
    """What the outer layer tells the inner one: the laws inside are right, and move by it."""
    printed = dump(api.load(written(tmp_path, LAYERED), settings=["train.optimiser=sgd"]).unfold().document)
    assert "dy @ weight -> hidden.dy" in printed
    path = tmp_path / "unfolded.yaml"
    path.write_text(printed.replace("dy @ weight -> hidden.dy", "3 * (dy @ weight) -> hidden.dy"))
    with pytest.raises(Problem) as caught:
        api.load(path).fold()
    (found,) = caught.value.diagnostics
    assert found.message.startswith("what 'output.hidden.y' is told is 3 times")
    assert found.primary is not None
    line = path.read_text().splitlines()[found.primary.span.line - 1]
    assert "3 * (dy @ weight) -> hidden.dy" in line


def test_an_output_that_shows_a_state_unfolds_and_folds(tmp_path: Path) -> None:
    """A learned state that is shown besides: nothing flows back to it from there."""
    text = UNFOLDED.replace("loss: real}", "loss: real, size: real 3 4}").replace(
        "    out: {y: real 3}\n    boxes", "    out: {y: real 3, u: real 3 4}\n    boxes"
    )
    text = text.replace("- w @ data.x -> y", "- w @ data.x -> y\n      - w -> u")
    text = text.replace("- layer.y -> p", "- layer.y -> p\n      - layer.u -> size")
    path = tmp_path / "unfolded.yaml"
    path.write_text(text, encoding="utf-8")
    assert api.load(path).fold()["define"]["net"]["out"] == {"p": "real 3", "size": "real 3 4"}


@pytest.mark.parametrize("name", CASES)
def test_what_unfold_prints_is_proved_by_form(tmp_path: Path, name: str) -> None:
    path = tmp_path / "unfolded.yaml"
    path.write_text(dump(api.load(written(tmp_path, CASES[name])).unfold().document), encoding="utf-8")
    sampled: list[bool] = []
    api.load(path).fold(sampled=lambda: sampled.append(True))
    assert bool(sampled) == (name in BY_NUMBERS)


def test_other_words_are_compared_by_numbers(tmp_path: Path) -> None:
    path = tmp_path / "unfolded.yaml"
    sampled: list[str] = []
    for words in ("dy @ w", "1 - 1 + dy @ w", "transpose(w) @ dy"):
        path.write_text(UNFOLDED.replace("dy @ w ->", f"{words} ->"), encoding="utf-8")
        api.load(path).fold(sampled=lambda: sampled.append(words))  # noqa: B023
    assert sampled == ["transpose(w) @ dy"]
