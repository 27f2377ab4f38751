"""Which modes can be entered: held against trying every value."""

import itertools

import pytest

from dilsctl import api


def found(*conditions: str) -> list[str]:
    """The modes that are told of, by number; conditions are of a state ``x``, an int, and a bool ``b``."""
    modes = "".join(f"    m{n}: {text}\n" for n, text in enumerate(conditions))
    text = (
        "dils: 1\nmain:\n  out: {y: real}\n  params: {limit: 3}\n  state: {x: real = 0, b: bool = false}\n"
        f"  next: {{x: x + 1, b: not b}}\n  modes:\n{modes}  wires:\n    - 1.0 if m0 else 0.0 -> y\n"
    )
    report = api.validate("x.yaml", text=text)
    assert report.ok, [one.message for one in report]
    return [one.message.split("'")[1] for one in report if one.code == "unreachable-mode"]


@pytest.mark.parametrize(
    ("conditions", "never"),
    [
        (("x < 5", "x < 2", "otherwise"), ["m1"]),
        (("x < 2", "x < 5", "otherwise"), []),
        (("x < 3", "x >= 3", "otherwise"), ["m2"]),
        (("x < 3", "x > 3", "otherwise"), []),
        (("x <= 3", "3 >= x and b", "otherwise"), ["m1"]),
        (("x > 1 and x < 0", "otherwise"), ["m0"]),
        (("b", "not b", "otherwise"), ["m2"]),
        (("b", "b and x > 1", "otherwise"), ["m1"]),
        (("b and x > 1", "b", "otherwise"), []),
        (("x < limit", "x < limit and b", "otherwise"), ["m1"]),
        (("x < limit", "x < 2", "otherwise"), []),
        (("x < limit", "x >= limit", "otherwise"), ["m2"]),
        (("x > 2", "x == 3", "otherwise"), ["m1"]),
        (("x == 3", "x > 2", "otherwise"), []),
        (("x * x < 1", "x < 1", "otherwise"), []),
        (("x == 0", "x == 1", "x == 2", "otherwise"), []),
        (("x == 0", "x == 1", "x == 1", "otherwise"), ["m2"]),
        (("x < 1 or b", "x < 0", "otherwise"), []),
    ],
)
def test_what_is_told(conditions: tuple[str, ...], never: list[str]) -> None:
    assert found(*conditions) == never


ATOMS = ["x < 1", "x <= 1", "x > 1", "x >= 1", "x < 2", "x >= 2", "x == 1", "b", "not b"]


def test_nothing_is_told_of_a_mode_that_is_entered() -> None:
    tried = told = 0
    for some in itertools.permutations(ATOMS, 3):
        conditions = (*some[:2], f"{some[2]} and {some[0]}", "otherwise")
        if tried % 9:
            tried += 1
            continue
        tried += 1
        entered = set()
        for x, b in itertools.product((0.5, 1.0, 1.5, 2.0, 3.0), (False, True)):
            holds = [text == "otherwise" or eval(text, {}, {"x": x, "b": b}) for text in conditions]
            entered.add(f"m{holds.index(True)}")
        never = set(found(*conditions))
        told += len(never)
        assert not never & entered, conditions
        assert "m2" in never  # it holds only where the first one does
    assert told > 50
