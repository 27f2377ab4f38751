"""A learner for tests of the training loop: linear regression by momentum, in NumPy, with noisy inputs.

Run as a program, it trains into a run folder, or goes on with one: ``fake_learner.py FOLDER EPOCHS PAUSE``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from dilsctl.data.dataset import Dataset, Fitted
from dilsctl.data.splits import split_rows
from dilsctl.learning.stopping import Watch
from dilsctl.runs import RunFolder
from dilsctl.train import Settings, train

FILES = {"line.yaml": "dils: 1\nname: line\n", "parts/one.yaml": "dils: 1\n"}


class FakeLearner:
    """y = weight . x + bias. The noise is a function of epoch and row, like random draws of a diagram."""

    plan_hash = "abc"
    parameters = 4

    def __init__(self, pause=0.0, noise=0.1, break_at=None):
        flat = np.zeros(4, np.float32)
        self.states = {"line.weight": flat[:3], "line.bias": flat[3:].reshape(())}
        self.moments = {"method0": np.zeros((1, 4), np.float32)}
        self.flat = flat
        self.pause, self.noise, self.break_at = pause, noise, break_at
        self.steps = []
        self.reported = []

    def stage(self, columns, batch=0):
        return columns

    def _forward(self, x):
        return x @ self.states["line.weight"] + self.states["line.bias"]

    def run_epoch(self, staged, order, batch, rates, first_step, epoch, progress=None, every=0):
        total, step = 0.0, first_step
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            x, y = staged["x"][rows], staged["y"][rows]
            x = x + np.float32(self.noise) * np.sin(rows * 7.0 + epoch)[:, None].astype(np.float32)
            error = self._forward(x) - y
            total += float((error**2).sum())
            if step == self.break_at:
                error = error * np.float32(np.inf)
            gradient = np.append(2 * error @ x, 2 * error.sum()).astype(np.float32) / len(rows)
            velocity = self.moments["method0"]
            velocity[0] = np.float32(0.9) * velocity[0] + gradient
            self.flat -= np.float32(rates(step)) * velocity[0]
            self.steps.append((step, epoch, rates(step), rows.tolist()))
            step += 1
            if progress is not None and every and (step - first_step) % every == 0:
                progress(step - first_step)
            time.sleep(self.pause)
        return total / len(order)

    def evaluate(self, staged, rows):
        error = self._forward(staged["x"][rows]) - staged["y"][rows]
        return {"loss": float((error**2).mean()), "close": float((abs(error) < 0.1).mean())}


def make_data(rows=46, validation=True):
    generator = np.random.Generator(np.random.Philox(5))
    x = generator.standard_normal((rows, 3)).astype(np.float32)
    y = (x @ np.array([1.0, -2.0, 0.5], np.float32) + 3).astype(np.float32)
    split = {"test": 0.2, "validation": 0.2} if validation else {"test": 0.2}
    return Dataset({"x": x, "y": y}, rows, split_rows(rows, split, 0), Fitted(), "line.csv", "d1")


SETTINGS = Settings(
    epochs=12,
    batch=5,
    seed=3,
    rate=("cosine", (("start", 0.02), ("end", 0.001))),
    watch=Watch("validation.loss"),
    keep_best=True,
)


def begin(path: Path) -> RunFolder:
    return RunFolder.create("line", files=FILES, main="line.yaml", config={"train": {"epochs": 12}}, out=path)


def main(path: Path, epochs: int, pause: float) -> None:
    from dataclasses import replace

    folder = RunFolder.open(path) if (path / "run.json").exists() else begin(path)
    settings = replace(SETTINGS, epochs=epochs)
    train(FakeLearner(pause), make_data(), settings, folder, resume=folder.load())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
