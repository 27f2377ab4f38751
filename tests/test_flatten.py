"""Flat diagrams as files: they are valid, and compute what the nested ones do, to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilsctl import api
from dilsctl.course import Course
from dilsctl.diagnostics import Problem
from dilsctl.diagram import moves
from dilsctl.dump import dump
from dilsctl.engine.states import drawn
from dilsctl.flatten import FlatBox, flat_box
from dilsctl.loaded import LoadedDiagram, elaborate, read
from dilsctl.simulate import Simulation
from dilsctl.trace import Trace

from .laws.diagrams import Document, Options, documents
from .laws.support import (
    advanced,
    compiled,
    diagram_of,
    laws,
    random_inputs,
    random_row,
    random_start,
    random_states,
    running,
    same_bits,
    values,
)
from .laws.systems import System, systems

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
ROWS = np.array([3, 9])


def text_of(flat: FlatBox) -> str:
    return dump({"dils": 1, "define": {"main": flat.body}, "main": "main"})


def flat_text(text: str) -> str:
    return text_of(flat_box(diagram_of(text)))


# -- examples -----------------------------------------------------------------------------------------


def flat_example(path: Path, settings: dict[str, Any] | None = None) -> tuple[LoadedDiagram, LoadedDiagram]:
    """An example, and its flat file as if it lay beside it."""
    nested = api.load(path, settings=settings or {})
    if moves(nested.diagram.main):
        until = min(nested.document.document.simulate.until or 5, 5)
        settings = {"simulate.until": until}
        if path.stem == "phone-and-towers":  # adaptive methods find changes of mode, which a flat box has not
            settings["time.method"] = "rk4"
        nested = api.load(path, settings=settings)
    library = read(path.with_name("flat.yaml"), text=dump(nested.flatten()))
    diagram = elaborate(library)
    assert [one for one in library.report if one.severity.value == "error"] == []
    flat = LoadedDiagram(path, library, library.require(), diagram, (), path.parent)
    return nested, flat


def simulated(loaded: LoadedDiagram) -> Trace:
    """A run of it; inputs of which its file says nothing are the same at random for each who asks."""
    course = Course.of(loaded.document, loaded.folder, loaded.diagram)
    said = {*course.drives, *course.given, *(course.batches.columns if course.batches is not None else ())}
    types = {name: port.type for name, port in loaded.diagram.main.inputs.items() if name not in said}
    unsaid = random_inputs(types, np.random.default_rng(0), 5, whole=False)
    return Simulation(loaded.diagram, course, given={**course.given, **unsaid}).run()


@pytest.mark.parametrize("path", [one for one in EXAMPLES if one.stem != "cpu"], ids=lambda path: path.stem)
def test_an_example_begins_and_answers_as_the_nested_one(path: Path) -> None:
    if path.stem == "peers":  # its holes are filled by rows of data when it runs
        with pytest.raises(Problem, match="is a hole"):
            flat_example(path)
        return
    nested, flat = flat_example(path)
    assert not flat.diagram.main.children
    names = flat_box(nested.diagram).names
    if moves(nested.diagram.main):
        first, second = simulated(nested), simulated(flat)
        assert first.values.keys() == second.values.keys()
        for name, value in first.values.items():
            np.testing.assert_array_equal(value, second.values[name], err_msg=name)
        for state, value in first.final.items():
            if state in names:
                np.testing.assert_array_equal(value, second.final[names[state]], err_msg=state)
        return
    first, second = nested.learner.states, flat.learner.states
    assert {names[one] for one in first} == set(second)
    for state, value in first.items():
        np.testing.assert_array_equal(value, second[names[state]], err_msg=state)
    rng = np.random.default_rng(0)
    given_ = random_inputs({k: v.type for k, v in nested.diagram.main.inputs.items()}, rng, 4, whole=False)
    shown, found = nested.learner.predict(given_), flat.learner.predict(given_)
    near = 1e-5 if path.stem == "population" else 0  # in float32, as it has no train block
    for name, value in shown.items():
        np.testing.assert_allclose(value, found[name], rtol=near, err_msg=name)


@pytest.mark.parametrize("name", ["digits", "digits-neurons", "experts", "linear-regression"])
def test_an_example_learns_as_the_nested_one(name: str) -> None:
    settings = {"train.epochs": 1, "train.precision": "float64"}
    nested, flat = flat_example(ROOT / "examples" / f"{name}.yaml", settings)
    names = flat_box(nested.diagram).names
    for one in (nested, flat):
        one.train()
    for state, value in nested.learner.states.items():
        np.testing.assert_array_equal(value, flat.learner.states[names[state]], err_msg=state)


# -- random diagrams ----------------------------------------------------------------------------------


@laws(40)
@given(documents(Options(style="whole", draws=True, modes=True)), st.integers(0, 10**6), st.booleans())
def test_random_diagrams(document: Document, seed: int, optimise: bool) -> None:
    flat = flat_box(diagram_of(document.text))
    both = [compiled(text, optimise=optimise) for text in (document.text, text_of(flat))]
    rng = np.random.default_rng(seed)
    states = random_states(both[0], rng, whole=True)
    inputs = random_inputs(both[0].inputs, rng, 2, whole=True)
    renamed = {flat.names[path]: value for path, value in states.items()}
    first, second = (
        values(one, own, inputs, 2, seed=seed, examples=ROWS)
        for one, own in zip(both, (states, renamed), strict=True)
    )
    same_bits(first, second)


@laws(30)
@given(
    documents(Options(style="whole", draws=True, moving=True, learned=False, losses=False, modes=True)),
    st.integers(0, 10**6),
    st.sampled_from([("euler", 1.0), ("rk4", 0.1)]),
)
def test_random_moving_diagrams(document: Document, seed: int, how: tuple[str, float]) -> None:
    try:
        flat = flat_box(diagram_of(document.text))
    except Problem as problem:
        assert {one.code for one in problem.diagnostics} == {"not-flat"}
        return
    method, dt = how
    both = [running(one, method=method, dt=dt, seed=seed) for one in (document.text, text_of(flat))]
    random_start(both[0], np.random.default_rng(seed), whole=True)
    for path, value in both[0].states.items():
        if path in flat.names:
            both[1].states[flat.names[path]][...] = value
    rng = np.random.default_rng(seed)
    for _ in range(3):
        row = {name: value[..., None] for name, value in random_row(both[0], rng, whole=True).items()}
        same_bits(*(advanced(one, row) for one in both))
        first, second = (one.states for one in both)
        own = {flat.names[path]: value for path, value in first.items() if path in flat.names}
        same_bits(own, {name: second[name] for name in own})


@laws(25)
@given(systems(coupled=True), st.integers(0, 10**6))
def test_random_potentials(system: System, seed: int) -> None:
    """Energies, masses and momenta are written as such, and the flat box moves alike."""
    flat = flat_box(diagram_of(system.text))
    both = [running(one, method="euler", dt=0.1) for one in (system.text, text_of(flat))]
    random_start(both[0], np.random.default_rng(seed), whole=False)
    for path, value in both[0].states.items():
        both[1].states[flat.names[path]][...] = value
    for _ in range(3):
        for one in both:
            one.advance()
    for path, value in both[0].states.items():
        found = both[1].states[flat.names[path]]
        np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-13, err_msg=path)


# -- what it looks like -------------------------------------------------------------------------------


LAYER = """
dils: 1
define:
  cell:
    params: {gain: 2}
    in: {x: real 3}
    out: {y: real}
    state: {w: real 3 = glorot}
    learn: [w]
    let: {sum: gain * (w @ x)}
    wires: [tanh(sum) -> y]
  net:
    in: {x: real 3}
    out: {y: real 4, first: real}
    boxes: {cell: {box: cell, count: 4}}
    wires: [x -> cell.x, cell.y -> y, "cell[0].y -> first"]
main: net
"""


def test_an_array_of_boxes_stays_an_array() -> None:
    body = flat_box(diagram_of(LAYER)).body
    assert body["state"] == {
        "cell_w": {"type": "real 4 3", "init": "glorot", "drawn": {"as": "cell.w", "stacks": 1}}
    }
    assert body["let"] == {"cell_sum": "2 * (cell_w @ x)", "cell_y": "tanh(cell_sum)"}
    assert body["wires"] == ["cell_y -> y", "cell_y[0] -> first"]
    assert body["learn"] == ["cell_w"]


def test_a_flat_diagram_is_its_own_flat_diagram() -> None:
    once = flat_text(LAYER)
    assert flat_text(once) == once


MOTION = """
dils: 1
define:
  ball:
    state: {height: real = 1, speed: "real = 0", bounces: int = 0}
    out: {height: real}
    rate: {height: speed, speed: -9.81}
    next:
      speed: {to: -0.9 * speed, when: height < 0}
      bounces: [{to: bounces + 1, when: height < 0}, {to: 0, every: 100}]
  main:
    out: {heights: real 2}
    boxes: {ball: {box: ball, count: 2}}
    wires: [ball.height -> heights]
main: main
"""


def test_laws() -> None:
    body = flat_box(diagram_of(MOTION)).body
    assert body["rate"]["ball_height"] == "ball_speed"
    assert body["next"] == {
        "ball_bounces": [
            {"to": "ball_bounces + 1", "when": "ball_height < 0"},
            {"to": "0", "every": 100},
        ],
        "ball_speed": {"to": "-0.9 * ball_speed", "when": "ball_height < 0"},
    }


SHARED = """
dils: 1
define:
  growth: {share: {u: real}, rate: {u: 0.3 * u}}
  eats:
    share: {prey: real, pred: real}
    rate: {prey: -0.015 * prey * pred, pred: 0.015 * prey * pred}
  decline: {share: {u: real}, rate: {u: -0.7 * u}}
  ecosystem:
    share: {rabbits: real = 10, foxes: real = 100}
    out: {rabbits: real}
    boxes: {growth: growth, eats: eats, decline: decline}
    join:
      rabbits: [growth.u, eats.prey]
      foxes: [eats.pred, decline.u]
main: ecosystem
"""


def test_shared_variables_stay_shared() -> None:
    body = flat_box(diagram_of(SHARED)).body
    assert body["share"] == {"foxes": "real = 100.0", "rabbits": "real = 10.0"}
    assert "wires" not in body and "state" not in body
    assert body["rate"]["rabbits"] == "-0.015 * rabbits * foxes + 0.3 * rabbits"


def test_a_hole_is_refused(tmp_path: Path) -> None:
    text = LAYER.replace("{box: cell, count: 4}", "{in: {x: real 3}, out: {y: real 4}}").replace(
        '"cell[0].y -> first"', '"cell.y[0] -> first"'
    )
    with pytest.raises(Problem) as found:
        flat_text(text)
    assert found.value.diagnostics[0].code == "hole-in-run"


def test_what_the_file_says_of_the_main_box(tmp_path: Path) -> None:
    nested = api.load(ROOT / "examples" / "digits.yaml")
    found = nested.flatten(folder=tmp_path)
    assert list(found) == ["dils", "name", "doc", "define", "main", "train", "checks"][: len(found)]
    data = tmp_path / found["train"]["data"]["file"]
    assert data.resolve() == ROOT / "examples" / "data" / "digits.csv.gz"
    part: dict[str, Any] = nested.flatten("hidden")
    assert (
        part["main"] == "hidden"
        and "train" not in part
        and part["define"]["hidden"]["in"] == {"x": "real 64"}
    )


# -- draws that keep their names ----------------------------------------------------------------------


DRAWING = """
dils: 1
define:
  main:
    out: {y: real 2 3}
    state: {w: STATE}
    wires: [w -> y]
main: main
"""


def test_a_state_may_begin_with_the_draws_of_another() -> None:
    def begins(state: str, name: str = "w") -> np.ndarray[Any, Any]:
        compiled_ = compiled(
            DRAWING.replace("STATE", state).replace("w:", f"{name}:").replace("w ->", f"{name} ->")
        )
        return drawn(compiled_.states[name], 5)

    other = begins("real 2 3 = glorot", "other")
    np.testing.assert_array_equal(begins("{type: real 2 3, init: glorot, drawn: {as: other}}"), other)
    assert not np.array_equal(begins("real 2 3 = glorot"), other)
    rows = begins("{type: real 2 3, init: normal, drawn: {as: other, stacks: 1}}")
    assert not np.array_equal(rows, begins("{type: real 2 3, init: normal, drawn: {as: other}}"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            DRAWING.replace("STATE", "{type: real 2 3, init: glorot, drawn: {as: q, stacks: 3}}"),
            "bad-initial",
        ),
        (
            DRAWING.replace("STATE", "real 2 3").replace("[w -> y]", '["w + normal(key=3) -> y"]'),
            "bad-operands",
        ),
        (
            DRAWING.replace("STATE", "real 2 3").replace("[w -> y]", "[\"exp(w, key='a') -> y\"]"),
            "bad-operands",
        ),
    ],
)
def test_names_of_draws_are_checked(text: str, code: str) -> None:
    assert [one.code for one in api.validate("draws.yaml", text=text)] == [code]


COUNTED_LIST = """\
dils: 1
define:
  c:
    out: {y: real 3}
    state:
      x: real 3 = [0.1, 0.5, 0.9]
    wires:
      - x -> y
  m:
    out: {y: real 2 3}
    boxes: {c: {box: c, count: 2}}
    wires:
      - c.y -> y
main: m
"""
SHARED_LIST = """\
dils: 1
main:
  out: {x: bool 2}
  share:
    x: bool 2 = [true, false]
  next:
    x: x[::-1]
"""


@pytest.mark.parametrize("text", [COUNTED_LIST, SHARED_LIST], ids=["counted", "shared"])
def test_lists_as_initial_values(text: str, tmp_path: Path) -> None:
    path, flat = tmp_path / "lists.yaml", tmp_path / "flat.yaml"
    path.write_text(text)
    loaded = api.load(path)
    flat.write_text(dump(loaded.flatten()))
    before, after = loaded.simulate(until=2), api.load(flat).simulate(until=2)
    for name, array in before.values.items():
        assert array.tolist() == after.values[name].tolist()
