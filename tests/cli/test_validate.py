"""``dilsctl validate``."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dilsctl.cli import main

GOOD = """\
dils: 1
name: twice
define:
  twice:
    in: {x: real}
    out: {y: real}
    wires:
      - 2 * x -> y
main: twice
"""
BAD = GOOD.replace("wires:", "wirse:")


def call(*args: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["validate", *args], input=text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "bad.yml").write_text(BAD)
    (tmp_path / "other.yaml").write_text("key: value\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_good_file(folder: Path) -> None:
    result = call("good.yaml")
    assert (result.exit_code, result.stdout) == (0, "good.yaml: valid\n")
    assert call("good.yaml", "--quiet").stdout == ""


def test_a_bad_file(folder: Path) -> None:
    result = call("sub/bad.yml")
    assert result.exit_code == 1
    assert "error[unknown-key]" in result.stdout and "sub/bad.yml:7:5" in result.stdout
    assert "did you mean 'wires'?" in result.stdout
    assert "\x1b" not in result.stdout


def test_folders_and_nothing_are_searched(folder: Path) -> None:
    for paths in ([], ["."], ["good.yaml", "sub"]):
        result = call(*paths)
        assert result.exit_code == 1
        assert "in 2 files" in result.stdout and "sub/bad.yml:7:5" in result.stdout
        assert "other.yaml" not in result.stdout


def test_a_named_file_without_the_key_is_an_error(folder: Path) -> None:
    result = call("other.yaml")
    assert result.exit_code == 1
    assert "dils" in result.stdout


def test_no_files_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call().exit_code == 2
    assert call("missing.yaml").exit_code == 2


def test_standard_input(folder: Path) -> None:
    assert call("-", text=GOOD).exit_code == 0
    result = call("-", text=BAD)
    assert result.exit_code == 1 and "wirse" in result.stdout
    assert call("-", "good.yaml", text=GOOD).exit_code == 2
    result = CliRunner().invoke(main, ["validate", "-"], input=b"dils: 1\nname: \xff\n")
    assert result.exit_code == 1 and "0xff" in result.stderr


def test_json(folder: Path) -> None:
    assert json.loads(call("good.yaml", "--json").stdout)["diagnostics"] == []
    result = call("--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)["diagnostics"]
    assert found[0]["code"] == "unknown-key" and found[0]["line"] == 7


def test_settings_are_validated_with_the_file(folder: Path) -> None:
    assert call("good.yaml", "--set", "name=other").exit_code == 0
    result = call("good.yaml", "--set", "trian.epochs=5")
    assert result.exit_code == 1
    assert "did you mean 'train'?" in result.stdout and "--set:1:1" in result.stdout
    assert "trian.epochs=5" in result.stdout, "the snippet is what was typed"
    result = call("good.yaml", "--set", "params.units=5")
    assert result.exit_code == 1 and "units" in result.stdout


def test_colour_is_a_matter_of_the_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in call("sub").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in call("sub").stdout
    assert os.environ["FORCE_COLOR"] == "1"
