"""Which files are meant."""

import os
from pathlib import Path

import pytest

from dilsctl.diagnostics import Problem
from dilsctl.find import diagrams, is_diagram

DIAGRAM = "# first\ndils: 1\n"


def write(path: Path, text: str = DIAGRAM) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_diagram_has_the_key(tmp_path: Path) -> None:
    assert is_diagram(write(tmp_path / "a.yaml"))
    assert is_diagram(write(tmp_path / "b.yaml", '"dils" : 1'))
    assert not is_diagram(write(tmp_path / "c.yaml", "x:\n  dils: 1\n"))
    assert not is_diagram(tmp_path / "missing.yaml")


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert diagrams([tmp_path]) == []


def test_folders_are_searched(tmp_path: Path) -> None:
    wanted = [
        write(tmp_path / "a.yaml"),
        write(tmp_path / "b.yml"),
        write(tmp_path / "deep" / "er" / "c.yaml"),
    ]
    write(tmp_path / "d.txt")
    write(tmp_path / "other.yaml", "name: x\n")
    write(tmp_path / ".hidden" / "e.yaml")
    write(tmp_path / "venv" / "f.yaml")
    write(tmp_path / "venv" / "pyvenv.cfg")
    write(tmp_path / "runs" / "x-001" / "diagram.yaml")
    write(tmp_path / "runs" / "x-001" / "run.json", "{}")
    assert diagrams([tmp_path]) == wanted


def test_a_named_file_is_taken_as_it_is(tmp_path: Path) -> None:
    other = write(tmp_path / "other.yaml", "name: x\n")
    assert diagrams([other, tmp_path, other]) == [other]


def excluding(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.dilsctl]\n{text}\n")


def test_a_project_may_exclude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [write(tmp_path / "a.yaml"), write(tmp_path / "tests" / "good" / "b.yaml")]
    broken = write(tmp_path / "tests" / "broken" / "deep" / "c.yaml")
    write(tmp_path / "old" / "d.yaml")
    write(tmp_path / "tests" / "draft-e.yaml")
    excluding(tmp_path, 'exclude = ["./tests/broken/", "old", "*/draft-*"]')
    assert diagrams([tmp_path]) == kept
    assert diagrams([tmp_path / "tests"]) == kept[1:], "the table is found upward"
    monkeypatch.chdir(tmp_path / "tests")
    assert diagrams([Path()]) == [Path("good/b.yaml")]
    assert diagrams([tmp_path / "tests" / "broken"]) == [broken], "what is named is meant"
    assert diagrams([tmp_path / "tests" / "broken" / "deep"]) == [broken]
    assert diagrams([broken]) == [broken]


def test_the_nearest_table_counts(tmp_path: Path) -> None:
    excluding(tmp_path, 'exclude = ["*"]')
    wanted = write(tmp_path / "inner" / "a.yaml")
    write(tmp_path / "inner" / "b.yaml")
    (tmp_path / "inner" / "pyproject.toml").write_text("[project]\nname = 'dilsctl-user'\n")
    assert diagrams([tmp_path]) == []
    excluding(tmp_path / "inner", 'exclude = ["b.yaml"]')
    assert diagrams([tmp_path / "inner"]) == [wanted]


@pytest.mark.parametrize(
    ("text", "says"),
    [("exclude = 3", "no list"), ("exclud = []", "no key 'exclud'"), ("exclude = [", "can't be read")],
)
def test_a_table_that_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    excluding(tmp_path, text)
    with pytest.raises(Problem) as caught:
        diagrams([tmp_path])
    (found,) = caught.value.diagnostics
    assert found.code == "bad-project" and says in found.message and found.file.endswith("pyproject.toml")


def test_this_project_excludes_what_is_broken_on_purpose() -> None:
    root = Path(__file__).parents[1]
    found = diagrams([root])
    assert root / "examples" / "digits.yaml" in found
    assert not any("golden" in one.parts for one in found)
