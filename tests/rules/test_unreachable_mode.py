"""Which modes can be entered: held against trying every value."""

import itertools

import pytest

from dilsctl import api


def found(*conditions: str, law: str = "x + push") -> list[str]:
    """The modes that are told of, by number; conditions are of a state ``x``, a real, and a bool ``b``."""
    modes = "".join(f"    m{n}: {text}\n" for n, text in enumerate(conditions))
    text = (
        "dils: 1\nmain:\n  in: {push: real}\n  out: {y: real}\n  params: {limit: 3}\n"
        "  state: {x: real = 0, b: bool = false}\n"
        f"  let: {{below: x < 2, root: sqrt(abs(x))}}\n  next:\n    x: {law}\n    b: not b\n  modes:\n"
        f"{modes}  wires:\n    - 1.0 if m0 else 0.0 -> y\n"
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
        (("x < limit", "x < 2", "otherwise"), ["m1"]),
        (("x < limit", "x < 4", "otherwise"), []),
        (("below", "x < 1", "otherwise"), ["m1"]),
        (("x < 1", "below", "otherwise"), []),
        (("not below", "x > 2", "otherwise"), ["m1"]),
        (("x - 1 < 1", "x < 2", "otherwise"), ["m1"]),
        (("x < 2", "x - 2 < 1", "otherwise"), []),
        (("-x > 0", "x < 0", "otherwise"), ["m1"]),
        (("not (x < 1 or b)", "x > 1 and not b", "otherwise"), ["m1"]),
        (("root < 0", "otherwise"), ["m0"]),
        (("root < 1", "sqrt(abs(x)) < 0.5", "otherwise"), ["m1"]),
        (("x ** 2 < 1", "x < 0.5", "otherwise"), []),
        (("x * x < 0", "otherwise"), ["m0"]),
        (("sigmoid(x) >= 0", "otherwise"), ["m1"]),
        (("sigmoid(x) > 0.5", "otherwise"), []),
        (("x < root", "root > x and b", "otherwise"), ["m1"]),
        (("x < root", "root < x and b", "otherwise"), []),
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


@pytest.mark.parametrize(
    ("conditions", "law", "never"),
    [
        (("x < 0", "otherwise"), "x + 1", ["m0"]),
        (("x < 0", "otherwise"), "x - 1", []),
        (("x > 1", "otherwise"), "tanh(x + push)", ["m0"]),
        (("x > 0.9", "otherwise"), "tanh(x + push)", []),
        (("x > 5", "otherwise"), "clip(x + push, 0, 5)", ["m0"]),
        (("x >= 5", "otherwise"), "clip(x + push, 0, 5)", []),
        (("x < 0", "otherwise"), "0.5 * x + abs(push)", ["m0"]),
        (("x > 100", "otherwise"), "0.5 * x + 1", []),  # it ends at 2, but that takes more than bounds to see
    ],
)
def test_where_a_law_can_lead(conditions: tuple[str, ...], law: str, never: list[str]) -> None:
    assert found(*conditions, law=law) == never


@pytest.mark.parametrize("limits", [(3,), (3, 1)])
def test_a_mode_that_another_use_enters(limits: tuple[int, ...]) -> None:
    boxes = "".join(f"    b{n}: {{box: part, with: {{limit: {one}}}}}\n" for n, one in enumerate(limits))
    text = (
        "dils: 1\ndefine:\n  part:\n    params: {limit: 3}\n    in: {push: real}\n    out: {y: real}\n"
        "    state: {x: real = 0}\n    next: {x: x + push}\n"
        "    modes: {far: x < limit, near: x < 2, other: otherwise}\n"
        "    wires:\n      - 1.0 if far else 2.0 if near else 3.0 -> y\n"
        "main:\n  in: {push: real}\n  out: {y: real}\n  boxes:\n"
        + boxes
        + "  wires:\n"
        + "".join(f"    - push -> b{n}.push\n" for n in range(len(limits)))
        + f"    - {' + '.join(f'b{n}.y' for n in range(len(limits)))} -> y\n"
    )
    report = api.validate("x.yaml", text=text)
    assert [one.code for one in report] == ["unreachable-mode"] * (limits == (3,))


ATOMS = [
    "x < 1",
    "x <= 1",
    "not (x <= 1)",
    "x - 1 >= 0",
    "x < 2",
    "x >= 2",
    "x == 1",
    "b",
    "not b",
    "x < 2 or b",
]


def test_nothing_is_told_of_a_mode_that_is_entered() -> None:
    tried = told = 0
    for some in itertools.permutations(ATOMS, 3):
        conditions = (*some[:2], f"({some[2]}) and ({some[0]})", "otherwise")
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
        if "or" not in some[0] + some[2]:
            assert "m2" in never  # it holds only where the first one does
    assert told > 50
