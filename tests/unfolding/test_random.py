"""Random feed-forward networks: unfolded they learn as they do, and folded again they are what they were."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dilsctl import api
from dilsctl.dump import dump

from .support import COLUMNS, worst, written

WITHIN = 1e-10
ACTIVATIONS = (
    "tanh(z)", "sigmoid(z)", "relu(z)", "softplus(z)", "z", "softmax(z)", "sin(z)", "exp(-z * z)",
    "z / (1 + z * z)", "maximum(z, 0.1)", "z if z > 0 else 0.2 * z",
)  # fmt: skip
LOSSES = (
    "cross_entropy(p, truth)",
    "mse(p, one_hot(truth, 3)) + 0.1 * mae(again, m)",
    "huber(p[truth], 1) + sum(p * p) / 8",
    "-log_softmax(p)[truth] + 0.01 * norm(again)",
)
OPTIMISERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")


def network(seed: int) -> str:
    """A random network: boxes that read one or two wires of those before, skips, ties, composites."""
    rng = random.Random(seed)
    tied = rng.random() < 0.5
    defined: list[str] = []
    boxes: list[str] = []
    wires: list[str] = []
    joined: list[str] = []
    sources = ["m"]
    for number in range(rng.randint(2, 5)):
        shares = tied and rng.random() < 0.6
        defined.append(_box(number, rng.choice(ACTIVATIONS), shares))
        name = f"box_{number}"
        if rng.random() < 0.3:
            name = f"around_{number}"
            defined.append(_around(number, shares))
        boxes.append(f"unit_{number}: {name}")
        joined += [f"unit_{number}.w"] if shares else []
        one, two = rng.choice(sources), rng.choice(sources)
        text = rng.choice((one, f"{one} + {two}", f"{one} * {two}", f"{one} - roll({two}, 1)"))
        wires.append(f"{text} -> unit_{number}.x")
        sources.append(f"unit_{number}.y")
    unread = [one for one in sources[1:] if not any(one in wire.partition(" -> ")[0] for wire in wires)]
    wires.append(f"{' + '.join(unread)} -> last.x")
    share = "    share: {w: real 4 4 = glorot}\n    learn: [w]\n" if joined else ""
    join = f"    join: {{w: [{', '.join(joined)}]}}\n" if joined else ""
    loss = "    loss: 0.01 * sum(w * w)\n" if joined and rng.random() < 0.5 else ""
    lines = "\n".join(f"      - {wire}" for wire in wires)
    return f"""dils: 1
define:
{"".join(defined)}  top:
    in: {{x: real 4}}
    out: {{y: real 3}}
    state: {{v: real 3 4 = lecun, c: real 3 = 0}}
    learn: [v, c]
    wires: [v @ x + c -> y]
  net:
    in: {{m: real 4}}
    out: {{p: real 3, again: real 4}}
{share}{join}{loss}    boxes: {{{", ".join([*boxes, "last: top"])}}}
    wires:
{lines}
      - last.y -> p
      - {rng.choice(sources[1:])} -> again
main: net
train:
  data:
    file: iris.csv
    inputs: {{m: {COLUMNS}}}
    targets: {{truth: species}}
    standardise: true
  loss: {rng.choice(LOSSES)}
  metrics: {{accuracy: mean(argmax(p) == truth)}}
  optimiser: {{{rng.choice(OPTIMISERS)}: {{rate: 0.01}}}}
  decay: {rng.choice((0, 0.001))}
  batch: 8
  seed: {seed}
"""


def _box(number: int, activation: str, shares: bool) -> str:
    weight = "share: {w: real 4 4}" if shares else "learn: [w]"
    state = "" if shares else "w: real 4 4 = glorot, "
    return f"""  box_{number}:
    in: {{x: real 4}}
    out: {{y: real 4}}
    {weight.replace("learn: [w]", "learn: [w, b]")}
    {"learn: [b]" if shares else ""}
    state: {{{state}b: real 4 = 0.1}}
    let:
      z: w @ x + b
    wires:
      - {activation} -> y
"""


def _around(number: int, shares: bool) -> str:
    share = "    share: {w: real 4 4}\n    join: {w: [inner.w]}\n" if shares else ""
    return f"""  around_{number}:
    in: {{x: real 4}}
    out: {{y: real 4}}
{share}    boxes: {{inner: box_{number}}}
    wires:
      - x -> inner.x
      - inner.y + 0.5 * x -> y
"""


@pytest.mark.parametrize("seed", range(12))
def test_it_learns_as_the_original(tmp_path: Path, seed: int) -> None:
    assert worst(written(tmp_path, network(seed)), steps=30) < WITHIN


@pytest.mark.parametrize("seed", range(12))
def test_folding_gives_it_back(tmp_path: Path, seed: int) -> None:
    """The same boxes to train, from the same draws, to the same numbers: in float64, over two epochs."""
    loaded = api.load(written(tmp_path, network(seed)), settings=["train.precision=float64"])
    unfolded = tmp_path / "unfolded.yaml"
    unfolded.write_text(dump(loaded.unfold().document), encoding="utf-8")
    folded = tmp_path / "folded.yaml"
    folded.write_text(dump(api.load(unfolded).fold()), encoding="utf-8")
    other = api.load(folded)
    first, second = loaded.train(epochs=2).values, other.train(epochs=2).values
    assert first == pytest.approx(second, rel=1e-9)
    twice = tmp_path / "again.yaml"
    twice.write_text(dump(other.unfold().document), encoding="utf-8")
    thrice = api.load(twice).fold()
    assert thrice["train"] == other.document.root["train"]
    assert thrice["define"].keys() == other.document.root["define"].keys()
