"""The table at the end of a simulation, and the same for programs."""

import json

import numpy as np

from dilsctl.ir import Type
from dilsctl.report.trace_table import trace_facts, trace_table
from dilsctl.trace import Trace
from tests.report.traces import trace


def table(**values) -> list[list[str]]:
    return trace_table(trace(**values))[1]


def test_numbers() -> None:
    header, rows, note = trace_table(trace(a=[1.0, 4.0, 2.5], n=[3, 1, 2], on=[False, True, True]))
    assert header == ["", "start", "end", "min", "max", "mean"] and note == ""
    assert rows == [
        ["a", "1.0000", "2.5000", "1.0000", "4.0000", "2.5000"],
        ["n", "3", "2", "1", "3", "2.0000"],
        ["on", "false", "true", "false", "true", "0.6667"],
    ]


def test_a_small_array_has_a_row_for_each_element_and_a_large_one_a_row() -> None:
    header, rows, note = trace_table(
        trace(p=np.array([[1.0, 2], [3, 4]]), q=np.arange(12.0).reshape(2, 2, 3))
    )
    assert [one[0] for one in rows] == ["p[0]", "p[1]", "q (2×3)"]
    assert rows[2][1:3] == ["0.0000 … 5.0000", "6.0000 … 11.000"]
    assert "least … its greatest" in note and len(header) == len(rows[2])


def test_long_lists_are_shortened() -> None:
    values = {f"x{at}": [1.0] for at in range(30)}
    _, rows, note = trace_table(trace(**values), most=10)
    assert len(rows) == 9 and note == "21 more are not shown"
    assert len(table(**values)) == 23
    assert len(trace_table(trace(**values), most=30)[1]) == 30


def test_several_runs_show_their_spread() -> None:
    values = np.stack([np.zeros(101), np.arange(101.0)])
    header, rows, note = trace_table(trace(a=values, runs=101))
    assert header[3] == "spread"
    assert rows == [["a", "0.0000", "50.000", "5.0000 … 95.000", "0.0000", "100.00", "25.000"]]
    assert note.startswith("101 runs: start and end are medians")


def test_infinite_values_count_for_start_and_end_only() -> None:
    (row,) = table(a=[1.0, 3.0, np.nan])
    assert row == ["a", "1.0000", "nan", "1.0000", "3.0000", "2.0000"]
    (row,) = table(a=[np.nan, np.inf])
    assert row == ["a", "nan", "inf", "", "", ""]


def test_nothing() -> None:
    assert trace_table(Trace(np.zeros(0), {}, {}))[1:] == ([], "nothing was recorded")
    empty = Trace(np.zeros(1), {"e": np.zeros((1, 0, 1))}, {"e": Type("real", (0,))})
    assert trace_table(empty)[1] == []


def test_facts_are_plain_values() -> None:
    facts = trace_facts(trace(a=[1.0, 2.0], on=[True, False], p=np.ones((2, 2)), times=[0, 0.5]))
    assert json.loads(json.dumps(facts)) == {
        "records": 2,
        "time": [0.0, 0.5],
        "runs": 1,
        "sweep": {},
        "values": {
            "a": {"type": "real", "start": 1.0, "end": 2.0, "min": 1.0, "max": 2.0, "mean": 1.5},
            "on": {"type": "bool", "start": True, "end": False, "min": False, "max": True, "mean": 0.5},
            "p": {"type": "real 2", "start": [1, 1], "end": [1, 1], "min": 1.0, "max": 1.0, "mean": 1.0},
        },
    }


def test_facts_of_several_runs_have_the_runs_innermost() -> None:
    facts = trace_facts(trace(a=[[1.0, np.nan]], runs=2, sweep={"params.b": [3, 4]}))
    assert facts["sweep"] == {"params.b": [3, 4]}
    assert facts["values"]["a"]["start"][0] == 1 and facts["values"]["a"]["not_finite"] == 1
