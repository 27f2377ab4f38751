"""Boxes that seem to feed themselves: no loop where no value needs itself, a loop where one may."""

from __future__ import annotations

import numpy as np
import pytest

from dilsctl.diagnostics import Problem
from dilsctl.loops import flatten_in_order
from tests.laws.support import compiled, diagram_of, values

BATCH = 4
BOXES = """\
pass: {in: {x: real n}, out: {y: real n}, wires: [x -> y]}
  two: {in: {x: real n}, out: {y: real n}, boxes: {p: pass}, wires: [x -> p.x, p.y -> y]}
  two2: {in: {x: real 2}, out: {y: real 2}, boxes: {p: two}, wires: [x -> p.x, p.y -> y]}
  two3: {in: {x: real 3}, out: {y: real 3}, boxes: {p: two}, wires: [x -> p.x, p.y -> y]}
  swap:
    in: {a: real, b: real}
    out: {c: real, d: real}
    boxes: {p: two}
    wires:
      - "[b, a] -> p.x"
      - p.y[0] -> c
      - p.y[1] -> d
  knot: {out: {out: real}, boxes: {p: two2}, wires: ["p.y[1] -> p.x[0]", "p.y[0] -> p.x[1]", "1 -> out"]}"""

FALSE_LOOPS = {
    "elements of one vector, two boxes down": (
        "boxes: {v: two3}",
        ["x -> v.x[0]", "v.y[0] + 1 -> v.x[1]", "v.y[1] + 1 -> v.x[2]", "v.y -> y"],
    ),
    "two vectors that change elements": (
        "boxes: {v: two2, u: two2}",
        [
            *("x -> v.x[0]", "u.y[0] + 1 -> v.x[1]", "v.y[0] -> u.x[0]", "v.y[1] + 1 -> u.x[1]"),
            "stack(v.y[0], v.y[1], u.y[1]) -> y",
        ],
    ),
    "an output of a box that only another input drives": (
        "boxes: {s: swap}",
        ["x -> s.a", "s.d + 1 -> s.b", "stack(s.d, s.c, s.c + 1) -> y"],
    ),
    "a box array whose elements are told in turn": (
        "boxes: {s: {box: swap, count: 2}}",
        [
            *("x -> s[1].a", "s[1].d + 1 -> s[1].b", "s[1].c + 1 -> s[0].a", "s[0].d -> s[0].b"),
            "stack(s[1].d, s[1].c, s[0].c) -> y",
        ],
    ),
    "a matrix that is filled row by row": (
        "boxes: {v: {in: {m: real 3 1}, out: {m2: real 3 1}, wires: [m -> m2]}}",
        ["'[x] -> v.m[0]'", "v.m2[0] + 1 -> v.m[1]", "v.m2[1] + 1 -> v.m[2]", "v.m2[:, 0] -> y"],
    ),
}


def text_of(boxes: str, wires: list[str]) -> str:
    lines = "".join(f"\n      - {one}" for one in wires)
    main = f"main:\n    in: {{x: real}}\n    out: {{y: real 3}}\n    {boxes}\n    wires:{lines}"
    return f"dils: 1\ndefine:\n  {BOXES}\n  {main}\nmain: main\n"


@pytest.mark.parametrize("optimise", [False, True])
@pytest.mark.parametrize("name", FALSE_LOOPS)
def test_no_false_loop(name: str, optimise: bool) -> None:
    """Each counts up from x."""
    one = compiled(text_of(*FALSE_LOOPS[name]), optimise=optimise)
    x = np.random.default_rng(0).normal(size=BATCH)
    found = values(one, {}, {"x": x}, BATCH)["port.y"]
    np.testing.assert_allclose(found, x[:, None] + np.arange(3), rtol=1e-13)


TRUE_LOOPS = {
    "an index that is computed may be any": (
        "boxes: {v: two3}",
        ["x -> v.x[0]", "v.y[argmax(stack(x, 0))] -> v.x[1]", "1 -> v.x[2]", "v.y -> y"],
    ),
    "a sum reads what is not used": (
        "boxes: {v: two3}",
        ["x -> v.x[0]", "0 * sum(v.y) -> v.x[1]", "1 -> v.x[2]", "v.y -> y"],
    ),
    "a chain whose end is tied to its beginning": (
        "boxes: {s: {box: swap, count: 3}}",
        ["0 -> s.b", "s[:-1].d -> s[1:].a", "s[-1].d -> s[0].a", "s.d -> y"],
    ),
    "wires alone, which nothing reads": ("boxes: {v: two3}", ["v.y -> v.x", "stack(x, x, x) -> y"]),
    "one within each box of an array": ("boxes: {s: {box: knot, count: 3}}", ["x + s.out -> y"]),
}


@pytest.mark.parametrize("name", TRUE_LOOPS)
def test_true_loop(name: str) -> None:
    with pytest.raises(Problem) as caught:
        flatten_in_order(diagram_of(text_of(*TRUE_LOOPS[name])).main)
    assert {one.code for one in caught.value.diagnostics} == {"algebraic-loop"}
