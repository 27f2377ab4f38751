"""``dilsctl diff``: what is no change, and how each change is told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dilsctl.cli import main
from dilsctl.diagnostics import SourceFile
from dilsctl.difference import Change, Total
from dilsctl.difference.compare import difference
from dilsctl.difference.runs import run_totals
from dilsctl.formatting import format_text

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(one for one in (ROOT / "examples").glob("*.yaml") if one.stat().st_size < 20_000)

NETWORK = """\
dils: 1
define:
  cell:
    params: {k: 2}
    in: {x: real n}
    out: {y: real n}
    state: {w: real n = glorot}
    learn: [w]
    let:
      big: k * w
      sum: big + x
    wires: [sum * 2 -> y]
  pair:
    in: {x: real 3}
    out: {y: real 3}
    boxes:
      one: {box: cell, with: {k: 3}}
      two: cell
    wires:
      - x -> one.x
      - one.y -> two.x
      - two.y -> y
main: pair
train: {loss: mean(y), epochs: 10}
checks:
  - name: shape
    ticks: 1
    given: {x: [[1, 2, 3]]}
    expect: {y: [[null, null, null]]}
"""


def found(tmp_path: Path, new: str, old: str = NETWORK) -> list[Change]:
    one, two = tmp_path / "old.yaml", tmp_path / "new.yaml"
    one.write_text(old)
    two.write_text(new)
    return list(difference(str(one), str(two)).changes)


def swapped(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


SAME = {
    "let": [("big", "large"), ("sum:", "total:"), ("sum *", "total *")],
    "let written out": [("sum * 2", "2 * (x + w * k)")],
    "free dimension": [("real n", "real length")],
    "order of wires": [
        ("      - x -> one.x\n      - one.y -> two.x\n", "      - one.y->two.x\n      - x ->one.x\n")
    ],
    "block": [("[sum * 2 -> y]", "|\n      # doubled\n      sum*2 -> y   # so")],
    "learn": [("learn: [w]", "learn: {w: {}}")],
    "doc": [("main:", "doc: words\nname: other\nmain:")],
    "default": [("epochs: 10", "epochs: 10, batch: 32")],
    "use": [("two: cell", "two: {box: cell}")],
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_no_change(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, swapped(NETWORK, *SAME[name])) == []


CHANGED = {
    "type": ([("x: real 3", "x: int 3")], Change("changed", "box pair", "input x", "real 3", "int 3")),
    "wire": ([("sum * 2", "sum * 3")], Change("changed", "box cell", "wire to y", "sum * 2", "sum * 3")),
    "let": ([("k * w", "k - w")], Change("changed", "box cell", "wire to y", "sum * 2", "sum * 2")),
    "argument": ([("{k: 3}", "{k: 4}")], Change("changed", "box pair", "value of one.k", "3", "4")),
    "default": ([("{k: 2}", "{k: 2.0}")], Change("changed", "box cell", "parameter k", "2", "2.0")),
    "initial": ([("glorot", "0")],
                Change("changed", "box cell", "state w", "real n = glorot", "real n = 0")),
    "learn": ([("    learn: [w]\n", "")], Change("removed", "box cell", "learning of w", "learned")),
    "law": ([("learn: [w]", "next: {w: w + x}")], Change("added", "box cell", "next of w", "", "w + x")),
    "train": ([("epochs: 10", "epochs: 11")], Change("changed", "train", "epochs", "10", "11")),
    "check": ([("ticks: 1", "ticks: 2")], Change("changed", "checks", "shape: ticks", "1", "2")),
    "count": ([("two: cell", "two: {box: cell, count: 2}")],
              Change("changed", "box pair", "interior box two", "cell", "{box: cell, count: 2}")),
    "state renamed": ([("w: real", "weight: real"), ("[w]", "[weight]"), ("* w", "* weight")],
                      Change("renamed", "box cell", "state", "w", "weight")),
    "box renamed": ([("one", "first")], Change("renamed", "box pair", "interior box", "one", "first")),
    "definition renamed": ([("cell", "neuron")], Change("renamed", "box cell", "box", "cell", "neuron")),
    "port renamed": ([("out: {y: real n}", "out: {shown: real n}"), ("2 -> y", "2 -> shown"),
                      ("one.y", "one.shown"), ("two.y", "two.shown")],
                     Change("renamed", "box cell", "output", "y", "shown")),
    "parameter renamed": ([("{k:", "{gain:"), ("k * w", "gain * w")],
                          Change("renamed", "box cell", "parameter", "k", "gain")),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_one_change(tmp_path: Path, name: str) -> None:
    pairs, change = CHANGED[name]
    assert change in found(tmp_path, swapped(NETWORK, *pairs))
    if name != "law":
        assert len(found(tmp_path, swapped(NETWORK, *pairs))) == 1


def test_a_mode_before_another_counts(tmp_path: Path) -> None:
    text = (
        "dils: 1\nmain:\n  state: {s: real = 0}\n"
        "  modes: {a: s > 1, b: s > 0, c: otherwise}\n  rate: {s: 1}\n"
    )
    other = text.replace("a: s > 1, b: s > 0", "b: s > 0, a: s > 1")
    assert {one.what for one in found(tmp_path, other, text)} == {"mode a", "mode b"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_layout_is_no_change_and_a_number_is(path: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "e", ignore=shutil.ignore_patterns("runs", "*listed*"))
    new = tmp_path / "e" / "new.yaml"
    text = path.read_text(encoding="utf-8")
    new.write_text(format_text(SourceFile("x", text)).replace(" -> ", "    ->  "))
    assert difference(str(tmp_path / "e" / path.name), str(new)).same
    place = re.search(r"(?<=seed: )0|(?<=until: )\d+|(?<=expect: \{y: \[)0|(?<=ticks: )\d+", text)
    if place:
        new.write_text(f"{text[: place.start()]}7777{text[place.end() :]}")
        assert len(difference(str(path), str(new)).changes) == 1


def git(folder: Path, *words: str) -> None:
    names = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *names, *words], cwd=folder, check=True, capture_output=True)


def call(*words: str) -> Result:
    return CliRunner().invoke(main, ["diff", *words])


def test_revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = tmp_path / "nets" / "parts.yaml"
    part.parent.mkdir()
    part.write_text("dils: 1\ndefine:\n  d: {in: {x: real}, out: {y: real}, wires: [2 * x -> y]}\n")
    net = tmp_path / "nets" / "net.yaml"
    net.write_text("dils: 1\nuse: {p: parts}\nmain: p.d\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    part.write_text(part.read_text().replace("2 *", "3 *"))
    git(tmp_path, "commit", "-am", "two")
    monkeypatch.chdir(tmp_path)
    done = call("--git", "HEAD", "nets/net.yaml")
    assert (done.exit_code, done.output) == (0, "HEAD:nets/net.yaml and nets/net.yaml mean the same\n")
    done = call("HEAD~1:nets/net.yaml", "nets/net.yaml")
    assert done.exit_code == 1
    assert "box d of parts.yaml\n  ~ wire to y  2 * x → 3 * x\n" in done.output
    monkeypatch.chdir(part.parent)
    assert call("--git", "HEAD~1", "net.yaml").exit_code == 1
    assert call("--git", "HEAD~1", "net.yaml", "--exit-zero").exit_code == 0
    for words in (["HEAD~9:net.yaml"], ["HEAD:../../x.yaml"], ["--:net.yaml"], ["HEAD:no.yaml"], ["a\0:b"]):
        done = call("--", *words, "net.yaml")
        assert (done.exit_code, "error[not-a-revision]" in done.stderr) == (2, True), done.output
    assert call("--git", "HEAD~1", str(net)).exit_code == 1, "a whole path"


def test_a_file_that_is_new_or_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").write_text(NETWORK)
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    (tmp_path / "old.yaml").rename(tmp_path / "new.yaml")
    for name, kind in (("new.yaml", "added"), ("old.yaml", "removed")):
        done = call("--git", "HEAD", name, "--format", "json")
        told = json.loads(done.stdout)
        assert (done.exit_code, {one["kind"] for one in told["changes"]}) == (1, {kind})
        assert {"box cell", "box pair", "document", "train", "checks"} == {
            one["part"] for one in told["changes"]
        }
    for words in (
        ["--git", "HEAD", "no.yaml"],
        ["--git", "HEAD~9", "new.yaml"],
        ["HEAD:new.yaml", "old.yaml"],
    ):
        done = call(*words)
        assert (done.exit_code, done.stdout) == (2, "") and "error[not-a-revision]" in done.stderr
    (tmp_path / "new.yaml").write_text("dils: 1\nmain: nothing\n")
    assert call("--git", "HEAD", "new.yaml").exit_code == 1, "what names stand for is not asked"
    (tmp_path / "new.yaml").write_text("dils: 1\nmian: nothing\n")
    done = call("--git", "HEAD", "new.yaml")
    assert (done.exit_code, done.stdout) == (2, "") and "did you mean 'main'?" in done.stderr


def test_links_in_a_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = "dils: 1\ndefine:\n  d: {in: {x: real}, out: {y: real}, wires: [2 * x -> y]}\n"
    (tmp_path / "common" / "more").mkdir(parents=True)
    (tmp_path / "common" / "net.yaml").write_text("dils: 1\nuse: {p: more/parts}\nmain: p.d\n")
    (tmp_path / "common" / "more" / "parts.yaml").symlink_to("there.yaml")
    (tmp_path / "common" / "more" / "there.yaml").write_text(part)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "net.yaml").symlink_to("../common/net.yaml")
    (tmp_path / "one" / "folder").symlink_to("../common")
    (tmp_path / "one" / "out.yaml").symlink_to("../../out.yaml")
    (tmp_path / "one" / "circle.yaml").symlink_to("circle.yaml")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    monkeypatch.chdir(tmp_path / "one")
    for name in ("net.yaml", "folder/net.yaml"):
        assert call("--git", "HEAD", name).exit_code == 0
    (tmp_path / "common" / "more" / "there.yaml").write_text(part.replace("2", "3"))
    for name in ("net.yaml", "folder/net.yaml", "../common/net.yaml"):
        done = call("--git", "HEAD", name)
        assert done.exit_code == 1 and "wire to y  2 * x → 3 * x" in done.output, done.output
    for name, why in (("out.yaml", "leads out of the repository"), ("circle.yaml", "in a circle")):
        done = call(f"HEAD:{name}", "net.yaml")
        assert done.exit_code == 2 and why in done.stderr, done.output


def test_formats(tmp_path: Path) -> None:
    one, two = tmp_path / "a.yaml", tmp_path / "b.yaml"
    one.write_text(NETWORK)
    two.write_text(
        NETWORK.replace("sum * 2", "sum * 3 if any(x > 0 or x < 2) else 0").replace("x: real 3", "x: real 4")
    )
    done = call(str(one), str(two), "--format", "json")
    told = json.loads(done.output)
    assert (done.exit_code, told["version"], told["same"], len(told["changes"])) == (1, 1, False, 2)
    done = call(str(one), str(two), "--format", "markdown")
    assert "| changed | input `x` | `real 3` | `real 4` |" in done.output
    assert call(str(one), str(one), "--format", "markdown").output.endswith("mean the same\n\n")
    assert call(str(one)).exit_code == 2
    assert call(str(one), str(tmp_path / "no.yaml")).exit_code == 2


def test_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for number in (1, 2):
        words = ["train", "examples/iris.yaml", "--out", str(tmp_path / f"r{number}"), "-q"]
        done = CliRunner().invoke(main, [*words, "--set", f"train.epochs={number}"])
        assert done.exit_code == 0, done.output
    done = call(str(tmp_path / "r1"), str(tmp_path / "r2"))
    assert done.exit_code == 1
    assert "train\n  ~ epochs  1 → 2\n" in done.output and "1 change\n" in done.output
    assert re.search(r"train\.loss +\S+ +→  \S+", done.output)
    assert not re.search(r"^  (seconds|rate) ", done.output, re.M)
    epochs = re.search(r"epochs: (\d+)", (ROOT / "examples" / "iris.yaml").read_text())
    assert epochs is not None
    done = call(str(tmp_path / "r1"), "examples/iris.yaml")
    assert done.exit_code == 1 and f"train\n  ~ epochs  1 → {epochs[1]}\n" in done.output
    assert "1 change\n" in done.output
    again = call(str(tmp_path / "r1"), str(tmp_path / "r1"))
    assert again.exit_code == 0 and "→" not in again.output


def test_metrics_that_differ_in_their_last_digits(tmp_path: Path) -> None:
    lines = [
        {"epoch": 3, "loss": 0.1, "error": float("nan"), "seconds": 1},
        {"epoch": 3, "loss": 0.1000000001, "error": float("nan"), "seconds": 2},
    ]
    for number, line in enumerate(lines):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    assert run_totals(tmp_path / "0", tmp_path / "1") == [Total("loss", "0.1", "0.1000000001")]
