"""Markets on real streams and on one that switches: loss of each worker alone, of the market, and its regret.

    python benchmarks/markets.py [--seeds 20] [--json]

The streams are those of examples/phishing-market.yaml and examples/chicks.yaml, row by row: predict, be
told, learn; and the digits, in the order of their file. If River is installed, its pipelines run over the
same rows; its expert weighting has three linear regressions of different rates, and so has a market here.
The last stream draws which of four workers is right, and switches at random: the loss of a market, and of
one with fixed share, over that of the sequence of those who were right, against the bound of Herbster and
Warmuth.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dilsctl import api

ROOT = Path(__file__).resolve().parent.parent
PHISHING = ("logistic, rate .3", "logistic, rate .1", "logistic, rate .02", "naive Bayes", "frequencies")
DIGITS_RATES = (1.0, 0.3, 0.1, 0.03)
RATES = (0.01, 0.03, 0.1)
CHICKS = ("running mean", "last value", "linear, by gradient", "a line for each diet",
          "growth of each chick", "the same, forgetting")  # fmt: skip


def last(trace: Any, name: str) -> Any:
    """What was recorded of an output at the end."""
    return trace.values[name][-1, ..., 0].tolist()


def phishing() -> dict[str, Any]:
    """Log loss a row, of each worker and of the market; its accuracy, regret and bound."""
    trace = api.load(ROOT / "examples" / "phishing-market.yaml").simulate()
    return {
        "each": dict(zip(PHISHING, last(trace, "each_loss"), strict=True)),
        "market": last(trace, "log_loss"),
        "accuracy": last(trace, "accuracy"),
        "regret": last(trace, "regret"),
        "bound": math.log(len(PHISHING)),
    }


def chicks() -> dict[str, Any]:
    """Mean absolute error, of each worker and of the market; its regret in the same units, summed."""
    trace = api.load(ROOT / "examples" / "chicks.yaml").simulate()
    return {
        "each": dict(zip(CHICKS, last(trace, "each_error"), strict=True)),
        "market": last(trace, "error"),
        "regret": last(trace, "regret"),
    }


def digits() -> dict[str, Any]:
    """Log loss a row of handwritten digits in file order: ten outcomes, 64 numbers each."""
    rows = list(rows_of("digits.csv.gz"))
    pixels = np.array([[row[f"p{k}"] / 16 for k in range(64)] for row in rows])
    logistic = [{"box": "managers.logistic", "with": {"rate": rate, "scale": False}} for rate in DIGITS_RATES]
    frequency = {"box": "managers.unaware", "with": {"worker": "managers.frequency"}}
    names = ("loss", "worker_loss", "regret")
    workers = [*logistic, frequency]
    main = {
        "in": {"x": "real 64", "outcome": "class 10"},
        "out": {"loss": "real", "worker_loss": f"real {len(workers)}", "regret": "real"},
        "boxes": {
            "market": {
                "box": "managers.informed_market",
                "with": {"workers": len(workers), "outcomes": 10, "worker": workers},
            }
        },
        "wires": ["x -> market.x", "outcome -> market.outcome", *(f"market.{one} -> {one}" for one in names)],
    }
    found = simulated(main, {"x": pixels, "outcome": np.array([int(row["label"]) for row in rows])})
    seats = (*(f"logistic, rate {rate}" for rate in DIGITS_RATES), "frequencies")
    return {
        "each": {name: loss / len(rows) for name, loss in zip(seats, found["worker_loss"], strict=True)},
        "market": found["loss"] / len(rows),
        "regret": found["regret"],
        "bound": math.log(len(workers)),
    }


def three_linear() -> dict[str, Any]:
    """Mean absolute error of the three regressions that River's expert weighting has, and of a market."""
    shown = {"loss": "real", "worker_loss": "real 3", "regret": "real"}
    main = {
        "in": {"x": "real 3", "y": "real"},
        "out": shown,
        "boxes": {
            "market": {
                "box": "managers.regression_market",
                "with": {
                    "workers": 3,
                    "worker": [{"box": "managers.linear", "with": {"rate": rate}} for rate in RATES],
                    "cost": "abs",
                },
            }
        },
        "wires": ["x -> market.x", "y -> market.y", *(f"market.{one} -> {one}" for one in shown)],
    }
    rows = list(rows_of("chick-weights.csv"))
    stream = {
        "x": np.array([[row["time"], row["chick"], row["diet"]] for row in rows]),
        "y": np.array([row["weight"] for row in rows]),
    }
    found = simulated(main, stream)
    each = {
        f"linear, rate {rate}": loss / len(rows)
        for rate, loss in zip(RATES, found["worker_loss"], strict=True)
    }
    return {"each": each, "market": found["loss"] / len(rows), "regret": found["regret"]}


def rows_of(name: str) -> Iterator[dict[str, float]]:
    """The rows of a table in examples/data."""
    path = ROOT / "examples" / "data" / name
    text = gzip.decompress(path.read_bytes()).decode() if name.endswith(".gz") else path.read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield {key: float(value) for key, value in row.items()}


def by_river() -> dict[str, float] | None:
    """River over the same rows; None if it is not installed."""
    try:
        from river import ensemble, linear_model, metrics, optim, preprocessing
    except ImportError:
        return None
    found: dict[str, float] = {}
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    accuracy, loss = metrics.Accuracy(), metrics.LogLoss()
    for row in rows_of("phishing.csv.gz"):
        truth = bool(row.pop("is_phishing"))
        chance = model.predict_proba_one(row)
        accuracy.update(truth, chance.get(True, 0.0) >= 0.5)
        loss.update(truth, chance)
        model.learn_one(row, truth)
    found["phishing: scaled logistic, accuracy"] = accuracy.get()
    found["phishing: scaled logistic, log loss"] = loss.get()
    models = {
        "chicks: scaled linear": preprocessing.StandardScaler() | linear_model.LinearRegression(),
        "chicks: expert weighting": preprocessing.StandardScaler()
        | ensemble.EWARegressor(
            [linear_model.LinearRegression(optimizer=optim.SGD(rate)) for rate in RATES],
            learning_rate=0.5,
        ),
    }
    for name, model in models.items():
        error = metrics.MAE()
        for row in rows_of("chick-weights.csv"):
            truth = row.pop("weight")
            error.update(truth, model.predict_one(row) or 0.0)
            model.learn_one(row, truth)
        found[name] = error.get()
    return found


READER = {
    "params": {"place": 0, "outcomes": 2},
    "in": {"x": "real n", "outcome": "class outcomes"},
    "out": {"p": "simplex outcomes"},
    "wires": ["normalise(x[place * outcomes:place * outcomes + outcomes]) -> p"],
}


def switching(seeds: int, ticks: int = 1000, workers: int = 4, outcomes: int = 3) -> dict[str, Any]:
    """Nats over the best sequence of workers, for a market and for a fixed-share one, with the bound."""
    share = 0.01
    table: dict[str, list[float]] = {"switches": [], "market": [], "fixed share": [], "bound": []}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        said = rng.dirichlet(np.full(outcomes, 0.5), (ticks, workers)) * 0.99 + 0.01 / outcomes
        moves = rng.uniform(size=ticks) < 1 / 200
        knows = np.cumsum(moves * rng.integers(1, workers, ticks)) % workers
        came = np.array([rng.choice(outcomes, p=said[t, knows[t]]) for t in range(ticks)])
        sequence = -np.log(said[np.arange(ticks), knows, came]).sum()
        switches = int((np.diff(knows) != 0).sum())
        table["switches"].append(switches)
        for name, amount in (("market", 0.0), ("fixed share", share)):
            table[name].append(market_loss(said, came, amount) - sequence)
        bound = math.log(workers) + switches * math.log((workers - 1) / share)
        table["bound"].append(bound - (ticks - 1 - switches) * math.log1p(-share))
    worst = max(a / b for a, b in zip(table["fixed share"], table["bound"], strict=True))
    return {name: float(np.mean(ones)) for name, ones in table.items()} | {"worst of bound": worst}


def market_loss(said: Any, came: Any, share: float) -> float:
    """The loss of a market over workers that say this."""
    ticks, workers, outcomes = said.shape
    readers = [{"box": "reader", "with": {"place": one}} for one in range(workers)]
    options = {"workers": workers, "outcomes": outcomes, "share": share, "worker": readers}
    main = {
        "in": {"x": f"real {workers * outcomes}", "outcome": f"class {outcomes}"},
        "out": {"loss": "real"},
        "boxes": {"market": {"box": "managers.informed_market", "with": options}},
        "wires": ["x -> market.x", "outcome -> market.outcome", "market.loss -> loss"],
    }
    return float(simulated(main, {"x": said.reshape(ticks, -1), "outcome": came})["loss"])


def simulated(main: dict[str, Any], stream: dict[str, Any]) -> dict[str, Any]:
    """What a box shows after the last row of a stream."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "stream.npz", **stream)
        data = {"file": "stream.npz", "inputs": {one: one for one in stream}}
        document = {
            "dils": 1,
            "use": {"managers": "std/managers"},
            "define": {"reader": READER, "main": main},
            "main": "main",
            "simulate": {"until": len(next(iter(stream.values()))), "data": data},
        }
        path = Path(folder) / "stream.yaml"
        path.write_text(json.dumps(document), encoding="utf-8")
        values = api.load(path).simulate().values
    return {name: one[-1, ..., 0].tolist() for name, one in values.items()}


def show(found: dict[str, Any]) -> None:
    """Print the measures as tables."""
    losses = {"phishing": "log loss", "digits": "log loss"}
    losses |= dict.fromkeys(("chicks", "three_linear"), "mean absolute error")
    for name, what in losses.items():
        print(f"{name}: {what}")
        for worker, value in found[name]["each"].items():
            print(f"  {worker:24} {value:8.4f}")
        rest = "  ".join(
            f"{key} {value:.4f}" for key, value in found[name].items() if key not in ("each", "market")
        )
        print(f"  {'market':24} {found[name]['market']:8.4f}   {rest}")
    for name, value in (found["river"] or {}).items():
        print(f"River, {name:38} {value:8.4f}")
    print("a stream that switches: nats over the sequence of those who were right, means over seeds")
    print("  " + "  ".join(f"{key} {value:.2f}" for key, value in found["switching"].items()))


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {
        "phishing": phishing(),
        "digits": digits(),
        "chicks": chicks(),
        "three_linear": three_linear(),
        "river": by_river(),
        "switching": switching(options.seeds),
    }
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        show(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
