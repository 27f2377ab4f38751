"""What can't be unfolded is told in words, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dilsctl import api
from dilsctl.diagnostics import Diagnostic, Problem

from .support import ROOT, written
from .test_training import LAYERED, TRAIN

NETWORK = """dils: 1
use: {nn: std/nn}
define:
  part:
    in: {x: real 4}
    out: {y: real 4}
    state: {w: real 4 4 = glorot%s}
    learn: [w]
    %s
    wires:
      - %s -> y
  net:
    in: {m: real 4}
    out: {p: real 3}
    boxes:
      part: part
      output: {box: nn.dense, with: {units: 3}}
    wires: [m -> part.x, part.y -> output.x, output.y -> p]
"""


def refused(folder: Path, text: str, *settings: str) -> Diagnostic:
    with pytest.raises(Problem) as caught:
        api.load(written(folder, text), settings=settings).unfold()
    return caught.value.diagnostics[0]


@pytest.mark.parametrize(
    ("more", "law", "wire", "line", "message"),
    [
        (", last: {type: real 4, keep: true}", "next: {last: pool(x)}", "w @ x + last", 9, "'part.last'"),
        ("", "", "w @ x * bernoulli(shape=[4], key='drop')", 11, "a draw of each step"),
        ("", "", "w @ x * t", 11, "the time"),
        ("", "", "w @ x - pool(x)", 11, "pooled"),
        ("", "", "sum(prod(reshape(outer(w @ x, x), 2, 8, 1), axis=[0, 2])) * x", 11, "'prod_others'"),
    ],
)  # fmt: skip
def test_a_box(tmp_path: Path, more: str, law: str, wire: str, line: int, message: str) -> None:
    found = refused(tmp_path, NETWORK % (more, law, wire) + TRAIN, "train.batch=1")
    assert found.code == "not-unfolded"
    assert message in found.message
    assert found.primary is not None
    assert found.primary.span.line == line


def test_a_training(tmp_path: Path) -> None:
    found = refused(tmp_path, LAYERED, "train.clip=1.0")
    assert found.code == "not-unfolded" and "the whole gradient" in found.message
    found = refused(tmp_path, LAYERED, "train.ticks=3")
    assert found.code == "not-unfolded" and "many ticks" in found.message


def test_an_interaction_diagram() -> None:
    with pytest.raises(Problem) as caught:
        api.load(ROOT / "examples" / "figures" / "figure-1.yaml").unfold()
    (found,) = caught.value.diagnostics
    assert "by a law of its own" in found.message and "dilsctl fold" in found.help


def test_no_loss(tmp_path: Path) -> None:
    found = refused(tmp_path, LAYERED[: LAYERED.index("train:")])
    assert found.code == "not-unfolded" and "made small" in found.message


def test_a_hole(tmp_path: Path) -> None:
    text = LAYERED.replace("hidden: {box: nn.dense, with: {units: 6, activation: tanh}}", "hidden: nn.block")
    assert refused(tmp_path, text).code == "hole-in-run"
