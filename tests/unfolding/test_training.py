"""The unfolded diagram learns as the original does, tick by tick, to rounding."""

from __future__ import annotations

from pathlib import Path

import pytest

from dilsctl import api
from dilsctl.diagnostics import SourceFile
from dilsctl.dump import dump
from dilsctl.formatting import format_text
from dilsctl.learning.optimisers import OPTIMISERS

from .support import COLUMNS, ROOT, worst, written

WITHIN = 1e-10  # relative, over 100 steps of 8

TRAIN = f"""
main: net
train:
  data:
    file: iris.csv
    inputs: {{m: {COLUMNS}}}
    targets: {{truth: species}}
    standardise: true
    split: {{test: 0.2}}
  loss: cross_entropy(p, truth)
  metrics: {{accuracy: mean(argmax(p) == truth)}}
  batch: 8
"""

LAYERED = (
    """dils: 1
use: {nn: std/nn}
define:
  net:
    in: {m: real 4}
    out: {p: real 3}
    boxes:
      hidden: {box: nn.dense, with: {units: 6, activation: tanh}}
      output: {box: nn.dense, with: {units: 3}}
    wires: [m -> hidden.x, hidden.y -> output.x, output.y -> p]
"""
    + TRAIN
)

NEURON = """dils: 1
define:
  neuron:
    in: {x: real n}
    out: {y: real}
    state: {weight: real n = glorot, bias: real = 0}
    learn: [weight, bias]
    wires: [tanh(weight @ x + bias) -> y]
  net:
    in: {a: real, b: real, c: real}
    out: {p: real}
    boxes: {one: neuron}
    wires:
      - "[a, b, c] -> one.x"
      - one.y -> p
main: net
train:
  data:
    file: iris.csv
    inputs: {a: sepal_length, b: sepal_width, c: petal_length}
    targets: {truth: petal_width}
  loss: mse(p, truth)
  batch: 8
"""

NEURONS = NEURON.replace(
    """    in: {a: real, b: real, c: real}
    out: {p: real}
    boxes: {one: neuron}
    wires:
      - "[a, b, c] -> one.x"
      - one.y -> p
""",
    """    in: {a: real, b: real, c: real}
    out: {p: real}
    boxes: {left: neuron, right: neuron, top: neuron}
    wires:
      - "[a, b] -> left.x"
      - "[c] -> right.x"
      - "[left.y, right.y] -> top.x"
      - top.y -> p
""",
)

SKIP = (
    """dils: 1
use: {nn: std/nn}
define:
  net:
    in: {m: real 4}
    out: {p: real 3}
    boxes:
      first: {box: nn.dense, with: {units: 5, activation: relu}}
      second: {box: nn.residual, with: {inner: nn.bottleneck}}
      gate: {box: nn.dense, with: {units: 5, activation: sigmoid}}
      output: {box: nn.dense, with: {units: 3}}
    wires:
      - m -> first.x
      - first.y -> second.x
      - m -> gate.x
      - concat(second.y * gate.y, m) -> output.x
      - output.y -> p
"""
    + TRAIN
)

TIED = """dils: 1
define:
  half:
    share: {w: real 4 4}
    in: {x: real 4}
    out: {y: real 4}
    state: {b: real 4 = 0}
    learn: [b]
    wires: [tanh(w @ x + b) -> y]
  back:
    share: {w: real 4 4}
    in: {x: real 4}
    out: {y: real 4}
    wires: [transpose(w) @ x -> y]
  top:
    in: {x: real 4}
    out: {y: real 3}
    state: {v: real 3 4 = glorot}
    learn: [v]
    wires: [v @ x -> y]
  net:
    in: {m: real 4}
    out: {again: real 4, p: simplex 3}
    share: {w: real 4 4 = glorot}
    boxes: {a: half, b: half, c: back, d: top}
    learn: [w]
    join: {w: [a.w, b.w, c.w]}
    loss: 0.01 * sum(w * w)
    wires:
      - m -> a.x
      - a.y -> b.x
      - b.y + m -> c.x
      - c.y -> again
      - c.y -> d.x
      - softmax(d.y) -> p
""" + TRAIN.replace("cross_entropy(p, truth)", "cross_entropy(p, truth) + 0.1 * mse(again, m)")

ATTENTION = (
    """dils: 1
use: {nn: std/nn}
define:
  net:
    in: {m: real 4}
    out: {p: real 3}
    boxes:
      look: {box: nn.attention, with: {heads: 2, size: 3}}
      norm: nn.layer_norm
      output: {box: nn.dense, with: {units: 3}}
    wires:
      - outer(m, [1, 0.5]) -> look.x
      - reshape(look.y, 8) -> norm.x
      - norm.y -> output.x
      - output.y -> p
"""
    + TRAIN
)

EMBEDDED = """dils: 1
use: {nn: std/nn}
define:
  net:
    in: {m: real 4, flower: class 3}
    out: {p: real}
    boxes:
      name: {box: nn.embedding, with: {entries: 3, size: 2}}
      unit: {box: nn.neuron, count: 4, with: {activation: softplus}}
      output: {box: nn.dense, with: {units: 1}}
    wires:
      - flower -> name.symbol
      - concat(m, name.y) -> unit.x
      - unit.y -> output.x
      - output.y[0] -> p
""" + TRAIN.replace(f"{{m: {COLUMNS}}}", f"{{m: {COLUMNS}, flower: species}}").replace(
    "truth: species", "truth: petal_width"
).replace("cross_entropy(p, truth)", "huber(p, truth)").replace(
    "mean(argmax(p) == truth)", "abs(p - truth)"
).replace("standardise: true", "standardise: [m]")

CHAIN = LAYERED.replace(
    "hidden: {box: nn.dense, with: {units: 6, activation: tanh}}", "hidden: {box: nn.deep, with: {depth: 3}}"
)

CASES = {
    "figure 1: a neuron": NEURON,
    "figure 2: neurons": NEURONS,
    "figure 3: layers": LAYERED,
    "skips": SKIP,
    "tied": TIED,
    "attention": ATTENTION,
    "embedded": EMBEDDED,
    "a chain through an array": CHAIN,
}


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser(tmp_path: Path, optimiser: str) -> None:
    assert worst(written(tmp_path, LAYERED), settings=[f"train.optimiser={optimiser}"]) < WITHIN


@pytest.mark.parametrize("name", CASES)
def test_every_shape(tmp_path: Path, name: str) -> None:
    assert worst(written(tmp_path, CASES[name]), settings=["train.optimiser=momentum"]) < WITHIN
    assert worst(tmp_path / "net.yaml", settings=["train.optimiser=adam"]) < WITHIN


@pytest.mark.parametrize(
    "rate",
    [
        "{cosine: {start: 0.1, end: 0.001}}",
        "{linear: {start: 0.1}}",
        "{step: {start: 0.1, every: 2}}",
        "{exponential: {start: 0.1, factor: 0.8}}",
        "{warmup: {epochs: 1.5, then: {cosine: {start: 0.1}}}}",
        "{warmup: {epochs: 2, then: 0.1}}",
    ],
)
def test_every_schedule(tmp_path: Path, rate: str) -> None:
    path = written(tmp_path, LAYERED)
    settings = [f"train.optimiser={{momentum: {{rate: {rate}}}}}", "train.epochs=6"]
    assert worst(path, 90, settings) < WITHIN


@pytest.mark.parametrize(
    "settings",
    [
        ["train.optimiser=adam", "train.decay=0.01"],
        ["train.optimiser=adamw", "train.decay=0.05"],
        ["train.batch=7", "train.seed=5"],
        ["train.shuffle=false", "train.batch=1"],
    ],
    ids=lambda one: " ".join(one),
)
def test_settings(tmp_path: Path, settings: list[str]) -> None:
    assert worst(written(tmp_path, LAYERED), settings=settings) < WITHIN


def test_states_with_methods_of_their_own(tmp_path: Path) -> None:
    own = "learn: {weight: {optimiser: {momentum: {rate: 0.3}}}, bias: {rate: 0.01, decay: 0.1}}"
    text = NEURONS.replace("learn: [weight, bias]", own)
    assert worst(written(tmp_path, text), settings=["train.optimiser=adam"]) < WITHIN


def test_single_precision_is_that_of_training(tmp_path: Path) -> None:
    document = api.load(written(tmp_path, LAYERED)).unfold().document
    assert document["simulate"]["precision"] == "float32"
    assert document["simulate"]["batch"] == 8


def test_what_the_reference_shows_is_what_is_printed() -> None:
    """The hidden layer on the page about unfolding."""
    path = ROOT / "examples" / "digits.yaml"
    document = api.load(path, settings=["train.optimiser=sgd"]).unfold().document
    printed = format_text(SourceFile("digits", dump(document)))
    page = (ROOT / "docs" / "unfold.md").read_text(encoding="utf-8")
    shown = page.partition("```yaml\n  hidden:\n")[2].partition("```")[0]
    assert shown and f"  hidden:\n{shown}" in printed
