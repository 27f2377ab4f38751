"""``dilsctl test``: which checks run, in how many processes, and how it is told."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from click.testing import CliRunner, Result

from dilsctl import testing
from dilsctl.cli import main
from dilsctl.testing import Outcome, Wanted, collect
from dilsctl.words import WordsError, phrases, words

TEXT = """\
dils: 1
main:
  in: {a: bool, b: bool}
  out: {y: bool}
  wires:
    - a or b -> y
checks:
  - name: ones
    given: {a: [1, 1], b: [0, 1]}
    expect: {y: [1, 1]}
  - name: zeros
    given: {a: [0, 0, 1], b: [0, 1, 1]}
    expect: {y: [0, 0, 0]}
  - given: {a: [0], b: [1]}
    expect: {y: [1]}
  - name: more ones
    given: {a: [1], b: [1]}
    expect: {y: [1]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a.yaml").write_text(TEXT)
    (tmp_path / "b.yaml").write_text(TEXT.replace("[0, 0, 0]", "[0, 1, 1]"))
    (tmp_path / "c.yaml").write_text(TEXT.replace("a or b", "a or c"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*args: str) -> Result:
    return CliRunner().invoke(main, ["test", *args])


def facts(*args: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(call("--format", "json", *args).stdout)["checks"]
    for one in found:
        one.pop("seconds", None)
    return found


def test_results_come_in_order_whatever_the_processes(folder: Path) -> None:
    alone = facts("-j", "1")
    assert alone == facts("-j", "3")
    assert [(one["file"], one["check"], one["passed"]) for one in alone] == [
        ("a.yaml", "ones", True),
        ("a.yaml", "zeros", False),
        ("a.yaml", "check 3", True),
        ("a.yaml", "more ones", True),
        ("b.yaml", "ones", True),
        ("b.yaml", "zeros", True),
        ("b.yaml", "check 3", True),
        ("b.yaml", "more ones", True),
        ("c.yaml", None, False),
    ]


def test_failing_rows_stand_beside_what_was_expected(folder: Path) -> None:
    result = call("a.yaml", "-q")
    assert result.exit_code == 1
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[1:4] == [
        ["case", "a", "b", "expected", "got"],
        ["2", "false", "true", "y", "false", "true"],
        ["3", "true", "true", "y", "false", "true"],
    ]
    assert "1 failed, 3 passed" in result.stdout and "ones" not in lines[0]


@pytest.mark.parametrize(
    ("expression", "fit"),
    [
        ("", "zeros"),
        ("ONES", "more ones"),
        ("ones and not more", "ones"),
        ("zeros or more", "more ones"),
        ("a.yaml", "ones"),
        ("not zeros", "ones"),
        ("not not ones", "ones"),
        ("not (zeros or twos) and ones", "ones"),
        ("more   ones", "more ones"),
        ("'a or (b)' and ones", "a or (b), ones"),
        ('"not"', "it is not so"),
    ],
)
def test_words_choose(expression: str, fit: str) -> None:
    text = f"x/a.yaml: {fit}"
    assert words(expression)(text) and words(f"({expression})" if expression else "")(text)
    if expression:
        assert not words(f"not ({expression})")(text)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("and", "a word is missing before 'and'"),
        ("ones or", "a word is missing at the end"),
        ("not", "a word is missing at the end"),
        ("ones not zeros", "'not' does not go there"),
        ("(ones", "a bracket is not closed"),
        ("ones)", "')' does not go there"),
        ("()", "a word is missing before ')'"),
        ("'ones", "a quote is not closed"),
        ("(" * 1000 + "x" + ")" * 900, "more than 20 brackets"),
        ("x" * 3000, "longer than"),
    ],
)
def test_words_that_say_nothing(folder: Path, expression: str, says: str) -> None:
    with pytest.raises(WordsError, match=re.escape(says)):
        words(expression)
    result = call("a.yaml", "-k", expression)
    assert result.exit_code == 2 and says in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_words_that_no_check_has(folder: Path) -> None:
    assert [one["check"] for one in facts("a.yaml", "-k", "ones and not more")] == ["ones"]
    result = call("a.yaml", "b.yaml", "-k", "zeroes and not b")
    assert result.exit_code == 2 and result.stdout == ""
    assert "no check of 2 files fits -k 'zeroes and not b'; did you mean 'zeros'?" in result.stderr
    assert "did you mean" not in call("a.yaml", "-k", "xyz").stderr
    hook = call("a.yaml", "--only-diagrams", "-k", "xyz")
    assert hook.exit_code == 0, "a hook gets the files that changed, whichever"
    (folder / "e.yaml").write_text(TEXT.replace("wires", "wirse"))
    assert call("e.yaml", "-k", "xyz").exit_code == 1, "a file that can't be read is told of"


def test_phrases() -> None:
    assert phrases("more ones and not (a b or 'c or d')") == ["more ones", "a b", "c or d"]


def test_files_without_checks_are_told(folder: Path) -> None:
    (folder / "d.yaml").write_text(TEXT.split("checks:")[0])
    result = call("d.yaml")
    assert (result.exit_code, result.stdout) == (0, "1 file: there are no checks\n")
    assert call("b.yaml", "d.yaml").stdout.endswith("2 files: 4 passed, 1 file without checks (d.yaml)\n")
    assert "without" not in call("b.yaml", "d.yaml", "-k", "ones").stdout
    (folder / "d.yaml").write_text("dils: 1\nmain: nothing\n")
    assert call("b.yaml", "d.yaml").stdout.endswith("2 files: 1 failed, 4 passed\n")


def test_reports_and_durations(folder: Path) -> None:
    result = call("--report", "junit=out/t.xml", "--report", "json=t.json", "--durations", "2")
    assert result.exit_code == 1
    root = Xml.parse(folder / "out" / "t.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("9", "2")
    assert [one.get("name") for one in root] == ["a.yaml", "b.yaml", "c.yaml"]
    failure = root.find(".//failure")
    assert failure is not None and failure.get("message") == "'y': expected false, got true and 1 more"
    told = json.loads((folder / "t.json").read_text())
    assert told["version"] == 1 and len(told["checks"]) == 9
    assert len(result.stdout.split("slowest\n")[1].splitlines()) == 2
    assert call("--report", "sarif=x").exit_code == 2


def test_annotations(folder: Path) -> None:
    for jobs in ("1", "2"):
        result = call("a.yaml", "c.yaml", "--format", "github", "-j", jobs)
        assert result.exit_code == 1
        first, second, last = result.stdout.splitlines()
        assert first.startswith(
            "::error file=a.yaml,line=13,endLine=13,col=5,endColumn=11,title=dilsctl%3A difference::"
        )
        assert "zeros: 'y': expected false, got true and 1 more%0A" in first and "case" in first
        assert second.startswith("::error file=c.yaml,line=6,") and last == "2 files: 2 failed, 3 passed"
    assert [one["line"] for one in facts("a.yaml", "c.yaml")] == [None, 13, None, None, 6]


def test_a_process_that_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are told of as well, and nothing hangs."""
    code = (
        "import os, sys\n"
        "from dilsctl import testing\n"
        "real = testing.run_one\n"
        "def run_one(one):\n"
        "    os._exit(9) if one.title == 'zeros' else None\n"
        "    return real(one)\n"
        "testing.run_one = run_one\n"
        "from pathlib import Path\n"
        "for one in testing.run(testing.collect([Path('b.yaml')]), 2):\n"
        "    print(one.title, [p.code for p in one.result.problems])\n"
    )
    if sys.platform != "linux":
        pytest.skip("processes are not copied here")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False, env=os.environ
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 4 and "zeros ['process-ended']" in lines, done.stderr


def test_it_ends_when_its_output_is_a_pipe(folder: Path) -> None:
    """Worker processes that live on would keep the pipe open."""
    done = subprocess.run(
        [sys.executable, "-m", "dilsctl", "test", "b.yaml", "-j", "2"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0 and "4 passed" in done.stdout


def test_what_is_collected(folder: Path) -> None:
    found = collect([Path("a.yaml"), Path("no-such.yaml")], "more")
    assert found[0] == Wanted(Path("a.yaml"), 3, "more ones")
    assert isinstance(found[1], Outcome) and not found[1].passed
    assert [one.title for one in testing.run(found, 1)] == ["more ones", ""]
