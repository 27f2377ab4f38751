"""Ablation: peer wires cut and patterns frozen, against the same drawn by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from dilsctl import api
from dilsctl.ablate import ablate
from dilsctl.cli import main
from dilsctl.cut import cut
from dilsctl.diagnostics import Problem, Severity
from dilsctl.diagram import Diagram
from dilsctl.held import hold
from dilsctl.influence import influence
from dilsctl.kind import kind_of, talk_of
from dilsctl.loaded import LoadedDiagram, load_diagram
from dilsctl.report.ablation import ablation_table

ROOT = Path(__file__).resolve().parent.parent

PAIR = """
dils: 1
define:
  mass:
    params: {{start: 1}}
    in: {{push: real}}
    out: {{x: real}}
    state: {{x: real = start, v: real = 0}}
    rate: {{x: v, v: push - x}}
main:
  out: {{left: real, right: real}}
  boxes:
    a: mass
    b: {{box: mass, with: {{start: 2}}}}
  state: {{k: real = 0.7}}
  wires:
    - {one} -> a.push
    - {other} -> b.push
    - a.x -> left
    - b.x -> right
time: {{dt: 0.1, method: rk4}}
simulate: {{until: 3}}
"""

CHOIR = """
dils: 1
define:
  singer:
    params: {{pitch: 1}}
    in: {{drive: real}}
    out: {{phase: real}}
    state: {{phase: real = pitch}}
    rate: {{phase: pitch + drive}}
main:
  params: {{n: 4}}
  out: {{phase: real n}}
  boxes:
    singer: {{box: singer, count: n, with: {{pitch: 1 + 0.3 * index}}}}
  state:
    coupling: real n n = {begins}
  learn: [coupling]
  wires:
    - {drive} -> singer.drive
    - singer.phase -> phase
time: {{dt: 0.1, method: rk4}}
simulate: {{until: 2}}
train:
  data:
    file: phases.csv
    targets: {{seen: p0..p3}}
  ticks: 10
  loss: mse(phase, seen)
  optimiser: {{adam: {{rate: 0.05}}}}
  batch: 1
  epochs: 20
"""


def loaded(tmp_path: Path, text: str, name: str = "file.yaml") -> LoadedDiagram:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_diagram(path, (), path.parent)


def simulated(one: LoadedDiagram, diagram: Diagram) -> dict[str, Any]:
    form = LoadedDiagram(one.path, one.library, one.document, diagram, one.settings, one.folder)
    return dict(form.simulate().values)


def assert_cut_is(tmp_path: Path, text: str, by_hand: str, neutral: dict[str, Any] | None = None) -> None:
    """Cut, the first diagram is the second one."""
    one, other = loaded(tmp_path, text), loaded(tmp_path, by_hand, "hand.yaml")
    assert talk_of(one.diagram)
    found, wanted = simulated(one, cut(one.diagram, neutral)), simulated(other, other.diagram)
    uncut = simulated(one, one.diagram)
    assert list(found) == list(wanted)
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-13, atol=1e-13)
    assert any(not np.allclose(uncut[name], values) for name, values in wanted.items())


def test_a_pair_that_is_cut_is_two_alone(tmp_path: Path) -> None:
    coupled = PAIR.format(one="k * (b.x - a.x)", other="k * (a.x - b.x)")
    assert_cut_is(tmp_path, coupled, PAIR.format(one="k * (0 - a.x)", other="k * (0 - b.x)"))


def test_what_a_box_hears_of_itself_stays(tmp_path: Path) -> None:
    alone = PAIR.format(one="-0.5 * a.x + 0 * k", other="cos(b.x) * cos(0)")
    assert_cut_is(tmp_path, PAIR.format(one="k * b.x - 0.5 * a.x", other="cos(b.x) * cos(a.x)"), alone)


def test_every_element_of_an_array_hears_itself_alone(tmp_path: Path) -> None:
    drive = "sum(coupling * sin(singer.phase[None, :] - singer.phase[:, None]), axis=1)"
    alone = "-sum(coupling * (1 - eye(n)) * sin(singer.phase[:, None]), axis=1)"
    begins = "[[0.1, 0.2, -0.3, 0.4], [0.5, 0.6, 0.7, 0.8], [0.9, 1, 1.1, 1.2], [1.3, 1.4, 1.5, -1.6]]"
    (tmp_path / "phases.csv").write_text("p0,p1,p2,p3\n1,2,3,4\n")
    assert_cut_is(
        tmp_path, CHOIR.format(drive=drive, begins=begins), CHOIR.format(drive=alone, begins=begins)
    )


def test_what_all_hear_alike_is_then_each_ones_own(tmp_path: Path) -> None:
    (tmp_path / "phases.csv").write_text("p0,p1,p2,p3\n1,2,3,4\n")
    mean = CHOIR.format(drive="mean(sin(singer.phase)) * coupling[0, 0]", begins=0.5)
    alone = CHOIR.format(drive="sin(singer.phase) / n * coupling[0, 0]", begins=0.5)
    assert_cut_is(tmp_path, mean, alone)


def test_couplings_with_an_empty_diagonal_are_simply_silent(tmp_path: Path) -> None:
    drive = "((1 - eye(n)) * coupling) @ singer.phase"
    (tmp_path / "phases.csv").write_text("p0,p1,p2,p3\n1,2,3,4\n")
    one = loaded(tmp_path, CHOIR.format(drive=drive, begins="normal(0, 1)"))
    assert_cut_is(
        tmp_path, CHOIR.format(drive=drive, begins=0.5), CHOIR.format(drive="0 * coupling[0]", begins=0.5)
    )
    (box,) = talk_of(one.diagram)
    told, (shown,) = box.dispatch["singer", "drive"], box.children["singer"].outputs.values()
    assert influence(box, told, {shown: np.eye(4, dtype=bool)}).tolist() == (~np.eye(4, dtype=bool)).tolist()
    silent = cut(one.diagram)
    assert kind_of(silent).name != "DILS" and not talk_of(silent)


GATES = """
dils: 1
define:
  gate:
    in: {{a: {type}}}
    out: {{y: {type}}}
    state:
      y: {type} = {begins}
    next: {{y: a}}
main:
  out: {{p: {type}, q: {type}}}
  boxes: {{one: gate, two: gate}}
  wires:
    - {first} -> one.a
    - one.y -> two.a
    - one.y -> p
    - two.y -> q
simulate: {{until: 3}}
"""


@pytest.mark.parametrize(
    ("type", "begins", "neutral"),
    [("bool", "true", "false"), ("int", "3", "0"), ("real", "2", "0"), ("simplex 2", "[1, 0]", "uniform")],
)
def test_neutral_values(tmp_path: Path, type: str, begins: str, neutral: str) -> None:
    one = loaded(tmp_path, GATES.format(type=type, begins=begins, first="two.y"))
    found = simulated(one, cut(one.diagram))
    for values in found.values():
        wanted = {"false": 0, "0": 0, "uniform": 0.5}[neutral]
        assert (values[1:] == wanted).all() and (values[0] != wanted).any()


def test_a_class_must_name_what_is_neutral(tmp_path: Path) -> None:
    one = loaded(tmp_path, GATES.format(type="class 3", begins=2, first="two.y"))
    with pytest.raises(Problem) as caught:
        cut(one.diagram)
    assert [found.code for found in caught.value.diagnostics] == ["no-neutral"]
    assert "neutral" in caught.value.diagnostics[0].help
    found = simulated(one, cut(one.diagram, {"one.y": 1, "two.y": 1}))
    assert (found["p"][1:] == 1).all()
    for wrong, code in (({"one.y": 7, "two.y": 1}, "no-neutral"), ({"one.z": 1}, "unknown-name")):
        with pytest.raises(Problem) as caught:
            cut(one.diagram, wrong)
        assert [found.code for found in caught.value.diagnostics] == [code]


READER = """
dils: 1
name: pair
define:
  cell:
    in: {hears: real}
    out: {y: real}
    state: {y: real = 1}
    rate: {y: hears - y}
main:
  in: {x: real}
  out: {z: real}
  boxes: {a: cell, b: cell}
  state:
    k: real = 0.5
    gain: real = 1
    tired: real = 1
  learn: [k, gain]
  next: {tired: 0.9 * tired}
  wires:
    - k * b.y + x -> a.hears
    - tired * k * a.y -> b.hears
    - gain * b.y -> z
time: {dt: 0.2, method: euler}
train:
  data:
    file: table.csv
    inputs: {x: x}
    targets: {truth: t}
    split: {test: 0.25}
  ticks: 4
  loss: mse(z, truth)
  optimiser: {sgd: {rate: 0.05}}
  batch: 4
  epochs: 3
  precision: float64
"""
TABLE = "x,t\n" + "".join(f"{0.1 * n},{0.05 * n + 0.3}\n" for n in range(16))


def test_frozen_holds_what_peer_wires_read_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    one = loaded(tmp_path, READER)
    held = hold(one.diagram)
    assert set(held.states) == {"k", "tired"} and not held.silent
    form = LoadedDiagram(one.path, one.library, one.document, held.diagram, (), one.folder)
    form.train()
    states = form.learner.states
    assert float(states["k"]) == 0.5 and float(states["gain"]) != 1
    one.train()
    assert float(one.learner.states["k"]) != 0.5
    trace = form.learner.compiled.program.updates
    assert not trace or "tired" not in {
        path for path, slot in form.learner.compiled.program.slots.items() if slot.var in trace
    }


def test_frozen_at_a_value(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    one = loaded(tmp_path, READER)
    held = hold(one.diagram, {"k": 0.25})
    form = LoadedDiagram(one.path, one.library, one.document, held.diagram, (), one.folder)
    assert float(form.learner.states["k"]) == 0.25 and float(form.learner.states["tired"]) == 1
    for wrong, code in (
        ({"gain": 1}, "unknown-name"),
        ({"k": [1, 2]}, "bad-initial"),
        ("nonsense", "bad-initial"),
        ("normal(a)", "bad-initial"),
        ("normal(1, 2, 3)", "bad-initial"),
    ):
        with pytest.raises(Problem) as caught:
            hold(one.diagram, wrong)
        assert [found.code for found in caught.value.diagnostics] == [code], wrong


def test_couplings_that_begin_at_zero_are_told(tmp_path: Path) -> None:
    drive = "sum(coupling * sin(singer.phase[None, :] - singer.phase[:, None]), axis=1)"
    rows = "".join(f"{0.1 * n + 1},{0.2 * n},{1.5},{2 - 0.1 * n}\n" for n in range(3))
    (tmp_path / "phases.csv").write_text("p0,p1,p2,p3\n" + rows)
    one = loaded(tmp_path, CHOIR.format(drive=drive, begins=0))
    assert hold(one.diagram).silent
    assert not hold(one.diagram, {"coupling": 0.5}).silent
    assert not hold(one.diagram, "normal(0, 0.1)").silent
    found = ablate(one.path, seeds=1, keep=False)
    assert [note.code for note in found.notes] == ["frozen-is-cut"]
    assert "coupling" in found.notes[0].help
    rows_found = {row.name: row for row in found.rows}
    assert rows_found["frozen"].same_as == "cut" and not rows_found["frozen"].runs
    valued = ablate(one.path, ("ablate.frozen={coupling: 0.5}",), seeds=1, keep=False)
    assert not valued.notes
    assert {row.name: row.learned for row in valued.rows} == {"cut": 16, "frozen": 0, "alive": 16}
    losses = {row.name: row.mean("train.loss") for row in valued.rows}
    assert losses["alive"] < losses["frozen"]


def test_the_table(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    one = loaded(tmp_path, READER)
    out = tmp_path / "run"
    call = ["ablate", str(one.path), "--seeds", "2", "--out", str(out), "--json", "--quiet"]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert [row["row"] for row in facts["rows"]] == ["cut", "frozen", "alive"]
    assert [row["kind"] for row in facts["rows"]] == ["DNN", "DILS", "DILS"]
    assert [row["learned"] for row in facts["rows"]] == [1, 1, 2]
    for row in facts["rows"]:
        assert [run["seed"] for run in row["runs"]] == [0, 1]
        values = [run["test.loss"] for run in row["runs"]]
        assert row["mean"]["test.loss"] == pytest.approx(np.mean(values))
        assert row["spread"]["test.loss"] == pytest.approx(np.std(values, ddof=1))
    alive = facts["rows"][2]["runs"]
    for run in alive:  # both alive is what train does
        again = load_diagram(one.path, (f"train.seed={run['seed']}",), tmp_path).train()
        assert again.values["test.loss"] == run["test.loss"]
    assert json.loads((out / "summary.json").read_text())["rows"] == facts["rows"]
    assert len((out / "metrics.jsonl").read_text().splitlines()) == 3 * 2 * 3
    assert CliRunner().invoke(main, call).exit_code == 2  # nothing is overwritten
    drawn = CliRunner().invoke(main, ["render", str(out), "-o", str(tmp_path / "drawn.svg")])
    assert drawn.exit_code == 0 and drawn.stderr.count("note[") == 1
    assert "is an ablation" in drawn.stderr and "train again" not in drawn.stderr


def test_a_diagram_without_peers_is_refused(tmp_path: Path) -> None:
    iris = Path(__file__).parents[1] / "examples" / "iris.yaml"
    result = CliRunner().invoke(main, ["ablate", str(iris), "--out", str(tmp_path / "run")])
    assert result.exit_code == 1
    assert "error[no-peers]" in result.stderr
    assert not (tmp_path / "run").exists()


def test_the_picture(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    one = loaded(tmp_path, READER)
    picture = tmp_path / "table.svg"
    call = ["ablate", str(one.path), "--seeds", "2", "--out", str(tmp_path / "run"), "--plot", str(picture)]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 0, result.output
    assert "peer wires cut" in picture.read_text() and "pattern frozen" in result.stdout


def test_a_row_that_diverges_is_told_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    one = loaded(tmp_path, READER)
    found = api.ablate(one.path, settings={"ablate.frozen": {"k": 1e200}}, seeds=2)
    rows = {row.name: row for row in found.rows}
    assert rows["frozen"].diverged == [0, 1] and not rows["frozen"].runs
    assert len(rows["cut"].runs) == len(rows["alive"].runs) == 2
    assert [note.code for note in found.notes] == ["not-finite"]
    header, table = ablation_table(found)
    assert table[1][3:] == ["diverged"] * (len(header) - 3)


def test_what_a_potential_moves_is_held_too(tmp_path: Path) -> None:
    one = loaded(
        tmp_path,
        """
dils: 1
define:
  cell:
    in: {hears: real}
    out: {y: real}
    state: {y: real = 1}
    rate: {y: hears - y}
main:
  out: {strength: real, mass: real, way: real}
  boxes: {a: cell, b: cell}
  state: {k: real = 1, m: real = 2}
  learn:
    k: {step: 0.1}
  conserve: {m: 1}
  potential: (k - 3) ** 2 / 2 + m ** 2 / 2
  wires:
    - k * b.y -> a.hears
    - m * a.y -> b.hears
    - k -> strength
    - m -> mass
    - m.momentum -> way
time: {dt: 0.1, method: symplectic}
simulate: {until: 1}
""",
    )
    held = hold(one.diagram)
    assert set(held.states) == {"k", "m"}
    found, free = simulated(one, held.diagram), simulated(one, one.diagram)
    assert (found["strength"] == 1).all() and (found["mass"] == 2).all()
    assert (found["way"] == 0).all() and free["way"][-1] != 0
    assert free["strength"][-1] > 2 and free["mass"][-1] < 1.5


def test_what_was_done_before_an_interrupt_is_shown(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    one = loaded(tmp_path, READER)

    def told(row: str, seed: int, values: Any) -> None:
        if (row, seed) == ("frozen", 1):
            raise KeyboardInterrupt

    found = ablate(one.path, seeds=3, out=tmp_path / "run", told=told)
    assert found.stopped
    assert [row.seeds for row in found.rows] == [[0, 1], [0, 1], [0]]
    assert not (tmp_path / "run" / "summary.json").exists()
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 5 * 3


@pytest.mark.parametrize(
    ("block", "marked", "says"),
    [
        ("frozen: {couplin: 0.2}", "couplin", "did you mean 'coupling'?"),
        ("frozen: {coupling: glort}", "glort", "can't be held at 'glort'"),
        ("frozen: [1, 2]", "[1, 2]", "a list of shape 2 does not fit"),
        ("neutral: {vioce.phase: 0}", "vioce.phase", "did you mean"),
        ("frozen: {coupling: 0.2}", "", ""),
    ],
)
def test_what_the_block_names_is_looked_up_by_validate(block: str, marked: str, says: str) -> None:
    text = (ROOT / "examples" / "choir.yaml").read_text()
    text = text.replace("frozen: {coupling: 0.2}", block)
    found = [one for one in api.validate("examples/choir.yaml", text=text) if one.severity is Severity.ERROR]
    assert len(found) == bool(says)
    for one in found:
        assert one.primary is not None
        span = one.primary.span
        assert span.file.text[span.start : span.end] == marked
        assert says in f"{one.message} {one.help}"
