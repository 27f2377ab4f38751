"""What a port that exists in some modes only does where it does not exist: nothing.

That no result shows what is found there is held by ``test_moving_is_meant.py``, whose interpreter puts
rubbish in its place. Here: what the static check lets through is right by the truth table, and no gradient
comes out of a closed port, not even from where a derivative is infinite.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dilsctl
from dilsctl.diagnostics import Problem, Report
from dilsctl.documents import load_documents
from dilsctl.elaborate import elaborate
from dilsctl.engine.learner import Learner
from dilsctl.learning.methods import method_of
from dilsctl.motion import compile_flow, compile_motion

from .expressions import Choose
from .support import Machine, advanced, compiled, diagram_of, laws, running, values
from .test_gradients import differences, steps_of

# -- what is known, by the truth table ----------------------------------------------------------------

TWO = """\
dils: 1
define:
  phone:
    state: {{k: class 3 = 0}}
    out: {{call: {{type: real, when: {when}}}}}
    modes: {{near: k == 0, far: k == 1, away: otherwise}}
    wires: [1 -> call]
  town:
    state: {{s: class 3 = 0, free: bool = true}}
    modes: {{left: a.near, right: {right}, middle: otherwise}}
    boxes: {{a: phone, b: phone}}
    out: {{y: real}}
    let: {{known: {let}}}
    wires:
      - {wire} -> y
main: town
"""
NAMES = ["a.near", "a.far", "a.away", "b.near", "b.far", "left", "right", "middle", "known", "free", "s == 1"]


def condition(choose: Choose, names: list[str], depth: int) -> str:
    if depth == 0 or choose.chance(20):
        return choose.one(names)
    how = choose.number(0, 2)
    if how == 0:
        return f"(not {condition(choose, names, depth - 1)})"
    word = "and" if how == 1 else "or"
    return f"({condition(choose, names, depth - 1)} {word} {condition(choose, names, depth - 1)})"


def codes_of(text: str) -> set[str]:
    library = load_documents("law.yaml", text)
    report = Report()
    assert library.main is not None
    elaborate(library.main, report)
    return {one.code for one in (*library.report, *report) if one.severity.value == "error"}


def worlds(right: str, let: str) -> list[dict[str, bool]]:
    """Every way that the boxes may be: the truth of each name."""
    found = []
    for a, b, s, free in itertools.product(
        ("near", "far", "away"), ("near", "far", "away"), range(3), (0, 1)
    ):
        one = {f"a.{mode}": a == mode for mode in ("near", "far", "away")}
        one |= {f"b.{mode}": b == mode for mode in ("near", "far", "away")}
        one |= {"free": bool(free), "s == 1": s == 1}
        one["left"] = one["a.near"]
        one["right"] = not one["left"] and truth(right, one)
        one["middle"] = not one["left"] and not one["right"]
        one["known"] = truth(let, one)
        found.append(one)
    return found


def truth(text: str, world: dict[str, bool]) -> bool:
    tree = ast.parse(text, mode="eval").body

    def of(node: ast.expr) -> bool:
        if isinstance(node, ast.BoolOp):
            return (all if isinstance(node.op, ast.And) else any)(map(of, node.values))
        return not of(node.operand) if isinstance(node, ast.UnaryOp) else world[ast.unparse(node)]

    return of(tree)


@st.composite
def readings(draw: Callable[[object], object]) -> tuple[str, str, str, str, bool]:
    choose = Choose(draw)
    when = choose.one(["near", "[near, far]", "[near, away]"])
    right = condition(choose, [*NAMES[:5], *NAMES[9:]], 2)
    let = condition(choose, [one for one in NAMES if one != "known"], 2)
    return when, right, let, condition(choose, NAMES, choose.number(0, 3)), choose.chance(50)


@laws(300)
@given(readings())
def test_what_is_let_through_exists(reading: tuple[str, str, str, str, bool]) -> None:
    """Where the choice is taken, the port is there. A box's own mode, taken or not, is all that is needed."""
    when, right, let, test, holds = reading
    wire = f"a.call if {test} else 0" if holds else f"0 if {test} else a.call"
    found = codes_of(TWO.format(when=when, right=right, let=let, wire=wire))
    assert found <= {"mode-not-known"}
    modes = [f"a.{one}" for one in when.strip("[]").split(", ")]
    safe = all(
        any(world[one] for one in modes) for world in worlds(right, let) if truth(test, world) is holds
    )
    if not found:
        assert safe, wire
    if test in ("a.near", "a.far", "a.away", "left"):  # nothing that could be missed
        assert (not found) is safe, wire


def test_most_of_what_is_safe_is_let_through() -> None:
    """Facts of single boxes lose what ties boxes together; of one box, nothing is lost."""
    names = ["a.near", "a.far", "a.away", "left"]
    tests = [*names, *(f"(not {one})" for one in names)]
    tests += [f"({one} {word} {two})" for one in tests for two in tests[:5] for word in ("and", "or")]
    for test in tests:
        found = codes_of(TWO.format(when="near", right="b.far", let="free", wire=f"a.call if {test} else 0"))
        safe = all(world["a.near"] for world in worlds("b.far", "free") if truth(test, world))
        assert (not found) is safe, test


# -- gradients ----------------------------------------------------------------------------------------

LOGS = """\
dils: 1
define:
  source:
    doc: Its logarithm is finite in one mode only; in the other its argument is 0, or below.
    params: {{at: 1.0}}
    state: {{place: real = at, gain: real = 0.7, shift: real = 0.1}}
    learn: [gain, shift]
    in: {{told: {{type: real, when: open}}, x: real}}
    out: {{y: {{type: real, when: open}}, z: real}}
    modes: {{open: place > 0, closed: otherwise}}
    wires:
      - log(place * gain + shift) + sqrt(place * gain) -> y
      - sqrt(told * place) * gain + x if open else x * gain -> z
  main:
    in: {{x: real}}
    out: {{total: real}}
    state: {{weight: real{shape} = 0.5}}
    learn: [weight]
    boxes: {{source: {source}}}
    wires:
      - x -> source.x
      - {told} -> source.told
      - all_of_it -> total
    let:
      all_of_it: {total}
    loss: square(all_of_it - 1)
main: main
"""


def gradients(text: str) -> dict[str, np.ndarray]:
    one = compiled(text)
    learner = Learner(one, lambda options: method_of({"sgd": {"rate": 1.0}}), precision="float64")
    inputs = {"x": np.array([0.3, -0.2, 0.5])}
    with np.errstate(all="ignore"):
        found = steps_of(learner, inputs)
        flat = compiled(text, optimise=False)
        states = {path: view.astype(float) for path, view in learner.states.items()}
        states = {path: states[path] + found[path] for path in states}
        machine = Machine(flat.program, 3, states)
        for path, state in flat.states.items():
            if state.state.learn is not None:
                expected = differences(machine, path, inputs)
                np.testing.assert_allclose(found[path], expected, rtol=1e-6, atol=1e-8, err_msg=path)
    return found


@pytest.mark.parametrize("place", [-1.0, 0.0])
def test_nothing_comes_back_from_a_closed_port(place: float) -> None:
    text = LOGS.format(
        shape="",
        source=f"{{box: source, with: {{at: {place}}}}}",
        told=f"log(weight * {place}) + sqrt(weight * {place})",
        total="log(source.y * weight) + source.z if source.open else source.z",
    )
    found = gradients(text)
    assert found["weight"] == 0 and found["source.shift"] == 0
    assert np.isfinite(found["source.gain"]) and found["source.gain"] != 0


def test_what_comes_back_from_an_open_port() -> None:
    text = LOGS.format(
        shape="",
        source="{box: source, with: {at: 1.5}}",
        told="square(weight) + log(weight * 9)",
        total="log(2 + source.y * weight) + source.z if source.open else source.z",
    )
    found = gradients(text)
    assert all(np.isfinite(one).all() for one in found.values()) and found["weight"] != 0


def test_elements_are_closed_one_by_one() -> None:
    """Of an array of boxes some are open. The gradient of each is its own."""
    text = LOGS.format(
        shape=" 4",
        source="{box: source, count: 4, each: {at: [1.5, -1.0, 0.0, 0.5]}}",
        told="log(9 * weight * [1.5, -1.0, 0.0, 0.5])",
        total="sum(log(2 + source.y * weight) + source.z if source.open else source.z)",
    )
    found = gradients(text)
    assert (found["weight"] != 0).tolist() == [True, False, False, True]
    for number, opened in enumerate([True, False, False, True]):
        assert np.isfinite(found[f"source[{number}].gain"])
        assert opened or found[f"source[{number}].shift"] == 0


def test_a_stack_of_boxes_is_its_elements() -> None:
    """Modes of a stack that shares one box, by states that differ, against the same written out."""
    body = """\
dils: 1
define:
  source:
    state: {place: real = 0}
    in: {x: real 2}
    out: {y: {type: real 2, when: [low, high]}, at: real}
    modes: {low: place < -0.3, high: place > 0.3, none: otherwise}
    wires: [log(abs(place) - 0.3) * x -> y, place -> at]
"""
    stack = (
        body
        + """\
  main:
    in: {x: real 2}
    out: {y: real 3 2, low: bool 3}
    boxes: {s: {box: source, count: 3}}
    wires: ['x -> s.x', 's.y if (s.low or s.high)[:, None] else -x -> y', 's.low -> low']
main: main
"""
    )
    stack = stack.replace("(s.low or s.high)[:, None]", "s.low[:, None] or s.high[:, None]")
    apart = (
        body
        + """\
  main:
    in: {x: real 2}
    out: {y: real 3 2, low: bool 3}
    boxes: {s0: source, s1: source, s2: source}
    wires: |
      x -> s0.x
      x -> s1.x
      x -> s2.x
      s0.y if not s0.none else -x -> y[0]
      -x if s1.none else s1.y -> y[1]
      where(s2.low or s2.high, s2.y, -x) -> y[2]
      stack(s0.low, s1.low, s2.low) -> low
main: main
"""
    )
    inputs = {"x": np.array([[0.5, -2.0], [1.0, 3.0]])}
    places = np.array([-0.5, 0.3, 0.9])
    one = values(compiled(stack), {"s.place": places}, inputs, 2)
    other = values(compiled(apart), {f"s{n}.place": places[n] for n in range(3)}, inputs, 2)
    np.testing.assert_allclose(one["port.y"], other["port.y"], rtol=1e-15)
    np.testing.assert_array_equal(one["port.low"], other["port.low"])
    x = inputs["x"]
    np.testing.assert_allclose(one["port.y"], np.stack([np.log(0.2) * x, -x, np.log(0.6) * x], 1), rtol=1e-12)


def test_a_stack_with_modes_is_no_longer_than_one_of_two() -> None:
    """Modes, choices and closed ports of many boxes are single operations, however many boxes there are."""
    text = """\
dils: 1
define:
  phone:
    state: {place: real = 0}
    in: {push: real, reply: {type: real, when: [near, far]}}
    out: {call: {type: real, when: near}}
    modes: {near: place < 1, far: place < 2, away: otherwise}
    wires: [log(place) -> call]
    rate: {place: push + (reply if not away else 0)}
  main:
    in: {x: real}
    out: {y: real}
    boxes: {phone: {box: phone, count: COUNT}}
    wires:
      - x -> phone.push
      - (phone.call if phone.near else x) -> phone.reply
      - sum(phone.call if phone.near else 0) -> y
main: main
"""
    lengths = []
    for count in (2, 300):
        diagram = diagram_of(text.replace("COUNT", str(count)))
        motion, flow = compile_motion(diagram), compile_flow(diagram)
        lengths.append([len(one.eqns) for one in (motion.tick, flow.slope, flow.watch)] + [flow.switches])
    assert lengths[0] == lengths[1]
    assert lengths[0][-1] == 3


def test_boxes_with_modes_fill_holes() -> None:
    """A hole says nothing of modes; an input that its box is told in some of them only takes any wire."""
    text = """\
dils: 1
define:
  pair:
    in: {x: real}
    out: {y: real 2}
    boxes: {one: {box: {in: {heard: real}, out: {said: real}}, count: 2}}
    wires: [2 * x -> one.heard, one.said -> y]
  phone:
    in: {heard: {type: real, when: near}}
    out: {said: real, call: {type: real, when: near}}
    state: {place: real = 0}
    modes: {near: place < 1, away: otherwise}
    wires: [heard if near else -1 -> said, heard -> call]
    next: {place: place + 0.6}
  echo:
    in: {heard: real}
    out: {said: real}
    wires: [heard -> said]
  main:
    in: {x: real}
    out: {y: real 4}
    boxes:
      same: {box: pair, with: {one: phone}}
      mixed: {box: pair, with: {one: [echo, phone]}}
    wires: [x -> same.x, x -> mixed.x, 'concat(same.y, mixed.y) -> y']
main: main
"""
    run = running(text)
    found = [advanced(run, {"x": np.full((1,), 3.0)})["y"][:, 0].tolist() for _ in range(3)]
    assert found == [[6, 6, 6, 6], [6, 6, 6, 6], [-1, -1, 6, -1]]


def test_a_closed_port_shows_nothing() -> None:
    """0, false, uniform, where a main box shows it; and the loss of a train block may not read it."""
    text = """\
dils: 1
main:
  state: {place: real = -1}
  in: {x: real 2}
  out:
    a: {type: real 2, when: open}
    b: {type: bool, when: open}
    c: {type: simplex 4, when: open}
    d: {type: class 3, when: open}
    e: {type: int, when: open}
  modes: {open: place > 0, closed: otherwise}
  wires:
    - log(place) * x -> a
    - true -> b
    - softmax(log(place) * [1, 2, 3, 4]) -> c
    - argmax([place, 1, 2]) -> d
    - 7 -> e
"""
    found = values(compiled(text), {"place": np.array(-1.0)}, {"x": np.ones((1, 2))}, 1)
    expected = {"a": [0, 0], "b": False, "c": [0.25] * 4, "d": 0, "e": 0, "open": False, "closed": True}
    assert {name: one[0].tolist() for name, one in found.items()} == {
        f"port.{name}": one for name, one in expected.items()
    }
    with pytest.raises(Problem, match="exists only where 'open' holds"):
        compiled(text, loss="sum(a)")
    assert "loss" in compiled(text, loss="sum(a) if open else 0.0 * sum(x)").program.outputs


@pytest.mark.parametrize("method", ["rk4", "dopri5"])
def test_a_condition_and_its_opposite_leave_no_other_mode(tmp_path: Path, method: str) -> None:
    """Also of what flows, where no condition can be seen to be the opposite by its values."""
    path = tmp_path / "modes.yaml"
    path.write_text(
        "dils: 1\n"
        "main:\n"
        "  out: {y: real}\n"
        "  state: {s: real = 0}\n"
        "  modes: {up: s < 1 or s > 5, down: not (s < 1 or s > 5)}\n"
        "  rate: {s: 1 if up else 2}\n"
        "  wires: [s -> y]\n"
        f"time: {{dt: 0.125, method: {method}}}\n"
        "simulate: {until: 4, record: [y, up, down]}\n"
    )
    trace = dilsctl.load(path).simulate()
    up, down = (trace.values[name].ravel() for name in ("up", "down"))
    assert (up != down).all() and up.any() and down.any()
    near = 1e-6 if method == "dopri5" else 0.25  # of fixed steps, a step beside the change
    np.testing.assert_allclose(trace.values["y"].ravel()[-1], 6, atol=near)
    path.write_text(path.read_text().replace("not (s < 1 or s > 5)", "s >= 1 and s <= 5"))
    with pytest.raises(Problem, match="may be in none of these modes"):
        dilsctl.load(path)
