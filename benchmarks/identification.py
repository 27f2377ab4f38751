"""Coupling identification: is the graph of ten oscillators found, and what are forecasts by it worth?

    python benchmarks/identification.py [--worlds 5] [--json]

Each world has a graph, frequencies, starts and errors of hearing of its own, as examples/generate_choir.py
draws them. On eighty windows of two units of time each are trained, with the budget of examples/choir.yaml:

- that example (the DILS row);
- the same with every wire at the mean of the true strengths, and only frequencies learned (the IDS row);
- plain networks that tell from the sines and cosines of all phases how fast each one moves, integrated in the
  same way, of about as many learned numbers and of ten times as many (the DNN rows). Each has the best of
  three learning rates, judged by the forecasts themselves, which is more than the other rows get.

A wire counts as found if it is above the largest gap between the strengths in order: the truth is not looked
at. Forecasts begin at the phases of test rows, heard with errors, and go on for ten windows. Their error is
the mean of 1 - cos of how far off the truth without errors they are, which is 1 by chance; "equations" are
the true ones from the same starts.
"""

from __future__ import annotations

import argparse
import json
import runpy
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from dilsctl import api

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
CHOIR = runpy.run_path(str(EXAMPLES / "generate_choir.py"))
FIRST = 101  # the worlds before were looked at when the example was made
LONGER = 10
RATES = (0.003, 0.01, 0.05)
UNITS = {"plain network, as large": 3, "plain network, ten times": 35}
PLAIN = """\
define:
  network:
    params: {n: 10, units: 3}
    in: {start: real n}
    out: {phase: real n}
    boxes:
      hidden: {box: nn.dense, with: {units: units, activation: tanh}}
      output: {box: nn.dense, with: {units: n}}
    state: {moved: real n = 0}
    let:
      at: start + moved
    rate:
      moved: output.y
    wires:
      - concat(sin(at), cos(at)) -> hidden.x
      - hidden.y -> output.x
      - at -> phase
main: network
"""


def texts(mean: float) -> dict[str, str]:
    """The document of each row."""
    choir = (EXAMPLES / "choir.yaml").read_text(encoding="utf-8")
    blocks = "\n" + choir[choir.index("time:") : choir.index("ablate:")]
    plain = "dils: 1\nuse: {nn: std/nn}\n" + PLAIN + blocks.replace("    edges: sum(abs(graph) > 0.3)\n", "")
    uniform = choir.replace("coupling: real n n = 0", f"coupling: real n n = {mean!r}")
    uniform = uniform.replace("    learn: [coupling]\n", "").replace("price: 0.0007", "price: 0")
    return {"choir": choir, "uniform": uniform, "plain": plain}


def error(phases: Any, truth: Any) -> dict[str, float]:
    """Of phases (rows, ticks, N): within the first window, and over ten."""
    off = 1 - np.cos(phases - truth)
    return {"window": float(off[:, : CHOIR["TICKS"] + 1].mean()), "ten windows": float(off.mean())}


def learn(folder: Path, name: str, starts: Any, *settings: str) -> tuple[Any, Any, int]:
    """Train: the diagram, phases (rows, ticks, N) from the starts, how many numbers were learned."""
    diagram = api.load(folder / f"{name}.yaml", settings=settings)
    diagram.train()
    found = []
    for start in starts:
        inputs = {"start": str(start.tolist())}
        trace = diagram.simulate(until=LONGER * CHOIR["TICKS"] * 0.1, record=["phase"], inputs=inputs)
        found.append(trace.values["phase"][..., 0])
    return diagram, np.stack(found), diagram.inspect().sums.learned


def edges(coupling: Any, truth: Any) -> dict[str, float]:
    """Precision and recall of the wires above the largest gap."""
    off = ~np.eye(len(truth), dtype=bool)
    strength = np.abs(coupling)
    ordered = np.sort(strength[off])[::-1]
    place = int(np.argmax(ordered[:-1] - ordered[1:]))
    found = off & (strength > (ordered[place] + ordered[place + 1]) / 2)
    right = float((found & (truth > 0)).sum())
    missed = float(np.abs(coupling - truth)[truth > 0].mean())
    return {"precision": right / found.sum(), "recall": right / (truth > 0).sum(), "strength off": missed}


def measure_world(seed: int) -> dict[str, dict[str, float]]:
    """Every row in one world."""
    frequency, coupling = CHOIR["truth"](seed)
    heard, truth = CHOIR["world"](seed, LONGER)
    starts = heard[CHOIR["TRAIN"] :, 0]
    n = len(frequency)
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        (folder / "data" / "choir.csv.gz").write_bytes(CHOIR["packed"](heard))
        for what, text in texts(float(coupling.sum() / (n * (n - 1)))).items():
            (folder / f"{what}.yaml").write_text(text, encoding="utf-8")
        diagram, phases, learned = learn(folder, "choir", starts)
        rows["choir"] = {"learned": learned, **error(phases, truth)}
        rows["choir"] |= edges(diagram.learner.states["coupling"], coupling)
        _, phases, learned = learn(folder, "uniform", starts)
        rows["uniform wiring"] = {"learned": learned, **error(phases, truth)}
        for what, units in UNITS.items():
            tried = []
            for rate in RATES:
                adam = f"train.optimiser={{adam: {{rate: {{cosine: {{start: {rate}}}}}}}}}"
                _, phases, learned = learn(folder, "plain", starts, f"params.units={units}", adam)
                tried.append({"learned": learned, **error(phases, truth)})
            rows[what] = min(tried, key=lambda one: one["ten windows"])
    best = CHOIR["trajectories"](starts, LONGER * CHOIR["TICKS"], frequency, coupling)
    rows["equations"] = {"learned": 0, **error(best, truth)}
    return rows


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    worlds = [measure_world(seed) for seed in range(FIRST, FIRST + options.worlds)]
    if options.json:
        print(json.dumps(worlds, indent=1))
        return 0
    for row in worlds[0]:
        cells = []
        for key in worlds[0][row]:
            values = [world[row][key] for world in worlds]
            spread = f" ± {statistics.stdev(values):.3f}" if key != "learned" and len(values) > 1 else ""
            cells.append(f"{key} {statistics.fmean(values):.3g}{spread}")
        print(f"{row:26} " + "   ".join(cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
