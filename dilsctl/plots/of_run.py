"""All plots of a run, with their names: those that a run folder is left with, and that a report shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dilsctl.plots.classes import Confusion, confusion_plot
from dilsctl.plots.figure import Plot
from dilsctl.plots.measures import course_plot, courses
from dilsctl.plots.traces import phase_pairs, phase_plot, trace_plot
from dilsctl.plots.wiring import wiring_plot
from dilsctl.report.panels import panels
from dilsctl.trace import Trace
from dilsctl.wire_history import History

MOST_BOXES = 20  # whose wiring is drawn
Named = dict[str, Plot]


def axis_of(lines: Sequence[Mapping[str, Any]], lives: bool) -> str:
    """What an epoch of a run is called."""
    if not lives:
        return "epoch"
    first = lines[0] if lines else {}
    rows, epoch = first.get("rows"), first.get("epoch")
    return (
        f"window of {rows // epoch:,} rows"
        if isinstance(rows, int) and isinstance(epoch, int) and epoch
        else "window"
    )


def curve_plots(lines: Sequence[Mapping[str, Any]], lives: bool = False) -> Named:
    """One for each measure. lines: of metrics.jsonl. lives: of a life on a stream."""
    axis = axis_of(lines, lives)
    return _named((one.measure, course_plot(one, axis)) for one in courses(lines, lives))


def class_plots(found: Sequence[Confusion]) -> Named:
    """One for each target that is a class."""
    alone = len(found) == 1
    return _named(("confusion" if alone else f"confusion-{one.target}", confusion_plot(one)) for one in found)


def wiring_plots(histories: Sequence[History], axis: str = "epoch") -> Named:
    """One for each box with wires whose strength changes, of at most twenty boxes."""
    boxes: dict[str, list[History]] = {}
    for one in histories:
        boxes.setdefault(one.weight.path, []).append(one)
    found = []
    for path, weights in list(boxes.items())[:MOST_BOXES]:
        plot = wiring_plot(f"Wiring of {path}" if path else "Wiring", weights, axis)
        if plot is not None:
            found.append((f"wiring-{path}" if path else "wiring", plot))
    return _named(found)


@dataclass(frozen=True, slots=True)
class Plots:
    """Those of a run of training or live, by kind."""

    curves: Named
    classes: Named
    wiring: Named

    def named(self) -> Named:
        """All of them, by the names of their files."""
        return joined(self.curves, self.classes, self.wiring)


def run_plots(
    lines: Sequence[Mapping[str, Any]],
    *,
    lives: bool = False,
    wires: Sequence[History] = (),
    confusions: Sequence[Confusion] = (),
) -> Plots:
    """All plots of a run. lines: of metrics.jsonl; lives: of a life on a stream."""
    wiring = wiring_plots(wires, axis_of(lines, lives))
    return Plots(curve_plots(lines, lives), class_plots(confusions), wiring)


def simulation_plots(trace: Trace, title: str, *, flows: bool, name: str = "") -> Named:
    """All that was recorded over time; where the diagram flows, also positions against velocities, or the
    first two numbers against each other. name: what the names of the files begin with."""
    if not panels(trace):
        return {}
    found = [(name or "time", trace_plot(trace, title))]
    for x, y in phase_pairs(trace) if flows else ():
        begin = f"{name}-phase" if name else "phase"
        found.append((f"{begin}-{x}-{y}", phase_plot(trace, x, y, f"{title}: {y} against {x}")))
    return _named(found)


def _named(found: Iterator[tuple[str, Plot]] | Sequence[tuple[str, Plot]]) -> Named:
    return joined(*({name: plot} for name, plot in found))


def joined(*found: Named) -> Named:
    """All of them under names that can be files everywhere; they differ in more than the size of letters."""
    names: dict[str, Plot] = {}
    taken: set[str] = set()
    for name, plot in ((name, plot) for one in found for name, plot in one.items()):
        plain = re.sub(r"[^\w.+-]+", "_", name).strip("._")[:80] or "plot"
        unique, number = plain, 1
        while unique.casefold() in taken:
            number += 1
            unique = f"{plain}-{number}"
        taken.add(unique.casefold())
        names[unique] = plot
    return names
