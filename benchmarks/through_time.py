"""Memory and time of learning through long episodes: a recurrent network of 16 units, batch 32.

    python benchmarks/through_time.py [--ticks 1000 10000] [--horizon 100] [--json]

Each length is measured in a process of its own: the most memory that it held in all, what more it held while
it learned from the second batch on, and the time of a step for each tick.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

DIAGRAM = """\
dils: 1
define:
  cell:
    in: {x: real 2}
    out: {y: real 16}
    state:
      h: real 16 = 0
      w: real 16 16 = glorot
      v: real 16 2 = glorot
    learn: [w, v]
    let: {new: tanh(w @ h + v @ x)}
    next: {h: new}
    wires:
      - new -> y
main: cell
train:
  data:
    file: none.csv
    inputs: {x: [a, b]}
    targets: {z: z}
  ticks: TICKS
  horizon: HORIZON
  loss: {at: each, is: square(mean(y) - z)}
  batch: 32
  epochs: 1
"""


def measure(ticks: int, horizon: str) -> dict[str, float]:
    """One length, in this process."""
    import numpy as np

    import dilsctl

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cell.yaml"
        path.write_text(DIAGRAM.replace("TICKS", str(ticks)).replace("HORIZON", horizon))
        diagram = dilsctl.load(path)
        start = time.perf_counter()
        learner = diagram.plans.learner(training=True)
        compiled = time.perf_counter() - start
    draws = np.random.default_rng(0)
    data = {"x": draws.normal(size=(64, 2)).astype(np.float32), "z": np.zeros(64, np.float32)}
    staged = learner.stage(data)

    class Rate:
        def of(self, rate: object) -> object:
            return lambda step: 0.001

    learner.run_epoch(staged, np.arange(32), 32, Rate(), 1, 0)
    tracemalloc.start()
    start = time.perf_counter()
    learner.run_epoch(staged, np.arange(64), 32, Rate(), 2, 0)
    seconds = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1]
    return {
        "ticks": ticks,
        "compile": round(compiled, 2),
        "process_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "peak_mib": round(peak / 2**20, 2),
        "microseconds_a_tick": round(seconds / 2 / ticks * 1e6, 1),
    }


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ticks", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--horizon", default="100", help="a number of ticks, or all")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.horizon)))
        return 0
    for ticks in options.ticks:
        command = [sys.executable, __file__, "--one", str(ticks), "--horizon", options.horizon]
        line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = json.loads(line)
        if options.json:
            print(json.dumps(found))
        else:
            whole, more, each = (found[key] for key in ("process_mib", "peak_mib", "microseconds_a_tick"))
            print(f"{ticks:7} ticks, horizon {options.horizon}: compiled in {found['compile']:.2f} s,")
            print(f"    {whole:.1f} MiB, {more:.2f} more while it learns, {each} µs a tick")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
