"""What a run came to as pictures: curves, the confusion of classes, the strength of wires."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dilsctl.ir import REAL
from dilsctl.report.plot import picture, plot_trace
from dilsctl.trace import Array, Trace
from dilsctl.wire_history import History, as_trace

NOT_MEASURES = ("epoch", "step", "rows", "seconds", "rate")
BASELINES = ("last", "usual")  # of a life: what knows the truths alone
MOST_CLASSES = 40


def as_svg(draw: Callable[[Path], None]) -> str:
    """What ``draw`` draws into a file, as text for a page."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plot.svg"
        draw(path)
        text = path.read_text(encoding="utf-8")
    return text[text.index("<svg") :]


def curves(lines: Sequence[Mapping[str, Any]]) -> dict[str, Trace]:
    """For each measure its curves over the epochs, one a part (``train.loss`` and ``test.loss`` together); of
    a life, what it is beside goes with it."""
    times = np.array([line["epoch"] for line in lines], float)
    values: dict[str, dict[str, Array]] = {}
    for name in dict.fromkeys(name for line in lines for name in line if name not in NOT_MEASURES):
        pairs = [(line["epoch"], line[name]) for line in lines if isinstance(line.get(name), int | float)]
        if len(pairs) > 1:
            part, _, measure = name.rpartition(".")
            if name in BASELINES:
                part, measure = name, next(one for one in lines[0] if one not in NOT_MEASURES)
            curve = np.interp(times, *np.array(pairs, float).T)
            values.setdefault(measure, {})[part or measure] = curve[:, None]
    return {measure: Trace(times, parts, dict.fromkeys(parts, REAL)) for measure, parts in values.items()}


def plot_curves(measure: str, trace: Trace, path: Path, axis: str = "epoch") -> None:
    """The curves of one measure into a new .svg or .png file. Raises as ``plot_trace``."""
    plot_trace(trace, path, title=measure, axis=axis)


def plot_wires(histories: Sequence[History], path: Path, axis: str = "epoch") -> None:
    """The strength of wires over the epochs into a new file. Raises as ``plot_trace``."""
    plot_trace(as_trace(histories), path, title="Wires, the strongest on top", axis=axis)


def confusion(truth: Array, said: Array, classes: int) -> Array:
    """How often each class (row) was taken for each (column)."""
    found = np.zeros((classes, classes), np.int64)
    np.add.at(found, (truth, said), 1)
    return found


def plot_confusion(counts: Array, names: Sequence[str], path: Path) -> None:
    """A confusion matrix into a new file: rows are the truth, shades the share of their row.

    Raises as ``plot_trace``.
    """
    count = len(names)
    size = min(9.0, 2.2 + 0.42 * count)
    right = np.trace(counts) / max(counts.sum(), 1)
    told = f"{counts.sum():,} rows, {right:.1%} right"
    with picture(path, "Confusion", told, size + 0.6, size) as figure:
        axes = figure.subplots()
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=0.5)
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.grid(False)
        axes.set_xticks(np.arange(count) + 0.5, names, rotation=0 if max(map(len, names)) < 4 else 90)
        axes.set_yticks(np.arange(count) + 0.5, names)
        axes.set_xlabel("said")
        axes.set_ylabel("truth")
        if count <= 20:
            for row, column in np.argwhere(counts):
                colour = "white" if shares[row, column] > 0.5 else "#333333"
                text = str(counts[row, column])
                axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=colour, size=8)
