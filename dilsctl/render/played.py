"""What a picture shows of a run: curves, wires by their strength and sign and boxes by their activity over
time, and what the states are in the end.

It is read without NumPy: logs are lines of JSON, and a checkpoint is a header and numbers in a row.
"""

from __future__ import annotations

import errno
import json
import math
import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dilsctl.diagnostics import Problem

MOST_NUMBERS = 400_000  # of all wires over all epochs; more epochs than that allows are thinned out
MOST_BYTES = 256 << 20
MOST_SHOWN = 8  # numbers of a state that are shown
_FORMATS = {"F64": "d", "F32": "f", "I64": "q", "I32": "i", "BOOL": "?", "U8": "B"}


def read_run(folder: Path) -> dict[str, Any]:
    """Epochs, metrics, weights of wires, activity of boxes and states, ready for JSON.

    Raises Problem: not-a-run, bad-run.
    """
    try:
        facts = json.loads(bytes_of(folder / "run.json"))
        return _read(folder, facts)
    except FileNotFoundError:
        message = f"'{folder}' is no run folder"
        raise Problem.of("not-a-run", message, help="train leaves one in runs/", file=str(folder)) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        message = f"the run folder '{folder}' is damaged: what it keeps can't be read ({error})"
        raise Problem.of("bad-run", message, file=str(folder)) from None


def _read(folder: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    metrics = _lines(folder / "metrics.jsonl")
    strengths = {line["epoch"]: line for line in _lines(folder / "wires.jsonl")}
    active = {line["epoch"]: line for line in _lines(folder / "activity.jsonl")}
    weights = facts.get("wires") or []
    epochs = sorted({*strengths, *active, *(line["epoch"] for line in metrics)})
    total = sum(math.prod(one["shape"]) for one in weights) or 1
    epochs = _thinned(epochs, max(2, MOST_NUMBERS // total))
    told = {line["epoch"]: line for line in metrics}
    names = [
        name
        for name in (metrics[-1] if metrics else {})
        if name not in ("epoch", "step", "seconds", "rate") and isinstance(metrics[-1][name], int | float)
    ]
    return {
        "epochs": epochs,
        "metrics": {name: [_number(told.get(epoch, {}).get(name)) for epoch in epochs] for name in names},
        "weights": [_weight(one, _latest(epochs, strengths)) for one in weights] if strengths else [],
        "activity": _activity(_latest(epochs, active)),
        "states": _states(folder),
    }


def within(run: Mapping[str, Any], path: str) -> dict[str, Any]:
    """What a run tells of the interior box at a path, as if that were all."""
    lead = f"{path}."

    def inner(known: Mapping[str, Any]) -> dict[str, Any]:
        return {name.removeprefix(lead): one for name, one in known.items() if name.startswith(lead)}

    weights = [
        {**one, "path": f"{one['path']}.".removeprefix(lead).removesuffix(".")}
        for one in run["weights"]
        if f"{one['path']}.".startswith(lead)
    ]
    return {**run, "weights": weights, "states": inner(run["states"]), "activity": inner(run["activity"])}


def bytes_of(path: Path) -> bytes:
    """The content of a file of a run. Raises OSError, also for what is no regular file, or too large."""
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise OSError(errno.EINVAL, f"'{path}' is no regular file, or larger than {MOST_BYTES >> 20} MiB")
    return path.read_bytes()


def _lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a log; none where it is not there. Raises OSError."""
    try:
        text = bytes_of(path)
    except FileNotFoundError:
        return []
    found = []
    for line in text.split(b"\n")[:-1]:
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict) and isinstance(one.get("epoch"), int):
            found.append(one)
    return found


def _thinned(epochs: list[int], most: int) -> list[int]:
    if len(epochs) <= most:
        return epochs
    return [epochs[round(at * (len(epochs) - 1) / (most - 1))] for at in range(most)]


def _number(value: object) -> float | None:
    """What is a finite number, and no larger than there are."""
    if not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def _weight(facts: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A weight with its rows, one for each line; of lines that say nothing, zeros."""
    named = [facts["path"], facts["name"], *facts["sources"], *facts["targets"]]
    if not all(isinstance(one, str) for one in named):
        raise TypeError("a weight without names")
    title = f"{facts['path']}.{facts['name']}" if facts["path"] else facts["name"]
    size = math.prod(facts["shape"])
    if not 0 <= size <= MOST_NUMBERS:
        raise ValueError(f"the weight '{title}' has {size} wires")
    rows: list[list[float]] = []
    signs: list[str] = []
    signed: list[float] = []
    for line in lines:
        row, sign = (line.get(name, {}).get(title) for name in ("strengths", "signs"))
        known = isinstance(row, list) and len(row) == size
        rows.append([_rounded(_number(one) or 0.0) for one in row] if known else [0.0] * size)
        has_sign = known and isinstance(sign, str) and len(sign) == size
        signs.append(sign if has_sign else "0" * size)
        signed.append((_number(line["means"].get(title)) or 0.0) if has_sign else 0.0)
    if not any(one.strip("0") for one in signs):  # of a run of an older version, or of what has no sign
        signs, signed = [], []
    means = [sum(map(abs, row)) / max(1, len(row)) for row in rows]
    return {
        **{key: facts[key] for key in ("path", "name", "sources", "targets", "shape", "axes")},
        "reads": [facts["name"]],
        "rows": rows,
        "signs": signs,
        "signed": signed,
        "means": [_rounded(one) for one in means],
        "most": max(means, default=0.0),
        "peak": max((abs(one) for row in rows for one in row), default=0.0),
    }


def _activity(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[float | None]]:
    """How active each box was, by path."""
    active: list[Mapping[str, Any]] = [line.get("activity", {}) for line in lines]
    paths = dict.fromkeys(path for line in active for path in line)
    return {path: [_number(line.get(path)) for line in active] for path in paths}


def _latest(epochs: Sequence[int], lines: Mapping[int, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """For each epoch the last line up to it; of those before the first line, nothing."""
    known, found, at = sorted(lines), [], -1
    for epoch in epochs:
        while at + 1 < len(known) and known[at + 1] <= epoch:
            at += 1
        found.append(lines[known[at]] if at >= 0 else {})
    return found


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _states(folder: Path) -> dict[str, str]:
    """State by path → its numbers in words, of the best checkpoint or else the last."""
    for name in ("best", "last"):
        try:
            data = bytes_of(folder / f"{name}.safetensors")
            length = int.from_bytes(data[:8], "little")
            header = json.loads(data[8 : 8 + length])
            return {
                key.partition(":")[2] or key: _words(data[8 + length :], one)
                for key, one in sorted(header.items())
                if key.startswith("state")
            }
        except (OSError, ValueError, KeyError, TypeError, struct.error):
            continue
    return {}


def _words(data: bytes, facts: Mapping[str, Any]) -> str:
    """Some numbers of an array, and how large they are."""
    start, end = facts["data_offsets"]
    code = _FORMATS[facts["dtype"]]
    size = (end - start) // struct.calcsize(code)
    values = struct.unpack(f"<{size}{code}", data[start:end])
    if size <= MOST_SHOWN:
        return "  ".join(f"{one:.4g}" for one in values)
    norm = math.sqrt(sum(float(one) ** 2 for one in values) / size)
    shape = " × ".join(map(str, facts["shape"]))
    return f"{shape} numbers from {min(values):.4g} to {max(values):.4g}, root mean square {norm:.4g}"
