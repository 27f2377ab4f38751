"""Learned variables that are joined are one: their gradients add, however the join is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dilsctl

LAYER = """
dils: 1
define:
  layer:
    in: {x: real 3}
    out: {y: real 3}
    share: {w: real 3 3 = 0.1}
    learn: [w]
    wires:
      - tanh(w @ x) -> y
  main:
    in: {x: real 3}
    out: {y: real 3}
    BODY
main: main
train:
  data: {file: data.npz, inputs: {x: x}, targets: {truth: truth}}
  loss: sum((y - truth) ** 2)
  optimiser: {adam: {rate: 0.05}}
  epochs: 3
  batch: 4
  precision: float64
"""
TWO = """boxes: {a: layer, b: layer}
    wires: [x -> a.x, a.y -> b.x, b.y -> y]"""
ARRAY = """boxes: {a: {box: layer, count: 2}}
    wires: ['x -> a[0].x', 'a[0].y -> a[1].x', 'a[1].y -> y']"""

TIED = {
    "two boxes": f"{TWO}\n    join: {{w: [a.w, b.w]}}",
    "an array": f"{ARRAY}\n    join: {{w: [a.w]}}",
    "through a share": f"{TWO}\n    share: {{w: real 3 3 = 0.1}}\n    join: {{w: [b.w, a.w]}}",
    "one box": "state: {w: real 3 3 = 0.1}\n    learn: [w]\n    wires: [tanh(w @ tanh(w @ x)) -> y]",
}
APART = {
    "parts": f"{TWO}\n    share: {{w: real 2 3 3 = 0.1}}\n    join: {{'w[0]': [a.w], 'w[1]': [b.w]}}",
    "spread": f"{ARRAY}\n    share: {{w: real 2 3 3 = 0.1}}\n    join: {{w: [a.w]}}",
    "not joined": TWO,
    "one box": "state: {v: real 3 3 = 0.1, w: real 3 3 = 0.1}\n    learn: [v, w]\n"
    "    wires: [tanh(w @ tanh(v @ x)) -> y]",
}


@pytest.mark.parametrize("forms", [TIED, APART], ids=["tied", "apart"])
def test_every_form_learns_the_same(tmp_path: Path, forms: dict[str, str]) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "data.npz", x=rng.normal(size=(12, 3)), truth=rng.normal(size=12))
    losses = {}
    for name, body in forms.items():
        file = tmp_path / "network.yaml"
        file.write_text(LAYER.replace("BODY", body))
        losses[name] = dilsctl.load(file).train().values["train.loss"]
    for name, loss in losses.items():
        assert loss == pytest.approx(losses["one box"], rel=1e-13), name
