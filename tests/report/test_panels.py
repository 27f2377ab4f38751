"""What is drawn together, and what is left out of long curves."""

import numpy as np
import pytest

from dilsctl.ir import Type
from dilsctl.report.panels import (
    Curves,
    Field,
    Signals,
    chosen_runs,
    end_of,
    panels,
    shown_parameter,
    steps,
    thinned,
)
from dilsctl.trace import Trace
from tests.report.traces import trace, waves


def titles(**values) -> list[str]:
    return [one.title for one in panels(trace(**values))]


def test_numbers_of_like_ranges_share_a_panel() -> None:
    wave = waves()["a"]
    assert titles(a=wave, b=1000 * wave, c=wave + 0.5, d=wave / 100) == ["a, c", "b", "d"]


def test_a_constant_is_told_from_zero() -> None:
    wave = waves()["a"]
    assert titles(a=wave, zero=0 * wave, half=0 * wave + 0.5, small=0 * wave + 1e-6) == [
        "a, zero, half",
        "small",
    ]


def test_a_panel_has_few_curves() -> None:
    wave = waves()["a"]
    assert titles(**{f"x{at}": wave for at in range(8)}) == ["x0, x1, x2, x3, x4, x5", "x6, x7"]


def test_what_becomes_of_each_kind() -> None:
    found = panels(
        trace(
            big=np.zeros((4, 7)),
            on=np.zeros((4, 2), bool),
            a=np.full(4, 100.0),
            few=np.zeros((4, 3)),
            n=np.arange(4),
        )
    )
    assert [(type(one), one.title) for one in found] == [
        (Field, "big"),
        (Signals, "on[0], on[1]"),
        (Curves, "a"),
        (Curves, "few[0], few[1], few[2]"),
        (Curves, "n"),
    ]
    assert [one.curves[0].stepped for one in found[2:]] == [False, False, True]


def test_runs_have_a_panel_for_each_number() -> None:
    found = panels(trace(**waves(2, runs=5), on=np.arange(500).reshape(100, 5) % 2 == 0, runs=5))
    assert [one.title for one in found] == ["a", "b", "share on"]
    assert found[2].curves[0].values[:2, 0].tolist() == [0.6, 0.4]
    (field,) = panels(trace(x=np.zeros((2, 9, 3)), runs=3, sweep={"params.b": [0.5, 1, 2]}))
    assert field.title == "x (params.b = 0.5, run 0 of 3)"


def test_nothing_gives_no_panels() -> None:
    assert panels(Trace(np.zeros(0), {}, {})) == []
    assert panels(Trace(np.zeros(1), {"e": np.zeros((1, 0, 1))}, {"e": Type("real", (0,))})) == []


@pytest.mark.parametrize("length", [1, 20, 21, 99, 100, 1003])
def test_thinned_curves_keep_their_extremes_and_ends(length: int) -> None:
    values = np.random.default_rng(length).normal(size=length)
    values[length // 2] = 9
    xs, ys = thinned(np.arange(length), values, 10)
    assert len(xs) <= max(26, length if length <= 20 else 0)
    assert ys.max() == 9 and ys.min() == values.min()
    assert (xs[0], xs[-1]) == (0, length - 1) and (np.diff(xs) > 0).all()
    assert (values[xs] == ys).all()


def test_thinned_curves_keep_their_gaps() -> None:
    values = np.zeros(1000)
    values[500] = np.nan
    assert np.isnan(thinned(np.arange(1000), values, 10)[1]).any()


def test_steps_last_until_the_next() -> None:
    xs, ys = steps(np.array([0.0, 1, 3]), np.array([5, 6, 7]), 4.0)
    assert xs.tolist() == [0, 1, 1, 3, 3, 4] and ys.tolist() == [5, 5, 6, 6, 7, 7]


def test_the_last_step_has_a_length() -> None:
    stepped, smooth = trace(n=[1, 2], times=[0, 0.5]), trace(a=[1.0, 2], times=[0, 0.5])
    assert end_of(stepped, panels(stepped)) == 1.0
    assert end_of(smooth, panels(smooth)) == 0.5
    single = trace(n=[1])
    assert end_of(single, panels(single)) == 1.0


def test_chosen_runs() -> None:
    assert chosen_runs(3, 10).tolist() == [0, 1, 2]
    assert chosen_runs(100, 4).tolist() == [0, 33, 66, 99]


def test_the_parameter_that_is_shown_varies() -> None:
    found = trace(a=np.zeros((1, 2)), runs=2, sweep={"same": [1, 1], "other": [1, 2]})
    assert shown_parameter(found) == "other"
    assert shown_parameter(trace(a=[1.0])) == ""
