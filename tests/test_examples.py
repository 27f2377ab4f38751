"""Every example and document of the library: valid without a warning, told about, and its checks hold."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from dilsctl import api

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
LIBRARY = sorted((ROOT / "dilsctl" / "library").glob("*.yaml"))
FILES = [pytest.param(path, id=path.stem) for path in (*EXAMPLES, *LIBRARY)]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 25
    assert len(LIBRARY) >= 4
    assert len(MOVING) >= 13


@pytest.mark.parametrize("path", FILES)
def test_valid(path: Path) -> None:
    assert [one.message for one in api.validate(path)] == []


@pytest.mark.parametrize("path", FILES)
def test_checks_hold(path: Path) -> None:
    results = api.test(path)
    assert results, "an example says what must be true of it"
    assert [one.facts() for one in results if not one.passed] == []


MOVING = [path for path in EXAMPLES if "\nsimulate:\n" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in MOVING])
def test_simulates(path: Path) -> None:
    diagram = api.load(path)
    trace = diagram.simulate()
    until = diagram.document.document.simulate.until
    assert until is None or trace.times[-1] == until
    for name, values in trace.values.items():
        assert len(values) == len(trace.times)
        assert np.isfinite(values).all(), name


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in EXAMPLES])
def test_says_what_it_is(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../schemas/dils-1.schema.json"
    document = api.load(path).document.document
    assert document.name == path.stem
    assert document.doc
    assert f"(examples/{path.name})" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_data_has_a_source() -> None:
    told = (ROOT / "examples" / "data" / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "examples" / "data").iterdir():
        assert path.name == "README.md" or f"| {path.name} |" in told


def test_the_listed_network_is_what_its_generator_writes() -> None:
    lines = runpy.run_path(str(ROOT / "examples" / "generate_listed.py"))["lines"]
    assert "".join(lines()) == (ROOT / "examples" / "digits-listed.yaml").read_text(encoding="utf-8")


def test_every_box_of_the_library_says_what_it_is() -> None:
    for path in LIBRARY:
        for name, box in api.load(path).document.document.define.items():
            assert box.doc, f"{path.stem}.{name} has no doc"


def test_unknown_numbers_of_known_equations_are_found() -> None:
    diagram = api.load(ROOT / "examples" / "identify.yaml")
    diagram.train()
    found = {name: float(value) for name, value in diagram.learner.states.items()}
    assert found == pytest.approx({"growth": 0.3, "hunger": 0.7, "meeting": 1.5}, rel=0.01)
