"""What it costs a training run to keep how strong its wires and how active its boxes are: the part of the
processor time of the whole run, from the file to the summary, as the examples are written.

python benchmarks/kept.py [EXAMPLE…]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dilsctl import train as course
from dilsctl import training
from dilsctl.training import Training

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ("iris", "towers", "digits", "digits-listed", "rewired", "skip", "cart-pole")
REPEATS = 3


class Clock:
    """Adds up the time that some functions take."""

    def __init__(self) -> None:
        self.spent = 0.0

    def around(self, owner: Any, name: str) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **named: Any) -> Any:
            start = time.process_time()
            try:
                return inner(*args, **named)
            finally:
                self.spent += time.process_time() - start

        setattr(owner, name, timed)


def main() -> None:
    """Print a row for each example."""
    activity, wires = Clock(), Clock()
    activity.around(training, "activity_of")
    activity.around(course, "_keep_activity")
    wires.around(course, "_keep_wires")
    wires.around(Training, "_watched")
    print(f"{'example':16} {'seconds':>8} {'activity':>9} {'wires':>7}")
    for name in sys.argv[1:] or NAMES:
        rows = []
        for _ in range(REPEATS):
            activity.spent = wires.spent = 0.0
            with tempfile.TemporaryDirectory() as folder:
                start = time.process_time()
                Training.begin(EXAMPLES / f"{name}.yaml", (), Path(folder) / "run").train()
                rows.append((time.process_time() - start, activity.spent, wires.spent))
        whole, one, other = (statistics.median(row[at] for row in rows) for at in range(3))
        print(f"{name:16} {whole:8.2f} {one / whole:9.1%} {other / whole:7.1%}")


if __name__ == "__main__":
    main()
