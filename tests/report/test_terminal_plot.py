"""Plots in a terminal."""

import re

import numpy as np
import pytest

from dilsctl.diagnostics import Problem
from dilsctl.report.terminal_plot import phase_text, plot_text
from dilsctl.trace import Trace
from tests.report.traces import trace, waves

CODES = re.compile(r"\x1b\[[0-9;]*m")

TRACES = {
    "one curve": trace(**waves()),
    "two curves": trace(**waves(2)),
    "many panels": trace(**{f"a_name_that_is_long_{at}": 1000.0**at * waves()["a"] for at in range(7)}),
    "steps": trace(n=np.arange(50) // 7),
    "signals": trace(clock=np.arange(300) % 2 == 0, q=np.arange(1200).reshape(300, 4) % 3 == 0),
    "field": trace(phase=np.random.default_rng(0).normal(size=(300, 50))),
    "small field": trace(phase=np.arange(21.0).reshape(3, 7)),
    "ensemble": trace(**waves(2, runs=9), runs=9),
    "sweep": trace(**waves(runs=9), runs=9, sweep={"params.beta": np.linspace(0, 1, 9)}),
    "gaps": trace(a=np.where(np.arange(99) % 9, np.arange(99.0), np.nan), b=np.full(99, np.inf)),
    "no number at all": trace(a=np.full(9, np.nan), x=np.full((9, 9), np.nan)),
    "constant": trace(a=np.full(9, 3.5), tiny=np.full(9, 1e-12), huge=np.full(9, -1e15)),
    "one record": trace(a=[1.0], n=[3], on=[True], x=np.zeros((1, 9))),
}


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("width", [30, 80, 133])
def test_it_fits_and_is_plain_where_asked(name: str, width: int) -> None:
    for colour in (False, True):
        for plain in (False, True):
            text = plot_text(TRACES[name], width=width, colour=colour, plain=plain)
            assert max(len(one) for one in CODES.sub("", text).splitlines()) <= width
            assert text.endswith("\n") and not text.endswith("\n\n")
            assert colour or "\x1b" not in text
            assert not plain or text.isascii()


def test_curves_are_told_apart_without_colours() -> None:
    text = plot_text(TRACES["two curves"], colour=False)
    assert "** a   oo b" in text and "*" in text.splitlines()[3]
    coloured = plot_text(TRACES["two curves"])
    assert "\x1b[34m" in coloured and "\x1b[33m" in coloured and "a" in CODES.sub("", coloured)


def test_one_curve_is_finer() -> None:
    lines = plot_text(TRACES["one curve"], colour=False).splitlines()
    assert lines[0] == "a" and any("⠀" <= sign <= "⣿" for sign in lines[3])


def test_what_has_no_room_is_named() -> None:
    assert plot_text(TRACES["many panels"]).splitlines()[-1].startswith("not drawn: a_name_that_is_long_4")


def test_numbers_that_are_large_have_their_power_in_the_title() -> None:
    assert plot_text(trace(x=np.arange(9) * 1e12), colour=False).startswith("x  ×1e12\n")


def test_steps_rise_at_once() -> None:
    text = plot_text(trace(n=[0, 1]), width=40, height=5, colour=False, plain=True)
    assert any(one.count("*") > 10 for one in text.splitlines())
    columns = [one.index("*") for one in text.splitlines() if "*" in one]
    assert len(set(columns[:-1])) == 1, "the rise is upright"


def test_signals() -> None:
    text = plot_text(trace(a=[False, True, True, False], clock=[True, False] * 2), colour=False, width=20)
    assert text.splitlines() == [
        "    a  ▁▁▁██████▁▁▁",
        "clock  ███▁▁▁███▁▁▁",
        "       0          3",
    ]
    dense = plot_text(trace(clock=np.arange(1000) % 2 == 0), colour=False, plain=True, width=40)
    assert "clock  " + "|" * 33 in dense


def test_fields() -> None:
    values = np.zeros((2, 8))
    values[1, 7] = 1
    lines = plot_text(trace(x=values), colour=False, plain=True, width=18).splitlines()
    assert lines[0].startswith("x: 8 elements")
    assert lines[-2] == "       7      @@@@" and lines[-1] == "          0      1"


def test_runs() -> None:
    assert "median" in plot_text(TRACES["ensemble"], colour=False)
    text = plot_text(TRACES["sweep"], colour=False)
    assert "params.beta = 0 " in text and "params.beta = 1" in text


def test_nothing_to_draw() -> None:
    assert plot_text(Trace(np.zeros(0), {}, {})) == ""
    assert "nothing finite to draw: a" in plot_text(TRACES["no number at all"])


def test_phase() -> None:
    t = np.linspace(0, 6.3, 200)
    circle = trace(place=np.stack([np.cos(t), np.sin(t)], axis=1))
    text = phase_text(circle, "place[0]", "place[1]", colour=False, plain=True, width=60)
    lines = text.splitlines()
    assert lines[0] == "place[1] against place[0]" and max(map(len, lines)) <= 60
    assert lines[11].count("*") <= 4, "a circle is empty inside"
    with pytest.raises(Problem, match="no recorded number 'q'"):
        phase_text(circle, "place[0]", "q")
    assert "run 8" in phase_text(TRACES["ensemble"], "a", "b", colour=False)
