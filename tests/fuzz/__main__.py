"""Many cases, by hand: ``python -m tests.fuzz --cases 20000 --seed 1 --keep /tmp/found``."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from random import Random

from tests.fuzz.commands import LOOKING, RUNNING, Outcome, run
from tests.fuzz.mutants import ROOT, mutant
from tests.fuzz.written import document


def folder_of_cases() -> Path:
    """A folder in which imports and data files are found."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    ignored = shutil.ignore_patterns("digits-listed*", "runs", "*.py")
    shutil.copytree(ROOT / "examples", folder, dirs_exist_ok=True, ignore=ignored)
    return folder


def outcomes(text: str, folder: Path, random: Random, heavy: float, quick: bool = False) -> list[Outcome]:
    """What the commands make of a text: all that look, where it is good, and some that run. quick: those that
    check and lay out alone."""
    file = folder / "case.yaml"
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except UnicodeEncodeError:
        return []
    first = run("validate", file)
    found = [first, run("fmt", file)]
    if quick:
        return found
    if first.code == 0 or random.random() < 0.1:
        found += [run(one, file) for one in LOOKING[2:]]
        if first.code == 0 or random.random() < 0.2:
            found += [run(one, file) for one in RUNNING if random.random() < heavy]
    return found


def signature(one: Outcome) -> str:
    """Where it failed."""
    places = re.findall(r'File "[^"]*?(dilsctl/[^"]+)", line (\d+)', one.output)
    last = one.output.strip().split("\n")[-1][:120] if one.code is not None else "too long"
    return f"{one.command} {one.code} {':'.join(places[-1]) if places else ''} {last}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--heavy", type=float, default=0.5, help="how often a command that runs is tried")
    parser.add_argument("--quick", action="store_true", help="validate and fmt alone")
    parser.add_argument("--keep", type=Path, default=Path("/tmp/fuzz-found"))
    told = parser.parse_args()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))
    told.keep.mkdir(parents=True, exist_ok=True)
    folder = folder_of_cases()
    calls: Counter[str] = Counter()
    good: Counter[str] = Counter()
    bad: dict[str, int] = {}
    start = time.time()
    for case in range(told.cases):
        random = Random(f"{told.seed}/{case}")
        text = mutant(random) if random.random() < 0.6 else document(random)
        for one in outcomes(text, folder, random, told.heavy, told.quick):
            calls[one.command] += 1
            good[one.command] += one.code == 0
            if not one.good:
                mark = signature(one)
                bad[mark] = bad.get(mark, 0) + 1
                if bad[mark] == 1:
                    name = hashlib.sha256(mark.encode()).hexdigest()[:10]
                    (told.keep / f"{name}.yaml").write_text(text, encoding="utf-8", newline="")
                    (told.keep / f"{name}.txt").write_text(f"{mark}\n{told.seed}/{case}\n{one.output}")
                    print(f"{case}: {mark}", flush=True)
        if case % 500 == 499:
            print(f"{case + 1} cases, {sum(calls.values())} calls, {time.time() - start:.0f} s", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"cases": told.cases, "calls": calls, "good": good, "failures": bad}, indent=1))
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
