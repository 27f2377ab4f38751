"""Every lint: its bad example has it and nothing else, its good one has nothing, and it says what it should.

The texts lie in said/CODE.out; to write them anew, see tests/test_golden.py.
"""

import os
import re
from pathlib import Path

import pytest

from dilsctl import api, rules
from dilsctl.codes import CODES
from dilsctl.report.text import render_text
from dilsctl.rules import ERRORS, RULES, Rule

SAID = Path(__file__).parent / "said"
LINTS = [pytest.param(one, id=one.code) for one in RULES.values()]
ALL = [*LINTS, *(pytest.param(one, id=one.code) for one in ERRORS.values())]


@pytest.mark.parametrize("rule", ALL)
def test_the_bad_example_has_it_and_nothing_else(rule: Rule) -> None:
    report = api.validate("diagram.yaml", text=rule.bad)
    assert {one.code for one in report} == {rule.code}
    assert {one.severity for one in report} == {rule.severity}
    text, expected = render_text(report), SAID / f"{rule.code}.out"
    if os.environ.get("DILSCTL_WRITE_GOLDEN"):
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", ALL)
def test_the_good_example_has_nothing(rule: Rule) -> None:
    assert render_text(api.validate("diagram.yaml", text=rule.good)) == ""


@pytest.mark.parametrize("rule", LINTS)
def test_it_can_be_left_out_and_taken_back(rule: Rule) -> None:
    assert list(api.validate("diagram.yaml", text=rule.bad, ignore=[rule.code])) == []
    if rule.code.endswith("-suppression"):
        return
    assert {one.code for one in api.validate("diagram.yaml", text=rule.bad, select=[rule.code])} == {
        rule.code
    }
    lines = rule.bad.splitlines(keepends=True)
    for one in api.validate("diagram.yaml", text=rule.bad):
        assert one.primary is not None
        at = one.primary.span.line - 1
        lines[at] = lines[at].rstrip("\n") + f"  # dils: ignore[{rule.code}] on purpose\n"
    assert render_text(api.validate("diagram.yaml", text="".join(lines))) == ""


@pytest.mark.parametrize("rule", ALL)
def test_it_is_told_in_sentences(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.code)
    assert (rule.code in CODES) is (rule.code in ERRORS)
    assert rule.code in RULES or rule.title == CODES[rule.code]
    assert rule.why.endswith(".") and not rule.title.endswith(".")
    assert rule.title[0].islower()


def test_one_file_a_rule() -> None:
    folder = Path(rules.__file__).parent
    found = {one.stem.replace("_", "-") for one in folder.glob("*.py")} - {"--init--", "rule"}
    assert found - {"shared", "whole", "guesses", "mending"} == {*RULES, *ERRORS}
    assert {one.stem for one in SAID.glob("*.out")} == {*RULES, *ERRORS}
