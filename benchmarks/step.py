"""Time of one training step: dilsctl against the peers, interleaved in one process.

    pip install -e ".[bench]"
    python benchmarks/step.py [--size small] [--rounds 15] [--peer numpy] [--json] [--check]

Each round gives every engine the same number of epochs, in turn, so that a slow moment of the machine hits
all alike. Shown: the median time of a step over the rounds, the fastest, and the median over the rounds of
the ratio dilsctl / peer. Peers that are not installed are named and left out.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import sys
import time
from typing import Any

from peers import PEERS, SIZES, Problem, Run, make_problem

OURS = "dilsctl"
ROUND_SECONDS = 0.25  # about what one engine runs in a round, at least one epoch


def diagram_text(layers: tuple[int, ...]) -> str:
    """The network as a diagram file: dense layers of std/nn."""
    names = [f"layer{number}" for number in range(1, len(layers))]
    boxes = [
        f"{name}: {{box: nn.dense, with: {{units: {units}, activation: {activation}}}}}"
        for name, units, activation in zip(
            names, layers[1:], ["tanh"] * (len(names) - 1) + ["identity"], strict=True
        )
    ]
    ends = ["x", *(f"{name}.y" for name in names)]
    wires = [f"{source} -> {name}.x" for source, name in zip(ends, names, strict=False)]
    lines = [
        "dils: 1",
        "use: {nn: std/nn}",
        "define:",
        "  network:",
        f"    in: {{x: real {layers[0]}}}",
        f"    out: {{logits: real {layers[-1]}}}",
        "    boxes:",
        *(f"      {box}" for box in boxes),
        "    wires:",
        *(f"      - {wire}" for wire in wires),
        f"      - {ends[-1]} -> logits",
        "main: network",
        "train:",
        "  data: {file: none.csv, inputs: {x: x0.." + f"x{layers[0] - 1}" + "}, targets: {truth: label}}",
        "  loss: cross_entropy(logits, truth)",
        "  optimiser: {adam: {rate: 0.001}}",
    ]
    return "\n".join(lines) + "\n"


def dilsctl(problem: Problem) -> Run:
    """This package's learner on the same problem, from the same weights."""
    from adapter import learner_for

    return learner_for(problem, diagram_text(problem.size.layers))


def measure(size_name: str, names: list[str], rounds: int) -> dict[str, Any]:
    """Interleave the engines; times are microseconds a step."""
    problem = make_problem(SIZES[size_name])
    runs: dict[str, Run] = {}
    missing: dict[str, str] = {}
    for name in names:
        try:
            runs[name] = (dilsctl if name == OURS else PEERS[name])(problem)
        except ImportError as error:
            missing[name] = str(error)
    epochs: dict[str, int] = {}
    for name, run in runs.items():
        run(2)  # compile, warm up
        start = time.perf_counter()
        run(1)
        epochs[name] = max(1, math.ceil(ROUND_SECONDS / (time.perf_counter() - start)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for round_number in range(rounds):
        turn = list(runs) if round_number % 2 == 0 else list(reversed(runs))
        for name in turn:
            time.sleep(0.005)  # let the other engine's threads go to sleep
            start = time.perf_counter()
            runs[name](epochs[name])
            taken = time.perf_counter() - start
            times[name].append(taken / epochs[name] / problem.size.batches * 1e6)
    rows = {}
    for name, series in times.items():
        row = {"median_us": statistics.median(series), "fastest_us": min(series)}
        if OURS in times and name != OURS:
            row["ratio"] = statistics.median(
                ours / theirs for ours, theirs in zip(times[OURS], series, strict=True)
            )
        rows[name] = row
    return {"size": size_name, "network": str(problem.size), "engines": rows, "missing": missing}


def check(size_name: str, names: list[str]) -> dict[str, float]:
    """Mean loss of the third epoch of each engine: they must agree."""
    losses = {}
    for name in names:
        if name != "products only":
            try:
                losses[name] = (dilsctl if name == OURS else PEERS[name])(make_problem(SIZES[size_name]))(3)
            except ImportError:
                continue
    return losses


def show(result: dict[str, Any], out: Any = sys.stdout) -> None:
    """A plain table."""
    print(f"\n{result['size']}: {result['network']}", file=out)
    print(f"  {'engine':<16}{'median µs':>11}{'fastest µs':>12}{'dilsctl / it':>14}", file=out)
    for name, row in result["engines"].items():
        ratio = f"{row['ratio']:.3f}" if "ratio" in row else ""
        print(f"  {name:<16}{row['median_us']:>11.1f}{row['fastest_us']:>12.1f}{ratio:>14}", file=out)
    for name, why in result["missing"].items():
        print(f"  {name:<16} not available: {why}", file=out)


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, action="append", help="default: all three")
    parser.add_argument("--peer", choices=PEERS, action="append", help="default: all that are installed")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="show that all engines reach the same loss")
    options = parser.parse_args()
    sizes = options.size or list(SIZES)
    names = [OURS, *(options.peer or PEERS)]
    if options.check:
        good = True
        for size in sizes:
            losses = check(size, names)
            good &= max(losses.values()) - min(losses.values()) < 1e-3 * max(losses.values())
            print(size, " ".join(f"{name}={loss:.6f}" for name, loss in losses.items()))
        return 0 if good else 1
    results = []
    for size in sizes:
        results.append(measure(size, names, options.rounds))
        if not options.json:
            show(results[-1])
    if options.json:
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        print(json.dumps({"machine": machine, "results": results}, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
