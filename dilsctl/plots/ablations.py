"""Plots of an ablation: what each form came to with every seed, and how it got there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from dilsctl.ablate import TITLES, Ablation
from dilsctl.plots.figure import Axis, Frame, Key, Plot, figure
from dilsctl.plots.lines import Line, Lines, series
from dilsctl.plots.marks import line
from dilsctl.plots.measures import is_measure, number_of
from dilsctl.plots.of_run import Named, joined
from dilsctl.plots.scales import Scale, exact_scale, rows_scale, scale_of
from dilsctl.render.svg import clean, number
from dilsctl.report.ablation import cell, shown_measures
from dilsctl.report.progress import number_text
from dilsctl.trace import Array

_BAR, _ROW = 16.0, 34.0
_LOOKS = {"alive": 0, "frozen": 1, "cut": 2}  # what is whole has a whole line


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """A bar for the mean of each row, and a dot for each seed. ``values``: (seeds,) for each row;
    ``looks``: the numbers of their colours."""

    title: str
    names: Sequence[str]
    values: Sequence[Array]
    seeds: Sequence[Sequence[int]]
    looks: Sequence[int]
    beside: float = 0.0
    note: str = ""
    keys: Sequence[Key] = ()

    @property
    def height(self) -> float:
        """Of all rows."""
        return _ROW * len(self.names)

    @property
    def y(self) -> Scale:
        """The names of the rows."""
        return rows_scale(self.names, 0.5)

    def draw(self, frame: Frame, x: Scale, index: int) -> Iterator[str]:
        """Its elements."""
        zero = frame.x + float(np.nan_to_num(np.clip(x.at(0.0), 0, 1))) * frame.width
        for at, (values, seeds) in enumerate(zip(self.values, self.seeds, strict=True)):
            look = self.looks[at]
            middle = frame.y + _ROW * (at + 0.5)
            finite = values[np.isfinite(values)]
            if not finite.size:
                continue
            mean = float(finite.mean())
            end = frame.x + float(x.at(mean)) * frame.width
            low, wide = min(zero, end), abs(end - zero)
            told = f"{self.names[at]}: mean {number_text(mean)} of {finite.size} seeds"
            place = (
                f'x="{number(low)}" y="{number(middle - _BAR / 2)}" width="{number(wide)}" height="{_BAR:g}"'
            )
            yield f'<g class="bar"><title>{escape(clean(told))}</title>'
            yield f'<rect class="m{look}" fill-opacity=".3" {place}/></g>\n'
            yield line(end, middle - _BAR / 2 - 2, end, middle + _BAR / 2 + 2, f"s{look}", 2)
            for seed, value, place_ in zip(seeds, values, x.at(values), strict=True):
                if np.isfinite(place_):
                    cx = number(frame.x + float(place_) * frame.width)
                    title = f"<title>seed {seed}: {number_text(float(value))}</title>"
                    yield (
                        f'<circle class="m{look}" cx="{cx}" cy="{number(middle)}" r="3.2" '
                        f'fill-opacity=".85">{title}</circle>\n'
                    )


def ablation_plot(found: Ablation) -> Plot | None:
    """A panel for each measure that tells most; None where nothing was measured."""
    rows = [row for row in found.rows if row.runs]
    made = []
    for measure in shown_measures(found):
        values = [np.array([one.get(measure, np.nan) for one in row.runs], float) for row in rows]
        if not any(np.isfinite(one).any() for one in values):
            continue
        names = [f"{row.title} ({row.kind})" for row in rows]
        scale = scale_of(values, zero=not any((one < 0).any() for one in values))
        across = Axis(scale, "")
        looks = [_LOOKS[row.name] for row in rows]
        made.append((Bars(measure, names, values, [row.seeds for row in rows], looks), across))
    if not made:
        return None
    same = [f"{row.title}: as {TITLES[row.same_as]}." for row in found.rows if row.same_as is not None]
    lost = [f"{row.title}: {len(row.diverged)} seeds diverged." for row in found.rows if row.diverged]
    caption = " ".join(["Bars: means over the seeds; dots: the seeds.", *same, *lost])
    return figure(f"Ablation of {found.name}", _about(found), made, caption=caption)


def ablation_plots(found: Ablation, lines: Sequence[Mapping[str, Any]]) -> Named:
    """The table, and for each measure how each form learned, by the names of their files. lines: of
    metrics.jsonl."""
    table = ablation_plot(found)
    plots = {} if table is None else {"ablation": table}
    return joined(plots, learning_plots(found.name, lines))


def learning_plots(name: str, lines: Sequence[Mapping[str, Any]]) -> Named:
    """For each measure how each form learned: its mean over the seeds, thin lines for each seed. lines: of
    metrics.jsonl."""
    found: dict[str, dict[str, dict[int, tuple[list[float], list[float]]]]] = {}
    for line_ in lines:
        for measure, value in line_.items():
            row, seed = line_.get("row"), line_.get("seed")
            if not is_measure(measure, value) or row not in TITLES or not isinstance(seed, int):
                continue
            epochs, values = found.setdefault(measure, {}).setdefault(row, {}).setdefault(seed, ([], []))
            epochs.append(number_of(line_["epoch"]))
            values.append(number_of(value))
    return {measure: _learning(name, measure, rows) for measure, rows in found.items()}


def _learning(
    name: str, measure: str, rows: Mapping[str, Mapping[int, tuple[list[float], list[float]]]]
) -> Plot:
    thin, thick, told = [], [], []
    for name_ in (one for one in TITLES if one in rows):
        title, row = TITLES[name_], rows[name_]
        look, dash = series(_LOOKS[name_])
        curves = {seed: (np.array(one), np.array(two)) for seed, (one, two) in row.items()}
        for seed, (epochs, values) in curves.items():
            thin.append(Line(f"{title}, seed {seed}", epochs, values, look, dash, wide=0.8, cover=0.45))
        times = np.unique(np.concatenate([epochs for epochs, _ in curves.values()]))
        mean = np.array([_mean(at, curves.values()) for at in times])
        thick.append(Line(title, times, mean, look, dash, wide=2.4, dots=True))
        told.append(f"{title}: {number_text(float(mean[0]))}, at the end {number_text(float(mean[-1]))}")
    lines = [*thin, *thick]
    y = scale_of([one.ys for one in lines], log=True)
    across = Axis(exact_scale(np.concatenate([one.xs for one in lines]), whole=True), "epoch")
    panel = Lines(measure + (", logarithmic" if y.log else ""), lines, y, height=230.0, named=thick)
    caption = "Thick: the mean over the seeds; thin: each seed."
    return figure(f"Ablation of {name}: {measure}", "; ".join(told), [(panel, across)], caption=caption)


def _mean(epoch: float, curves: Any) -> float:
    values = [float(value) for epochs, found in curves for value in found[epochs == epoch]]
    finite = [one for one in values if np.isfinite(one)]
    return float(np.mean(finite)) if finite else float("nan")


def _about(found: Ablation) -> str:
    parts = []
    for row in found.rows:
        told = ", ".join(f"{one} {cell(row, one, found)}" for one in shown_measures(found))
        parts.append(f"{row.title} ({row.kind}, {row.learned:,} learned numbers): {told}")
    return "; ".join(parts)
