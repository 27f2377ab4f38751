"""The README and the reference pages say what is so."""

import re
import runpy
from pathlib import Path

import pytest

from dilsctl import api, limits

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def _documents() -> list[object]:
    found = []
    for page in PAGES:
        for number, block in enumerate(_blocks(page.read_text(encoding="utf-8"), "yaml")):
            if block.startswith("dils: 1"):
                found.append(pytest.param(block, id=f"{page.name}-{number}"))
    return found


@pytest.mark.parametrize("text", _documents())
def test_documents_are_valid(text: str) -> None:
    assert [one.message for one in api.validate(ROOT / "examples" / "-", text=text)] == []


@pytest.mark.parametrize("name", ["functions.md", "diagnostics.md"])
def test_pages_that_are_generated(name: str) -> None:
    page = runpy.run_path(str(ROOT / "docs" / "generate.py"))["page"]
    assert page(name) == (ROOT / "docs" / name).read_text(encoding="utf-8"), "run docs/generate.py"


def test_the_examples_of_explain_are_generated() -> None:
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert generate["CASES"].read_text(encoding="utf-8") == generate["cases"](), "run docs/generate.py"


def test_every_limit_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    section = text.split("## Limits", 1)[1].split("\n## ", 1)[0]
    for name, value in vars(limits).items():
        if name.isupper():
            tens, twos = len(str(value)) - 1, value.bit_length() - 1
            spelt = {10**tens: f"10^{tens}", 2**twos: f"2^{twos}"}
            assert f"{value:,}" in section or spelt.get(value, "?") in section, name


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_finding_shown_is_what_validate_says() -> None:
    from dilsctl.report.text import render_text

    path = ROOT / "examples" / "digits.yaml"
    text = path.read_text(encoding="utf-8").replace("units: 10}", "units: 12}")
    said = render_text(api.validate(path, text=text)).replace(str(path), "examples/digits.yaml")
    assert said in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_claims_name_tests_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    claims = text.split("## Claims", 1)[1].split("\n## ", 1)[0]
    for name, case in re.findall(r"`(tests/[^`:]+)(?:::([^`]+))?`", claims):
        assert (ROOT / name).exists(), name
        assert not case or f"def {case}(" in (ROOT / name).read_text(encoding="utf-8"), case
    for name in re.findall(r"`(examples/[^`]+)`", claims):
        assert (ROOT / name).exists(), name


def test_the_benchmarks_named_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"python (benchmarks/\S+)", text):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_python_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for block in _blocks(page.read_text(encoding="utf-8"), "python"):
        lines = [line for line in block.splitlines() if '"runs/' not in line]
        exec("\n".join(lines), {})


def test_the_two_commands_stand_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("python -m venv")]
    assert len(lines) == 2
    assert lines[0].endswith("dilsctl train examples/digits.yaml")
    assert lines[1].endswith("pytest -q -n auto")


def test_every_key_is_in_the_reference() -> None:
    from dilsctl.syntax.box import Box, BoxUse
    from dilsctl.syntax.document import Document
    from dilsctl.syntax.simulate import InputData, Simulate, Time
    from dilsctl.syntax.train import Data, Train

    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    for model in (Document, Box, BoxUse, Time, Simulate, InputData, Train, Data):
        for name, field in model.model_fields.items():
            assert f"`{field.alias or name}`" in text, f"{model.__name__}.{field.alias or name}"


def test_every_command_is_in_the_reference() -> None:
    from dilsctl.cli.group import SECTIONS

    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    for names in SECTIONS.values():
        for name in names:
            assert f"| `{name}" in text, name
