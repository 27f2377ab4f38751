"""What plots cost a run: the processor time of drawing them beside that of the training itself.

python benchmarks/plots.py            digits, 20 epochs; pendigits, 3; and a simulation of 100 runs
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from dilsctl.chronicle import read_course
from dilsctl.confusions import confusions
from dilsctl.ir import REAL
from dilsctl.plots.leave import leave
from dilsctl.plots.of_run import run_plots, simulation_plots
from dilsctl.trace import Trace
from dilsctl.training import Training

ROOT = Path(__file__).parents[1]
Found = TypeVar("Found")


def timed(work: Callable[[], Found]) -> tuple[Found, float]:
    """What it gives, and the seconds of processor time that it takes."""
    start = time.process_time()
    return work(), time.process_time() - start


def training(name: str, epochs: int, folder: Path) -> None:
    """Train an example, and leave its plots."""
    file = ROOT / "examples" / f"{name}.yaml"
    one = Training.begin(file, (f"train.epochs={epochs}",), folder / name)
    _, trained = timed(one.train)
    run = one.run
    assert run is not None

    def draw() -> int:
        lines, wires = read_course(run)
        found = confusions(one.loaded, one.learner, lambda: one.dataset)
        plots = run_plots(lines, wires=wires, confusions=found).named()
        return len(leave(run.path / "plots", plots, "svg").drawn)

    count, drawn = timed(draw)
    share = drawn / trained
    print(
        f"{name}, {epochs} epochs: training {trained:.2f} s, {count} plots {drawn:.3f} s, {share:.1%} of it"
    )


def simulation(runs: int, records: int) -> None:
    """Draw a simulation of many runs, over time and against each other."""
    t = np.linspace(0, 20, records)[:, None]
    speeds = np.linspace(1, 2, runs)
    values = {"place": np.sin(speeds * t), "speed": speeds * np.cos(speeds * t)}
    trace = Trace(t[:, 0], values, dict.fromkeys(values, REAL), runs)
    plots, seconds = timed(lambda: simulation_plots(trace, "waves", flows=True))
    sizes = ", ".join(f"{name} {len(plot.svg()) / 1e3:,.0f} kB" for name, plot in plots.items())
    print(f"{runs} runs of {records} records: {seconds:.3f} s, {sizes}")


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as place:
        training("digits", 20, Path(place))
        training("pendigits", 3, Path(place))
    simulation(100, 2001)
