"""Variables that several boxes share are one, to which what each law says adds."""

from __future__ import annotations

import numpy as np
import pytest

from dilsctl.engine.kernels import Array

from ..laws.support import running


def after(text: str, ticks: int = 1, *, optimise: bool = True, method: str = "euler") -> dict[str, Array]:
    """The states after some ticks of length 1."""
    run = running(text, method=method, optimise=optimise)
    for _ in range(ticks):
        run.advance()
    return {
        path: view[..., 0].copy() if run.per_run[path] else view.copy() for path, view in run.states.items()
    }


def counted(type: str, law: str, outer: str, *, key: str = "v") -> str:
    """Three copies of a box whose variable is joined."""
    return f"""
dils: 1
define:
  one: {{share: {{u: "{type}"}}, {law}}}
  main:
    share: {{v: "{outer}"}}
    boxes: {{a: {{box: one, count: 3}}}}
    join: {{"{key}": [a.u]}}
main: main
"""


@pytest.mark.parametrize("optimise", [False, True])
@pytest.mark.parametrize(
    ("type", "law", "outer", "expected"),
    [
        ("int", "next: {u: u + 1}", "int", 6),  # three copies add 1 each, twice
        ("int", "next: {u: u + index}", "int", 6),
        ("int", "next: {u: 1}", "int", -3),  # 0 + 3·(1 - 0), 3 + 3·(1 - 3)
        ("real", "next: {u: u + 0.5}", "real = 1", 4),
        ("real", "rate: {u: index - 2}", "real = 1", -5),
        ("real", "next: {u: u + index}", "real 3 = 1", [1, 3, 5]),
        ("int", "next: {u: u + index}", "int 3 = 1", [1, 3, 5]),
        ("bool", "next: {u: not u}", "bool 3 = true", [1, 1, 1]),
        ("real 2", "next: {u: u + index}", "real 2 = 1", [7, 7]),
        ("real 2", "next: {u: 'u + [index, 1]'}", "real 3 2", [[0, 2], [2, 2], [4, 2]]),
    ],
)
def test_copies(type: str, law: str, outer: str, expected: object, optimise: bool) -> None:
    """Copies that share one number add; where there is one for each, each moves its own."""
    (found,) = after(counted(type, law, outer), 2, optimise=optimise).values()
    np.testing.assert_array_equal(found, np.array(expected))


def test_a_part_of_a_variable() -> None:
    text = counted("real", "next: {u: u + 1 + index}", "real 5 = 1", key="v[1:-1]")
    np.testing.assert_array_equal(after(text)["v"], [1, 2, 3, 4, 1])
    text = counted("real", "next: {u: u + 1 + index}", "real 5 = 1", key="v[-1]")
    np.testing.assert_array_equal(after(text)["v"], [1, 1, 1, 1, 7])


SIBLINGS = """
dils: 1
define:
  up: {share: {u: real}, next: {u: u + 3}}
  down: {share: {u: real = 4}, next: {u: u / 2}}
  flow: {share: {u: real}, rate: {u: -u}}
  reset: {share: {u: real}, next: {u: {to: 10, when: u < 1}}}
  main: MAIN
main: main
"""


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ("{boxes: {a: up, b: down}, join: {w: [a.u, b.u]}}", 5),  # 4 + 3 - 2
        ("{share: {w: real = 6}, boxes: {a: up, b: down}, join: {w: [a.u, b.u]}}", 6),
        ("{boxes: {a: flow, b: {box: flow, count: 2}}, join: {w: [a.u, b.u]}, share: {w: real = 8}}", -16),
        ("{boxes: {a: reset, b: flow}, join: {w: [a.u, b.u]}, share: {w: real = 0.5}}", 9.5),
        ("{boxes: {a: down}, join: {w: [a.u]}, next: {w: w + 1}}", 3),  # 4 - 2 + 1
    ],
)
def test_siblings(main: str, expected: float) -> None:
    assert after(SIBLINGS.replace("MAIN", main))["w"] == expected


def test_what_is_not_joined_is_each_boxs_own() -> None:
    text = SIBLINGS.replace("MAIN", "{boxes: {a: up, b: down, c: {box: up, count: 2}}}")
    found = after(text)
    assert {path: value.tolist() for path, value in found.items()} == {"a.u": 3, "b.u": 2, "c.u": [3, 3]}


def test_joined_through_two_levels() -> None:
    """The outermost initial value counts; a private variable in the middle ends the path."""
    middle = "{share: {m: real = 2}, boxes: {a: down, b: up}, join: {m: [a.u, b.u]}}"
    text = SIBLINGS.replace("main: MAIN", f"middle: {middle}\n  main: MAIN")
    found = after(
        text.replace("MAIN", "{share: {w: real = 8}, boxes: {x: middle, y: down}, join: {w: [x.m, y.u]}}")
    )
    assert found == {"w": 8 - 4 + 3 - 4}
    private = middle.replace("share: {m: real = 2}, ", "")
    text = text.replace(middle, private).replace("MAIN", "{boxes: {x: {box: middle, count: 2}}}")
    assert after(text)["x.m"].tolist() == [5, 5]
