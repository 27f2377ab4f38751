"""``dilsctl init``, ``inspect``, ``plan`` and ``schema``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dilsctl.cli import main

ROOT = Path(__file__).parents[2]
DIGITS = str(ROOT / "examples" / "digits.yaml")
OR = str(ROOT / "examples" / "or-gate.yaml")


def call(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def test_init_writes_a_file_that_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("init")
    assert result.exit_code == 0
    assert "dilsctl train first.yaml" in result.stdout
    assert sorted(one.name for one in tmp_path.iterdir()) == ["first-data.csv", "first.yaml"]
    assert call("validate", "first.yaml").stdout == "first.yaml: valid\n"
    comments = [line for line in Path("first.yaml").read_text().splitlines() if "#" in line]
    assert len(comments) > 10


@pytest.mark.parametrize("name", ["first.yaml", "7 of them, é.yml", "a" * 90 + ".yaml"])
def test_init_writes_the_layout_of_fmt(tmp_path: Path, name: str) -> None:
    assert call("init", str(tmp_path / name)).exit_code == 0
    assert call("fmt", "--check", str(tmp_path / name)).exit_code == 0
    assert call("validate", str(tmp_path / name)).stdout.endswith(": valid\n")


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    file, data = tmp_path / "x.yaml", tmp_path / "x-data.csv"
    data.write_text("mine")
    assert call("init", str(file)).exit_code == 2
    assert not file.exists() and data.read_text() == "mine"
    data.unlink()
    assert call("init", str(file)).exit_code == 0
    before = file.read_text()
    assert call("init", str(file)).exit_code == 2 and file.read_text() == before


def test_init_makes_folders_and_names_that_fit(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "3 möons & co.yaml"
    assert call("init", str(file), "--quiet").stdout == ""
    assert call("validate", str(file)).exit_code == 0
    assert call("init", str(tmp_path / "x.txt")).exit_code == 2


def test_inspect() -> None:
    result = call("inspect", DIGITS)
    assert result.exit_code == 0
    assert "digits: 3 boxes, 5 wires, 4,810 learned numbers" in result.stdout
    assert "state weight: real 64 64 = glorot (learned)" in result.stdout
    told = json.loads(call("inspect", DIGITS, "--json", "--set", "name=other").stdout)
    assert told["learned"] == 4810 and told["name"] == "other" and told["imports"] == ["std/nn"]


def test_an_invalid_file_is_not_inspected(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("dils: 1\nmain: nothing\n")
    result = call("inspect", str(file))
    assert result.exit_code == 1 and result.stdout == ""
    assert "there is no box 'nothing'" in result.stderr


def test_a_library_has_no_main_box_to_inspect(tmp_path: Path) -> None:
    file = tmp_path / "library.yaml"
    file.write_text("dils: 1\n")
    result = call("inspect", str(file))
    assert result.exit_code == 1 and "main" in result.stderr


def test_plan_of_the_training_step() -> None:
    text = call("plan", DIGITS).stdout
    assert text.startswith("training step of digits: ")
    assert "at batch 32" in text and "tanh(" in text and "cross_entropy(" in text
    assert "digits.yaml:31: loss: cross_entropy(logits, truth)" in text
    assert "updates:" in text


def test_plan_of_the_forward_pass_and_of_one_box() -> None:
    text = call("plan", DIGITS, "--forward").stdout
    assert text.startswith("forward pass of digits: ") and "port.logits" in text and "updates:" not in text
    assert call("plan", DIGITS, "hidden").stdout.startswith("forward pass of hidden: ")
    assert call("plan", OR, "nand").stdout.startswith("forward pass of nand: ")
    result = call("plan", DIGITS, "hiden")
    assert result.exit_code == 1 and "hiden" in result.stderr
    assert call("plan", OR, "--train").exit_code == 1


def test_plan_after_each_pass() -> None:
    text = call("plan", DIGITS, "--stages").stdout
    for words in ("1. after flatten: ", "after stack_isomorphic: ", "after descend: "):
        assert words in text
    told = json.loads(call("plan", DIGITS, "--stages", "--json").stdout)
    assert told[0]["stage"] == "flatten" and told[-1]["totals"]["flops"] > 0


def test_plan_as_json() -> None:
    told = json.loads(call("plan", DIGITS, "--json").stdout)
    assert told["batch"] == 32
    assert told["totals"]["equations"] == len(told["equations"])
    ids = {one["id"] for equation in told["equations"] for one in equation["outputs"]}
    ids |= {one["id"] for one in told["states"]} | {one["id"] for one in told["inputs"].values()}
    assert all(name in ids for equation in told["equations"] for name in equation["inputs"])


def test_schema(tmp_path: Path) -> None:
    text = call("schema").stdout
    assert json.loads(text)["properties"]["dils"]
    out = tmp_path / "dils.json"
    assert call("schema", "--out", str(out)).stdout == ""
    assert out.read_text() == text


def test_inspect_says_what_kind_of_system_it_is() -> None:
    text = call("inspect", OR).stdout
    assert "kind: IDS, an interacting dynamical system" in text and "or: left.y -> join.a" in text
    assert (
        "output 'y' depends on the learned bias, weight together with x  std/nn:"
        in call("inspect", DIGITS).stdout
    )
    told = json.loads(call("inspect", DIGITS, "--json").stdout)["kind"]
    assert told["name"] == "DNN" and told["peers"] == [] and told["changeable"][0]["rule"] == "c"


def test_flatten(tmp_path: Path) -> None:
    text = call("flatten", OR).stdout
    assert "join_y: not (left_gate_y and right_gate_y)" in text and "boxes:" not in text
    assert "main: nand" in call("flatten", OR, "nand").stdout
    out = tmp_path / "flat.yaml"
    assert call("flatten", OR, "-o", str(out)).stdout == "" and out.read_text() == text
    assert call("validate", str(out)).exit_code == 0 and call("test", str(out)).exit_code == 0
    assert call("flatten", OR, "-o", str(out)).exit_code == 2
    assert call("flatten", OR, "nandd").exit_code == 1


def test_compose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("outer.yaml").write_text(
        "dils: 1\ndefine:\n  frame:\n    in: {x: real 3}\n    out: {y: real 3}\n"
        "    boxes: {h: {in: {x: real 3}, out: {y: real 3}}}\n    wires: [x -> h.x, h.y -> y]\nmain: frame\n"
    )
    assert "the main box has 1 hole: h" in call("validate", "outer.yaml").stdout
    text = call("compose", "outer.yaml", "h=std/nn:bottleneck").stdout
    assert text.endswith("main: {box: frame, with: {h: nn.bottleneck}}\n") and "use: {nn: std/nn}" in text
    assert call("compose", "outer.yaml", "h=std/nn:bottleneck", "-o", "whole.yaml").stdout == ""
    assert call("validate", "whole.yaml").stdout == "whole.yaml: valid\n"
    assert "its holes: h" in call("compose", "outer.yaml", "g=std/nn:bottleneck").stderr
    assert call("compose", "outer.yaml").exit_code == 2


def test_unfold_and_fold(tmp_path: Path) -> None:
    out, again = tmp_path / "unfolded.yaml", tmp_path / "network.yaml"
    network = ROOT / "examples" / "figures" / "network-3.yaml"
    (tmp_path / "data").mkdir()
    data = (network.parent / "data" / "iris.csv").read_text(encoding="utf-8")
    (tmp_path / "data" / "iris.csv").write_text(data, encoding="utf-8")
    (tmp_path / "net.yaml").write_text(network.read_text(encoding="utf-8"), encoding="utf-8")
    assert call("unfold", str(tmp_path / "net.yaml"), "-o", str(out)).stdout == ""
    assert "feedback: y" in out.read_text(encoding="utf-8")
    assert call("unfold", str(tmp_path / "net.yaml"), "-o", str(out)).exit_code == 2
    assert "190 ticks" in call("simulate", str(out), "--no-plot").stdout
    assert call("fold", str(out), "-o", str(again)).exit_code == 0
    assert call("train", str(again), "--out", str(tmp_path / "run")).exit_code == 0
    found = call("fold", str(tmp_path / "net.yaml"))
    assert found.exit_code == 1 and "not-folded" in found.stderr
    said = call("unfold", str(tmp_path / "net.yaml"), "--set", "train.early_stopping={metric: train.loss}")
    assert "note: early stopping" in said.stderr and said.exit_code == 0
