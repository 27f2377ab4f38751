"""``dilsctl validate``."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dilsctl.cli import main
from dilsctl.report.formats import FORMATS

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


WARNS = GOOD.replace("    wires:", "    let:\n      half: x / 2\n    wires:")


def test_reports_beside_what_is_printed(folder: Path) -> None:
    result = call("--report", "sarif=out/a.sarif", "--report", "junit=b.xml", "--format", "concise")
    assert result.exit_code == 1
    assert result.stdout.startswith("sub/bad.yml:7:5: error[unknown-key]")
    assert json.loads((folder / "out" / "a.sarif").read_text())["version"] == "2.1.0"
    assert (folder / "b.xml").read_text().startswith("<?xml")
    before = (folder / "b.xml").stat().st_ino
    assert call("good.yaml", "--report", "junit=b.xml").exit_code == 0
    assert 'failures="0"' in (folder / "b.xml").read_text() and (folder / "b.xml").stat().st_ino != before
    assert sorted(one.name for one in folder.iterdir()) == ["b.xml", "good.yaml", "other.yaml", "out", "sub"]


@pytest.mark.parametrize("wrong", ["sarif", "sarif=", "sarf=x", "=x"])
def test_a_report_is_a_format_and_a_file(folder: Path, wrong: str) -> None:
    assert call("good.yaml", "--report", wrong).exit_code == 2


@pytest.mark.parametrize("command", ["validate", "test"])
def test_a_report_takes_the_place_of_a_report_only(folder: Path, command: str) -> None:
    def run(*args: str) -> Result:
        return CliRunner().invoke(main, [command, *args])

    formats = FORMATS if command == "validate" else ("text", "json", "junit", "github")
    (folder / "good.yaml").write_text(GOOD + "checks: [{given: {x: [1]}, expect: {y: [3]}}]\n")
    (folder / "empty").touch()
    for name in formats:
        for paths in (["sub", "good.yaml"], ["good.yaml"], ["sub"]):
            assert run(*paths, "--report", f"{name}=r.{name}").exit_code in (0, 1)
        assert run("good.yaml", "--report", f"{name}=empty").exit_code in (0, 1)
        (folder / "empty").write_bytes(b"")
        before = (folder / "good.yaml").read_bytes()
        done = run("good.yaml", "--report", f"{name}=good.yaml")
        assert done.exit_code == 2 and f"is no {name} report" in " ".join(done.stderr.split())
        assert done.stdout == "" and (folder / "good.yaml").read_bytes() == before
    for name in formats:
        for other in formats:
            if other != name and (folder / f"r.{other}").stat().st_size:
                assert run("good.yaml", "--report", f"{name}=r.{other}").exit_code == 2, (name, other)
    twice = run("good.yaml", "--report", "json=x", "--report", "junit=x")
    assert twice.exit_code == 2 and "one report only" in twice.stderr
    printed = run("good.yaml", "--report", "junit=-")
    assert printed.exit_code == 2 and "--format junit prints it" in printed.stderr
    assert not (folder / "-").exists() and not (folder / "x").exists()


def test_a_place_for_standard_input(folder: Path) -> None:
    (folder / "sub" / "user.yaml").write_text("dils: 1\nuse: {p: parts}\nmain: p.twice\n")
    (folder / "sub" / "parts.yaml").write_text(GOOD)
    (folder / "pyproject.toml").write_text('[tool.dilsctl]\nper-file-ignores = {"sub/*" = ["unused-let"]}\n')
    text = (folder / "sub" / "user.yaml").read_text()
    assert call("-", text=text).exit_code == 1, "its import is looked for here"
    assert call("-", "--stdin-filename", "sub/user.yaml", text=text).stdout == "sub/user.yaml: valid\n"
    assert "unused-let" in call("-", text=WARNS).stdout
    assert "unused-let" not in call("-", "--stdin-filename", "sub/new.yaml", text=WARNS).stdout
    place = json.loads(call("-", "--stdin-filename", "sub/x.yaml", "--format", "sarif", text=BAD).stdout)
    found = place["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert found["uri"].endswith("sub/x.yaml")
    assert call("good.yaml", "--stdin-filename", "x.yaml").exit_code == 2


def test_fixes_stay_in_the_repository(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "theirs.yaml"
    fixable = "dils: 1\nuse: {nn: std/nn}\n" + GOOD.removeprefix("dils: 1\n")
    other.write_text(fixable)
    (folder / "link.yaml").symlink_to(other)
    (folder / "here.yaml").write_text(fixable)
    (folder / "sub" / "inside.yaml").symlink_to("../here.yaml")
    for more in ([], ["--diff"]):
        done = call("link.yaml", "--fix", *more)
        assert done.exit_code == 0 and "left as it is" in done.stderr and other.read_text() == fixable
    assert call(str(folder / "sub" / "inside.yaml"), "--fix").exit_code == 0
    assert (folder / "here.yaml").read_text() != fixable and (folder / "sub" / "inside.yaml").is_symlink()
    assert call(str(other), "--fix").exit_code == 0 and other.read_text() != fixable


def test_a_report_that_cannot_be_written(folder: Path) -> None:
    result = call("good.yaml", "--report", "json=good.yaml/x.json")
    assert result.exit_code == 1 and "not-writable" in result.stderr


def test_statistics_and_the_exit_code(folder: Path) -> None:
    (folder / "warns.yaml").write_text(WARNS)
    result = call("--statistics", "--exit-zero", "--format", "concise")
    assert result.exit_code == 0
    assert "1  unused-let" in result.stdout and "1  unknown-key" in result.stdout
    assert call("--exit-zero", "no-such.yaml").exit_code == 2
    counted = call("--statistics", "--json")
    assert json.loads(counted.stdout)["files"] == ["good.yaml", "warns.yaml", "sub/bad.yml"]
    assert "1  unused-let" in counted.stderr


def test_lints_are_chosen(folder: Path) -> None:
    (folder / "warns.yaml").write_text(WARNS)
    assert "unused-let" in call("warns.yaml").stdout
    for choice in (["--ignore", "unused-let"], ["--ignore", "unused-*"], ["--select", "unused-output"]):
        assert "unused-let" not in call("warns.yaml", *choice).stdout
    assert "unused-let" in call("warns.yaml", "--select", "open-holes,unused-let").stdout
    wrong = call("warns.yaml", "--ignore", "unused-lets")
    assert wrong.exit_code == 2 and "did you mean 'unused-let'?" in wrong.stderr
    error = call("warns.yaml", "--ignore", "unknown-key")
    assert error.exit_code == 2 and "always shown" in error.stderr


def test_a_project_chooses(folder: Path) -> None:
    (folder / "warns.yaml").write_text(WARNS)
    (folder / "sub" / "warns.yaml").write_text(WARNS)
    table = folder / "pyproject.toml"

    def told() -> list[str]:
        found = call("warns.yaml", "sub/warns.yaml", "--json")
        return [one["file"] for one in json.loads(found.stdout)["diagnostics"]]

    assert told() == ["sub/warns.yaml", "warns.yaml"]
    for text, left in (
        ('ignore = ["unused-let"]', []),
        ('select = ["unused-output"]', []),
        ('per-file-ignores = {"sub" = ["unused-*"]}', ["warns.yaml"]),
        ('per-file-ignores = {"*arns.yaml" = ["all"]}', []),
        ('per-file-ignores = {"sub/*.yml" = ["all"]}', ["sub/warns.yaml", "warns.yaml"]),
    ):
        table.write_text(f"[tool.dilsctl]\n{text}\n")
        assert told() == left, text
    table.write_text('[tool.dilsctl]\nselect = ["open-holes"]\n')
    assert "unused-let" in call("warns.yaml", "--select", "unused-let").stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('ignor = ["unused-let"]', "did you mean 'ignore'?"),
        ('ignore = "unused-let"', "no list of codes"),
        ('ignore = ["unused-lets"]', "did you mean 'unused-let'?"),
        ('per-file-ignores = ["a"]', "no table"),
        ('per-file-ignores = {"a" = "b"}', "no list of codes"),
        ('per-file-ignores = {"a" = ["unknown-key"]}', "is an error"),
        ("largest-file = 0", "from 1 to 1024"),
        ("largest-file = true", "no whole number of MiB"),
    ],
)
def test_a_project_that_is_wrong(folder: Path, text: str, says: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.dilsctl]\n{text}\n")
    result = call("good.yaml")
    assert result.exit_code == 1
    assert (
        "error[bad-project]" in result.stderr and says in result.stderr and "pyproject.toml" in result.stderr
    )


def test_a_project_may_have_larger_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "large.yaml").write_text(GOOD + "#\n" * 10_000)
    (folder / "values.yaml").write_text(GOOD + "checks:\n" + "  - {given: {}}\n" * 600)
    monkeypatch.setattr("dilsctl.source.MOST_BYTES", 64_000)
    monkeypatch.setattr("dilsctl.tree.MOST_BYTES", 64_000)
    for name, says in (("large.yaml", "has 10,00"), ("values.yaml", "at most 2,000 values")):
        found = call(name)
        assert found.exit_code == 1 and "error[too-large]" in found.stdout and says in found.stdout
        assert "largest-file = 64 (MiB)" in found.stdout
    (folder / "pyproject.toml").write_text("[tool.dilsctl]\nlargest-file = 1\n")
    assert call("large.yaml").exit_code == 0
    assert "too-large" not in call("values.yaml").stdout


def test_explain_and_rules(folder: Path) -> None:
    def run(*args: str) -> Result:
        return CliRunner().invoke(main, list(args))

    text = run("explain", "unused-let").stdout
    assert text.startswith("unused-let (warning): a let that nothing reads")
    assert "triple: 3 * x" in text and "let 'triple' is never read" in text
    assert "error[unknown-key]" in run("explain", "unknown-key").stdout
    wrong = run("explain", "unused-lt")
    assert wrong.exit_code == 2 and "did you mean 'unused-let'?" in wrong.stderr
    facts = json.loads(run("rules", "--json").stdout)
    lints = json.loads(run("rules", "--json", "--lints").stdout)
    assert {one["code"] for one in lints} == {one["code"] for one in facts if one["severity"] != "error"}
    for one in facts:
        assert run("explain", one["code"]).exit_code == 0
        assert f"\n  {one['code']} " in run("rules").stdout if one is facts[-1] else True
