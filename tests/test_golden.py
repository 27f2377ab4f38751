"""What users read: each file of tests/golden, validated, gives the text that lies beside it.

A case is NAME.yaml and NAME.out in a folder that has the name of the code it is about. Comments at the head
of a file say more: ``# set: KEY=VALUE`` gives a value from outside, ``# run`` plans the main box as training
would. Where a case needs other files, they lie in a folder beside it.

To write the texts anew, and then read the difference:

    DILSCTL_WRITE_GOLDEN=1 python -m pytest tests/test_golden.py
"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dilsctl
from dilsctl import api
from dilsctl.codes import CODES, OF_A_FILE
from dilsctl.diagnostics import Diagnostic, Problem
from dilsctl.report.text import render_text
from dilsctl.rules import RULES

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(GOLDEN.glob("*/*.yaml"))
PACKAGE = Path(dilsctl.__file__).parent
# Words of the sources that look like codes.
NO_CODES = {"largest-file", "no-store", "or-gate", "per-file-ignores", "resvg-py", "system-out"}


def findings(path: Path) -> list[Diagnostic]:
    text = path.read_text(encoding="utf-8", errors="replace")
    settings = re.findall(r"^# set: (.*)$", text, re.MULTILINE)
    report = api.validate(path, settings=settings)
    found = list(report)
    if re.search(r"^# run$", text, re.MULTILINE) and report.ok:
        try:
            dilsctl.load(path, settings=settings).plan()
        except Problem as problem:
            found += problem.diagnostics
    return found


@pytest.mark.parametrize("path", CASES, ids=[f"{one.parent.name}/{one.stem}" for one in CASES])
def test_case(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    found = findings(Path(path.name))
    text = render_text(found)
    expected = path.with_suffix(".out")
    if os.environ.get("DILSCTL_WRITE_GOLDEN"):
        expected.write_text(text, encoding="utf-8")
    assert expected.exists(), f"{expected} is missing; see how to write it at the head of this file"
    assert text == expected.read_text(encoding="utf-8")
    assert path.parent.name in {one.code for one in found}, "the case does not show its code"


def test_every_text_has_its_file() -> None:
    assert {one.with_suffix(".yaml") for one in GOLDEN.glob("*/*.out")} == set(CASES)


def test_every_code_of_a_file_has_a_case() -> None:
    assert {one.parent.name for one in CASES} - set(RULES) == set(OF_A_FILE)


def kebab_words(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        word = node.value if isinstance(node, ast.Constant) else None
        if isinstance(word, str) and re.fullmatch(r"[a-z]+(-[a-z]+)+", word):
            yield word


def test_every_code_of_the_sources_is_listed() -> None:
    sources = [one for one in PACKAGE.rglob("*.py") if one.name != "codes.py"]
    used = {word for one in sources for word in kebab_words(one)}
    assert used - NO_CODES == {*CODES, *RULES}
