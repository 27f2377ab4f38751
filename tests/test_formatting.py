"""``dilsctl fmt`` changes the layout of a file and nothing else."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from dilsctl.diagnostics import Problem, Report, SourceFile
from dilsctl.formatting import format_text, meaning
from dilsctl.source import parse_yaml, read_source
from dilsctl.syntax import shape
from dilsctl.syntax.document import validate_document
from tests.formatting_texts import documents, perturbed

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted([
    *(ROOT / "examples").rglob("*.yaml"),
    *(ROOT / "dilsctl" / "library").glob("*.yaml"),
    *(ROOT / "tests" / "golden").glob("*/*.yaml"),
])  # fmt: skip


def comments(text: str) -> Counter[str]:
    """Comments as the scanner of libyaml leaves them: what stands between its tokens."""
    text = text.removeprefix("\ufeff")  # libyaml does not count it
    found: Counter[str] = Counter()
    at = 0
    for token in [*yaml.scan(text, Loader=yaml.CSafeLoader), None]:
        start = len(text) if token is None else token.start_mark.index
        lines = [one.partition("#") for one in text[at:start].split("\n")]
        if getattr(token, "style", None) in ("|", ">"):
            lines.append(text[start:].split("\n")[0].partition("#"))
        found.update(f"#{after}".rstrip() for _, mark, after in lines if mark)
        at = max(at, start if token is None else token.end_mark.index)
    return found


def told(text: str) -> Any:
    """What the models read from a text; the blanks around the arrows of wires aside."""
    file = SourceFile("x.yaml", text)
    report = Report()
    document = validate_document(file, parse_yaml(file, report), report)
    return None if document is None else _plain(document)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return type(value).__name__, _plain(dict(value))
    if isinstance(value, dict):
        return {key: _plain(one) if key != "wires" else _wires(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _wires(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return [re.sub(r" *-> *", "->", one).strip() for one in value]
    return _plain(value)


def hold(text: str) -> str:
    """The laws of a layout, for one text; gives the new text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    file = SourceFile("x.yaml", text)
    report = Report()
    before = parse_yaml(file, report)
    if not report.ok:
        with pytest.raises(Problem):
            format_text(file)
        return text
    new = format_text(file)
    after = parse_yaml(SourceFile("x.yaml", new))
    assert meaning(before) == meaning(after)
    assert format_text(SourceFile("x.yaml", new)) == new
    assert comments(text) == comments(new)
    assert told(text) == told(new)
    said = {line.lstrip() for line in text.split("\n")}  # in a block of text, blanks at the end say something
    assert not [line for line in new.split("\n") if line != line.rstrip() and line.lstrip() not in said]
    return new


SHORT = [one for one in FILES if one.stat().st_size < 50_000]


@pytest.mark.parametrize("path", SHORT, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_keep_what_they_say(path: Path) -> None:
    try:
        text = read_source(path).text
    except Problem:
        return
    hold(text)


CASES = int(os.environ.get("DILSCTL_FUZZ", "0")) or 200


@settings(max_examples=CASES, deadline=None, derandomize=CASES == 200, database=None,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
@given(documents())
def test_random_texts_keep_what_they_say(text: str) -> None:
    hold(text)


WIRE = """\
dils: 1
main:
  in: {x: real}
  out: {y: real, longer: real}
  wires:
    - x
        -> y
    - "x +
      1   -> longer"
    - x * 2 -> y
"""


def test_a_wire_over_lines_takes_its_place_at_once() -> None:
    wires = hold(WIRE).split("wires:\n")[1].splitlines()
    assert wires == ["    - x      -> y", '    - "x + 1 -> longer"', "    - x * 2  -> y"]


def test_the_keys_of_a_mapping_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work for a mapping of many keys grows with their number, not with its square."""
    seen: Counter[str] = Counter()
    real = shape.model_at

    def counting(place: Any, keys: Iterable[str]) -> Any:
        given = list(keys)
        seen.update(given)
        return real(place, given)

    monkeypatch.setattr(shape, "model_at", counting)
    hold("dils: 1\n" + "".join(f"k{number}: 1\n" for number in range(200)))
    assert 0 < seen["k7"] < 20


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &one {x: 1}\nb: *one\n", "alias-not-allowed"),
        ("a: {x: 1}\nb:\n  <<: *a\n", "alias-not-allowed"),
        ("a: !!str 1\n", "tag-not-allowed"),
        ("dils: 1\n---\ndils: 1\n", "several-documents"),
        ("dils: 1\ndoc: a\u2028b\n", "not-text"),
        ("dils: 1\ndoc: a\x85b\n", "not-text"),
        ("a:\n\tb: 1\n", "yaml-syntax"),
    ],
)
def test_what_is_no_diagram_file_is_refused(text: str, code: str) -> None:
    with pytest.raises(Problem) as found:
        format_text(SourceFile("x.yaml", text))
    assert code in [one.code for one in found.value.diagnostics]


GOOD = [one for one in SHORT if "golden" not in one.parts]


@settings(max_examples=CASES, deadline=None, derandomize=CASES == 200, database=None,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
@given(st.sampled_from(GOOD), st.randoms(use_true_random=False))
def test_other_layouts_of_good_files_keep_what_they_say(path: Path, random: Random) -> None:
    hold(perturbed(path.read_text(encoding="utf-8"), random))


@pytest.mark.parametrize("folder", ["examples", "dilsctl/library"])
def test_the_files_of_the_project_are_formatted(folder: str) -> None:
    """If this fails: dilsctl fmt examples dilsctl/library."""
    for path in sorted((ROOT / folder).rglob("*.yaml")):
        if "runs" not in path.parts:
            assert format_text(read_source(path)) == path.read_text(encoding="utf-8"), path
