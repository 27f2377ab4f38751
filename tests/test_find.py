"""Which files are meant."""

import os
from pathlib import Path

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
