"""Plots of what a run measured: for each measure its curves over the epochs, one for each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dilsctl.plots.figure import Axis, Plot, figure
from dilsctl.plots.lines import Line, Lines, series
from dilsctl.plots.scales import exact_scale, scale_of
from dilsctl.report.progress import number_text
from dilsctl.trace import Array

NOT_MEASURES = ("epoch", "step", "rows", "seconds", "rate", "row", "seed")
BASELINES = {"last": "the last truth again", "usual": "the usual class or mean"}  # of a life
_PARTS = ("train", "validation", "test")
_LOOKS = ("train", "test", "validation")  # the same in all plots of a run


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How one measure went: for each part its epochs and its values, (N,) each. ``same``: other measures that
    have the very same values."""

    measure: str
    parts: Mapping[str, tuple[Array, Array]]
    same: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its name, and those that it is equal to."""
        return " = ".join([self.measure, *self.same])


def courses(lines: Sequence[Mapping[str, Any]], lives: bool = False) -> list[Course]:
    """The measures of metrics.jsonl in their order, the loss first. A number that is null is NaN.

    lives: of a life on a stream. Then nothing has parts, and what knows the truths alone goes with what is
    predicted.
    """
    found: dict[str, dict[str, tuple[list[float], list[float]]]] = {}
    first = next((one for line in lines for one in line if one not in NOT_MEASURES), "")
    for line in lines:
        for name, value in line.items():
            if not is_measure(name, value):
                continue
            part, _, measure = name.partition(".")
            if part not in _PARTS or not measure:
                part, measure = "", name
            if lives and name in BASELINES:
                part, measure = BASELINES[name], first
            epochs, values = found.setdefault(measure, {}).setdefault(part, ([], []))
            epochs.append(number_of(line["epoch"]))
            values.append(number_of(value))
    made = [
        Course(measure, {part: (np.array(one), np.array(two)) for part, (one, two) in parts.items()})
        for measure, parts in found.items()
    ]
    return _once(sorted(made, key=lambda one: one.measure != "loss"))


def is_measure(name: str, value: Any) -> bool:
    """Whether a value of a line of metrics.jsonl is a measure: a number, or null."""
    return name not in NOT_MEASURES and not isinstance(value, bool) and isinstance(value, int | float | None)


def number_of(value: Any) -> float:
    """A number of JSON; null, and what is too large, is not finite."""
    try:
        return float("nan") if value is None else float(value)
    except OverflowError:
        return float("inf")


def _once(found: Sequence[Course]) -> list[Course]:
    """Each course once: of those that are equal the first, which says so. What else a measure is drawn with
    does not count."""
    kept: list[Course] = []
    for one in found:
        for at, other in enumerate(kept):
            if _is_within(one, other):
                kept[at] = Course(other.measure, other.parts, (*other.same, one.measure))
                break
        else:
            kept.append(one)
    return kept


def _is_within(one: Course, other: Course) -> bool:
    return all(
        part in other.parts
        and all(np.array_equal(a, b, equal_nan=True) for a, b in zip(curve, other.parts[part], strict=True))
        for part, curve in one.parts.items()
    )


def course_plot(course: Course, axis: str = "epoch") -> Plot:
    """The curves of one measure. axis: what an epoch is called."""
    lines: list[Line] = []
    ordered = sorted(course.parts, key=lambda part: _PARTS.index(part) if part in _PARTS else 9)
    for part in ordered:
        look, dash = series(_LOOKS.index(part) if part in _LOOKS else len(lines))
        epochs, values = course.parts[part]
        lines.append(Line(part or course.measure, epochs, values, look, dash, dots=True))
    times = np.concatenate([one.xs for one in lines])
    y = scale_of([one.ys for one in lines], log=True)
    across = Axis(exact_scale(times, whole=True), axis)
    panel = Lines(course.title + (", logarithmic" if y.log else ""), lines, y, height=230.0)
    if len(lines) == 1 and lines[0].name in _PARTS:
        panel = Lines(panel.title, lines, y, height=230.0, named=lines)
    return figure(
        f"{course.title} by {axis.partition(' ')[0]}",
        _about(lines, axis),
        [(panel, across)],
        caption=_caption(course, axis),
    )


def _caption(course: Course, axis: str) -> str:
    told = []
    if course.measure == "loss" and "train" in course.parts and axis == "epoch":
        told.append(
            "train: the mean over the steps of the epoch, each before its update (unless the train part is "
            "watched); other parts: measured after the epoch."
        )
    if course.same:
        told.append(f"{' and '.join(course.same)} had the same values.")
    return " ".join(told)


def _about(lines: Sequence[Line], axis: str) -> str:
    told = []
    for one in lines:
        finite = np.flatnonzero(np.isfinite(one.ys))
        if not finite.size:
            told.append(f"{one.name}: nothing finite")
            continue
        first, last = (f"{number_text(float(one.ys[at]))} at {axis} {one.xs[at]:g}" for at in finite[[0, -1]])
        least, most = number_text(float(one.ys[finite].min())), number_text(float(one.ys[finite].max()))
        told.append(f"{one.name}: {first}, {last}, between {least} and {most}")
    return "; ".join(told)
