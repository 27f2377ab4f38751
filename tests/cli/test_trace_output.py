"""The options that say where the records of a simulation go, and what they do."""

import io
import sys
from pathlib import Path
from xml.etree import ElementTree

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from dilsctl.cli.group import Commands
from dilsctl.cli.trace_output import check_phase, check_targets, output_options, show_trace, write_records
from dilsctl.diagnostics import Problem
from dilsctl.trace import Trace
from tests.report.traces import trace, waves

TRACE = trace(**waves(2), place=np.zeros((100, 2)))


@click.group(cls=Commands)
def group() -> None:
    pass


def call(*args: str, records: Trace = TRACE) -> Result:
    @click.command()
    @output_options
    def command(out: Path | None, plot: Path | None, phase: tuple[str, str] | None, force: bool) -> int:
        check_targets(out, plot, force)
        write_records(records, out, plot, phase, title="waves", force=force)
        if out != Path("-"):
            show_trace(records, phase)
        return 0

    runner = CliRunner()
    group.get_command = lambda context, name: command  # type: ignore[method-assign]
    return runner.invoke(group, ["simulate", *args])


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_table_in_a_pipe() -> None:
    result = call()
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].split() == ["start", "end", "min", "max", "mean"]
    assert len(result.stdout.splitlines()) == 5 and "\x1b" not in result.stdout


def test_a_phase_plot_where_it_is_asked_for() -> None:
    assert call("--phase", "a,b").stdout.startswith("b against a\n")
    assert call("--phase", "place[0], place[1]").stdout.startswith("place[1] against place[0]\n")


@pytest.mark.parametrize("pair", ["a", "a,", ",b", "a,b,c", "m[0,1]"])
def test_what_is_no_pair(pair: str) -> None:
    result = call("--phase", pair)
    assert result.exit_code == 2 and "is no pair; write X,Y" in result.stderr


def test_files() -> None:
    result = call("--out", "records.csv", "--plot", "plot.svg")
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines() == ["wrote 100 records to records.csv", "drew plot.svg"]
    assert Path("records.csv").read_text().startswith("time,a,b,place[0],place[1]\n")
    assert "waves" in ElementTree.parse("plot.svg").getroot()[0].text
    again = call("--out", "records.csv", "--plot", "other.svg")
    assert again.exit_code == 2 and "'records.csv' exists already; --force replaces it" in again.stderr
    assert not Path("other.svg").exists()
    assert call("--out", "records.csv", "--plot", "plot.svg", "--force").exit_code == 0


def test_csv_to_standard_output() -> None:
    result = call("--out", "-")
    assert len(result.stdout.splitlines()) == 101 and result.stderr == ""


def test_other_endings_are_refused() -> None:
    assert "must end in one of .csv, .npz" in call("--out", "records.txt").stderr
    assert "must end in one of .svg, .png" in call("--plot", "plot.pdf").stderr


def test_records_are_written_even_if_the_plot_fails() -> None:
    result = call("--out", "records.csv", "--plot", "plot.svg", "--phase", "a,q")
    assert result.exit_code == 1 and "there is no recorded number 'q'" in result.stderr
    assert Path("records.csv").exists() and not Path("plot.svg").exists()


def test_a_place_that_cannot_be_written() -> None:
    Path("file").touch()
    result = call("--out", "file/records.csv")
    assert result.exit_code == 1 and "'file/records.csv' can't be written" in result.stderr


def test_nothing_recorded() -> None:
    empty = Trace(np.zeros(0), {}, {})
    result = call("--plot", "plot.svg", "--out", "records.csv", records=empty)
    assert result.exit_code == 0 and "nothing is drawn" in result.stderr
    assert Path("records.csv").read_text() == "time\n"
    assert result.stdout == "nothing was recorded\n"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_terminal_gets_a_plot(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(Terminal, "encoding", encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("TERM", "xterm")
    for name in ("CI", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    show_trace(TRACE)
    plot, table = stream.getvalue().split("start", 1)
    assert "** a   oo b" in plot and "mean" in table and "\x1b" not in plot
    assert plot.isascii() == (encoding == "ascii")
    monkeypatch.delenv("NO_COLOR")
    show_trace(TRACE)
    assert "\x1b[34m" in stream.getvalue()
    length = len(stream.getvalue())
    show_trace(TRACE, plot=False)
    assert "** a" not in stream.getvalue()[length:]


def test_a_phase_plot_of_what_is_not_recorded_is_refused_before_anything_runs() -> None:
    check_phase(None, {})
    check_phase(("a", "place[1]"), TRACE.types)
    with pytest.raises(Problem, match="'place' is an array"):
        check_phase(("a", "place"), TRACE.types)
