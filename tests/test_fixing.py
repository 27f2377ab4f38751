"""Fixes: bytes elsewhere stay, what parsed goes on to parse, a second run has nothing to do."""

import os
import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from dilsctl import api
from dilsctl.cli import main
from dilsctl.diagnostics import Problem, SourceFile
from dilsctl.fixing import mend, mend_file
from dilsctl.rules import RULES
from dilsctl.source import parse_yaml

ROOT = Path(__file__).parents[1]
BROKEN = """\
dils: 1   # a comment
use: {nn: std/nn, logic: std/logic}
define:
  n:
    in: {x: real 4}
    out: {y: real 2}
    let:
      # why a
      a: x * 2
      b: 3
      c: x    # about c
    boxes:
      layer: {box: nn.dnse, with: {unts: 2}}
    wirse:
      - x ->   layer.x   # in
      - layer.yy -> y
main: n
"""
MENDED = """\
dils: 1   # a comment
use: {nn: std/nn}
define:
  n:
    in: {x: real 4}
    out: {y: real 2}
    boxes:
      layer: {box: nn.dense, with: {units: 2}}
    wires:
      - x ->   layer.x   # in
      - layer.y -> y
main: n
"""


def mended(text: str, tmp_path: Path, unsafe: bool = False) -> str:
    path = tmp_path / "x.yaml"
    path.write_bytes(text.encode())
    return mend_file(path, unsafe=unsafe).new


def test_unsafe_fixes_go_on_until_nothing_is_left(tmp_path: Path) -> None:
    text = BROKEN.replace("      # why a\n", "").replace("    # about c", "")
    assert mended(text, tmp_path, unsafe=True) == MENDED
    assert mended(text, tmp_path) == text  # lints, and what they mend, come after errors


def test_a_comment_is_not_taken_away_without_asking(tmp_path: Path) -> None:
    good = MENDED.replace("    boxes:", "    let:\n      a: x    # about a\n      b: x\n    boxes:")
    assert mended(good, tmp_path) == good.replace("      b: x\n", "")
    assert mended(good, tmp_path, unsafe=True) == MENDED


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_marks_stay(tmp_path: Path, mark: str, end: str) -> None:
    text = mark + RULES["unused-let"].bad.replace("triple", "drei-fach".replace("-", "")).replace("\n", end)
    new = mended(text, tmp_path)
    assert new == mark + RULES["unused-let"].good.replace("\n", end)


def test_a_suppression_that_is_not_needed(tmp_path: Path) -> None:
    bad = RULES["unused-suppression"].bad
    assert mended(bad, tmp_path) == bad.replace("  # dils: ignore[unused-let] for later", "")
    plain = bad.replace("  # dils: ignore[unused-let] for later", "")
    comment = "# dils: ignore[unused-let, open-holes] why"
    assert mended(plain.replace("    double", f"    {comment}\n    double"), tmp_path) == plain
    two = bad.replace("    double", f"    triple: 3 * x  {comment}\n    double", 1)
    assert "  triple: 3 * x  # dils: ignore[unused-let] why\n" in mended(two, tmp_path)


def test_a_rename_that_would_clash_is_not_made(tmp_path: Path) -> None:
    text = RULES["unused-let"].good + "  wire:\n    - x -> y\n"
    assert mended(text, tmp_path, unsafe=True).count("wires:") == 1


def lines_kept(old: str, new: str) -> bool:
    """Is the new text the old one with some characters replaced, in order? Comments above all."""
    return [one for one in old.split() if one.startswith("#") and one in new.split()] == [
        one for one in new.split() if one.startswith("#")
    ]


def parses(text: str) -> bool:
    try:
        parse_yaml(SourceFile("x", text))
    except Problem:
        return False
    return True


CASES = sorted((ROOT / "tests" / "golden").glob("*/*.yaml"))


@pytest.mark.parametrize("unsafe", [False, True])
def test_every_case_is_mended_once_and_for_all(tmp_path: Path, unsafe: bool) -> None:
    changed = 0
    for case in CASES:
        path = tmp_path / case.name
        shutil.copy(case, path)
        try:
            first = mend_file(path, unsafe=unsafe)
        except Problem:
            continue
        changed += first.changed
        assert parses(first.new.removeprefix("\ufeff")) or not parses(first.old.removeprefix("\ufeff"))
        assert lines_kept(first.old, first.new)
        path.write_bytes(first.new.encode())
        assert not mend_file(path, unsafe=unsafe).changed, case
    assert changed > (20 if unsafe else 0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=some.integers(0, 10**6), unsafe=some.booleans())
def test_misspelt_files(tmp_path: Path, seed: int, unsafe: bool) -> None:
    draw = random.Random(seed)
    name = draw.choice(["iris", "control-loop", "kuramoto", "skip", "thermostat"])
    text = (ROOT / "examples" / f"{name}.yaml").read_text()
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(text) - 1)
        if text[at].isalpha() and text[at + 1].isalpha():
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    path = tmp_path / "x.yaml"
    path.write_text(text)
    was = {one.code for one in api.validate(path) if one.severity.value == "error"}
    first = mend_file(path, unsafe=unsafe)
    assert parses(first.new) or not parses(text)
    path.write_text(first.new)
    assert not mend_file(path, unsafe=unsafe).changed
    if not unsafe:
        assert {one.code for one in api.validate(path) if one.severity.value == "error"} <= was


def test_fixes_that_lead_in_a_circle(tmp_path: Path) -> None:
    """Each of two names is taken for a misspelling of the other: the file stays."""
    text = (ROOT / "examples" / "kuramoto.yaml").read_text()
    text = text.replace("n: 1000, coupling: 1", "n: 1000, couplign: 1")
    path = tmp_path / "x.yaml"
    path.write_text(text)
    assert any(one.fix is not None for one in api.validate(path))
    found = mend_file(path, unsafe=True)
    assert not found.changed and not found.applied


def call(*args: str) -> Result:
    return CliRunner().invoke(main, ["validate", *args])


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x.yaml"
    path.write_text(RULES["unused-let"].bad)
    path.chmod(0o640)
    shown = call("--diff", "x.yaml")
    assert shown.exit_code == 1 and "-    triple: 3 * x" in shown.stdout
    assert path.read_text() == RULES["unused-let"].bad
    done = call("--fix", "x.yaml")
    assert done.exit_code == 0 and "take 'triple' out of 'let'" in done.stderr
    assert path.read_text() == RULES["unused-let"].good and path.stat().st_mode & 0o777 == 0o640
    assert call("--diff", "x.yaml").exit_code == 0
    assert call("--unsafe-fixes", "x.yaml").exit_code == 2 and call("--fix", "-").exit_code == 2
    assert sorted(os.listdir(tmp_path)) == ["x.yaml"]


def test_a_link_stays_a_link_and_what_is_ignored_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    real = tmp_path / "real.yaml"
    real.write_text(RULES["unused-let"].bad)
    (tmp_path / "link.yaml").symlink_to(real)
    assert call("--fix", "--ignore", "unused-let", "link.yaml").exit_code == 0
    assert real.read_text() == RULES["unused-let"].bad
    assert call("--fix", "link.yaml").exit_code == 0
    assert real.read_text() == RULES["unused-let"].good and (tmp_path / "link.yaml").is_symlink()


def test_what_changed_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(RULES["unused-let"].bad)
    from dilsctl import fixing

    real = fixing.mend_file

    def slow(*args: object) -> object:
        found = real(*args)  # type: ignore[arg-type]
        path.write_text("dils: 1\n")
        return found

    monkeypatch.setattr(fixing, "mend_file", slow)
    mend([path])
    assert path.read_text() == "dils: 1\n"


def test_imports_are_not_mended_from_afar(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(RULES["unused-let"].bad.replace("main:", "define: {n: {}}\nmain:"))
    path = tmp_path / "x.yaml"
    path.write_text("dils: 1\nuse: {o: other}\nmain: o.n\n")
    before = (tmp_path / "other.yaml").read_text()
    mend([path], unsafe=True)
    assert (tmp_path / "other.yaml").read_text() == before
