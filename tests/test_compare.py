"""Given and expected values."""

import numpy as np
import pytest

from dilsctl.compare import CaseError, columns_of, compare, near, to_array, value_text
from dilsctl.ir import BOOL, REAL, Type


def test_rows_come_first() -> None:
    assert to_array([1, 2, 3], REAL).shape == (3,)
    assert to_array([[1, 2], [3, 4], [5, 6]], Type("real", (2,))).shape == (3, 2)
    assert to_array([0, 1], BOOL).dtype == np.bool_
    assert to_array([], Type("real", (2,))).shape == (0, 2)
    assert to_array([2, 0], Type("class", (), 3)).dtype == np.int64


@pytest.mark.parametrize(
    ("value", "type", "words"),
    [
        (1, REAL, "a list"),
        ([[1]], REAL, "a number in case 1"),
        ([[1, 2], [3]], Type("real", (2,)), "a list of 2 in case 2, found 1"),
        ([1], Type("real", (2,)), "a list of 2 in case 1, found one value"),
        (["x"], REAL, "a number"),
        ([None], REAL, "a number"),
        ([2], BOOL, "true or false"),
        ([0.5], Type("int"), "whole number"),
        ([3], Type("class", (), 3), "0 to 2"),
        ([[0.5, 0.6]], Type("simplex", (2,), 2), "sum to 1"),
    ],
)
def test_what_does_not_fit_is_refused(value: object, type: Type, words: str) -> None:
    with pytest.raises(CaseError, match=words):
        to_array(value, type)


def test_columns() -> None:
    arrays, cases = columns_of({"a": [0, 1], "b": [1, 1]}, {"a": BOOL, "b": BOOL})
    assert cases == 2 and set(arrays) == {"a", "b"}
    with pytest.raises(CaseError, match="'a' has 1, 'b' has 2"):
        columns_of({"a": [0], "b": [1, 1]}, {"a": BOOL, "b": BOOL})
    with pytest.raises(CaseError, match="'b': expected a number"):
        columns_of({"a": [0], "b": [[1]]}, {"a": BOOL, "b": BOOL})


def test_differences_name_the_case_and_its_inputs() -> None:
    (found,) = compare("y", [0, 1, 1], np.array([0, 1, 0]), True, None, {"a": np.array([5, 6, 7])})
    assert (found.row, found.expected, found.got, found.given) == (2, "1", "0", {"a": "7"})


def test_null_accepts_anything() -> None:
    assert compare("y", [None, [1, None]], np.array([[1.0, 2], [1, 9]]), False, None, {}) == []


def test_tolerance() -> None:
    assert near(1.0, 1.0 + 5e-7) and not near(1.0, 1.0 + 5e-6)
    assert near(1e6, 1e6 + 0.5) and not near(0.0, 1e-5)
    assert near(1.0, 1.1, within=0.2) and not near(1.0, 1.1, within=0.01)
    assert not near(1.0, 1.0 + 1e-9, exact=True)
    assert not near(1.0, float("nan"))
    assert near(float("inf"), float("inf")) and not near(float("inf"), -float("inf"))
    assert near(float("nan"), float("nan")) and not near(float("nan"), 1.0, within=float("inf"))


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (1, "a list"),
        ([1], "1 expected, but there are 2"),
        ([[1], 2], "a list of 1"),
        (["x", 1], "not a number"),
    ],
)
def test_expectations_that_make_no_sense(expected: object, words: str) -> None:
    with pytest.raises(CaseError, match=words):
        compare("y", expected, np.array([1.0, 2.0]), False, None, {})


def test_values_as_text() -> None:
    assert value_text(np.array([1.0, 0.25])) == "[1, 0.25]"
    assert value_text(np.bool_(True)) == "true"
    assert value_text(None) == "null"
    assert value_text([np.nan, np.inf, -np.inf]) == "[.nan, .inf, -.inf]"
    assert len(value_text(list(range(1000)))) == 60
