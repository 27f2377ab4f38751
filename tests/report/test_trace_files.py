"""Records as csv and npz."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from dilsctl.report.trace_files import write_trace
from tests.report.traces import trace, waves


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def as_csv(*args, **options) -> list[dict[str, str]]:
    stream = io.StringIO()
    write_trace(trace(*args, **options), stream)
    return rows(stream.getvalue())


def test_csv_holds_every_digit() -> None:
    values = waves()["a"]
    found = as_csv(a=values, n=np.arange(100), on=values > 0, times=np.arange(100) * 0.1)
    assert list(found[0]) == ["time", "a", "n", "on"]
    assert [float(one["a"]) for one in found] == values.tolist()
    assert [float(one["time"]) for one in found] == (np.arange(100) * 0.1).tolist()
    assert found[1]["n"] == "1" and {one["on"] for one in found} == {"true", "false"}


def test_single_precision_has_no_digits_that_it_does_not_have() -> None:
    assert as_csv(a=np.array([0.1, np.nan, -np.inf], np.float32)) == [
        {"time": "0.0", "a": "0.1"},
        {"time": "1.0", "a": "nan"},
        {"time": "2.0", "a": "-inf"},
    ]


def test_elements_of_arrays_are_columns() -> None:
    found = as_csv(p=np.arange(4.0).reshape(2, 2), m=np.arange(8).reshape(2, 2, 2))
    assert found[1] == {
        "time": "1.0",
        "p[0]": "2.0",
        "p[1]": "3.0",
        "m[0,0]": "4",
        "m[0,1]": "5",
        "m[1,0]": "6",
        "m[1,1]": "7",
    }


def test_several_runs_are_in_long_form() -> None:
    found = as_csv(a=[[1.0, 2.0], [3.0, 4.0]], runs=2, sweep={"params.beta": [0.1, 0.2]})
    assert list(found[0]) == ["run", "params.beta", "time", "a"]
    assert [tuple(one.values()) for one in found] == [
        ("0", "0.1", "0.0", "1.0"),
        ("0", "0.1", "1.0", "3.0"),
        ("1", "0.2", "0.0", "2.0"),
        ("1", "0.2", "1.0", "4.0"),
    ]


def test_a_value_may_be_called_time_or_run() -> None:
    assert list(as_csv(time=[5.0])[0]) == ["time_", "time"]
    assert list(as_csv(run=[[5.0, 6.0]], runs=2)[0]) == ["run_", "time", "run"]


def test_long_runs_are_written_piece_by_piece() -> None:
    values = np.arange(10_000.0)
    assert [float(one["a"]) for one in as_csv(a=values)] == values.tolist()


def test_npz_of_one_run(tmp_path: Path) -> None:
    path = tmp_path / "new" / "records.npz"
    write_trace(trace(a=[1.0, 2.0], p=np.ones((2, 3)), file=[True, False]), path)
    with np.load(path) as found:
        assert set(found) == {"time", "a", "p", "file"}
        assert found["a"].tolist() == [1, 2] and found["p"].shape == (2, 3)
        assert found["file"].dtype == bool


def test_npz_of_several_runs(tmp_path: Path) -> None:
    path = tmp_path / "records.npz"
    write_trace(trace(time=np.ones((2, 3)), runs=3, sweep={"params.b": [1, 2, 3]}), path)
    with np.load(path) as found:
        assert {name: found[name].shape for name in found} == {
            "time_": (2,),
            "time": (2, 3),
            "sweep/params.b": (3,),
        }


@pytest.mark.parametrize("ending", [".csv", ".npz"])
def test_a_file_is_replaced_only_by_force(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"records{ending}"
    write_trace(trace(a=[1.0]), path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        write_trace(trace(a=[2.0]), path)
    assert path.read_bytes() == before
    write_trace(trace(a=[2.0]), path, force=True)
    assert path.read_bytes() != before
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"


def test_a_file_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> list[str]:
        raise OSError("the disk is full")

    monkeypatch.setattr("dilsctl.report.trace_files._texts", fail)
    with pytest.raises(OSError, match="full"):
        write_trace(trace(a=[1.0]), tmp_path / "records.csv")
    assert not list(tmp_path.iterdir())


def test_equal_traces_make_equal_files(tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz"):
        write_trace(trace(**waves()), tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in one of \.csv, \.npz"):
        write_trace(trace(a=[1.0]), tmp_path / "records.txt")
