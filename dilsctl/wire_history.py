"""How strong wires were over time: kept by a training run, or measured as a diagram is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dilsctl.diagnostics import Problem
from dilsctl.ir import Type
from dilsctl.loaded import LoadedDiagram, load_diagram
from dilsctl.runs import RunFolder
from dilsctl.trace import Array, Trace
from dilsctl.wires import Gauge, Weight

Fate = Literal["grew", "died", "shrank", "steady", "never"]
FATES: tuple[Fate, ...] = ("grew", "died", "shrank", "steady", "never")
FEW = 6  # wires that are told apart by their numbers
PART = 0.05  # of the greatest strength of a weight: less is no change, and no wire
MOST_RECORDS = 1000  # of a simulation


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The strengths of a weight's wires over time, ``values`` (times, wires)."""

    weight: Weight
    times: Array
    values: Array

    @property
    def modes(self) -> bool:
        """Whether these are the modes of a box: then a strength is 1 where the mode holds."""
        return self.weight.axes[-1:] == ("mode",)

    def fates(self) -> list[Fate]:
        """What became of every wire. ``scale`` is the greatest strength of any of them at any time: a wire is
        there where it has 5 % of that. It *grew* or *shrank* if it changed by more than 5 % of the scale, and
        *died* if it was there and no longer is; *never*: it was at no time."""
        return [_fate(one, self.scale) for one in self.values.T]

    @property
    def scale(self) -> float:
        """The greatest strength."""
        finite = self.values[np.isfinite(self.values)]
        return float(finite.max()) if finite.size else 0.0

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        fates = self.fates()
        return {
            **self.weight.facts(),
            "times": self.times.tolist(),
            "wires": [
                {"wire": self.weight.wire(at), "fate": fate, "strength": self.values[:, at].tolist()}
                for at, fate in enumerate(fates)
                if fate != "never"
            ],
            "never": fates.count("never"),
        }


def _fate(values: Array, scale: float) -> Fate:
    least = PART * scale
    if not scale or not (values >= least).any():
        return "never"
    first, last = float(values[0]), float(values[-1])
    if last < least:
        return "died"
    if abs(last - first) <= least:
        return "steady"
    return "grew" if last > first else "shrank"


def history_of_run(path: Path) -> list[History]:
    """What a training run kept. Raises Problem: not-a-run, bad-run, no-wires."""
    run = RunFolder.open(path)
    lines = run.wires()
    try:
        weights = [Weight.from_json(one) for one in run.facts.get("wires") or []]
        known = [one for one in weights if lines and all(one.title in line["strengths"] for line in lines)]
        found = [
            History(
                one,
                np.array([line["epoch"] for line in lines], float),
                np.array([line["strengths"][one.title] for line in lines], float),
            )
            for one in known
        ]
    except (KeyError, TypeError, ValueError) as error:
        message = f"the run folder '{path}' is damaged: wires.jsonl can't be read ({error})"
        raise Problem.of("bad-run", message, file=str(path)) from None
    if not found:
        raise _nothing(f"the run '{path}'", path)
    return found


def history_of_file(file: Path, settings: Sequence[str] = ()) -> list[History]:
    """The wires of a diagram that is simulated, as its time and simulate blocks say.

    Raises Problem: no-wires, and those of simulating.
    """
    loaded = load_diagram(file, settings, file.parent)
    gauge = Gauge(loaded.diagram)
    if not gauge.weights:
        raise _nothing(f"'{file}'", file)
    trace = _recorded(loaded, sorted(gauge.states))
    values: dict[str, list[Array]] = {}
    for row in range(len(trace.times)):
        states: Mapping[str, Array] = {name: array[row, ..., 0] for name, array in trace.values.items()}
        for title, strengths in gauge.read(states).items():
            values.setdefault(title, []).append(strengths)
    return [
        History(one, trace.times, np.array(values[one.title])) for one in gauge.weights if one.title in values
    ]


def _recorded(loaded: LoadedDiagram, states: list[str]) -> Trace:
    """A simulation that records these states, some of its ticks."""
    from dilsctl.course import Course

    ticks = Course.of(loaded.document, loaded.folder, loaded.diagram).ticks
    every = max(1, -(-ticks // MOST_RECORDS))
    return loaded.simulate(record=states, every=every)


def _nothing(what: str, path: Path) -> Problem:
    message = f"{what} has no wires whose strength changes"
    help = "wires are watched where a box weighs what its interior boxes show by a state of its own"
    return Problem.of("no-wires", message, help=help, file=str(path))


def as_trace(histories: Sequence[History]) -> Trace:
    """The histories as a record, for plots: wires that never were are left out, and of many the strongest
    come last, which is on top of a picture."""
    values, types = {}, {}
    for one in histories:
        kept = [at for at, fate in enumerate(one.fates()) if fate != "never"]
        if len(kept) > FEW:
            kept.sort(key=lambda at: float(one.values[-1, at]))
        if kept:
            title = one.weight.title
            values[title] = one.values[:, kept, None]
            types[title] = Type("real", (len(kept),))
    times = histories[0].times if histories else np.zeros(0)
    return Trace(times, values, types)
