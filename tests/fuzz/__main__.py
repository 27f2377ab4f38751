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
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.fuzz.commands import LOOKING, RUNNING, Outcome, run
from tests.fuzz.editor import edited
from tests.fuzz.mutants import ROOT, mutant
from tests.fuzz.written import document
from tests.lsp_client import Client, client


def folder_of_cases() -> Path:
    """A folder in which imports and data files are found."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    ignored = shutil.ignore_patterns("digits-listed*", "pendigits.csv*", "runs", "*.py")
    shutil.copytree(ROOT / "examples", folder, dirs_exist_ok=True, ignore=ignored)
    return folder


def outcomes(
    text: str, folder: Path, random: Random, looks: int = len(LOOKING), runs: int = len(RUNNING),
    server: Client | None = None,
) -> list[Outcome]:  # fmt: skip
    """What the commands make of a text: validate and fmt, and of a file that is good (or now and then of one
    that is not) so many commands that look at it and so many that run it. server: of an editor, if wanted."""
    file, out = folder / "case.yaml", folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except UnicodeEncodeError:
        return []
    found = [run("validate", file)]
    if server is not None:
        found.append(edited(server, text, file, random))
    if found[0].code == 0 or random.random() < 0.1:
        for command in sorted(random.sample(LOOKING, looks), key=LOOKING.index):
            if command == "explain":
                codes = sorted(set(re.findall(r"^(?:error|warning|note)\[([\w-]+)\]", found[0].output, re.M)))
                found += [run(command, file, ["explain", *codes])] if codes else []
            elif command == "fold" and not (out / "unfolded.yaml").exists():
                found.append(run(command, file, ["fold", str(file)]))
            else:
                found.append(run(command, file))
        found += [run(command, file) for command in random.sample(RUNNING, runs)]
    return [*found, *_laid_out(file)]


def _laid_out(file: Path) -> list[Outcome]:
    """Lay a file out: where it is YAML, a second time has nothing to do, and it says the same."""
    first = run("fmt", file)
    if first.code != 0:
        return [first]
    if "left as it is" in first.output:
        return [replace(first, allowed=())]
    return [first, run("fmt-again", file, allowed=(0,))]


def signature(one: Outcome) -> str:
    """Where it failed."""
    places = re.findall(r'File "[^"]*?(dilsctl/[^"]+)", line (\d+)', one.output)
    last = one.output.strip().split("\n")[-1][:120] if one.code is not None else "too long"
    return f"{one.command} {one.code} {':'.join(places[-1]) if places else ''} {last}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--looks", type=int, default=3, help="commands that look at a good file")
    parser.add_argument("--runs", type=int, default=1, help="commands that run a good file")
    parser.add_argument("--editor", action="store_true", help="ask the language server too")
    parser.add_argument("--keep", type=Path, default=Path("/tmp/fuzz-found"))
    told = parser.parse_args()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))
    told.keep.mkdir(parents=True, exist_ok=True)
    folder = folder_of_cases()
    calls: Counter[str] = Counter()
    good: Counter[str] = Counter()
    bad: dict[str, int] = {}
    seconds: Counter[str] = Counter()
    start = time.time()
    editor = client(folder) if told.editor else nullcontext(None)
    server = editor.__enter__()
    for case in range(told.cases):
        random = Random(f"{told.seed}/{case}")
        text = mutant(random) if random.random() < 0.6 else document(random)
        for one in outcomes(text, folder, random, told.looks, told.runs, server):
            seconds[one.command] += one.seconds
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
    editor.__exit__(None, None, None)
    shutil.rmtree(folder, ignore_errors=True)
    took = {name: round(one, 1) for name, one in seconds.items()}
    print(json.dumps({"cases": told.cases, "calls": calls, "good": good, "seconds": took, "failures": bad}))
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
