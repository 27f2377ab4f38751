"""What is printed: outputs that take nothing, and signs from files that no terminal may get."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from click.testing import CliRunner

from dilsctl.cli import main
from dilsctl.report.formats import FORMATS
from dilsctl.signs import in_a_line, json_text, visible

PACKAGE = Path(__file__).parents[2] / "dilsctl"
FULL = Path("/dev/full")
COMMANDS = [
    ["--help"],
    ["validate"],
    ["validate", "--format", "sarif"],
    ["inspect", "a.yaml"],
    ["schema"],
    ["rules"],
]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors as a shell does")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a.yaml").write_text("dils: 1\nmain: {out: {y: real}, wires: [1.0 -> y]}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(arguments: list[str], redirected: str, buffered: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-m", "dilsctl", *arguments],
        env={**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"},
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


@POSIX
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_closed_output_is_told_in_words(folder: Path, arguments: list[str]) -> None:
    done = shell(arguments, ">&-")
    assert done.returncode == 2
    assert done.stderr == "dilsctl: standard output can't be written: Bad file descriptor\n"


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_full_output_is_told_in_words(folder: Path, arguments: list[str], buffered: bool) -> None:
    done = shell(arguments, f">{FULL}", buffered)
    assert done.returncode == 2
    assert done.stderr == "dilsctl: standard output can't be written: No space left on device\n"


@POSIX
def test_what_prints_nothing_needs_no_output(folder: Path) -> None:
    assert shell(["validate", "-q"], ">&- 2>&- <&-").returncode == 0


@POSIX
@pytest.mark.parametrize("errors", ["2>&-", f"2>{FULL}"])
def test_the_exit_code_needs_no_standard_error(folder: Path, errors: str) -> None:
    if str(FULL) in errors and not FULL.exists():
        pytest.skip("there is no /dev/full")
    assert shell(["train", "no-such.yaml"], errors).returncode == 2
    assert shell(["simulate", "a.yaml"], f"{errors} </dev/null").returncode == 1
    assert shell(["validate", "a.yaml"], errors).returncode == 0


@POSIX
@pytest.mark.parametrize("arguments", [["validate"], ["fmt"], ["validate", "../a.yaml", "--format", "sarif"]])
def test_a_folder_that_is_gone_is_told_in_words(folder: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        ["sh", "-c", 'mkdir gone; cd gone; rmdir ../gone; exec "$0" -P -m dilsctl "$@"', sys.executable,
         *arguments],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "the folder you are in is no longer there" in done.stderr or "../a.yaml" in done.stderr


@POSIX
def test_no_file_gets_the_number_of_a_closed_stream(folder: Path) -> None:
    """Or else what is printed would be written into it."""
    code = (
        "import sys, os, click\n"
        "from dilsctl.cli import main, output\n"
        "real = output.standard_input\n"
        "def look(**more): print(open('a.yaml').fileno(), file=sys.stderr); return real()\n"
        "output.standard_input = look\n"
        "sys.argv = ['dilsctl', 'fmt', '-', '--check']\n"
        "main()\n"
    )
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" >&- <&-', sys.executable, code],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert int(done.stderr.split()[0]) > 2


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are UTF-8")
@pytest.mark.parametrize("format", FORMATS)
def test_a_name_that_is_not_utf8(folder: Path, format: str) -> None:
    name = os.fsdecode(b"caf\xe9 \x1b[31m.yaml")
    (folder / name).write_text("dils: 1\nmain: nothing\n")
    done = shell(["validate", name, "--format", format, "--report", f"{format}=out"], "")
    assert done.returncode == 1 and done.stderr == ""
    assert done.stdout.startswith((folder / "out").read_text(encoding="utf-8"))
    assert "\x1b" not in done.stdout
    if format == "sarif":
        (run,) = json.loads(done.stdout)["runs"]
        place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert place["uri"] == "caf%E9%20%1B%5B31m.yaml"
    elif format == "json":
        assert json.loads(done.stdout)["files"] == ["caf\\xe9 \x1b[31m.yaml"]
    elif format == "gitlab":
        assert json.loads(done.stdout)[0]["location"]["path"] == "caf\\xe9 \x1b[31m.yaml"
    elif format == "junit":
        assert Xml.fromstring(done.stdout)[0][0].get("name") == "caf\\xe9 \\x1b[31m.yaml"
    else:
        assert "caf\\xe9 \\x1b[31m.yaml" in done.stdout


HOSTILE = """\
dils: 1
name: "n\\e[2J"
doc: "d\\e]0;title\\a"
main:
  in: {x: real}
  out: {y: real}
  wires: [x -> y]
checks:
  - name: "c\\e[8m\\n::error::forged"
    given: {x: [1]}
    expect: {y: [2]}
"""


@pytest.mark.parametrize("colour", ["", "1"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["test"],
        ["test", "--format", "junit"],
        ["inspect"],
        ["render"],
        ["plan"],
        ["flatten"],
        ["diff", "a.yaml"],
    ],
    ids=lambda one: " ".join(one),
)
def test_no_sign_of_a_file_is_obeyed(
    folder: Path, arguments: list[str], colour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "b.yaml").write_text(HOSTILE)
    if colour:
        monkeypatch.setenv("FORCE_COLOR", colour)
    else:
        monkeypatch.delenv("FORCE_COLOR", raising=False)
    text = CliRunner().invoke(main, [*arguments, "b.yaml"]).output
    left = re.sub("\x1b\\[[0-9;]*m", "", text) if colour else text
    assert left and not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", left)
    assert "\x1b[8m" not in text and "\n::error" not in text


def test_signs() -> None:
    odd = "a\tb\n\r\x1b[31m\x1b[8m\x9b\u202e\udcff\ud800é"
    assert visible(odd) == "a\tb\n\\r\\x1b[31m\\x1b[8m\\x9b\\u202e\\xff\\ud800é"
    assert visible(odd, painted=True) == "a\tb\n\\r\x1b[31m\\x1b[8m\\x9b\\u202e\\xff\\ud800é"
    hues = "\x1b[38;5;7m \x1b[38;5;214m \x1b[0m"
    assert visible(hues, painted=True) == hues and "\x1b" not in visible(hues)
    assert in_a_line("a\tb\n") == "a\\tb\\n"
    assert json.loads(json_text("a\x9b\u202e\n")) == "a\x9b\u202e\n" and "\x9b" not in json_text("\x9b")
    assert json.loads(json_text("\udcff")) == "\\xff", "no reader is asked for half a character"


def test_words_are_printed_in_one_place() -> None:
    for path in sorted((PACKAGE / "cli").glob("*.py")):
        if path.name != "output.py":
            assert "click.echo" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, 2), (errno.EROFS, 2), (errno.EINVAL, 3)])
def test_a_full_disk_is_no_fault_of_the_program(
    number: int, code: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "runs/a")

    monkeypatch.setattr("dilsctl.find.wanted", refuse)
    done = CliRunner().invoke(main, ["validate", "a.yaml"])
    assert (done.exit_code, done.output) == (code, f"dilsctl: runs/a: {os.strerror(number)}\n")
