"""Curves in a terminal, by uniplot: in braille, or with a sign for each where no colour tells them apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dilsctl.report.panels import Curve, Curves, Field, Signals, chosen_runs, limits, panels, steps, thinned
from dilsctl.report.terminal_strips import field_lines, signal_lines
from dilsctl.trace import Array, Trace, column, percentiles

COLOURS = ("blue", "yellow", "magenta", "cyan", "green", "red")
SIGNS = ("*", "o", "x", "+", "#", "~")
MOST_PANELS = 4
_LABEL = 14  # columns for the numbers at the side
_PLAIN = str.maketrans("┌┐└┘─│×…", "++++-|x~")
_FEW_RUNS = 4

Line = tuple[str, Array, Array]  # what it is called, x, y


def plot_text(
    trace: Trace, *, width: int = 80, height: int = 10, colour: bool = True, plain: bool = False
) -> str:
    """The values of a trace over time, drawn with signs: at most a few panels, and how many are left out.

    width: columns in all. height: lines of a panel. plain: nothing but ASCII. Of several runs the median is
    drawn, and the band that nine of ten lie in; of a sweep a few runs.
    """
    drawn, parts = panels(trace), []
    for panel in drawn[:MOST_PANELS]:
        if isinstance(panel, Signals):
            parts.append("\n".join(signal_lines(trace.times, panel, width, colour, plain)))
        elif isinstance(panel, Field):
            parts.append("\n".join(field_lines(trace.times, panel, width, height, colour, plain)))
        else:
            parts.append(_curves(trace, panel, width, height, colour, plain))
    rest = [one.title for one in drawn[MOST_PANELS:]]
    if rest:
        parts.append(f"not drawn: {_shortened(', '.join(rest), width - 11, plain)}")
    return "\n\n".join(parts) + "\n" if parts else ""


def phase_text(
    trace: Trace,
    x: str,
    y: str,
    *,
    width: int = 80,
    height: int = 18,
    colour: bool = True,
    plain: bool = False,
) -> str:
    """The path of two recorded numbers, one against the other. Raises Problem: unknown-column."""
    xs, ys = column(trace, x), column(trace, y)
    runs = chosen_runs(trace.runs, _FEW_RUNS)
    lines = [(_run_name(trace, run), *_finite(xs[:, run], ys[:, run])) for run in runs]
    if trace.runs == 1:
        lines = [("", *lines[0][1:])]
    return _draw(f"{y} against {x}", lines, width, height, colour, plain)


def _curves(trace: Trace, panel: Curves, width: int, height: int, colour: bool, plain: bool) -> str:
    lines: list[Line] = []
    title = "" if len(panel.curves) > 1 else panel.title
    for curve in panel.curves:
        named = [(curve.name, curve.values[:, 0])] if curve.values.shape[1] == 1 else _several(trace, curve)
        for name, values in named:
            times, values = _finite(trace.times, values)
            times, values = thinned(times, values, 2 * width)
            if curve.stepped and len(times):
                times, values = steps(times, values, float(times[-1]))
            lines.append((name, times, values))
    return _draw(title, lines if len(lines) > 1 else [("", *lines[0][1:])], width, height, colour, plain)


def _several(trace: Trace, curve: Curve) -> list[tuple[str, Array]]:
    """A few curves that stand for all runs."""
    values = curve.values.astype(float)
    if trace.sweep:
        return [(_run_name(trace, run), values[:, run]) for run in chosen_runs(trace.runs, _FEW_RUNS)]
    low, middle, high = percentiles(values, (5, 50, 95), 1)
    return [("median", middle), ("5 %", low), ("95 %", high)]


def _run_name(trace: Trace, run: int) -> str:
    told = [f"{name} = {values[run]:.4g}" for name, values in trace.sweep.items()]
    return ", ".join(told) or f"run {run}"


def _finite(xs: Array, ys: Array) -> tuple[Array, Array]:
    good = np.isfinite(xs) & np.isfinite(ys)
    return xs[good].astype(float), ys[good].astype(float)


def _draw(title: str, lines: Sequence[Line], width: int, height: int, colour: bool, plain: bool) -> str:
    """Lines on one pair of axes."""
    from uniplot import plot_to_string

    empty = ", ".join(one[0] or title for one in lines if not len(one[1]))
    lines = [one for one in lines if len(one[1])]
    if not lines:
        return _shortened(f"nothing finite to draw: {empty}", width, plain)
    if empty:
        title = f"{title}  (nothing finite: {empty})".lstrip()
    signs = plain or (not colour and len(lines) > 1)
    room = max(width - _LABEL - 2, 8)
    left, right = _widened(*limits(np.concatenate([one[1] for one in lines])), 0.0)
    bottom, top = _widened(*limits(np.concatenate([one[2] for one in lines])), 0.02)
    scale, factor = _scale(bottom, top)
    legend = [_shortened(name, room - 3, plain) for name, _, _ in lines]
    text = plot_to_string(
        xs=[one[1] for one in lines],
        ys=[one[2] / scale for one in lines],
        lines=True,
        color=list(COLOURS) if colour else False,
        character_set="ascii" if signs else "braille",
        force_ascii_characters=list(SIGNS),
        legend_labels=legend if len(lines) > 1 else None,
        width=room,
        height=height,
        x_min=left,
        x_max=right,
        y_min=bottom / scale,
        y_max=top / scale,
        x_gridlines=[],
        y_gridlines=[],
    )
    heading = _shortened(f"{title}  {factor}".strip(), width, plain)
    text = "\n".join([*([heading] if heading else []), *(line.rstrip() for line in text.splitlines())])
    return text.translate(_PLAIN) if plain else text


def _widened(low: float, high: float, by: float) -> tuple[float, float]:
    if high > low:
        return low - by * (high - low), high + by * (high - low)
    return low - (abs(low) * 0.1 or 1), high + (abs(high) * 0.1 or 1)


def _scale(low: float, high: float) -> tuple[float, str]:
    """A power of ten for very large and very small numbers, which have no room at the side."""
    most = max(abs(low), abs(high))
    if 1e-3 <= most < 1e6:
        return 1.0, ""
    power = int(np.floor(np.log10(most)))
    return 10.0**power, f"×1e{power}"


def _shortened(text: str, room: int, plain: bool) -> str:
    text = text.translate(_PLAIN) if plain else text
    return text if len(text) <= room else f"{text[: max(room - 1, 1)]}{'~' if plain else '…'}"
