"""The unfolded digits network against its training: the error over 100 steps for each optimiser, and the time
of a tick against that of a training step, in turn in one process.

    python benchmarks/unfold.py
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dilsctl import api
from dilsctl.data.splits import epoch_order
from dilsctl.dump import dump
from dilsctl.learning.optimisers import OPTIMISERS
from dilsctl.learning.schedules import Rates
from dilsctl.training import Training

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "examples" / "digits.yaml"


class Pair:
    """Training and simulation, side by side, a step at a time."""

    def __init__(self, folder: Path, *settings: str) -> None:
        loaded = api.load(FILE, settings=settings)
        unfolded = loaded.unfold()
        path = folder / "examples" / "unfolded.yaml"
        path.parent.mkdir(exist_ok=True)
        data = path.parent / "data" / "digits.csv.gz"
        data.parent.mkdir(exist_ok=True)
        data.write_bytes((FILE.parent / "data" / data.name).read_bytes())
        path.write_text(dump(unfolded.document), encoding="utf-8")
        self.simulation = api.load(path).simulation()
        training = Training.of(loaded)
        self.learner, self.settings = training.learner, training.settings
        self.rows = training.dataset.parts["train"]
        self.staged = self.learner.stage(training.dataset.columns)
        self.steps = -(-len(self.rows) // self.settings.batch)
        self.rates = Rates(self.settings.rate, self.steps, self.settings.epochs)
        states = self.simulation.running.states
        self.pairs = {path: (own, states[unfolded.states[path]]) for path, own in self.learner.states.items()}
        self.done = 0

    def train(self) -> None:
        epoch, step = divmod(self.done, self.steps)
        order = epoch_order(self.rows, self.settings.seed, epoch + 1)
        taken = order[step * self.settings.batch : (step + 1) * self.settings.batch]
        self.learner.run_epoch(
            self.staged, taken, self.settings.batch, self.rates, self.done + 1, epoch + 1, None, 1
        )

    def tick(self) -> None:
        self.simulation.running.advance(self.simulation._inputs(self.done))

    def error(self) -> float:
        return max(float(np.max(np.abs(a - b)) / np.max(np.abs(a))) for a, b in self.pairs.values())


def timed(act: Callable[[], None]) -> float:
    """Seconds that something takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> int:
    """Print both."""
    with tempfile.TemporaryDirectory() as folder:
        print("greatest relative difference of a learned state over 100 steps of 8, float64")
        for name in OPTIMISERS:
            settings = ("train.precision=float64", "train.batch=8", f"train.optimiser={name}")
            pair, worst = Pair(Path(folder), *settings), 0.0
            for _ in range(100):
                pair.train()
                pair.tick()
                pair.done += 1
                worst = max(worst, pair.error())
            print(f"  {name:10} {worst:.1e}")
        pair = Pair(Path(folder), "train.optimiser=adam")
        times: list[tuple[float, float]] = []
        for _ in range(400):
            times.append((timed(pair.tick), timed(pair.train)))
            pair.done += 1
        ratio = statistics.median(one / two for one, two in times)
        print(f"a tick, batch 32 with Adam: {ratio:.2f} times a step of training")
    return 0


if __name__ == "__main__":
    sys.exit(main())
