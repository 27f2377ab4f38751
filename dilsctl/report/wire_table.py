"""How wires fared, as tables: what became of the wires of each weight, and those that changed most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dilsctl.report.progress import number_text
from dilsctl.trace import Array
from dilsctl.wire_history import FATES, History

_BARS, _PLAIN = "▁▂▃▄▅▆▇█", "_.:-=+*#"
_CELLS = 16  # of a course
_FEW_NAMES = 6


def weight_table(histories: Sequence[History]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: for each weight its wires, their mean strength at the beginning and the end, and how
    many grew, died and so on."""
    header = ["weight", "wires", "mean begins", "ends", "grew", "died", "shrank", "steady"]
    rows = []
    for one in histories:
        if one.modes:
            continue
        fates = one.fates()
        there = [at for at, fate in enumerate(fates) if fate != "never"]
        first, last = (one.values[at][there].mean() if there else 0.0 for at in (0, -1))
        counts = [str(fates.count(fate)) for fate in FATES[:4]]
        rows.append(
            [one.weight.title, str(len(there)), number_text(float(first)), number_text(float(last)), *counts]
        )
    return header, rows


def unwatched_text(names: Sequence[str]) -> str:
    """Which weights are not watched, and why; empty if there are none."""
    if not names:
        return ""
    more = f" and {len(names) - _FEW_NAMES:,} more" if len(names) > _FEW_NAMES else ""
    told = ", ".join(names[:_FEW_NAMES]) + more
    return f"not watched, for a box without interior boxes has no wires between boxes: {told}"


def wire_table(
    histories: Sequence[History], most: int, plain: bool = False
) -> tuple[list[str], list[list[str]]]:
    """Header and rows: of each weight the wires that changed most, with their course over time."""
    header = ["weight", "wire", "begins", "ends", "", "course"]
    rows = []
    for one in histories:
        if one.modes:
            continue
        fates = one.fates()
        change = np.abs(one.values[-1] - one.values[0])
        order = [int(at) for at in np.argsort(-change, kind="stable") if fates[at] != "never"]
        for at in order[:most]:
            values = one.values[:, at]
            course = _course(values, one.scale, plain)
            ends = [number_text(float(values[0])), number_text(float(values[-1]))]
            rows.append([one.weight.title, one.weight.wire(at), *ends, fates[at], course])
    return header, rows


def mode_table(histories: Sequence[History], plain: bool = False) -> tuple[list[str], list[list[str]]]:
    """Header and rows: for each mode of a box the share of time in which it held."""
    rows = []
    for one in histories:
        if one.modes:
            for at, share in enumerate(one.values.mean(axis=0)):
                wire = one.weight.wire(at)
                course = _course(one.values[:, at], 1.0, plain)
                rows.append([one.weight.path or "main", wire, f"{100 * share:.1f} %", course])
    return ["box", "mode", "share", "course"], rows


def _course(values: Array, scale: float, plain: bool) -> str:
    """A row of bars: means over parts of the time, as parts of ``scale``."""
    bars = _PLAIN if plain else _BARS
    parts = [part.mean() for part in np.array_split(values, min(_CELLS, len(values)))]
    return "".join(bars[min(int(one / scale * len(bars)), len(bars) - 1) if scale else 0] for one in parts)
