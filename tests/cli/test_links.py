"""A file that is named for output, and is a link: it is followed inside of its folder, and stays a link."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dilsctl.cli import main

ROOT = Path(__file__).parents[2]
IRIS = str(ROOT / "examples" / "iris.yaml")
SPRING = str(ROOT / "examples" / "pendulum.yaml")
OUTPUTS = {
    "unfold": ("unfold", IRIS, "-o", "out.yaml"),
    "fold": ("fold", str(ROOT / "examples" / "figures" / "figure-1.yaml"), "-o", "out.yaml"),
    "flatten": ("flatten", IRIS, "-o", "out.yaml"),
    "render": ("render", IRIS, "-o", "out.svg"),
    "schema": ("schema", "--out", "out.json"),
    "records": ("simulate", SPRING, "--until", "1", "--out", "out.csv", "-q"),
    "states": ("simulate", SPRING, "--until", "1", "--save", "out.state", "-q"),
    "plot": ("simulate", SPRING, "--until", "1", "--plot", "out.svg", "-q"),
    "findings": ("validate", IRIS, "--report", "sarif=out.sarif"),
}


def call(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Result]:
    monkeypatch.chdir(folder)
    arguments = OUTPUTS[name]
    out = next(Path(one.rpartition("=")[2]) for one in arguments if one.rpartition("=")[2].startswith("out."))
    return folder / out, CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_link_inside_its_folder(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "there"
    for ending in ("yaml", "svg", "json", "csv", "state", "sarif"):
        (tmp_path / f"out.{ending}").symlink_to(there)
    out, result = call(tmp_path, name, monkeypatch)
    assert result.exit_code == 0, result.output
    assert out.is_symlink() and there.stat().st_size


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_link_that_leads_away(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, away = tmp_path / "folder", tmp_path / "away"
    folder.mkdir()
    for ending in ("yaml", "svg", "json", "csv", "state", "sarif"):
        (folder / f"out.{ending}").symlink_to(away)
    out, result = call(folder, name, monkeypatch)
    assert result.exit_code == 1 and "a link that leads away" in result.output, result.output
    assert out.is_symlink() and not away.exists()
    assert all(one.is_symlink() for one in folder.iterdir())


def test_a_circle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out.yaml").symlink_to("out.yaml")
    _, result = call(tmp_path, "unfold", monkeypatch)
    assert result.exit_code == 1 and "leads to itself" in result.output
