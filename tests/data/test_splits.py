import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.data.splits import epoch_order, permutation, split_rows
from dilsctl.diagnostics import Problem


def lists(parts):
    return {part: rows.tolist() for part, rows in parts.items()}


def test_without_a_split_all_is_training():
    assert lists(split_rows(4, {}, 0)) == {"train": [0, 1, 2, 3]}
    assert lists(split_rows(4, {"test": None, "validation": None}, 0)) == {"train": [0, 1, 2, 3]}


def test_ends():
    assert lists(split_rows(6, {"test": "last 2"}, 0)) == {"train": [0, 1, 2, 3], "test": [4, 5]}
    assert lists(split_rows(6, {"test": "first 1", "validation": "last 2"}, 0)) == {
        "train": [1, 2, 3],
        "validation": [4, 5],
        "test": [0],
    }
    assert lists(split_rows(6, {"validation": "last 2", "test": "last 1"}, 0)) == {
        "train": [0, 1, 2],
        "validation": [3, 4],
        "test": [5],
    }


@given(st.integers(4, 300), st.floats(0.01, 0.4), st.floats(0.01, 0.3), st.integers(0, 2**70))
def test_fractions(rows, test, validation, seed):
    parts = split_rows(rows, {"test": test, "validation": validation}, seed)
    assert np.array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(rows))
    assert len(parts["test"]) == max(1, round(test * rows))
    assert len(parts["validation"]) == max(1, round(validation * rows))
    assert all((np.diff(one) > 0).all() for one in parts.values())
    alone = split_rows(rows, {"test": test}, seed)
    assert np.array_equal(alone["test"], parts["test"])


def test_a_fraction_beside_an_end():
    parts = split_rows(100, {"test": "last 20", "validation": 0.1}, 3)
    assert parts["test"].tolist() == list(range(80, 100))
    assert len(parts["validation"]) == 10
    assert parts["validation"].max() < 80


def test_the_seed_counts():
    one, two = (split_rows(100, {"test": 0.5}, seed)["test"] for seed in (1, 2))
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("value", ["last 0", "last", "middle 3", 0, 1, 1.5, -0.1, True, "0.2"])
def test_bad_parts(value):
    with pytest.raises(Problem) as caught:
        split_rows(10, {"test": value}, 0)
    assert caught.value.diagnostics[0].code == "bad-split"


@pytest.mark.parametrize(
    "split", [{"test": "last 10"}, {"test": 0.6, "validation": 0.4}, {"test": "first 9", "validation": 0.1}]
)
def test_training_must_keep_a_row(split):
    with pytest.raises(Problem, match="no rows would be left for training"):
        split_rows(10, split, 0)


def test_orders_are_a_function_of_seed_and_epoch_and_never_change():
    # Written down once: another version of NumPy, or another machine, must give the same.
    rows = np.arange(10, 20)
    assert epoch_order(rows, 0, 1).tolist() == ORDERS[0]
    assert epoch_order(rows, 0, 2).tolist() == ORDERS[1]
    assert epoch_order(rows, 1, 1).tolist() == ORDERS[2]


def test_orders_are_fair():
    counts = np.zeros((5, 5))
    for seed in range(2000):
        counts[np.arange(5), permutation(5, seed, 2, 7)] += 1
    assert abs(counts / 2000 - 0.2).max() < 0.04


ORDERS = [
    [18, 19, 10, 13, 14, 12, 11, 16, 15, 17],
    [16, 10, 19, 17, 14, 12, 11, 15, 18, 13],
    [19, 17, 12, 16, 13, 18, 14, 15, 11, 10],
]
