"""Time and peak memory of the front end on a very large listed diagram, and how both grow.

    python benchmarks/scale.py [--boxes 100000] [--form list] [--keep FILE] [--json]

The file lists every box and every wire one by one: layers of 1000 neurons, each neuron with ten inputs, each
wired by its own line to a neuron of the layer before, drawn at random (seeded). So 100,000 boxes are
1,000,000 wires. Half and double are measured as well. Each measurement is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 1000
FAN_IN = 10
VERBS = ("validate", "plan")


def write_diagram(out: TextIO, boxes: int, form: str = "block", seed: int = 0) -> int:
    """Write a diagram of ``boxes`` neurons (a multiple of 1000) and return how many wires it has."""
    draw = random.Random(seed)
    layers = boxes // WIDTH
    out.write(
        "dils: 1\n"
        "name: large\n"
        "define:\n"
        "  neuron:\n"
        f"    in: {{x: real {FAN_IN}}}\n"
        "    out: {y: real}\n"
        "    state:\n"
        f"      weight: real {FAN_IN} = glorot\n"
        "      bias: real = 0\n"
        "    learn: [weight, bias]\n"
        "    wires:\n"
        "      - tanh(weight @ x + bias) -> y\n"
        "  network:\n"
        f"    in: {{x: real {WIDTH}}}\n"
        f"    out: {{y: real {WIDTH}}}\n"
        "    boxes:\n"
    )
    for layer in range(layers):
        out.writelines(f"      l{layer}n{number}: neuron\n" for number in range(WIDTH))
    mark = "- " if form == "list" else ""
    out.write("    wires:\n" if form == "list" else "    wires: |\n")
    wires = 0
    for layer in range(layers):
        everyone = draw.sample(range(WIDTH), WIDTH)  # so that every neuron is read by somebody
        for number in range(WIDTH):
            for place in range(FAN_IN):
                source = draw.randrange(WIDTH) if place else everyone[number]
                start = f"l{layer - 1}n{source}.y" if layer else f"x[{source}]"
                out.write(f"      {mark}{start} -> l{layer}n{number}.x[{place}]\n")
                wires += 1
    for number in range(WIDTH):
        out.write(f"      {mark}l{layers - 1}n{number}.y -> y[{number}]\n")
    out.write("main: network\n")
    return wires + WIDTH


def measure(verb: str, path: Path) -> dict[str, float]:
    """Run one command on the file; seconds and peak resident memory in MiB."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "dilsctl", verb, str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stderr is not None
    message = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"dilsctl {verb} failed:\n{message[-2000:]}")
    return {"seconds": seconds, "mib": usage.ru_maxrss / 1024}


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--boxes", type=int, default=100_000, help="a multiple of 2000")
    parser.add_argument("--form", choices=("block", "list"), default="block", help="how wires are written")
    parser.add_argument("--keep", type=Path, help="only write the file here")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.keep:
        with open(options.keep, "w", encoding="utf-8") as out:
            write_diagram(out, options.boxes, options.form)
        return 0
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text("[tool.dilsctl]\nlargest-file = 1024\n")
        for boxes in (options.boxes // 2, options.boxes, options.boxes * 2):
            path = Path(folder) / f"{boxes}.yaml"
            with open(path, "w", encoding="utf-8") as out:
                wires = write_diagram(out, boxes, options.form)
            row = {"boxes": boxes, "wires": wires, "file_mib": path.stat().st_size / 2**20}
            for verb in VERBS:
                row |= {f"{verb}_{key}": value for key, value in measure(verb, path).items()}
            rows.append(row)
            path.unlink()
            if not options.json:
                print(f"{boxes:>8} boxes {wires:>9} wires", end="")
                for verb in VERBS:
                    seconds, mib = row[f"{verb}_seconds"], row[f"{verb}_mib"]
                    print(f" | {verb} {seconds:6.2f} s {mib:6.0f} MiB", end="")
                print(flush=True)
    if options.json:
        print(json.dumps(rows, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
