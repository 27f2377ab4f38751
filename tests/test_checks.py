"""Checks of a document, without training."""

import html
from pathlib import Path

import pytest
from click.testing import CliRunner

from dilsctl import api
from dilsctl.checks import Result
from dilsctl.cli import main
from dilsctl.diagnostics import Problem

GATES = """\
dils: 1
define:
  nand:
    in: {a: bool, b: bool}
    out: {y: bool}
    wires:
      - not (a and b) -> y
  scale:
    params: {by: 2}
    in: {x: real n}
    out: {y: real n, total: real}
    wires:
      - by * x -> y
      - sum(x) -> total
  three:
    out: {y: real}
    wires:
      - 3 -> y
main: nand
checks:
"""


def run(tmp_path: Path, checks: str) -> list[Result]:
    file = tmp_path / "gates.yaml"
    file.write_text(GATES + checks)
    return api.test(file)


def test_a_check_that_holds(tmp_path: Path) -> None:
    (result,) = run(tmp_path, "  - {given: {a: [0, 1], b: [true, true]}, expect: {y: [1, false]}}\n")
    assert result.passed and result.title == "check 1" and result.facts()["passed"]


def test_a_check_that_fails_names_the_cases(tmp_path: Path) -> None:
    (result,) = run(
        tmp_path, "  - {name: wrong, given: {a: [0, 1, 1], b: [0, 1, 0]}, expect: {y: [1, 1, null]}}\n"
    )
    assert not result.passed
    (found,) = result.differences
    assert (found.row, found.expected, found.got) == (1, "true", "false")
    assert found.given == {"a": "true", "b": "true"}


def test_dimensions_come_from_what_is_given(tmp_path: Path) -> None:
    results = run(
        tmp_path,
        "  - {box: scale, given: {x: [[1, 2], [3, 4]]}, expect: {y: [[2, 4], [6, 8]], total: [3, 7]}}\n"
        "  - {box: scale, given: {x: [[1, 2, 3]]}, expect: {total: [6]}}\n",
    )
    assert [one.passed for one in results] == [True, True]


def test_a_box_without_inputs_has_one_case(tmp_path: Path) -> None:
    results = run(tmp_path, "  - {box: three, expect: {y: [3]}}\n  - {box: three, expect: {y: [3, 3]}}\n")
    assert [one.passed for one in results] == [True, False]
    assert "2 expected, but there are 1 cases" in results[1].problems[0].message


@pytest.mark.parametrize(
    ("expect", "passed"),
    [
        ("{is: [2.001], within: 0.01}", True),
        ("{is: [2.1], within: 0.01}", False),
        ("[2.0000001]", True),
        ("[2.001]", False),
        ("{at_least: 1, at_most: 3}", True),
        ("{at_least: 2.5}", False),
        ("{is: [null]}", True),
    ],
)
def test_how_near_a_value_must_be(tmp_path: Path, expect: str, passed: bool) -> None:
    (result,) = run(tmp_path, f"  - {{box: scale, given: {{x: [[2]]}}, expect: {{total: {expect}}}}}\n")
    assert result.passed is passed
    assert bool(result.differences) is not passed


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("{given: {a: [0], bb: [0]}, expect: {y: [1]}}", "no input 'bb'"),
        ("{given: {a: [0]}, expect: {y: [1]}}", "no value is given for input 'b'"),
        ("{given: {a: [0], b: [0]}, expect: {z: [1]}}", "no output 'z'"),
        ("{given: {a: [0], b: [0]}, expect: {test.loss: 1}}", "nothing is trained"),
        ("{box: nothing, expect: {y: [1]}}", "no box 'nothing'"),
        ("{box: scale, train: {epochs: 1}, expect: {y: [1]}}", "about the main box"),
    ],
)
def test_ports_that_are_not_there_make_the_file_invalid(tmp_path: Path, check: str, words: str) -> None:
    file = tmp_path / "gates.yaml"
    file.write_text(GATES + f"  - {check}\n")
    (found,) = api.validate(file)
    assert words in found.message
    assert found.primary is not None and found.primary.span.line == 21


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("{given: {a: [0], b: [0, 1]}, expect: {y: [1]}}", "same number of cases"),
        ("{given: {a: [0], b: [2]}, expect: {y: [1]}}", "'b': a bool is true or false"),
        ("{given: {a: [0], b: [0]}, expect: {y: [[1]]}}", "a list of 1 is expected"),
        ("{train: {epochs: 1}, expect: {test.loss: 1}}", "no learned state"),
    ],
)
def test_a_check_that_makes_no_sense_fails_and_says_where(tmp_path: Path, check: str, words: str) -> None:
    results = run(tmp_path, f"  - {check}\n  - {{given: {{a: [0], b: [0]}}, expect: {{y: [1]}}}}\n")
    assert [one.passed for one in results] == [False, True], "the others still run"
    (problem,) = results[0].problems
    assert words in problem.message
    assert problem.primary is not None and problem.primary.span.line == 21


GAIN = """\
dils: 1
define:
  gain:
    params: {k: 2}
    in: {x: real}
    out: {y: real}
    wires:
      - k * x -> y
  twice:
    in: {x: real}
    out: {y: real}
    boxes:
      f: {in: {x: real}, out: {y: real}}
    wires:
      - x -> f.x
      - 2 * f.y -> y
checks:
  - {box: gain, with: {k: 3}, given: {x: [1, 2]}, expect: {"y": [3, 6]}}
  - {box: twice, with: {f: gain}, given: {x: [1, 2]}, expect: {"y": [4, 8]}}
"""


def test_a_check_gives_parameters_and_fills_holes(tmp_path: Path) -> None:
    path = tmp_path / "gain.yaml"
    path.write_text(GAIN)
    assert [one.passed for one in api.test(path)] == [True, True]


def test_a_check_of_the_main_box_gives_none(tmp_path: Path) -> None:
    path = tmp_path / "gain.yaml"
    path.write_text(GAIN.replace("{box: gain, with", "{with") + "main: gain\n")
    (found,) = api.validate(path)
    assert found.code == "bad-check"
    assert "'with' gives parameters to the box that 'box' names" in found.message


GROWING = """\
dils: 1
main:
  out: {x: real}
  state: {x: "real = uniform(1, 2)", speed: real = 0}
  learn: [speed]
  rate: {x: speed}
time: {dt: 0.5}
train: {episodes: 8, ticks: 3, loss: (x - 2) ** 2, metrics: {now: x}, optimiser: sgd, epochs: 200}
checks:
"""


def growing(tmp_path: Path, check: str) -> list[Result]:
    file = tmp_path / "growing.yaml"
    file.write_text(GROWING + f"  - {check}\n")
    return api.test(file)


def test_what_was_trained_is_simulated(tmp_path: Path) -> None:
    """At t = 1 the loss asks for x = 2 on average, where x began at 1.5: so the speed is 0.5."""
    checked = (
        "{train: {}, simulate: {until: 10}, expect: {train.now: {at_most: 3}, "
        "speed: {is: 0.5, within: 0.15}}}"
    )
    assert growing(tmp_path, checked)[0].passed
    (untrained,) = growing(tmp_path, "{simulate: {until: 10}, expect: {speed: {is: 0.5, within: 0.15}}}")
    assert [one.got for one in untrained.differences] == ["0"]
    (late,) = growing(tmp_path, "{train: {}, simulate: {until: 10}, expect: {x: {at_most: 3}}}")
    assert not late.passed


def test_bounds_of_many_runs(tmp_path: Path) -> None:
    many = "{simulate: {until: 1, runs: 50}, expect: {x: {at_least: 1, at_most: %s}}}"
    assert growing(tmp_path, many % 2)[0].passed
    (found,) = growing(tmp_path, many % 1.9)
    assert len(found.differences) == 3  # one for each tick, with the worst run
    assert all(1.9 < float(one.got) < 2 for one in found.differences)


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("{simulate: {until: 1, runs: 2}, expect: {x: {is: 1}}}", "bounds in common, not values"),
        ("{simulate: {until: 1, runs: 2}, expect: {x: [1, 2]}}", "bounds in common, not values"),
        ("{train: {}, ticks: 2, expect: {x: [1, 2]}}", "'train' and 'ticks' are both given"),
        ("{train: {}, simulate: {until: 1}, expect: {train.no: {is: 1}}}", "no metric 'train.no'"),
    ],
)
def test_what_can_not_be_checked_together(tmp_path: Path, check: str, told: str) -> None:
    try:
        problems = [one.message for result in growing(tmp_path, check) for one in result.problems]
    except Problem as problem:
        problems = [one.message for one in problem.diagnostics]
    assert any(told in one for one in problems), problems


LOG = """\
dils: 1
main: {in: {x: real}, out: {y: real, n: int}, wires: [log(x) -> y, 3 -> n]}
checks: [{given: {x: [-1, 0, 1]}, expect: {EXPECT}}]
"""


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ("y: [.nan, -.inf, 0]", ""),
        ("y: {is: [.nan, null, 0], within: 1}", ""),
        ("y: [1, .nan, .nan]", "expected 1, got .nan and 2 more"),
        ("n: [3, .nan, 3]", "'n' has whole numbers or bools, which are never .nan"),
        ("y: {at_least: .nan}", "a bound is a number, not .nan"),
        ("y: {at_most: 1}", "expected ≤ 1, got .nan"),
    ],
)
def test_what_is_no_number_is_expected_as_such(tmp_path: Path, expect: str, says: str) -> None:
    path = tmp_path / "log.yaml"
    path.write_text(LOG.replace("EXPECT", expect))
    result = CliRunner().invoke(main, ["test", str(path), "--format", "junit"])
    assert result.exit_code == (1 if says else 0)
    assert says in html.unescape(result.stdout)
