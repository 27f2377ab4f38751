"""The whole command `dilsctl train examples/digits.yaml`, start to end, over several seeds.

    python benchmarks/digits.py [--seeds 5] [--json]

Shown for each seed: wall time of the process and test accuracy; then the medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def accuracy_of(run: Path) -> float:
    """The last test accuracy in a run folder's metrics. Raises ValueError where there is none."""
    found: Any = None
    for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        part = row.get("test")
        found = row.get("test.accuracy", part.get("accuracy") if isinstance(part, dict) else found)
    if found is None:
        raise ValueError(f"no test accuracy in {run}")
    return float(found)


def train(seed: int, folder: Path) -> dict[str, float]:
    """One run: seconds of the whole process, and its test accuracy."""
    run = folder / f"seed-{seed}"
    command = [sys.executable, "-m", "dilsctl", "train", "examples/digits.yaml"]
    start = time.perf_counter()
    subprocess.run(
        [*command, "--seed", str(seed), "--out", str(run), "--quiet"],
        cwd=ROOT,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    return {"seed": seed, "seconds": time.perf_counter() - start, "accuracy": accuracy_of(run)}


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [train(seed, Path(folder)) for seed in range(options.seeds)]
    medians = {key: statistics.median(row[key] for row in rows) for key in ("seconds", "accuracy")}
    if options.json:
        print(json.dumps({"runs": rows, "median": medians}, indent=2))
        return 0
    for row in rows:
        print(f"seed {row['seed']}: {row['seconds']:.2f} s, accuracy {row['accuracy']:.4f}")
    print(f"median: {medians['seconds']:.2f} s, accuracy {medians['accuracy']:.4f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
