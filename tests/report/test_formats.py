"""Findings in the formats that services read: held against what those publish of them."""

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as Xml

import jsonschema
import pytest

from dilsctl import api
from dilsctl.diagnostics import Diagnostic, Label, Severity, SourceFile, SourceSpan
from dilsctl.report.formats import FORMATS, render
from dilsctl.rules import RULES

GOLDEN = Path(__file__).parents[1] / "golden"
SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text())
TEXT = "wires:\n  - a -> b\n  - \U0001f600 x -> y: 100%, all\n"
FILE = SourceFile("sub dir/é,x:1.yaml", TEXT)


def finding(start: int, end: int, severity: Severity = Severity.ERROR, code: str = "bad-wire") -> Diagnostic:
    message = f"no wire, 100% sure: '{TEXT[start:end]}'\nat all"
    return Diagnostic(code, message, Label(SourceSpan(FILE, start, end), "here"), (), "mend it", severity)


def many(errors: int, warnings: int) -> list[Diagnostic]:
    return [finding(n % 9, 12) for n in range(errors)] + [
        finding(n % 9, 12, Severity.WARNING, "unused-let") for n in range(warnings)
    ]


@cache
def golden() -> list[Diagnostic]:
    """Every finding of the golden cases and of the rules."""
    found = [one for path in sorted(GOLDEN.glob("*/*.yaml")) for one in api.validate(path)]
    return found + [one for rule in RULES.values() for one in api.validate("x.yaml", text=rule.bad)]


def test_sarif_is_that_of_the_published_schema() -> None:
    validator = jsonschema.Draft4Validator(SCHEMA)
    for found in (golden(), many(3, 2), []):
        log = json.loads(render("sarif", found, ["a.yaml", "b c.yaml"]))
        assert [error.message for error in validator.iter_errors(log)] == []
        (run,) = log["runs"]
        used = {one["ruleId"] for one in run["results"]}
        assert [one["id"] for one in run["tool"]["driver"]["rules"]] == list(
            dict.fromkeys(one.code for one in found)
        )
        for one in run["results"]:
            assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
        assert used == {one.code for one in found}
        digests = [one["partialFingerprints"]["dilsctl/v1"] for one in run["results"]]
        assert len(set(digests)) == len(digests)


def test_sarif_counts_characters() -> None:
    start = TEXT.index("x ->")
    (run,) = json.loads(render("sarif", [finding(start, start + 1)], []))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 3, "startColumn": 7, "endLine": 3, "endColumn": 8}
    assert place["artifactLocation"]["uri"] == "sub%20dir/%C3%A9%2Cx%3A1.yaml"


def test_sarif_has_fixes() -> None:
    found = list(api.validate("x.yaml", text=RULES["unused-import"].bad))
    (run,) = json.loads(render("sarif", found, []))["runs"]
    (change,) = run["results"][0]["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": ""}
    assert change["replacements"][0]["deletedRegion"]["startLine"] == 2


def unescaped(text: str) -> str:
    for code, sign in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def test_github_escapes() -> None:
    text = render("github", [finding(9, 15)], [])
    (line,) = text.splitlines()
    found = re.fullmatch(r"::error ([^:]*)::(.*)", line)
    assert found is not None
    properties = dict(one.split("=", 1) for one in found[1].split(","))
    assert {key: unescaped(value) for key, value in properties.items()} == {
        "file": FILE.name,
        "line": "2",
        "endLine": "2",
        "col": "3",
        "endColumn": "9",
        "title": "dilsctl: bad-wire",
    }
    assert unescaped(found[2]) == "no wire, 100% sure: '- a ->'\nat all\nmend it"


def test_github_stays_within_its_limits_and_says_what_is_left() -> None:
    lines = render("github", many(13, 25), []).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum(line.startswith("::warning ") for line in lines) == 10
    assert lines[20].startswith("3 more errors and 15 more warnings")
    assert len(lines) == 21 + 18 and not any(line.startswith("::") for line in lines[20:])
    assert len(render("github", many(10, 10), []).splitlines()) == 20


def test_no_name_of_a_file_is_a_command() -> None:
    found = [Diagnostic("bad-name", "m", file=f"::stop-commands::{n}.yaml") for n in range(12)]
    lines = render("github", found, []).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert not any(line.startswith("::stop") for line in lines) and "stop-commands" in lines[-1]


def test_gitlab() -> None:
    issues = json.loads(render("gitlab", many(2, 1), []))
    assert len({one["fingerprint"] for one in issues}) == 3
    for one in issues:
        assert set(one) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert one["location"]["path"] == FILE.name and one["location"]["lines"]["begin"] >= 1


def test_fingerprints_stay_when_lines_move() -> None:
    text = RULES["unused-let"].bad

    def digests(text: str) -> list[str]:
        return [
            one["fingerprint"]
            for one in json.loads(render("gitlab", list(api.validate("x.yaml", text=text)), []))
        ]

    moved = text.replace("main:", "# a comment\n\nmain:")
    assert digests(text) == digests(moved) != digests(text.replace("triple", "treble"))


def test_junit() -> None:
    found = [*many(2, 1), Diagnostic("bad-name", "a \x00 in <it> & ]]>", None, file="b.yaml")]
    root = Xml.fromstring(render("junit", found, ["a.yaml", "b.yaml"]))
    assert root.tag == "testsuites" and (root.get("tests"), root.get("failures")) == ("3", "2")
    (suite,) = root
    assert [one.get("name") for one in suite] == ["a.yaml", "b.yaml", FILE.name]
    assert [len(one.findall("failure")) for one in suite] == [0, 1, 1]
    failure = suite[2].find("failure")
    assert (
        failure is not None
        and failure.get("type") == "bad-wire"
        and "and 1 more" in failure.get("message", "")
    )


def test_junit_of_warnings_passes() -> None:
    root = Xml.fromstring(render("junit", many(0, 2), []))
    assert root.get("failures") == "0" and "unused-let" in (root.findtext(".//system-out") or "")


def test_concise() -> None:
    assert render("concise", [finding(9, 15)], []) == (
        f"{FILE.name}:2:3: error[bad-wire] no wire, 100% sure: '- a ->' at all (mend it)\n"
    )


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_takes_everything(format: str) -> None:
    nowhere = Diagnostic("file-not-found", "there is no file 'x'", file="x")
    elsewhere = Diagnostic("not-installed", "no such thing")
    for found in ([], [nowhere, elsewhere], golden()):
        assert isinstance(render(format, found, ["x"]), str)


BAD = "dils: 1\nmain: nothing\n"


def places(folder: Path) -> dict[str, str]:
    """Where each format says that the finding of ``nets/a b.yaml`` is."""
    found = list(api.validate("nets/a b.yaml"))
    sarif, gitlab, github, junit = (render(one, found, ["nets/a b.yaml"]) for one in SERVED)
    (run,) = json.loads(sarif)["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {**run["artifacts"][0]["location"], "uriBaseId": "%SRCROOT%"}
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == folder.resolve().as_uri() + "/"
    case = Xml.fromstring(junit)[0][0]
    assert case.get("file") == case.get("name")
    return {
        "sarif": unquote(place["uri"]),
        "gitlab": json.loads(gitlab)[0]["location"]["path"],
        "github": unescaped(re.findall("file=([^,]*),", github)[0]),
        "junit": case.get("file", ""),
    }


SERVED = ("sarif", "gitlab", "github", "junit")


@pytest.mark.parametrize("mark", [".git", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", ""])
def test_files_are_told_from_the_root_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "part" / "nets").mkdir(parents=True)
    (tmp_path / "part" / "nets" / "a b.yaml").write_text(BAD)
    if mark == ".git":
        (tmp_path / ".git").write_text("gitdir: elsewhere\n")  # as in a worktree
        monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "part"))
    elif mark:
        monkeypatch.setenv(mark, str(tmp_path))
    monkeypatch.chdir(tmp_path / "part")
    root, name = (tmp_path, "part/nets/a b.yaml") if mark else (tmp_path / "part", "nets/a b.yaml")
    assert places(root) == dict.fromkeys(SERVED, name)
    found = list(api.validate("nets/a b.yaml"))
    for format in ("text", "concise"):
        assert "nets/a b.yaml:2:7" in render(format, found, []) and "part" not in render(format, found, [])
    # above, below, and by its whole path it is the same file
    digests = {one["fingerprint"] for one in json.loads(render("gitlab", found, []))}
    monkeypatch.chdir(tmp_path / "part" / "nets")
    for name in ("a b.yaml", "../nets/a b.yaml", str(tmp_path / "part" / "nets" / "a b.yaml")):
        again = json.loads(render("gitlab", list(api.validate(name)), []))
        assert ({one["fingerprint"] for one in again} == digests) is bool(mark)


def test_what_is_no_file_has_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(api.validate("<stdin>", text=BAD))
    log = json.loads(render("sarif", found, ["<stdin>"]))
    assert [error.message for error in jsonschema.Draft4Validator(SCHEMA).iter_errors(log)] == []
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"description": {"text": "standard input"}}
    assert "file=" not in render("github", found, ["<stdin>"])
    monkeypatch.chdir(tmp_path)
    outside = tmp_path.parent / "x.yaml"
    one = Diagnostic("file-not-found", "it is not there", file=str(outside))
    log = json.loads(render("sarif", [one], []))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": outside.as_uri()}}
