"""How long it takes to validate a tree of diagram files: anew, from the cache, and one small file.

    pip install -e ".[bench]"
    python benchmarks/validate.py [--files 200] [--lines 300] [--rounds 3] [--json] [--no-peer]

The files are generated: networks, gates and oscillators of 300 lines each, no two alike. The peer is
check-jsonschema, which reads the same files and holds them against the same schema (and knows nothing of
types, wires or loops). Every command is a process of its own, in turn, and has a cache folder of its own. One
file in fifty has a mistake, and the benchmark checks that it is found on its exact line. Processor time is
that of all processes of a command together: it says more where other work goes on beside.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WRONG_EVERY = 50


def network(rng: random.Random, number: int) -> list[str]:
    """A file whose main box is a network of many small layers, with definitions of its own."""
    width = rng.randint(3, 9)
    lines = ["dils: 1", f"name: network-{number}", "define:"]
    for kind in ("tanh", "sigmoid", "relu"):
        lines += [
            f"  {kind}_layer:",
            f"    doc: A layer with {kind}.",
            "    params: {units: 4}",
            "    in: {x: real n}",
            "    out: {y: real units}",
            "    state:",
            "      weight: real units n = glorot",
            "      bias: real units = 0",
            "    learn: [weight, bias]",
            "    wires:",
            f"      - {kind}(weight @ x + bias) -> y",
        ]
    return [*lines, *_chain(rng, "layer", width, ("tanh_layer", "sigmoid_layer", "relu_layer"))]


def _chain(rng: random.Random, name: str, width: int, kinds: tuple[str, ...]) -> list[str]:
    """The main box: layers one after another, some of which add what a layer before shows."""
    count = 66
    lines = ["  whole:", f"    in: {{x: real {width}}}", f"    out: {{y: real {width}}}", "    boxes:"]
    for at in range(count):
        lines.append(f"      {name}{at}: {{box: {rng.choice(kinds)}, with: {{units: {width}}}}}")
    lines += ["    let:"]
    lines += [
        f"      sum{at}: {name}{at}.y + {rng.random():.3f} * {name}{at + 1}.y" for at in range(count - 1)
    ]
    lines += ["    wires:", f"      - x -> {name}0.x"]
    for at in range(1, count):
        source = f"sum{at - 2}" if at >= 2 else f"{name}{at - 1}.y"
        lines += [f"      - {source} -> {name}{at}.x"]
    lines += [f"      - sum{count - 2} -> y", "main: whole"]
    return lines


def gates(rng: random.Random, number: int) -> list[str]:
    """A file of gates: every gate and wire listed."""
    lines = [
        "dils: 1", f"name: gates-{number}", "define:",
        "  nand:", "    in: {a: bool, b: bool}", "    out: {y: bool}", "    wires:",
        "      - not (a and b) -> y",
        "  whole:", "    in: {a: bool, b: bool}", "    out: {y: bool}", "    boxes:",
    ]  # fmt: skip
    count = 95
    lines += [f"      g{at}: nand" for at in range(count)]
    lines.append("    wires:")
    for at in range(count):
        other = "b" if at < 1 else f"g{rng.randrange(at)}.y"
        lines += [f"      - {'a' if at < 1 else f'g{at - 1}.y'} -> g{at}.a", f"      - {other} -> g{at}.b"]
    return [*lines, f"      - g{count - 1}.y -> y", "main: whole"]


def oscillators(rng: random.Random, number: int) -> list[str]:
    """A file of definitions that flow, joined to a system by wires."""
    count = 17
    lines = ["dils: 1", f"name: oscillators-{number}", "define:"]
    for at in range(count):
        lines += [
            f"  part{at}:",
            f"    params: {{rate: {rng.uniform(0.5, 2):.3f}, damping: {rng.random():.3f}}}",
            "    in: {drive: real}",
            "    out: {place: real}",
            "    state:",
            f"      place: real = {rng.random():.3f}",
            "      speed: real = 0",
            "    let:",
            "      pull: -rate * place - damping * speed",
            "    rate:",
            "      place: speed",
            "      speed: pull + drive",
        ]
    lines += ["  whole:", "    out: {total: real}", "    boxes:"]
    lines += [f"      b{at}: part{at}" for at in range(count)]
    lines.append("    wires:")
    for at in range(count):
        lines.append(f"      - {rng.random():.3f} * (b{(at + 1) % count}.place - b{at}.place) -> b{at}.drive")
    lines += [f"      - {' + '.join(f'b{at}.place' for at in range(count))} -> total", "main: whole"]
    return [*lines, "time: {dt: 0.01, method: rk4}", "simulate: {until: 10}"]


KINDS = (network, gates, oscillators)


def generate(folder: Path, files: int, lines: int) -> dict[str, int]:
    """Write the files. What comes back is the line of the mistake of each file that has one."""
    wrong = {}
    for number in range(files):
        rng = random.Random(number)
        text = KINDS[number % len(KINDS)](rng, number)
        if number % WRONG_EVERY == WRONG_EVERY - 1:
            at = next(at for at in reversed(range(len(text))) if " -> " in text[at])
            text[at] = text[at].replace(" -> ", " -> no_such_port_")
            wrong[f"f{number:03}.yaml"] = at + 1
        text += [f"# line {at + 1}" for at in range(len(text), lines)]
        (folder / f"f{number:03}.yaml").write_text("\n".join(text) + "\n", encoding="utf-8")
    return wrong


Taken = tuple[float, float]


def timed(command: list[str], **environment: str) -> tuple[Taken, subprocess.CompletedProcess[str]]:
    """Wall time and processor time (of all its processes) of a command in seconds, and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), done


def check_lines(done: subprocess.CompletedProcess[str], wrong: dict[str, int]) -> None:
    """Every mistake is found on its line, and no other error. Raises SystemExit."""
    content = json.loads(done.stdout)
    errors = [one for one in content["diagnostics"] if one["severity"] == "error"]
    found = {(Path(one["file"]).name, one["line"]) for one in errors if one["code"] == "unknown-port"
             or one["code"] == "bad-target" or one["code"] == "unknown-name"}  # fmt: skip
    if not set(wrong.items()) <= found:
        raise SystemExit(f"mistakes are not found where they are: {sorted(set(wrong.items()) - found)}")


def measure(files: int, lines: int, rounds: int, peer: bool) -> dict[str, Any]:
    """Median and fastest wall times, and median processor times, in seconds."""
    compileall.compile_dir(ROOT / "dilsctl", quiet=1)  # as installing a package does, and as the peer is
    dilsctl = [sys.executable, "-m", "dilsctl"]
    times: dict[str, list[Taken]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "tree"
        folder.mkdir()
        wrong = generate(folder, files, lines)
        every = [str(one) for one in sorted(folder.iterdir())]
        total = sum(len(Path(one).read_text().splitlines()) for one in every)
        small = str(ROOT / "examples" / "or-gate.yaml")
        schema = str(ROOT / "schemas" / "dils-1.schema.json")
        for _ in range(rounds):
            cache = Path(name) / "cache"
            shutil.rmtree(cache, ignore_errors=True)
            for label, command in {
                "cold": [*dilsctl, "validate", str(folder), "--json"],
                "cached": [*dilsctl, "validate", str(folder), "--json"],
                "one process, no cache": [
                    *dilsctl,
                    "validate",
                    "--no-cache",
                    "-j",
                    "1",
                    "--json",
                    str(folder),
                ],
                "one small file, no cache": [*dilsctl, "validate", "--no-cache", small],
            }.items():
                seconds, done = timed(command, DILSCTL_CACHE_DIR=str(cache))
                times.setdefault(label, []).append(seconds)
                if "--json" in command:
                    check_lines(done, wrong)
            if peer:
                command = [sys.executable, "-m", "check_jsonschema", "--schemafile", schema, *every]
                seconds, done = timed(command)
                if "No module" in done.stderr:
                    raise SystemExit("pip install check-jsonschema, or leave it out with --no-peer")
                times.setdefault("check-jsonschema", []).append(seconds)
    result: dict[str, Any] = {"files": files, "lines": total}
    for label, taken in times.items():
        wall, cpu = zip(*taken, strict=True)
        result[label] = {
            "median": statistics.median(wall),
            "fastest": min(wall),
            "processor": statistics.median(cpu),
        }
    return result


def main() -> int:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-peer", action="store_true", help="leave check-jsonschema out")
    options = parser.parse_args()
    result = measure(options.files, options.lines, options.rounds, not options.no_peer)
    if options.json:
        print(json.dumps(result, indent=2))
        return 0
    print(f"{result.pop('files')} files, {result.pop('lines')} lines")
    peer = result.get("check-jsonschema")
    print(f"{'seconds':<26}{'median':>8}{'fastest':>9}{'processor':>11}   of the peer: median, processor")
    for label, row in result.items():
        line = f"{label:<26}{row['median']:8.3f}{row['fastest']:9.3f}{row['processor']:11.3f}"
        if peer:
            line += f"   {row['median'] / peer['median']:.3f} {row['processor'] / peer['processor']:.3f}"
        print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
