"""Plots of how strong wires were: curves of a few, and of many a row of colour each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dilsctl.plots.figure import Axis, Panel, Plot, figure
from dilsctl.plots.heat import MOST_CELLS, Heat, cell_edges
from dilsctl.plots.lines import Line, Lines, series
from dilsctl.plots.scales import Scale, exact_scale, scale_of
from dilsctl.report.panels import chosen_runs
from dilsctl.wire_history import FEW, History

NAMED = 40  # rows up to which each has its name
MOST_WEIGHTS = 12  # of one plot


def wiring_plot(title: str, histories: Sequence[History], axis: str = "epoch") -> Plot | None:
    """The wires of some weights over time, strongest on top; None where no wire ever was there.

    axis: what time is called; epochs are whole numbers.
    """
    shown = [one for one in histories if _there(one)][:MOST_WEIGHTS]
    if not shown:
        return None
    across = Axis(exact_scale(np.concatenate([one.times for one in shown]), whole=axis != "time"), axis)
    made = [(_panel(one), across) for one in shown]
    rest = sum(bool(_there(one)) for one in histories) - len(shown)
    caption = "Strength of each wire; of many, the strongest at the end are on top."
    if axis.startswith("window"):
        caption += " Looked at where a window ends; what it was between is not drawn."
    if rest:
        caption += f" {rest} more weights are not drawn."
    about = "; ".join(_about(one) for one in shown)
    return figure(title, about, made, caption=caption)


def _there(one: History) -> list[int]:
    return [at for at, fate in enumerate(one.fates()) if fate != "never"]


def _panel(one: History) -> Panel:
    there = _there(one)
    name = one.weight.title
    if len(there) <= FEW and not one.modes:
        lines = []
        for number, at in enumerate(there):
            look, dash = series(number)
            lines.append(Line(one.weight.wire(at), one.times, one.values[:, at], look, dash, dots=True))
        return Lines(name, lines, scale_of([one.values[:, there]], zero=True), named=lines)
    if not one.modes:
        there.sort(key=lambda at: float(np.nan_to_num(one.values[-1, at])))
    rows = [there[at] for at in chosen_runs(len(there), MOST_CELLS[0])]
    moments = chosen_runs(len(one.times), MOST_CELLS[1])
    values, times = one.values[np.ix_(moments, rows)].T.astype(float), one.times[moments]
    edges = np.clip(cell_edges(times), times[0], times[-1]) if len(times) > 1 else cell_edges(times)
    count = len(rows)
    if count <= NAMED:
        marks = tuple(float(at) for at in range(count))
        y = Scale(-0.5, count - 0.5, marks=marks, names=tuple(one.weight.wire(at) for at in rows))
        height = max(40.0, 15.0 * count)
    else:
        y, height = _ranks(len(there)), 300.0
    note = "dark: the mode holds" if one.modes else f"{len(there):,} wires"
    if count > NAMED:
        note += ", by rank at the end"
    colours = None if one.modes else Scale(0.0, one.scale)
    return Heat(name, values, edges, y, colours, height, map="blues", note=note)


def _ranks(count: int) -> Scale:
    """The strongest is the first, on top."""
    ticks = [(1.0, "1"), *((at, words) for at, words in Scale(0, count, whole=True).ticks(6) if at > 1)]
    marks, names = zip(*ticks, strict=True)
    return Scale(0.5, count + 0.5, marks=tuple(count + 1 - one for one in marks), names=names)


def _about(one: History) -> str:
    fates = one.fates()
    if one.modes:
        held = ", ".join(
            f"{one.weight.wire(at)} {share:.0%}" for at, share in enumerate(np.nanmean(one.values, axis=0))
        )
        return f"{one.weight.title}, modes by their share of time: {held}"
    told = ", ".join(
        f"{fates.count(fate):,} {fate}" for fate in ("grew", "died", "shrank", "steady") if fate in fates
    )
    return f"{one.weight.title}: {len(_there(one)):,} wires, of which {told}"
