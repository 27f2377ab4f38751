"""What may fill a hole: its ports, more outputs than it has, and the parameters that it is given."""

from pathlib import Path
from typing import Any

import pytest

from dilsctl import api
from dilsctl.compose import compose, read_fill
from dilsctl.diagnostics import Problem
from dilsctl.documents import LoadedDocument
from dilsctl.dump import dump

DOCUMENT = """\
dils: 1
define:
  worker:
    params: {{units: 1}}
    in: {{x: real n}}
    out: {{y: real units}}
  panel:
    params: {{workers: 2, units: 3}}
    in: {{x: real n}}
    out: {{y: real units}}
    boxes:
      worker: {{box: worker, count: workers, with: {{units: units}}}}
    wires:
      - x -> worker.x
      - {wire} -> y
  first:
    params: {{units: 2, by: 1}}
    in: {{x: real n}}
    out: {{y: real units, also: real}}
    wires:
      - broadcast(by * sum(x), units) -> y
      - 7 -> also
  second:
    in: {{x: real n}}
    out: {{y: real 3, others: bool}}
    wires:
      - broadcast(10 * sum(x), 3) -> y
      - true -> others
  third:
    params: {{by: 1}}
    in: {{x: real n}}
    out: {{y: real 2}}
    wires: [by * x -> y]
  main:
    in: {{x: real 2}}
    out: {{y: real 3}}
    boxes: {{panel: {{box: panel, with: {{worker: {worker}}}}}}}
    wires:
      - x -> panel.x
      - panel.y -> y
main: main
checks:
  - given: {{x: [[1, 2]]}}
    expect: {{y: [[{y}, {y}, {y}]]}}
"""


def write(folder: Path, worker: str, y: int = 0, wire: str = "sum(worker.y, axis=0)") -> Path:
    path = folder / "panel.yaml"
    path.write_text(DOCUMENT.format(worker=worker, y=y, wire=wire), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("worker", "y"),
    [("first", 6), ("second", 60), ("[first, second]", 33), ("[{box: first, with: {by: 4}}, second]", 42)],
)
def test_a_box_may_show_more_and_takes_the_size_of_the_hole(tmp_path: Path, worker: str, y: int) -> None:
    (result,) = api.test(write(tmp_path, worker, y))
    assert result.passed, result.facts()
    assert list(api.validate(tmp_path / "panel.yaml")) == []


def test_what_it_shows_more_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "first", wire="worker[0].y + worker[0].also")
    codes = {one.code for one in api.validate(path)}
    assert "unknown-port" in codes


def test_a_box_of_another_size_does_not_fit(tmp_path: Path) -> None:
    found = list(api.validate(write(tmp_path, "third")))
    assert [one.code for one in found] == ["hole-mismatch"]
    assert "'real 2'" in found[0].message


def test_flattens_with_what_fills_it(tmp_path: Path) -> None:
    diagram = api.load(write(tmp_path, "[first, second]", 33))
    flat = tmp_path / "flat.yaml"
    flat.write_text(dump(diagram.flatten()), encoding="utf-8")
    assert [one.passed for one in api.test(flat)] == [True]


def test_a_size_that_is_given_twice_is_that_of_the_box(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="real 5"):
        api.load(write(tmp_path, "{box: first, with: {units: 5}}"))


def test_composes_into_a_hole_of_the_library(tmp_path: Path) -> None:
    """The hole has a parameter; one of the boxes shows more than it, and the other takes the parameter."""
    outer = tmp_path / "outer.yaml"
    outer.write_text(
        "{dils: 1, use: {managers: std/managers}, main: {in: {outcome: class 3}, out: {p: simplex 3}, boxes: "
        "{market: {box: managers.market, with: {outcomes: 3}}}, "
        "wires: [outcome -> market.outcome, market.p -> p]}}",
        encoding="utf-8",
    )
    inner = tmp_path / "inner.yaml"
    inner.write_text(
        "{dils: 1, main: {in: {outcome: class 3}, out: {p: simplex 3, more: real}, "
        'wires: ["normalise([1, 2, 1]) -> p", 2 -> more]}}',
        encoding="utf-8",
    )
    known: dict[Any, LoadedDocument] = {}
    fill = read_fill(f"market.worker={inner},std/managers:frequency", known)
    whole = tmp_path / "whole.yaml"
    expect = "{p: {is: [[0.2916667, 0.4166667, 0.2916667]], within: 1e-7}}"
    checks = f"\nchecks: [{{given: {{outcome: [1]}}, expect: {expect}}}]\n"
    whole.write_text(compose(api.load(outer), [fill]) + checks, encoding="utf-8")
    assert [one.facts() for one in api.test(whole) if not one.passed] == []
