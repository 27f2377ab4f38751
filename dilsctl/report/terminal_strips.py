"""What needs no axes in a terminal: truths as strips one above the other, arrays over time as shades."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from dilsctl.report.panels import Field, Signals, limits
from dilsctl.report.progress import number_text
from dilsctl.trace import Array

_SHADES = " .:-=+*#%@"
_RAMP = (17, 18, 19, 25, 31, 37, 72, 107, 143, 179, 221, 229)  # dark blue to light yellow: told apart by all
_MOST_NAME = 24


def signal_lines(times: Array, panel: Signals, width: int, colour: bool, plain: bool) -> list[str]:
    """One line a signal; where a column stands for several records, and both values occur, it says so."""
    names = _names((one.name for one in panel.curves), plain)
    room = max(width - len(names[0]) - 2, 8)
    low, high, both = "_#|" if plain else "▁█▒"
    edges = _edges(len(times), room)
    lines = []
    for name, curve in zip(names, panel.curves, strict=True):
        values = curve.values[:, 0].astype(bool)
        signs = []
        for start, end in pairwise(edges):
            part = values[start : max(end, start + 1)]
            signs.append(high if part.all() else both if part.any() else low)
        strip = "".join(signs)
        lines.append(f"{name}  \x1b[34m{strip}\x1b[0m" if colour else f"{name}  {strip}")
    return [*lines, _time_axis(times, len(names[0]) + 2, len(edges) - 1)]


def field_lines(times: Array, panel: Field, width: int, height: int, colour: bool, plain: bool) -> list[str]:
    """An array as shades: elements downwards, time to the right. Where there is not room for all, a sign is
    the value of one element at one moment: a mean would be wrong for angles and for truths."""
    low, high = limits(panel.values)
    elements = panel.values.shape[1]
    downwards = _edges(elements, min(height, elements))[:-1]
    rightwards = _edges(len(times), max(width - 10, 8))[:-1]
    image = panel.values[np.ix_(rightwards, downwards)].T.astype(float)
    share = (image - low) / (high - low) if high > low else np.zeros_like(image)
    dots = "..." if plain else "…"
    shape = "x" if plain else "×"
    size = shape.join(map(str, panel.type.shape))
    title = f"{panel.title}: {size} elements, {number_text(low)} {dots} {number_text(high)}"
    lines = [title if len(title) <= width else title[: width - 1] + dots[0]]
    for start, row in zip(downwards, share, strict=True):
        lines.append(f"{start:>8}  {_shaded(row) if colour and not plain else _signs(row)}")
    return [*lines, _time_axis(times, 10, image.shape[1])]


def _shaded(row: Array) -> str:
    """Blocks of colour; the colour is told once where it stays."""
    text, last = "", -1
    for at in _levels(row, len(_RAMP)):
        if at != last:
            text += f"\x1b[38;5;{_RAMP[at]}m" if at >= 0 else "\x1b[0m"
            last = at
        text += "█" if at >= 0 else "?"
    return text + "\x1b[0m"


def _signs(row: Array) -> str:
    return "".join(_SHADES[at] if at >= 0 else "?" for at in _levels(row, len(_SHADES)))


def _levels(row: Array, count: int) -> list[int]:
    """A level for each share of the range; -1 for what is no finite number."""
    known = np.isfinite(row)
    levels = np.minimum(np.where(known, row, 0) * count, count - 1).astype(int)
    found: list[int] = np.where(known, levels, -1).tolist()
    return found


def _edges(length: int, room: int) -> list[int]:
    """Where the parts begin, and where the last one ends, if ``length`` things are shown by ``room`` signs.

    Fewer things than signs are each shown by several, as many for each.
    """
    if length >= room:
        return [at * length // room for at in range(room + 1)]
    wide = room // length
    return [at // wide for at in range(length * wide)] + [length]


def _names(names: Iterable[str], plain: bool) -> list[str]:
    cut = "~" if plain else "…"
    short = [one if len(one) <= _MOST_NAME else cut + one[1 - _MOST_NAME :] for one in names]
    widest = max(map(len, short))
    return [one.rjust(widest) for one in short]


def _time_axis(times: Array, indent: int, room: int) -> str:
    first, last = f"{times[0]:.4g}", f"{times[-1]:.4g}"
    return " " * indent + first + last.rjust(max(room - len(first), len(last) + 1))
