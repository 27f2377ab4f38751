"""The panels of a trace on matplotlib's axes: curves of one run or of several, signals, fields over time.

Runs of an ensemble are thin grey lines with their median; runs of a sweep are coloured by the value of what
was swept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from dilsctl.report.panels import (
    Curve,
    Curves,
    Field,
    Panel,
    Signals,
    chosen_runs,
    jumps,
    limits,
    shown_parameter,
    steps,
    thinned,
)
from dilsctl.trace import Array, Trace, percentiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

# Okabe and Ito's colours, told apart by all who see colours in whichever way; without their yellow, which is
# hard to see on white. The dashes tell the curves apart in print too.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1.2, 1.5)), "-", (0, (5, 1.5)))
GREY = "#777777"
MOST_RUNS = 200
_POINTS = 60_000  # of all lines of a panel together
_CELLS = (1000, 1600)  # elements and records of a field that are drawn at most
_MOST_NAME = 24
_FEW_RECORDS = 40  # up to which each is marked


def draw(axes: Axes, trace: Trace, panel: Panel, end: float, swept: ScalarMappable | None) -> None:
    """Draw a panel, up to the time ``end``. ``swept``: colours for the values of what was swept."""
    if isinstance(panel, Field):
        _field(axes, trace, panel, end)
    elif isinstance(panel, Signals):
        _signals(axes, trace, panel, end)
    elif panel.curves[0].values.shape[1] == 1:
        _one_run(axes, trace, panel, end)
    else:
        _runs(axes, trace, panel.curves[0], end, swept)
    if end > trace.times[0]:
        axes.set_xlim(trace.times[0], end)


def run_style(trace: Trace, swept: ScalarMappable | None) -> Callable[[int], dict[str, Any]]:
    """How the line of a run looks, where there are several."""
    if swept is None:
        fine = float(np.clip(20 / trace.runs, 0.2, 0.7))
        return lambda run: {"color": GREY, "linewidth": 0.6, "alpha": fine}
    values = trace.sweep[shown_parameter(trace)]
    return lambda run: {"color": swept.to_rgba(values[run]), "linewidth": 0.8}


def _one_run(axes: Axes, trace: Trace, panel: Curves, end: float) -> None:
    lines = []
    for curve, colour, dash in zip(panel.curves, COLOURS, DASHES, strict=False):
        xs, ys = _points(trace.times, curve, 0, 1000, end)
        lines += axes.plot(xs, ys, color=colour, linestyle=dash)
        if len(trace.times) <= _FEW_RECORDS and not curve.stepped:
            axes.plot(trace.times, curve.values[:, 0], "o", color=colour, markersize=3)
    if len(panel.curves) > 1:
        _legend(axes, lines, [shortened(one.name) for one in panel.curves])
    else:
        axes.set_ylabel(shortened(panel.curves[0].name))
    if all(one.stepped for one in panel.curves):
        _whole_numbers(axes)


def _runs(axes: Axes, trace: Trace, curve: Curve, end: float, swept: ScalarMappable | None) -> None:
    style, chosen = run_style(trace, swept), chosen_runs(trace.runs, MOST_RUNS)
    room = int(np.clip(_POINTS / (2 * len(chosen)), 100, 1000))
    for run in chosen:
        axes.plot(*_points(trace.times, curve, run, room, end), **style(run))
    axes.set_ylabel(shortened(curve.name))
    if swept is None:
        middle = percentiles(curve.values, (50,), 1)[0, :, None]
        xs, ys = _points(trace.times, Curve(curve.name, curve.source, middle, curve.stepped), 0, 1000, end)
        (median,) = axes.plot(xs, ys, color=COLOURS[0], linewidth=2)
        (sample,) = axes.plot([], [], color=GREY, linewidth=0.8)
        some = f"{len(chosen)} of " if len(chosen) < trace.runs else ""
        _legend(axes, [median, sample], ["median", f"{some}{trace.runs:,} runs"])


def _points(times: Array, curve: Curve, run: int, room: int, end: float) -> tuple[Array, Array]:
    xs, ys = thinned(times, curve.values[:, run].astype(float), room)
    return steps(xs, ys, end) if curve.stepped else (xs, ys)


def _legend(axes: Axes, lines: list[Any], names: list[str]) -> None:
    """Beside the axes, where it hides nothing."""
    axes.legend(lines, names, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=2.6)


def _whole_numbers(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))


def _signals(axes: Axes, trace: Trace, panel: Signals, end: float) -> None:
    count = len(panel.curves)
    for at, curve in enumerate(panel.curves):
        bottom, colour = count - 1 - at, COLOURS[at % 2]
        xs, ys = _points(trace.times, curve, 0, 1000, end)
        axes.plot(xs, bottom + 0.7 * ys, color=colour, linewidth=1.2)
        axes.fill_between(xs, bottom, bottom + 0.7 * ys, color=colour, alpha=0.18, linewidth=0)
    axes.set_yticks(
        [count - 1 - at + 0.35 for at in range(count)], [shortened(one.name) for one in panel.curves]
    )
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.3, count)
    axes.grid(False, axis="y")


def _field(axes: Axes, trace: Trace, panel: Field, end: float) -> None:
    rows = chosen_runs(panel.values.shape[1], _CELLS[0])
    moments = chosen_runs(len(trace.times), _CELLS[1])
    image = panel.values[np.ix_(moments, rows)].T.astype(float)
    times, truths = trace.times[moments], panel.type.kind == "bool"
    low, high = (0, 1) if truths else limits(image)
    mesh = axes.pcolormesh(
        np.append(times, end) if jumps(panel.type) else edges(times),
        edges(rows.astype(float)),
        np.ma.masked_invalid(image),
        cmap="Blues" if truths else "viridis",
        vmin=low,
        vmax=high,
        rasterized=True,
    )
    axes.set_ylabel(f"{shortened(panel.name)}{panel.note}\nelement")
    _whole_numbers(axes)
    axes.grid(False)
    if not truths and axes.figure is not None:
        axes.figure.colorbar(mesh, cax=axes.inset_axes((1.015, 0.0, 0.02, 1.0)))


def shortened(name: str) -> str:
    """A name that has room beside a panel; its end tells more than its beginning."""
    return name if len(name) <= _MOST_NAME else f"…{name[1 - _MOST_NAME :]}"


def edges(centres: Array) -> Array:
    """Where cells around these places begin and end: halfway between them."""
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])
