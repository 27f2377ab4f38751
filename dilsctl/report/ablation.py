"""The table of an ablation, as text, and as a picture by matplotlib: the optional extra ``plot``."""

from __future__ import annotations

import math
from pathlib import Path

from dilsctl.ablate import TITLES, Ablation, Row
from dilsctl.report.plot import picture
from dilsctl.report.plot_panels import COLOURS, GREY
from dilsctl.report.progress import number_text


def ablation_table(found: Ablation) -> tuple[list[str], list[list[str]]]:
    """Header and rows: every row's kind, learned numbers, and the measures that tell most."""
    measures = shown_measures(found)
    rows = [
        [row.title, row.kind, f"{row.learned:,}", *(_cell(row, one, found) for one in measures)]
        for row in found.rows
    ]
    return ["", "kind", "learned", *measures], rows


def shown_measures(found: Ablation, most: int = 3) -> list[str]:
    """The measures of the part that tells most: test, or else what there is."""
    part = found.measures[0].partition(".")[0] if found.measures else ""
    return [one for one in found.measures if one.startswith(f"{part}.")][:most]


def _cell(row: Row, measure: str, found: Ablation) -> str:
    if row.same_as is not None:
        return f"as {TITLES[row.same_as]}"
    if not row.runs:
        return "diverged" if row.diverged else ""
    mean, spread = row.mean(measure), row.spread(measure)
    return number_text(mean) if math.isnan(spread) else f"{number_text(mean)} ± {number_text(spread)}"


def plot_ablation(found: Ablation, path: Path, *, force: bool = False) -> None:
    """A panel for each shown measure: the seeds of every row as points, their mean as a line.

    Raises Problem: not-installed; FileExistsError unless ``force``; ValueError for another ending.
    """
    measures = shown_measures(found)
    rows = [row for row in found.rows if row.runs]
    height = 0.9 + 0.45 * len(rows)
    with picture(path, f"Ablation of {found.name}", _description(found), 7.0, height, force) as figure:
        grid = figure.subplots(1, max(len(measures), 1), sharey=True, squeeze=False)
        for axes, measure in zip(grid[0], measures, strict=False):
            for at, row in enumerate(rows):
                values = [one[measure] for one in row.runs if measure in one]
                axes.plot(values, [at] * len(values), "o", color=COLOURS[at], alpha=0.6, markersize=5)
                axes.plot([row.mean(measure)], [at], "|", color=COLOURS[at], markersize=18, markeredgewidth=2)
            axes.set_xlabel(measure)
            axes.set_ylim(len(rows) - 0.5, -0.5)
            axes.grid(False, axis="y")
            axes.axvline(rows[0].mean(measure), color=GREY, linewidth=0.6, linestyle=":")
        grid[0, 0].set_yticks(range(len(rows)), [f"{row.title} ({row.kind})" for row in rows])
        grid[0, 0].tick_params(axis="y", length=0)


def _description(found: Ablation) -> str:
    parts = []
    for row in found.rows:
        told = ", ".join(f"{one} {_cell(row, one, found)}" for one in shown_measures(found))
        parts.append(f"{row.title} ({row.kind}, {row.learned:,} learned numbers): {told}")
    return "; ".join(parts)
