"""A box may have a loss of its own; ``stop`` keeps it local: then each part learns as if it were alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dilsctl

PART = """\
  part:
    params: {gain: 1.0}
    in: {x: real 2, wish: real 2}
    out: {y: real 2}
    state: {w: real 2 2 = glorot, h: real 2 = 0}
    learn: [w]
    let: {new: tanh(w @ x + gain * h)}
    next: {h: new}
    loss: sum(square(new - wish))
    wires:
      - new -> y
"""
BOTH = """\
dils: 1
define:
  both:
    in: {x: real 2, first: real 2, second: real 2}
    out: {y: real 2}
    boxes: {a: part, b: {box: part, with: {gain: 0.5}}}
    wires:
      - x      -> a.x
      - first  -> a.wish
      - BETWEEN -> b.x
      - second -> b.wish
      - b.y    -> y
PARTmain: both
TRAIN"""
ALONE = """\
dils: 1
define:
  alone:
    in: {x: real 2, first: real 2}
    out: {y: real 2}
    boxes: {a: part}
    wires:
      - x     -> a.x
      - first -> a.wish
      - a.y   -> y
PARTmain: alone
TRAIN"""
TRAIN = """\
train:
  optimiser: {sgd: {rate: 0.1}}
  ticks: 3
  LOSS
  batch: 4
  epochs: 5
  precision: float64
"""


def trained(folder: Path, text: str, names: tuple[str, ...], at: str) -> dict[str, Any]:
    draws = np.random.default_rng(2)
    columns = {f"{name}{k}": draws.normal(size=12) for name in ("x", "first", "second") for k in range(6)}
    rows = "\n".join(",".join(repr(float(one[row])) for one in columns.values()) for row in range(12))
    (folder / "rows.csv").write_text(",".join(columns) + "\n" + rows)
    data = "  data:\n    file: rows.csv\n    sequences:\n" + "".join(
        f"      {name}: {{columns: {name}0..{name}5, each: 2}}\n" for name in names
    )
    train = TRAIN.replace("LOSS", f"loss: {{at: {at}, is: 0 * sum(y)}}") + data
    (folder / "net.yaml").write_text(text.replace("PART", PART).replace("TRAIN", train))
    diagram = dilsctl.load(folder / "net.yaml")
    diagram.train()
    return {path: value.copy() for path, value in diagram.learner.states.items()}


@pytest.mark.parametrize("at", ["last", "each"])
def test_stop_keeps_a_loss_local(tmp_path: Path, at: str) -> None:
    names = ("x", "first", "second")
    alone = trained(tmp_path, ALONE, names[:2], at)
    local = trained(tmp_path, BOTH.replace("BETWEEN", "stop(a.y)"), names, at)
    np.testing.assert_allclose(local["a.w"], alone["a.w"], rtol=1e-12)
    joint = trained(tmp_path, BOTH.replace("BETWEEN", "a.y"), names, at)
    assert np.abs(joint["a.w"] - alone["a.w"]).max() > 1e-3
