"""The inputs of an unfolded network are holes: data fills them, or boxes do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dilsctl import api
from dilsctl.compose import compose, read_fill
from dilsctl.dump import dump
from dilsctl.kind import kind_of

from .support import written
from .test_training import LAYERED

FRONT = """dils: 1
main:
  doc: Shows the measures, each twice as large, and keeps what it is told of the last row.
  in: {dm: {type: real 4, feedback: m}}
  out: {m: real 4}
  boxes:
    raw: {out: {measured: real 4}}
  state: {told: {type: real 4, keep: true}}
  wires: [2 * raw.measured -> m]
  next: {told: told + pool(dm)}
"""


def test_an_unfolded_network_is_a_dnn(tmp_path: Path) -> None:
    loaded = api.load(written(tmp_path, LAYERED))
    path = tmp_path / "unfolded.yaml"
    path.write_text(dump(loaded.unfold().document), encoding="utf-8")
    unfolded = api.load(path)
    found = kind_of(unfolded.diagram)
    assert found.name == "DNN" and not found.peers and not found.links
    assert list(unfolded.warnings) == []


def test_a_box_in_the_hole(tmp_path: Path) -> None:
    """It shows what the data gives to a hole of its own, and is told how that should change."""
    loaded = api.load(written(tmp_path, LAYERED), settings=["train.precision=float64", "train.optimiser=sgd"])
    path = tmp_path / "unfolded.yaml"
    path.write_text(dump(loaded.unfold().document), encoding="utf-8")
    (tmp_path / "front.yaml").write_text(FRONT, encoding="utf-8")
    fill = read_fill(f"output.hidden.data={tmp_path / 'front.yaml'}", {})
    text = compose(api.load(path), [fill], tmp_path)
    assert "m: [sepal_length" not in text and "truth: species" in text
    whole = tmp_path / "whole.yaml"
    data = "    inputs:\n      measured: [sepal_length, sepal_width, petal_length, petal_width]\n"
    whole.write_text(text.replace("    inputs:\n", data), encoding="utf-8")
    first = api.load(whole).simulate(until=3)
    settings = {"simulate.data.standardise": False, "simulate.data.scale": {"m": 2}, "simulate.until": 3}
    second = api.load(path, settings=settings).simulate()
    np.testing.assert_allclose(first.values["loss"], second.values["loss"], rtol=1e-12)
    told = first.final["output.hidden.data.told"]
    assert np.isfinite(told).all() and np.abs(told).max() > 0
