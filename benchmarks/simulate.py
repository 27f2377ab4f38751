"""Time of a simulated tick: dilsctl against the same by hand and in other engines, in one process.

    pip install -e ".[bench]"
    python benchmarks/simulate.py [--case ring-1000] [--rounds 15] [--peer pathsim] [--json] [--check]

Each round gives every engine its turn from the same initial state, so that a slow moment of the machine hits
all alike. Shown: the median time of a tick over the rounds, the fastest, how long it took to read and compile
or build, and the medians over the rounds of the ratios dilsctl / peer: of ticks alone ("tick"), and of a
whole simulation that records ("run"). Peers that are not installed are named and left out.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import processors
import simulate_diagrams as ours
import simulate_peers as peers
import simulate_waves as waves
from simulate_peers import Mover

TICK, RUN = "dilsctl tick", "dilsctl run"
ROUND_SECONDS = 0.25  # about what one engine runs in a round, at least one tick
PEERS = ("numpy in place", "numpy plain", "python", "scipy", "pathsim", "bdsim")

Make = Callable[[], Mover]


@dataclass(frozen=True)
class Case:
    """A simulation and the engines that run it.

    ``bases``: the engines whose ratio to all others is shown. ``ticks``: in a run, where it must be so many.
    ``tolerance``: how far the ends of ``checked`` ticks may be apart. ``gates``: evaluated in a tick.
    """

    what: str
    engines: Mapping[str, Make]
    bases: tuple[str, ...]
    ticks: int | None = None
    checked: int = 20
    tolerance: float = 1e-12
    gates: Mapping[str, int] = field(default_factory=dict)


def ring(boxes: int) -> Case:
    """A ring of Kuramoto's oscillators."""
    problem = peers.make_ring(boxes)
    engines: dict[str, Make] = {
        TICK: partial(ours.ring_ticks, problem),
        RUN: partial(ours.ring_run, problem),
        "numpy in place": partial(peers.ring_in_place, problem),
        "numpy plain": partial(peers.ring_plain, problem),
    }
    if boxes <= 1000:  # more would take minutes
        engines["pathsim"] = partial(peers.ring_pathsim, problem)
    return Case(f"a ring of {boxes} oscillators, RK4", engines, (TICK, RUN), checked=3)


def wave(boxes: int) -> Case:
    """A chain of masses and springs, by its potential."""
    problem = waves.make_wave(boxes)
    engines: dict[str, Make] = {
        TICK: partial(waves.wave_ticks, problem),
        RUN: partial(waves.wave_run, problem),
        "numpy in place": partial(waves.wave_in_place, problem),
        "numpy plain": partial(waves.wave_plain, problem),
    }
    return Case(f"a chain of {boxes} masses by its potential, symplectic", engines, (TICK, RUN))


def spring() -> Case:
    """A damped oscillator."""
    problem = peers.Spring()
    engines: dict[str, Make] = {
        TICK: partial(ours.spring_ticks, problem),
        RUN: partial(ours.spring_run, problem),
        "python": partial(peers.spring_python, problem),
        "scipy": partial(peers.spring_scipy, problem),
        "pathsim": partial(peers.spring_pathsim, problem),
        "bdsim": partial(peers.spring_bdsim, problem),
    }
    what = "a damped oscillator, 3000 steps of RK4, each recorded"
    return Case(what, engines, (TICK, RUN), 3000, 3000, 1e-10)


def prey() -> Case:
    """Prey and hunters by an adaptive method."""
    problem = peers.Prey()
    engines: dict[str, Make] = {
        RUN: partial(ours.prey_run, problem),
        "scipy": partial(peers.prey_scipy, problem),
    }
    what = "prey and hunters, dopri5, rtol 1e-8, recorded 200 times"
    return Case(what, engines, (RUN,), 200, 200, 1e-5)


def depth() -> Case:
    """Boxes inside of boxes."""
    one = peers.make_ring(2**ours.DEPTH)
    problem = peers.Ring(one.phases, np.zeros_like(one.frequencies))
    engines: dict[str, Make] = {
        "nested in pairs": partial(ours.nested, problem),
        "wrapped": partial(ours.wrapped, problem),
        "flat": partial(ours.flat, problem),
    }
    what = f"{2**ours.DEPTH} oscillators, boxes {ours.DEPTH} deep"
    return Case(what, engines, ("nested in pairs", "wrapped"))


def gates() -> Case:
    """Processors made of gates."""
    made: dict[str, Callable[[], tuple[Mover, int]]] = {
        "alone": processors.alone,
        "64 programs, runs": partial(processors.as_runs, 64),
        "64 programs, array": partial(processors.as_array, 64),
    }
    engines: dict[str, Make] = {name: partial(_first, make) for name, make in made.items()}
    counts = {name: make()[1] for name, make in made.items()}
    return Case("processors made of NAND gates", engines, (), checked=100, gates=counts)


def _first(make: Callable[[], tuple[Mover, int]]) -> Mover:
    return make()[0]


CASES: dict[str, Callable[[], Case]] = {
    **{f"ring-{boxes}": partial(ring, boxes) for boxes in (10, 100, 1000, 100_000)},
    **{f"wave-{boxes}": partial(wave, boxes) for boxes in (1000, 100_000)},
    "oscillator": spring,
    "adaptive": prey,
    "depth": depth,
    "processor": gates,
}


def make(case: Case, chosen: list[str]) -> tuple[dict[str, Mover], dict[str, float], dict[str, str]]:
    """The movers of a case, the seconds that each took to be made, and which are missing and why."""
    movers: dict[str, Mover] = {}
    made: dict[str, float] = {}
    missing: dict[str, str] = {}
    for name, maker in case.engines.items():
        if name in PEERS and name not in chosen:
            continue
        try:
            maker()  # what it imports is not measured
        except ImportError as error:
            missing[name] = str(error)
            continue
        start = time.perf_counter()
        movers[name] = maker()
        made[name] = time.perf_counter() - start
    return movers, made, missing


def timed(mover: Mover, ticks: int) -> float:
    """Seconds of so many ticks from the initial state."""
    mover.start()
    start = time.perf_counter()
    mover.run(ticks)
    return time.perf_counter() - start


def measure(name: str, chosen: list[str], rounds: int) -> dict[str, Any]:
    """Interleave the engines; times are microseconds a tick."""
    case = CASES[name]()
    movers, made, missing = make(case, chosen)
    ticks: dict[str, int] = {}
    for engine, mover in movers.items():
        ticks[engine] = case.ticks or 1
        timed(mover, ticks[engine])  # warm up
        while case.ticks is None:
            taken = timed(mover, ticks[engine])
            if taken > ROUND_SECONDS / 4:
                ticks[engine] = max(1, round(ticks[engine] * ROUND_SECONDS / taken))
                break
            ticks[engine] *= 4
    times: dict[str, list[float]] = {engine: [] for engine in movers}
    for number in range(rounds):
        for engine in list(movers) if number % 2 == 0 else list(reversed(movers)):
            times[engine].append(timed(movers[engine], ticks[engine]) / ticks[engine] * 1e6)
    rows: dict[str, dict[str, Any]] = {}
    for engine, series in times.items():
        row: dict[str, Any] = {
            "median_us": statistics.median(series),
            "fastest_us": min(series),
            "made_ms": made[engine] * 1e3,
            "ratios": {
                base: statistics.median(a / b for a, b in zip(times[base], series, strict=True))
                for base in case.bases
                if base in times and engine not in case.bases
            },
        }
        if engine in case.gates:
            row["gates"] = case.gates[engine]
            row["gates_per_second"] = case.gates[engine] / row["median_us"] * 1e6
        rows[engine] = row
    return {"case": name, "what": case.what, "bases": case.bases, "engines": rows, "missing": missing}


def check(name: str, chosen: list[str]) -> bool:
    """Do all engines end at the same numbers? Each is told with its distance from the first."""
    case = CASES[name]()
    movers, _, _ = make(case, chosen)
    ends = {}
    for engine, mover in movers.items():
        mover.start()
        mover.run(case.checked)
        ends[engine] = np.array(mover.state(), float)
    first = next(iter(ends.values()))
    apart = {engine: float(np.abs(end - first).max()) for engine, end in ends.items()}
    print(f"{name}, {case.checked} ticks:", " ".join(f"{engine}={far:.1e}" for engine, far in apart.items()))
    return all(far <= case.tolerance for far in apart.values())


def show(result: dict[str, Any]) -> None:
    """A plain table."""
    bases = result["bases"]
    heads = "".join(f"{base.removeprefix('dilsctl ') + ' / it':>22}" for base in bases)
    print(f"\n{result['case']}: {result['what']}")
    print(f"  {'engine':<20}{'median µs':>11}{'fastest µs':>12}{'made ms':>9}{heads}")
    for name, row in result["engines"].items():
        ratios = "".join(f"{row['ratios'][base]:>22.3g}" for base in bases if base in row["ratios"])
        speed = f"   {row['gates_per_second'] / 1e6:.3g} million gates a second" if "gates" in row else ""
        times = f"{row['median_us']:>11.1f}{row['fastest_us']:>12.1f}{row['made_ms']:>9.0f}"
        print(f"  {name:<20}{times}{ratios}{speed}", flush=True)
    for name, why in result["missing"].items():
        print(f"  {name:<20} not available: {why}")


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES, action="append", help="default: all")
    parser.add_argument("--peer", choices=PEERS, action="append", help="default: all that are installed")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="show that all engines end at the same numbers")
    options = parser.parse_args()
    cases, chosen = options.case or list(CASES), options.peer or list(PEERS)
    if options.check:
        return 0 if all([check(name, chosen) for name in cases]) else 1
    results = []
    for name in cases:
        results.append(measure(name, chosen, options.rounds))
        if not options.json:
            show(results[-1])
    if options.json:
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        print(json.dumps({"machine": machine, "results": results}, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
