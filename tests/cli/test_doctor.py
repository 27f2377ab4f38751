"""``dilsctl doctor``."""

import importlib.metadata
import json

import pytest
from click.testing import CliRunner

from dilsctl import doctor
from dilsctl.cli import main


def test_this_machine_is_well() -> None:
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    for word in ("numpy", "blas threads", "GFLOP/s", "folder"):
        assert word in result.output
    assert "\x1b" not in result.output


def test_json() -> None:
    found = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).stdout)
    assert {one["name"] for one in found} >= {"dilsctl", "python", *doctor.PACKAGES}
    assert all(one["verdict"] in ("good", "warning", "bad") for one in found)


def test_a_missing_package_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "scipy":
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "pip install scipy" in result.output


def test_a_folder_that_cannot_be_written(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (finding,) = doctor._folder(tmp_path / "missing")
    assert finding.verdict == "warning" and "--out" in finding.advice
