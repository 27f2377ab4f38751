"""Laws that speak of a part of a shared variable, and states that symplectic methods can't tell apart."""

from __future__ import annotations

import numpy as np
import pytest

from dilsctl.diagnostics import Problem
from dilsctl.engine.running import Running
from dilsctl.motion import compile_motion
from tests.laws.support import diagram_of

PARTS = """\
dils: 1
define:
  one: {share: {u: real}, next: {u: "1"}}
  flip: {share: {u: bool}, next: {u: not u}}
  turn:
    share: {u: class 3}
    next:
      u: argmax(roll(one_hot(u, 3), 1))
  pair:
    share: {p: real 2}
    boxes: {x: one}
    join: {"p[1]": [x.u]}
  main:
    share: {v: real 2 = 1e20, w: bool 3, c: class 3 4 = 0, z: real 2 2 = 7}
    out: {v: real 2, w: bool 3, c: class 3 4, z: real 2 2}
    boxes: {one: one, flip: {box: flip, count: 2}, turn: {box: turn, count: 2}, deep: pair}
    join:
      v[0]: [one.u]
      w[1:]: [flip.u]
      c[::2]: [turn.u]
      z[0]: [deep.p]
main: main
"""


@pytest.mark.parametrize("optimise", [True, False])
def test_a_part_with_one_next_law_takes_its_value(optimise: bool) -> None:
    running = Running(compile_motion(diagram_of(PARTS), optimise=optimise))
    running.advance()
    found = {path: value[..., 0].tolist() for path, value in running.states.items()}
    assert found == {
        "v": [1, 1e20],
        "w": [False, True, True],
        "c": [1, 0, 1, 0],
        "z": [[7, 1], [7, 7]],
    }


def test_parts_that_overlap_add() -> None:
    text = PARTS.replace("w[1:]: [flip.u]", "w[1:]: [flip.u]").replace(
        "      v[0]: [one.u]\n", "      v[0]: [one.u]\n      v: [other.p]\n"
    )
    text = text.replace("deep: pair}", "deep: pair, other: pair}").replace(
        "v: real 2 = 1e20", "v: real 2 = 5"
    )
    running = Running(compile_motion(diagram_of(text)))
    running.advance()
    assert running.states["v"][..., 0].tolist() == [1, 1]
    text = text.replace('next: {u: "1"}', "next: {u: u + 1}").replace('"p[1]": [x.u]', '"p[0]": [x.u]')
    running = Running(compile_motion(diagram_of(text)))
    running.advance()
    assert running.states["v"][..., 0].tolist() == [7, 5]


MIXED = """\
dils: 1
main:
  state: {s: real 2 = 1}
  out: {s: real 2}
  rate:
    s: "[s[1], -s[0]]"
"""
DAMPED = """\
dils: 1
define:
  brake: {share: {u: real}, rate: {u: -0.5 * u}}
  main:
    share: {x: real 3 = 1, v: real 3 = 0}
    out: {x: real 3}
    boxes: {brake: brake}
    join: {"v[1]": [brake.u]}
    rate: {x: v, v: -x}
main: main
"""


@pytest.mark.parametrize("method", ["symplectic", "leapfrog"])
def test_elements_that_move_each_other_are_refused(method: str) -> None:
    with pytest.raises(Problem, match="elements of 's' depend on one another"):
        compile_motion(diagram_of(MIXED), method)


def test_a_brake_on_one_velocity_is_none() -> None:
    running = Running(compile_motion(diagram_of(DAMPED), "leapfrog", 0.01))
    for _ in range(1000):
        running.advance()
    x, v = running.states["x"][:, 0], running.states["v"][:, 0]
    energy = x * x + v * v
    np.testing.assert_allclose(energy[[0, 2]], 1, rtol=1e-4)
    assert energy[1] < 0.01
