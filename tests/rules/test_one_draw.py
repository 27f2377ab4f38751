"""Numbers that are drawn once: told where one box has one, and not where draws make boxes differ."""

import pytest

from dilsctl import api

ONCE = """\
dils: 1
define:
  seeker:
    out: {y: real}
    state: {goal: "real = uniform(0, 1)", x: real = 0}
    next: {x: x + 0.1 * (goal - x)}
    wires: [x -> y]
main:
  out: {y: real}
  boxes: {a: seeker}
  wires: [a.y -> y]
"""


def _found(text: str) -> list[str]:
    return [one.code for one in api.validate("d.yaml", text=text, select=["one-draw"])]


def test_a_number_of_an_interior_box() -> None:
    assert _found(ONCE) == ["one-draw"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("next: {x:", "next: {goal: goal, x:"),
        ("boxes: {a: seeker}", "boxes: {a: seeker, b: seeker}"),
        (
            "boxes: {a: seeker}\n  wires: [a.y -> y]",
            "boxes: {a: {box: seeker, count: 3}}\n  wires: [sum(a.y) -> y]",
        ),
        ('"real = uniform(0, 1)"', '{type: real, init: "uniform(0, 1)", keep: true}'),
        ('goal: "real = uniform(0, 1)"', 'goal: "real 5 = uniform(0, 1)"'),
        ('"real = uniform(0, 1)"', "real = 0.5"),
        ("    next:", "    learn: [goal]\n    next:"),
        ("    next: {x: x + 0.1 * (goal - x)}\n    wires: [x -> y]", "    wires: [x * goal -> y]"),
    ],
    ids=["held", "two", "array", "kept", "vector", "number", "learned", "still"],
)
def test_draws_that_are_meant(old: str, new: str) -> None:
    assert old in ONCE
    text = ONCE.replace(old, new)
    if "real 5" in new:
        text = text.replace("goal - x", "sum(goal) - x")
    assert _found(text) == []
