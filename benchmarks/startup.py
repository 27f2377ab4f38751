"""Start-up time of the command line, and whether it loaded NumPy.

    python benchmarks/startup.py [--rounds 15] [--json]

Measured: `dilsctl --help`, and `dilsctl validate` of a file of 50 lines. Each run is a process of its own.
"""

from __future__ import annotations

import argparse
import compileall
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PROBE = """
import sys
sys.argv[0] = "dilsctl"
from dilsctl.cli import main
try:
    main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
print("numpy" in sys.modules, "scipy" in sys.modules, "rich" in sys.modules, code, file=sys.stderr)
"""


def fifty_lines() -> str:
    """A diagram of exactly 50 lines: a chain of NOT gates made of NAND."""
    head = [
        "dils: 1",
        "name: chain",
        "define:",
        "  nand:",
        "    in: {a: bool, b: bool}",
        "    out: {y: bool}",
        "    wires: [not (a and b) -> y]",
        "  chain:",
        "    in: {a: bool}",
        "    out: {y: bool}",
        "    boxes:",
    ]
    tail = ["main: chain"]
    gates = (50 - len(head) - len(tail) - 2) // 3
    boxes = [f"      g{number}: nand" for number in range(gates)]
    ends = ["a", *(f"g{number}.y" for number in range(gates))]
    wires = [f"      - {ends[number]} -> g{number}.{port}" for number in range(gates) for port in "ab"]
    lines = [*head, *boxes, "    wires:", *wires, f"      - {ends[-1]} -> y", *tail]
    lines += [f"# line {number}" for number in range(len(lines) + 1, 51)]
    return "\n".join(lines) + "\n"


def measure(arguments: list[str], rounds: int) -> dict[str, object]:
    """Median and fastest wall time in milliseconds, and which heavy packages were loaded."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "dilsctl", *arguments],
            cwd=ROOT,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        times.append((time.perf_counter() - start) * 1e3)
    probe = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    )
    numpy, scipy, rich, _ = probe.stderr.split()[-4:]
    return {
        "median_ms": statistics.median(times),
        "fastest_ms": min(times),
        "numpy": numpy == "True",
        "scipy": scipy == "True",
        "rich": rich == "True",
    }


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    compileall.compile_dir(ROOT / "dilsctl", quiet=1)  # as installing a package does
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.yaml"
        path.write_text(fifty_lines(), encoding="utf-8")
        results = {
            "--help": measure(["--help"], options.rounds),
            "validate, 50 lines": measure(["validate", str(path)], options.rounds),
        }
    if options.json:
        print(json.dumps(results, indent=2))
        return 0
    for name, row in results.items():
        loaded = [package for package in ("numpy", "scipy", "rich") if row[package]]
        print(
            f"{name:<20}{row['median_ms']:7.0f} ms (fastest {row['fastest_ms']:.0f})"
            f"   loads {', '.join(loaded) or 'none of numpy, scipy, rich'}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
