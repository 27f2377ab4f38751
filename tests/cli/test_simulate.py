"""The command ``simulate``: what it prints, its exit codes, sweeps, saved states."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from dilsctl.cli import main

CITIES = """\
dils: 1
name: cities
define:
  city:
    params: {beta: 0.3, gamma: 0.1}
    in: {pressure: real}
    out: {infected: real}
    state: {s: real = 0.99, i: real = 0.01}
    rate:
      s: -beta * s * pressure
      i: beta * s * pressure - gamma * i
    wires:
      - i -> infected
  land:
    params: {beta: 0.3, n: 3}
    out: {i: real n}
    boxes:
      city: {box: city, count: n, with: {beta: 2 * beta, gamma: 0.1 * beta}}
    wires:
      - city.infected -> city.pressure
      - city.infected -> i
main: land
time: {dt: 0.1}
simulate: {until: 2}
"""
WALK = """\
dils: 1
name: walk
main:
  state: {x: "real = normal(0, 1)"}
  out: {x: real}
  next:
    x: 0.9 * x + normal(0, 0.1)
simulate: {until: 5}
"""
DRIVEN = """\
dils: 1
name: driven
main:
  in: {u: real}
  out: {y: real}
  state: {s: real = 0}
  next: {s: s + u}
  wires:
    - s + u -> y
simulate: {until: 3, inputs: {u: 2 * t}}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("cities", CITIES), ("walk", WALK), ("driven", DRIVEN)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def call(*args: str) -> Result:
    return CliRunner().invoke(main, ["simulate", *args])


def rows(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_table_and_last_line() -> None:
    result = call("driven.yaml")
    assert result.exit_code == 0
    assert "3 ticks to t = 3" in result.output and "start" in result.output


def test_an_input_is_an_expression_of_time() -> None:
    assert [float(row["y"]) for row in rows(call("driven.yaml", "--out", "-"))] == [0, 2, 6, 12]


def test_an_input_from_a_file_is_held_after_its_last_row() -> None:
    Path("u.csv").write_text("wind\n1\n2\n")
    drive = ("--set", "simulate.inputs={}", "--set", "simulate.data={file: u.csv, inputs: {u: wind}}")
    assert [float(row["y"]) for row in rows(call("driven.yaml", *drive, "--out", "-"))] == [1, 3, 5, 7]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--set", "simulate.inputs={}"], 1, "nothing is said of the input 'u'"),
        (["--set", "simulate.inputs={v: 1}"], 1, "the main box has no input 'v'"),
        (["--set", "simulate.record=[z]"], 1, "there is no output or state 'z' to record"),
        (["--set", "simulate.until=1e12"], 1, "numbers would be recorded"),
        (["--sweep", "params.k=1:2:3"], 1, "has no parameter 'k'"),
        (["--sweep", "q=1,2"], 1, "there is no parameter or moving state 'q' to sweep"),
        (["--sweep", "params.k"], 1, "is no sweep"),
        (["--set", "time.dt=-1"], 1, "greater than 0"),
        (["--set", "time.method=rk5"], 1, "rk4"),
        (["--out", "x.txt"], 2, "must end in"),
        (["--until", "soon"], 2, "soon"),
    ],
)
def test_mistakes_are_told(args: list[str], code: int, words: str) -> None:
    result = call("driven.yaml", *args)
    assert result.exit_code == code and words in result.output, result.output


def test_a_sweep_is_its_runs_one_by_one() -> None:
    swept = rows(call("cities.yaml", "--sweep", "params.beta=0.1,0.4", "--out", "-"))
    assert [row["run"] for row in swept] == ["0"] * 21 + ["1"] * 21
    for run, beta in enumerate(("0.1", "0.4")):
        alone = rows(call("cities.yaml", "--set", f"params.beta={beta}", "--out", "-"))
        mine = [row for row in swept if row["run"] == str(run)]
        assert {row["beta"] for row in mine} == {beta}
        for one, other in zip(mine, alone, strict=True):
            assert float(one["i[1]"]) == pytest.approx(float(other["i[1]"]), rel=1e-13)


def test_a_sweep_of_a_length_goes_one_by_one() -> None:
    record = ("--set", "simulate.record=[total]")
    text = CITIES.replace("out: {i: real n}", "out: {i: real n, total: real}")
    Path("cities.yaml").write_text(
        text.replace("infected -> i\n", "infected -> i\n      - sum(city.infected) -> total\n")
    )
    found = rows(call("cities.yaml", "--sweep", "params.n=1:3:3", *record, "--out", "-"))
    ends = [float(row["total"]) for row in found if row["time"] == "2.0"]
    assert ends == pytest.approx([ends[0], 2 * ends[0], 3 * ends[0]])


def test_sweeps_combine_and_runs_multiply() -> None:
    result = call(
        "cities.yaml", "--sweep", "params.beta=0.1,0.2", "--sweep", "city.i=0.01,0.02,0.03", "--out", "x.npz"
    )
    assert result.exit_code == 0, result.output
    with np.load("x.npz") as found:
        assert found["i"].shape == (21, 3, 6)
        np.testing.assert_array_equal(found["sweep/beta"], [0.1, 0.1, 0.1, 0.2, 0.2, 0.2])
        np.testing.assert_array_equal(found["i"][0, 0], found["sweep/city.i"])


def test_runs_have_draws_of_their_own_and_the_first_is_that_of_one_alone() -> None:
    many = rows(call("walk.yaml", "--runs", "3", "--out", "-"))
    alone = rows(call("walk.yaml", "--out", "-"))
    by_run = [[row["x"] for row in many if row["run"] == str(run)] for run in range(3)]
    assert by_run[0] == [row["x"] for row in alone]
    assert len({tuple(one) for one in by_run}) == 3
    assert by_run[0] != [row["x"] for row in rows(call("walk.yaml", "--seed", "1", "--out", "-"))]


def test_saved_states_go_on_to_the_same_bits() -> None:
    whole = rows(call("walk.yaml", "--until", "9", "--out", "-"))
    assert call("walk.yaml", "--until", "4", "--save", "s.state").exit_code == 0
    rest = rows(call("walk.yaml", "--until", "9", "--resume", "s.state", "--out", "-"))
    assert rest == whole[4:]
    again = call("walk.yaml", "--save", "s.state")
    assert again.exit_code == 2 and "is not overwritten" in again.output


def test_a_saved_state_of_another_diagram_is_refused() -> None:
    assert call("walk.yaml", "--save", "s.state").exit_code == 0
    other = call("cities.yaml", "--resume", "s.state")
    assert other.exit_code == 1 and "another simulation" in other.output
    Path("walk.yaml").write_text(WALK.replace("0.9", "0.8"))
    changed = call("walk.yaml", "--resume", "s.state")
    assert changed.exit_code == 1 and "have changed" in changed.output


def test_json() -> None:
    found = json.loads(call("driven.yaml", "--json").stdout)
    assert found["ticks"] == 3


def test_an_interrupt_saves_and_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows(call("walk.yaml", "--until", "200", "--out", "-"))

    sent: list[int] = []

    def interrupt(done: int, total: int) -> None:
        if not sent:
            sent.append(done)
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("dilsctl.cli.simulate._progress", lambda silent: interrupt)
        result = call("walk.yaml", "--until", "200")
    assert result.exit_code == 130
    assert "go on with: dilsctl simulate walk.yaml --resume walk.state" in result.output
    rest = rows(call("walk.yaml", "--until", "200", "--resume", "walk.state", "--out", "-"))
    assert rest == whole[-len(rest) :] and 1 < len(rest) < 200


def test_a_run_is_simulated_with_what_it_learned() -> None:
    Path("speed.yaml").write_text(
        "dils: 1\nmain: {state: {x: real, v: real}, out: {x: real}, learn: [v], rate: {x: v}}\n"
        "train: {episodes: 1, ticks: 2, loss: (x - 3) ** 2, optimiser: sgd, epochs: 60}\n"
        "simulate: {until: 4}\n"
    )
    assert CliRunner().invoke(main, ["train", "speed.yaml", "--out", "run", "-q"]).exit_code == 0
    result = call("run", "--json")
    assert json.loads(result.stdout)["values"]["x"]["end"] == pytest.approx(12, abs=0.01)
    result = call("run", "--until", "2", "--sweep", "x=1,2", "--out", "two.csv", "-q")
    assert result.exit_code == 0, result.output
    last = Path("two.csv").read_text().splitlines()[-1].split(",")
    assert [float(one) for one in last] == pytest.approx([1, 2, 2, 8], abs=0.01)  # run, x at first, t, x
    refused = call("run", "--set", "train.epochs=2")
    assert refused.exit_code == 2
    assert "keys of simulate and time only" in " ".join(refused.output.split())
