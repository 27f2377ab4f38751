"""Fixes of lints: what each makes of a file, comments kept, and a second run with nothing to do."""

from pathlib import Path

import pytest

from dilsctl import api
from dilsctl.fixing import mend_file
from dilsctl.rules import RULES


def mended(text: str, tmp_path: Path) -> str:
    """The text after the unsafe fixes; the safe ones alone leave it, and a second run changes nothing."""
    path = tmp_path / "x.yaml"
    path.write_text(text)
    assert not mend_file(path).changed
    new = mend_file(path, unsafe=True).new
    path.write_text(new)
    assert not mend_file(path, unsafe=True).changed
    return new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("memory: real 2 4 = glorot", "memory: {type: real 2 4, init: glorot, keep: true}"),
        (
            "memory: real 2 4 = normal(0, 0.1)  # drawn",
            'memory: {type: real 2 4, init: "normal(0, 0.1)", keep: true}  # drawn',
        ),
        (
            "memory: {type: real 2 4, init: glorot }",
            "memory: {type: real 2 4, init: glorot, keep: true }",
        ),
        (
            "memory: {type: real 2 4, init: glorot, keep: false}",
            "memory: {type: real 2 4, init: glorot, keep: true}",
        ),
        (
            "memory:\n      type: real 2 4  # wide\n      init: glorot",
            "memory:\n      keep: true\n      type: real 2 4  # wide\n      init: glorot",
        ),
    ],
)
def test_a_weight_is_kept(old: str, new: str, tmp_path: Path) -> None:
    text = RULES["forgotten-weight"].bad.replace("memory: real 2 4 = glorot", old)
    text = text.replace("0.01 * outer(memory @ x, x)", "0.01 * pool(outer(memory @ x, x))")
    assert [one.code for one in api.validate("x.yaml", text=text)] == ["forgotten-weight"]
    after = mended(text, tmp_path)
    assert after == text.replace(old, new)
    assert [one.code for one in api.validate("x.yaml", text=after)] == []


TEXT = """\
dils: 1
main:
  in: {{x: real 4}}
  out: {{y: real}}
  state: {{w: real 4 = glorot}}
  learn: [w]
  wires:
    - {wire} -> y  # shown
train:
  data: {{file: a.csv, inputs: {{x: a..d}}, targets: {{truth: kind}}}}
  loss: {loss}  # what counts
"""


@pytest.mark.parametrize(
    ("wire", "loss", "old", "new"),
    [
        ("sigmoid(w @ x)", "y", "sigmoid(w @ x)", "(w @ x)"),
        ("w @ x", "sigmoid(y)", "sigmoid(y)", "y"),
        ("w @ x", "sigmoid(abs(y))", "sigmoid(abs(y))", "abs(y)"),
        ("w @ x", "sigmoid(y) + 0", "", ""),
        ("1 / (1 + exp(-(w @ x)))", "y", "", ""),
    ],
)
def test_a_sigmoid_is_taken_out(wire: str, loss: str, old: str, new: str, tmp_path: Path) -> None:
    text = TEXT.format(wire=wire, loss=f"binary_cross_entropy({loss}, truth)")
    assert [one.code for one in api.validate("x.yaml", text=text)] == ["double-softmax"]
    assert mended(text, tmp_path) == text.replace(old, new)


def test_places_that_are_too_many_are_left_out(tmp_path: Path) -> None:
    text = """\
dils: 1
main:
  in: {word: class 20}
  out: {y: real}
  wires:
    - sum(one_hot(word, 30)) -> y  # of words
"""
    assert mended(text, tmp_path) == text.replace("one_hot(word, 30)", "one_hot(word)")


def test_a_horizon_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(RULES["idle-horizon"].bad)
    assert mend_file(path).new == RULES["idle-horizon"].bad.replace("  horizon: 20\n", "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wires: [sum(x, axis=0) -> y]", 'wires: ["sum(x, axis=0) -> y"]'),
        (
            "wires: [sum(x, axis=0) -> y, max(x, axis=0) -> z]  # both",
            'wires: ["sum(x, axis=0) -> y", "max(x, axis=0) -> z"]  # both',
        ),
        ("wires: [3 -> z, sum(x, axis=0) -> y]", 'wires: [3 -> z, "sum(x, axis=0) -> y"]'),
        (
            "let: {a: sum(x, axis=0), b: max(x, axis=0)}\n  wires: [a + b -> y]",
            'let: {a: "sum(x, axis=0)", b: "max(x, axis=0)"}\n  wires: [a + b -> y]',
        ),
        ("let: {a: sum(x, axis=0)}\n  wires: [a -> y]", 'let: {a: "sum(x, axis=0)"}\n  wires: [a -> y]'),
    ],
)
def test_what_flow_style_split_is_put_in_quotes(old: str, new: str, tmp_path: Path) -> None:
    outputs = "{y: real 4, z: real 4}" if "z" in old else "{y: real 4}"
    text = f"dils: 1\nmain:\n  in: {{x: real 3 4}}\n  out: {outputs}\n  {old}\n"
    assert "flow-split" in [one.code for one in api.validate("x.yaml", text=text)]
    after = mended(text, tmp_path)
    assert after == text.replace(old, new)
    assert api.validate("x.yaml", text=after).ok
