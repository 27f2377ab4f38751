"""examples/pendigits.yaml: how well it reads digits, and how fast it learns against a loop by hand.

    python benchmarks/pendigits.py [--seeds 3] [--rounds 15] [--steps 40] [--json]

First each seed is trained in full: its test accuracy, that of the same states with every wire between
boxes at zero, and the processor time of the training. Then dilsctl and the loop by hand
(pendigits_by_hand.py) train from the same states on the same batches in one process, in turn, so that a slow
moment of the machine hits both. Shown are the median time of a step, and the median over the rounds of their
ratio. They must agree first.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from pendigits_by_hand import ByHand

from dilsctl.loaded import load_diagram
from dilsctl.training import Training

FILE = Path(__file__).resolve().parent.parent / "examples" / "pendigits.yaml"
RATE = 0.01


def training(*settings: str) -> Training:
    """The example, made ready."""
    return Training.of(load_diagram(FILE, settings, FILE.parent))


def measure_seed(seed: int) -> dict[str, float]:
    """One whole training."""
    ready = training(f"train.seed={seed}")
    processor, wall = time.process_time(), time.perf_counter()
    trained = ready.train()
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    states = ready.learner.states
    for name in ("coupling", "pacing"):
        states[name][...] = 0
    cut = ready.learner.evaluate(ready.learner.stage(ready.dataset.columns), ready.dataset.parts["test"])
    return {
        "seed": seed,
        "accuracy": trained.values["test.accuracy"],
        "without wires": cut["accuracy"],
        "wall": wall,
        "processor": processor,
    }


class Rate:
    """A constant rate, as the learner asks for it."""

    def of(self, rate: Any) -> Any:
        return lambda step: RATE


def race(rounds: int, steps: int) -> dict[str, Any]:
    """dilsctl and the loop by hand, in turn."""
    ready = training("train.seed=0")
    learner, batch = ready.learner, ready.settings.batch
    hand = ByHand({name: one.copy() for name, one in learner.states.items()}, batch)
    staged = learner.stage(ready.dataset.columns)
    rows = ready.dataset.parts["train"][: steps * batch]
    pens = [
        np.ascontiguousarray(ready.dataset.columns["pen"][part].transpose(1, 2, 0))
        for part in rows.reshape(steps, batch)
    ]
    truths = [ready.dataset.columns["truth"][part] for part in rows.reshape(steps, batch)]
    done = 0

    def ours() -> float:
        nonlocal done
        loss = learner.run_epoch(staged, rows, batch, Rate(), done + 1, 1)
        done += steps
        return loss

    def by_hand() -> float:
        return statistics.fmean(hand.step(pen, truth, RATE) for pen, truth in zip(pens, truths, strict=True))

    for _ in range(2):
        one, other = ours(), by_hand()
        if abs(one - other) > 2e-3 * abs(other):
            raise SystemExit(f"they disagree: mean loss {one:.6f} against {other:.6f} by hand")
    times: dict[str, list[float]] = {"dilsctl": [], "by hand": []}
    for number in range(rounds):
        turn = [("dilsctl", ours), ("by hand", by_hand)]
        for name, run in turn if number % 2 else reversed(turn):
            start = time.perf_counter()
            run()
            times[name].append((time.perf_counter() - start) / steps)
    ratios = [a / b for a, b in zip(times["dilsctl"], times["by hand"], strict=True)]
    return {
        "milliseconds": {name: 1e3 * statistics.median(one) for name, one in times.items()},
        "fastest": {name: 1e3 * min(one) for name, one in times.items()},
        "ratio": statistics.median(ratios),
    }


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=40, help="of a turn")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    runs = [measure_seed(seed) for seed in range(options.seeds)]
    speed = race(options.rounds, options.steps)
    if options.json:
        print(json.dumps({"runs": runs, "speed": speed}, indent=2))
        return 0
    for row in runs:
        print(
            f"seed {row['seed']}: accuracy {row['accuracy']:.4f}, without wires {row['without wires']:.4f}, "
            f"{row['wall']:.1f} s ({row['processor']:.1f} s of processor time)"
        )
    if runs:
        print(f"median accuracy: {statistics.median(row['accuracy'] for row in runs):.4f}")
    shown = ", ".join(f"{name} {one:.3f} ms" for name, one in speed["milliseconds"].items())
    print(f"a step: {shown}; ratio {speed['ratio']:.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
