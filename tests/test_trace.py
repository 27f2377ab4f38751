"""The records of a simulation: shapes, columns, and names that are looked up."""

import numpy as np
import pytest

from dilsctl.diagnostics import Problem
from dilsctl.ir import REAL
from dilsctl.trace import Trace, column, columns, element_names, find_element
from tests.report.traces import trace

PLACE = np.arange(12.0).reshape(3, 2, 2)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="'a' has shape"):
        Trace(np.arange(3.0), {"a": np.zeros(3)}, {"a": REAL})
    with pytest.raises(ValueError, match="'p' has shape"):
        Trace(np.arange(3.0), {"a": np.zeros((3, 2))}, {"a": REAL}, 2, {"p": np.zeros(3)})


def test_every_element_is_a_column() -> None:
    found = columns(trace(a=[1.0, 2, 3], place=PLACE))
    assert list(found) == ["a", "place[0,0]", "place[0,1]", "place[1,0]", "place[1,1]"]
    assert found["place[1,0]"].tolist() == [[2], [6], [10]]
    assert list(element_names("p", (2,))) == ["p[0]", "p[1]"]


def test_a_column_by_name() -> None:
    found = trace(a=[1.0, 2, 3], place=PLACE)
    assert column(found, "a").tolist() == [[1], [2], [3]]
    assert column(found, "place[0, 1]").tolist() == [[1], [5], [9]]


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("rabits", "did you mean 'rabbits'?"),
        ("place", "name one of its elements, as 'place[0]'"),
        ("place[2]", "did you mean 'place'?"),
        ("q", "recorded: rabbits, place; an output or a state is, if simulate: {record: [q, …]} names it"),
    ],
)
def test_what_is_no_recorded_number_is_told(name: str, help: str) -> None:
    with pytest.raises(Problem) as caught:
        column(trace(rabbits=[1.0], place=np.zeros((1, 2))), name)
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("unknown-column", help)


def test_a_trace_of_nothing() -> None:
    empty = Trace(np.zeros(0), {"a": np.zeros((0, 1))}, {"a": REAL})
    assert columns(empty)["a"].shape == (0, 1)


def test_an_element_is_found_before_anything_runs() -> None:
    types = trace(rabbits=[1.0], place=np.zeros((1, 2, 2))).types
    assert find_element(types, "place[1,0]") == ("place", 2)
    assert find_element(types, "rabbits") == ("rabbits", 0)
