"""Traces as pictures, SVG or PNG, by matplotlib: the optional extra ``plot``.

Equal traces give equal files. Text stays text in SVG, and the picture has a title and a description for those
who cannot see it. Settings that the user has for matplotlib do not count.
"""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from dilsctl.diagnostics import Problem
from dilsctl.report.new_file import new_file
from dilsctl.report.panels import Field, Panel, Signals, chosen_runs, end_of, panels, shown_parameter
from dilsctl.report.plot_panels import COLOURS, MOST_RUNS, draw, run_style
from dilsctl.trace import Trace, column

if TYPE_CHECKING:
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

ENDINGS = (".svg", ".png")
MOST_PANELS = 12
_WIDTH = 8.0  # inches
_POINTS = 100_000  # of all lines of a phase plot together
_YELLOW = 0.93  # where the lightest colours begin, which are hard to see on white
_STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#666666",
    "axes.grid": True,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "figure.dpi": 100,
    "font.size": 10,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "savefig.dpi": 150,
    "svg.fonttype": "none",
    "svg.hashsalt": "dilsctl",
    "text.parse_math": False,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
}


def plot_trace(trace: Trace, path: Path, *, title: str = "", force: bool = False, axis: str = "time") -> None:
    """Draw the values of a trace over time, a panel for those that go together, into a new .svg or .png file.

    axis: what goes to the right. Raises Problem: not-installed; FileExistsError unless ``force``; ValueError
    for another ending, and where nothing was recorded.
    """
    found = panels(trace)
    drawn, rest = found[:MOST_PANELS], len(found[MOST_PANELS:])
    if not drawn:
        raise ValueError("nothing was recorded, so there is nothing to draw")
    with _style():
        from matplotlib.figure import Figure

        heights = [_height(one) for one in drawn]
        figure = Figure(figsize=(_WIDTH, sum(heights) + 0.7), layout="constrained")
        swept, end = _swept(trace), end_of(trace, drawn)
        grid = figure.subplots(
            len(drawn), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        for axes, panel in zip(grid[:, 0], drawn, strict=True):
            draw(axes, trace, panel, end, swept)
        grid[-1, 0].set_xlabel(axis)
        lines = [not isinstance(one, Field) for one in drawn]
        _colour_bar(figure, trace, swept, list(grid[lines, 0]))
        what = "; ".join([*(one.title for one in drawn), *([f"{rest} more not drawn"] if rest else [])])
        _save(figure, path, title or "Simulation", _description(trace, f"over time: {what}"), force)


def plot_phase(trace: Trace, x: str, y: str, path: Path, *, title: str = "", force: bool = False) -> None:
    """Draw one recorded number against another: a circle where each run begins, a square where it ends.

    Raises as ``plot_trace``, and Problem: unknown-column.
    """
    xs, ys = column(trace, x), column(trace, y)
    with _style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4 if trace.sweep else 5.6, 5.2), layout="constrained")
        axes = figure.subplots()
        swept = _swept(trace)
        one_run = {"color": COLOURS[0], "linewidth": 1.4}
        style = run_style(trace, swept) if trace.runs > 1 else lambda run: one_run
        runs = chosen_runs(trace.runs, MOST_RUNS)
        moments = chosen_runs(len(trace.times), max(_POINTS // len(runs), 1000))
        for run in runs:
            axes.plot(xs[moments, run], ys[moments, run], **style(run))
        for run in runs:
            colour = style(run)["color"] if swept is not None else COLOURS[0]
            mark: dict[str, Any] = {"color": colour, "markersize": 4, "zorder": 3, "linestyle": ""}
            axes.plot(xs[0, run], ys[0, run], marker="o", markerfacecolor="white", **mark)
            axes.plot(xs[-1, run], ys[-1, run], marker="s", **mark)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        _colour_bar(figure, trace, swept, [axes])
        _save(figure, path, title or f"{y} against {x}", _description(trace, f"{y} against {x}"), force)


@contextmanager
def picture(
    path: Path, title: str, description: str, width: float, height: float, force: bool = False
) -> Iterator[Figure]:
    """An empty figure in our style, in inches, that is saved to a new .svg or .png file when it is drawn.

    Raises as ``plot_trace``.
    """
    with _style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        _save(figure, path, title, description, force)


def require_matplotlib() -> None:
    """Raise Problem: not-installed, where there is no matplotlib."""
    if importlib.util.find_spec("matplotlib") is None:
        message = "pictures are drawn by matplotlib, which is not installed"
        raise Problem.of("not-installed", message, help='pip install "dilsctl[plot]"')


def _style() -> AbstractContextManager[None]:
    """Our style for a while, whatever the user's settings are."""
    require_matplotlib()
    from matplotlib import style

    return style.context(_STYLE, after_reset=True)


def _height(panel: Panel) -> float:
    if isinstance(panel, Signals):
        return 0.3 + 0.28 * len(panel.curves)
    return 2.4 if isinstance(panel, Field) else 2.0


def _swept(trace: Trace) -> ScalarMappable | None:
    """Colours for the values of the first parameter that was swept."""
    if not trace.sweep or trace.runs == 1:
        return None
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, LogNorm, Normalize

    values = trace.sweep[shown_parameter(trace)]
    low, high = float(values.min()), float(values.max())
    norm = LogNorm(low, high) if low > 0 and high / low >= 100 else Normalize(low, high)
    shades = colormaps["viridis"](np.linspace(0, _YELLOW, 256))
    return ScalarMappable(norm, ListedColormap(shades))


def _colour_bar(figure: Figure, trace: Trace, swept: ScalarMappable | None, axes: list[Any]) -> None:
    if swept is not None and axes:
        figure.colorbar(swept, ax=axes, label=shown_parameter(trace), pad=0.015, aspect=25, format="%g")


def _description(trace: Trace, what: str) -> str:
    times = f"time {trace.times[0]:.6g} to {trace.times[-1]:.6g}, {len(trace.times):,} records"
    told = [what, times]
    if trace.runs > 1:
        told.append(f"{trace.runs:,} runs")
    for name, values in trace.sweep.items():
        told.append(f"{name} from {np.min(values):.6g} to {np.max(values):.6g}")
    return "; ".join(told)


def _save(figure: Figure, path: Path, title: str, description: str, force: bool) -> None:
    kind = path.suffix
    if kind not in ENDINGS:
        raise ValueError(f"'{path}' must end in one of {', '.join(ENDINGS)}")
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    stream = io.BytesIO()
    known: dict[str, Any] = {"Title": title, "Description": description}
    unknown = {"Date": None, "Creator": None} if kind == ".svg" else {"Software": None}
    figure.savefig(stream, format=kind[1:], metadata={**known, **unknown})
    data = stream.getvalue()
    if kind == ".svg":
        data = _accessible(data.decode(), title, description).encode()
    with new_file(path, force) as part:
        part.write_bytes(data)


def _accessible(svg: str, title: str, description: str) -> str:
    """An SVG that says to screen readers what it shows."""
    svg = re.sub(r"<title>.*?</title>\s*", "", svg, count=1, flags=re.DOTALL)
    head = f'<title id="title">{escape(title)}</title>\n <desc id="desc">{escape(description)}</desc>'
    tag = re.compile(r"<svg\b([^>]*)>")
    return tag.sub(lambda found: f'<svg role="img" aria-labelledby="title desc"{found[1]}>\n {head}', svg, 1)
