"""How a run is told: lines, JSON, and the bar of a terminal."""

import io
import json
import re

import pytest

from dilsctl.report.progress import JsonLines, Lines, duration_text, measures_table, number_text
from dilsctl.report.terminal import Bar, console, show_table

VALUES = {"train.loss": 0.5, "test.accuracy": 0.975, "test.loss": 12.3456}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0000"),
        (0.12345, "0.1235"),
        (1.0, "1.0000"),
        (12.3456, "12.346"),
        (123.456, "123.46"),
        (1234.56, "1234.6"),
        (-2.5, "-2.5000"),
        (1.2345e-6, "1.23e-06"),
        (1e9, "1.00e+09"),
        (float("nan"), "nan"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number_text(value) == text


def test_durations() -> None:
    assert [duration_text(one) for one in (0.0477, 0.84, 59.9, 125, 12_000)] == [
        "48 ms",
        "0.8 s",
        "59.9 s",
        "2 min 05 s",
        "3 h 20 min",
    ]


def test_lines() -> None:
    lines: list[str] = []
    display = Lines(lines.append)
    display.begin(20, done=3)
    display.note("a note")
    display.epoch(4, VALUES)
    display.end()
    assert lines == [
        "resumed after epoch 3",
        "note: a note",
        "epoch  4/20  train.loss 0.5000  test.loss 12.346  test.accuracy 0.9750",
    ]


def test_json_lines_have_no_nan() -> None:
    lines: list[str] = []
    display = JsonLines(lines.append)
    display.epoch(1, {"train.loss": float("nan")})
    assert json.loads(lines[0]) == {"event": "epoch", "epoch": 1, "train.loss": None}


def test_a_table_has_a_row_for_each_part_and_the_loss_first() -> None:
    assert measures_table(VALUES) == (
        ["", "loss", "accuracy"],
        [["train", "0.5000", ""], ["test", "12.346", "0.9750"]],
    )


@pytest.mark.parametrize("colour", [True, False])
def test_the_bar_shows_the_newest_numbers_and_goes_away(
    colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = io.StringIO()
    bar = Bar(console(stream, colour))
    bar.begin(20, done=1)
    bar.drawn = float("-inf")
    bar.epoch(2, VALUES)
    bar.note("a note")
    bar.step(5, 10)
    bar.progress.refresh()
    shown = stream.getvalue()
    bar.end()
    assert "2/20" in shown and "0.5000" in shown and "a note" in shown
    assert bool(re.search(r"\x1b\[[0-9;]*m", shown)) == colour


def test_a_bar_that_never_began_can_end() -> None:
    Bar(console(io.StringIO(), False)).end()


def test_a_table_on_a_terminal() -> None:
    stream = io.StringIO()
    show_table(console(stream, False), *measures_table(VALUES))
    assert "test    12.346     0.9750" in stream.getvalue()
