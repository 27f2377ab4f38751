"""A sweep whose runs can't go side by side: a length or an interior box depends on what is swept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dilsctl.diagnostics import Problem
from dilsctl.sweeps import joined
from dilsctl.trace import Array, Trace

if TYPE_CHECKING:
    from dilsctl.loaded import LoadedDiagram
    from dilsctl.simulate import Progress


class Separately:
    """One simulation after the other, each with a diagram of its own."""

    def __init__(self, loaded: LoadedDiagram, columns: Mapping[str, Array], runs: int) -> None:
        self.loaded = loaded
        self.columns = columns
        self.runs = runs
        self.ticks, self.time = 0, 0.0
        self.stopped = False

    def run(self, progress: Progress | None = None) -> Trace:
        """Run all. Raises Problem."""
        from dilsctl.course import Course
        from dilsctl.loaded import load_diagram
        from dilsctl.simulate import Simulation

        loaded, traces = self.loaded, []
        states = {name: values for name, values in self.columns.items() if not name.startswith("params.")}
        for number in range(self.runs):
            texts = [
                f"{name}={_number(values[number])}"
                for name, values in self.columns.items()
                if name not in states
            ]
            texts.append(f"simulate.seed={loaded.document.document.simulate.seed + number}")
            one = load_diagram(loaded.path, (*loaded.settings, *texts), loaded.folder)
            begin = {name: values[number : number + 1] for name, values in states.items()}
            course = Course.of(one.document, one.folder, one.diagram)
            simulation = Simulation(one.diagram, course, sweep=begin)
            traces.append(simulation.run())
            self.ticks, self.time = simulation.ticks, simulation.time
            if simulation.stopped:
                raise KeyboardInterrupt
            if progress is not None:
                progress(number + 1, self.runs)
        shapes = {tuple((name, array.shape) for name, array in one.values.items()) for one in traces}
        if len(shapes) > 1:
            message = "what is swept changes the shape of what is recorded"
            raise Problem.of("bad-simulation", message, help="record something else, or run them one by one")
        sweep = {name.removeprefix("params."): values for name, values in self.columns.items()}
        final = [{path: array for path, array in one.final.items() if array.ndim} for one in traces]
        values = joined([one.values for one in traces])
        same = all(
            {k: v.shape for k, v in one.items()} == {k: v.shape for k, v in final[0].items()} for one in final
        )
        return Trace(
            traces[0].times, values, traces[0].types, self.runs, sweep, joined(final) if same else {}
        )


def _number(value: np.floating) -> str:
    return repr(int(value)) if float(value).is_integer() else repr(float(value))
