"""Plots of traces: all that was recorded over time, and one number against another.

Runs of an ensemble are thin grey lines with their median; runs of a sweep have the colour of what was swept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dilsctl.plots.figure import Axis, Panel, Plot, figure
from dilsctl.plots.heat import MOST_CELLS, Heat, cell_edges
from dilsctl.plots.lines import Line, Lines, Strips, series
from dilsctl.plots.look import SHADES
from dilsctl.plots.scales import Scale, exact_scale, scale_of
from dilsctl.report.panels import (
    Curve,
    Curves,
    Field,
    Signals,
    chosen_runs,
    end_of,
    jumps,
    limits,
    panels,
    shown_parameter,
)
from dilsctl.report.panels import Panel as Group
from dilsctl.report.progress import number_text
from dilsctl.trace import Array, Trace, column, element_names, percentiles

MOST_PANELS = 12
MOST_RUNS = 200
_FEW_NUMBERS = 12  # among which pairs are looked for
_IS_RATE = 0.995  # cosine between a rate and what is drawn as one
_POINTS = 40_000  # of all lines of a phase plot together
_MOST_NAMED = 6  # values of a sweep that are all in the legend


def trace_plot(trace: Trace, title: str = "", axis: str = "time") -> Plot:
    """The values of a trace over time, a panel for those that go together. axis: what goes to the right.

    Raises ValueError where nothing was recorded.
    """
    found = panels(trace)
    drawn, rest = found[:MOST_PANELS], len(found[MOST_PANELS:])
    if not drawn:
        raise ValueError("nothing was recorded, so there is nothing to draw")
    end = end_of(trace, drawn)
    across = Axis(exact_scale(np.array([trace.times[0], end])), axis)
    made = [(_panel(trace, one, end), across) for one in drawn]
    what = "; ".join([*(one.title for one in drawn), *([f"{rest} more not drawn"] if rest else [])])
    caption = f"{rest} more panels are not drawn" if rest else ""
    return figure(title or "Simulation", _about(trace, f"over time: {what}"), made, caption=caption)


def phase_plot(trace: Trace, x: str, y: str, title: str = "") -> Plot:
    """One recorded number against another: a ring where each run begins, a square where it ends.

    Raises Problem: unknown-column.
    """
    xs, ys = column(trace, x).astype(float), column(trace, y).astype(float)
    runs = chosen_runs(trace.runs, MOST_RUNS)
    moments = chosen_runs(len(trace.times), max(_POINTS // max(len(runs), 1), 200))
    look = _look(trace)
    lines = [
        Line(_named(trace, int(run)), xs[moments, run], ys[moments, run], **look(int(run)), ends=True)
        for run in runs
    ]
    panel = Lines(y, lines, scale_of([ys]), height=380.0, named=_swept(trace), order="path")
    caption = "A ring where a run begins, a square where it ends."
    about = _about(trace, f"{y} against {x}")
    return figure(title or f"{y} against {x}", about, [(panel, Axis(scale_of([xs]), x))], caption=caption)


def phase_pairs(trace: Trace, most: int = 4) -> list[tuple[str, str]]:
    """Which recorded real numbers are worth drawing against each other: each with the one that is its rate,
    up to a factor, as a position and its velocity are; where there is none, the first two that move."""
    names = [
        one
        for name, type in trace.types.items()
        if type.kind == "real" and type.size <= _FEW_NUMBERS
        for one in element_names(name, type.shape)
    ][:_FEW_NUMBERS]
    curves = {one: column(trace, one)[:, 0].astype(float) for one in names}
    moving = {
        one: values
        for one, values in curves.items()
        if np.isfinite(values).all() and len(set(values[:999])) > 1
    }
    if len(moving) < 2 or len(trace.times) < 3:
        return []
    rates = {one: _unit(np.gradient(values, trace.times)) for one, values in moving.items()}
    like = {one: _unit(values) for one, values in moving.items()}
    pairs: list[tuple[str, str]] = []
    for one, rate in rates.items():
        others = [(float(rate @ like[other]), other) for other in like if other != one]
        likeness, other = max(others)
        if likeness > _IS_RATE and not any(one in pair for pair in pairs):
            pairs.append((one, other))
    first, second, *_ = moving
    return pairs[:most] or [(first, second)]


def _unit(values: Array) -> Array:
    largest = float(np.abs(values).max())
    scaled = values / largest if 0 < largest < np.inf else np.zeros_like(values)
    return scaled / max(float(np.sqrt(scaled @ scaled)), 1e-300)


def _panel(trace: Trace, group: Group, end: float) -> Panel:
    if isinstance(group, Field):
        return _field(trace, group, end)
    if isinstance(group, Signals):
        return Strips(
            [one.name for one in group.curves], trace.times, [one.values[:, 0] for one in group.curves]
        )
    if group.curves[0].values.shape[1] == 1:
        return _one_run(trace, group)
    return _runs(trace, group.curves[0])


def _one_run(trace: Trace, group: Curves) -> Lines:
    lines = []
    for at, curve in enumerate(group.curves):
        look, dash = series(at)
        values = curve.values[:, 0].astype(float)
        lines.append(Line(curve.name, trace.times, values, look, dash, dots=True, stepped=curve.stepped))
    whole = all(one.stepped for one in group.curves)
    title = group.curves[0].name if len(group.curves) == 1 else ""
    return Lines(title, lines, scale_of([one.values for one in group.curves], whole=whole))


def _runs(trace: Trace, curve: Curve) -> Lines:
    look, chosen = _look(trace), chosen_runs(trace.runs, MOST_RUNS)
    lines = [
        Line(
            _named(trace, int(run)),
            trace.times,
            curve.values[:, run].astype(float),
            stepped=curve.stepped,
            **look(int(run)),
        )
        for run in chosen
    ]
    named = _swept(trace)
    if not trace.sweep:
        middle = percentiles(curve.values, (50,), 1)[0]
        median = Line("median", trace.times, middle, "s0", wide=2.2, stepped=curve.stepped)
        some = f"{len(chosen)} of " if len(chosen) < trace.runs else ""
        sample = Line(f"{some}{trace.runs:,} runs", trace.times[:0], trace.times[:0], "grey", wide=1)
        lines.append(median)
        named = [median, sample]
    y = scale_of([curve.values.astype(float)], whole=curve.stepped)
    return Lines(curve.name, lines, y, named=named)


def _look(trace: Trace) -> Callable[[int], dict[str, Any]]:
    """How the line of a run looks, where there are several."""
    if trace.runs == 1:
        return lambda run: {"look": "s0"}
    if not trace.sweep:
        fine = round(float(np.clip(20 / trace.runs, 0.25, 0.7)), 2)
        return lambda run: {"look": "grey", "wide": 0.7, "cover": fine}
    values = trace.sweep[shown_parameter(trace)].astype(float)
    low, high = float(values.min()), float(values.max())
    scale = Scale(low, high, low > 0 and high / low >= 100) if low < high else Scale(low - 1, high + 1)
    places = np.nan_to_num(scale.at(values) * (SHADES - 1)).round().astype(int)
    return lambda run: {"look": f"v{places[run]}", "wide": 1.0}


def _named(trace: Trace, run: int) -> str:
    told = [f"{name} = {number_text(float(values[run]))}" for name, values in trace.sweep.items()]
    return ", ".join(told) or (f"run {run}" if trace.runs > 1 else "")


def _swept(trace: Trace) -> list[Line]:
    """What the colours of the lines mean: a sample of each value; of many, the least, one between and the
    greatest."""
    if not trace.sweep or trace.runs == 1:
        return []
    name = shown_parameter(trace)
    values = np.unique(trace.sweep[name].astype(float))
    look, none = _look(trace), trace.times[:0]
    found: dict[float, Line] = {}
    for value in values if len(values) <= _MOST_NAMED else values[[0, len(values) // 2, -1]]:
        run = int(np.flatnonzero(trace.sweep[name] == value)[0])
        told = f"{name} = {value:.4g}" if not found else f"{value:.4g}"
        found[float(value)] = Line(told, none, none, **{**look(run), "wide": 2.0})
    return list(found.values())


def _field(trace: Trace, group: Field, end: float) -> Heat:
    rows = chosen_runs(group.values.shape[1], MOST_CELLS[0])
    moments = chosen_runs(len(trace.times), MOST_CELLS[1])
    values = group.values[np.ix_(moments, rows)].T.astype(float)
    times, truths = trace.times[moments], group.type.kind == "bool"
    edges = np.append(times, end) if jumps(group.type) else np.clip(cell_edges(times), times[0], end)
    edges[-1] = end if end > times[-1] else edges[-1]
    y = Scale(float(rows[0]) - 0.5, float(rows[-1]) + 0.5, whole=True)
    name = f"{group.name}{group.note}, by element"
    if truths:
        return Heat(name, values, edges, y, None, map="blues", note="dark: true")
    missing = int((~np.isfinite(values)).sum())
    note = f"{missing:,} values not finite" if missing else ""
    return Heat(name, values, edges, y, _colours(values), note=note)


def _colours(values: Array) -> Scale:
    low, high = limits(values)
    return (
        Scale(low, high) if low < high else Scale(low - (abs(low) or 1) * 0.1, high + (abs(high) or 1) * 0.1)
    )


def _about(trace: Trace, what: str) -> str:
    told = [what]
    if len(trace.times):
        told.append(f"time {trace.times[0]:.6g} to {trace.times[-1]:.6g}, {len(trace.times):,} records")
    if trace.runs > 1:
        told.append(f"{trace.runs:,} runs")
    for name, values in trace.sweep.items():
        told.append(f"{name} from {np.min(values):.6g} to {np.max(values):.6g}")
    return "; ".join(told)
