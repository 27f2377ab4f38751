from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from dilsctl.cli import main

UGLY = "main:   {out: {y: real},\n wires: [1   -> y]}   # one\ndils: 1\n"
NEAT = "dils: 1\n\nmain:  # one\n  out: {y: real}\n  wires:\n    - 1 -> y\n"


def call(*words: str, given: bytes | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["fmt", *words], input=given)
    return done.exit_code, done.output


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.yaml"
    path.write_text(UGLY)
    return path


def test_a_file_is_formatted_once(file: Path) -> None:
    file.chmod(0o640)
    assert call() == (0, "a.yaml: formatted\n1 file formatted\n")
    assert file.read_text() == NEAT
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    before = file.stat().st_mtime_ns
    assert call("a.yaml") == (0, "1 file as it should be\n")
    assert file.stat().st_mtime_ns == before
    assert os.listdir() == ["a.yaml"]


def test_check_and_diff_write_nothing(file: Path) -> None:
    assert call("--check") == (1, "a.yaml: would be formatted\n1 file would be formatted\n")
    code, shown = call("--diff")
    assert code == 1
    assert "-main:   {out: {y: real}," in shown and "+main:  # one" in shown
    assert file.read_text() == UGLY


def test_standard_input(file: Path) -> None:
    assert call("-", given=UGLY.encode()) == (0, NEAT)
    assert call("-", "--check", given=UGLY.encode()) == (1, "")
    assert call("-", "--check", given=NEAT.encode()) == (0, "")
    code, shown = call("-", "--diff", given=UGLY.encode())
    assert code == 1 and "+main:  # one" in shown
    assert call("-", given=b"\xff")[0] == 1
    code, shown = call("-", given=b"a: [")
    assert code == 1 and "error[yaml-syntax]" in shown
    assert call("-", "a.yaml", given=b"")[0] == 2


def test_standard_input_keeps_its_mark_and_line_ends(file: Path) -> None:
    ends = "\ufeff" + UGLY.replace("\n", "\r\n")
    done = CliRunner().invoke(main, ["fmt", "-"], input=ends.encode())
    assert done.stdout_bytes.decode() == "\ufeff" + NEAT.replace("\n", "\r\n")
    assert call("-", given=UGLY.rstrip("\n").encode()) == (0, NEAT)


def test_line_ends_and_marks_stay(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + UGLY.replace("\n", "\r\n").encode())
    assert call()[0] == 0
    assert file.read_bytes() == b"\xef\xbb\xbf" + NEAT.replace("\n", "\r\n").encode()


def test_a_link_stays_a_link(file: Path) -> None:
    link = file.with_name("b.yaml")
    link.symlink_to(file)
    assert call("b.yaml")[0] == 0
    assert link.is_symlink() and file.read_text() == NEAT


def test_a_link_out_of_the_repository_is_left_alone(
    file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "theirs.yaml"
    other.write_text(UGLY)
    file.with_name("link.yaml").symlink_to(other)
    file.write_text(NEAT)
    for words in ([], ["link.yaml"], ["--check"], ["--diff"]):
        code, shown = call(*words)
        assert code == 0 and f"link.yaml: left as it is, since it is a link to {other}" in shown
        assert other.read_text() == UGLY
    (file.parent / ".git").mkdir()
    (file.parent / "part").mkdir()
    (file.parent / "part" / "inside.yaml").symlink_to("../a.yaml")
    file.write_text(UGLY)
    assert call("part")[0] == 0 and file.read_text() == NEAT
    assert call(str(other))[0] == 0 and other.read_text() == NEAT


def test_what_does_not_parse_is_left_alone(file: Path) -> None:
    bad = file.with_name("bad.yaml")
    bad.write_text("dils: 1\nname: a\nname: b\n")
    code, shown = call()
    assert code == 1
    assert "error[duplicate-key]" in shown and "bad.yaml:3:1" in shown
    assert "1 file formatted, 1 file not read" in shown
    assert bad.read_text() == "dils: 1\nname: a\nname: b\n" and file.read_text() == NEAT


def test_annotations(file: Path) -> None:
    Path("b.yaml").write_text("dils: 1\nmain: [\n")
    Path("c.yaml").write_text(NEAT)
    code, shown = call("--check", "--format", "github")
    lines = shown.splitlines()
    assert code == 1 and len(lines) == 3
    assert lines[0].startswith("::error file=b.yaml,line=2,") and "yaml-syntax" in lines[0]
    assert lines[1].startswith(
        "::error file=a.yaml,line=1,endLine=1,col=1,endColumn=2,title=dilsctl%3A layout::"
    )
    assert lines[2] == "1 file would be formatted, 1 file as it should be, 1 file not read"
    assert file.read_text() == UGLY
    for wrong in ([], ["--diff"], ["--check", "--diff"], ["--check", "-"]):
        assert call(*wrong, "--format", "github")[0] == 2


@pytest.mark.skipif(os.name == "nt", reason="no such names")
@pytest.mark.parametrize(
    "arguments",
    [
        ["fmt", "--check"],
        ["validate", "--format", "concise"],
        ["fmt", "--diff"],
        ["validate"],
        ["test"],
        ["fmt"],
    ],
)
@pytest.mark.parametrize("name", ["::error::a.yaml", "b\n::error::a.yaml"])
def test_no_name_is_a_command_of_a_build_server(file: Path, name: str, arguments: list[str]) -> None:
    file.write_text(UGLY.replace("wires", "let: {a: 2}, wires") + "checks: [{expect: {y: [2]}}]\n")
    file.rename(name)
    shown = CliRunner().invoke(main, arguments).output
    assert "error::a.yaml" in shown
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines())
