"""Learning row by row from a stream: phishing sites, against River's scaled logistic regression.

    pip install -e ".[bench]"
    python benchmarks/live.py [--times 20] [--repeat 5] [--json]

Both go through the same file in the same process, in turn: each row is read, predicted, counted and learned
from. The file is the 1250 rows, ``--times`` over; accuracy is that of the first 1250. River reads rows by its
own ``iter_csv``. Shown: rows a second of processor time, the median of the repeats.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from river import linear_model, metrics, preprocessing, stream

from dilsctl.data.stream import tables
from dilsctl.live import Life
from dilsctl.loaded import load_diagram
from dilsctl.report.life import Silent

ROOT = Path(__file__).resolve().parent.parent
TRUTH = "is_phishing"


def river_lives(path: Path, names: list[str]) -> tuple[float, int]:
    """(accuracy, rows) of River's pipeline."""
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    metric = metrics.Accuracy()
    rows = 0
    converters = {**dict.fromkeys(names, float), TRUTH: lambda text: text == "1"}
    for x, y in stream.iter_csv(str(path), target=TRUTH, converters=converters):
        metric.update(y, model.predict_one(x))
        model.learn_one(x, y)
        rows += 1
    return metric.get(), rows


def dilsctl_lives(path: Path) -> tuple[float, int]:
    """(accuracy, rows) of the example, nothing written."""
    file = ROOT / "examples" / "phishing.yaml"
    life = Life.of(load_diagram(file, (), file.parent))
    descriptor = os.open(path, os.O_RDONLY)
    try:
        life.live(tables(descriptor, path.name, ".csv"), Silent(), lambda: False)
    finally:
        os.close(descriptor)
    return life.values()["accuracy"], life.score.rows


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    text = gzip.decompress((ROOT / "examples" / "data" / "phishing.csv.gz").read_bytes()).decode()
    header, *rows = text.strip().splitlines()
    names = [name for name in header.split(",") if name != TRUTH]
    with tempfile.TemporaryDirectory() as folder:
        once, long = Path(folder) / "once.csv", Path(folder) / "long.csv"
        once.write_text("\n".join([header, *rows]) + "\n")
        long.write_text("\n".join([header, *rows * options.times]) + "\n")
        accuracy = {"dilsctl": dilsctl_lives(once)[0], "river": river_lives(once, names)[0]}
        rates: dict[str, list[float]] = {"dilsctl": [], "river": []}
        for _ in range(options.repeat):
            for name, lives in (("dilsctl", dilsctl_lives), ("river", lambda path: river_lives(path, names))):
                start = time.process_time()
                count = lives(long)[1]
                rates[name].append(count / (time.process_time() - start))
    ratio = statistics.median(a / b for a, b in zip(rates["dilsctl"], rates["river"], strict=True))
    found = {
        name: {"rows_a_second": round(statistics.median(rates[name])), "accuracy": round(accuracy[name], 4)}
        for name in rates
    }
    if options.json:
        print(json.dumps({**found, "ratio": round(ratio, 2)}))
        return 0
    for name, one in found.items():
        print(f"{name:8}  {one['rows_a_second']:8,} rows a second  accuracy {one['accuracy']:.4f}")
    print(f"dilsctl is {ratio:.2f} times as fast")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
