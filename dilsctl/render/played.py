"""What a page shows of a run: curves, wires by their strength over time, and what the states are in the end.

It is read without NumPy: logs are lines of JSON, and a checkpoint is a header and numbers in a row.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dilsctl.diagnostics import Problem
from dilsctl.render.figures import Figure
from dilsctl.render.nets import Nets

MOST_NUMBERS = 400_000  # of all wires over all epochs; more epochs than that allows are thinned out
MOST_SHOWN = 8  # numbers of a state that are shown
_FORMATS = {"F64": "d", "F32": "f", "I64": "q", "I32": "i", "BOOL": "?", "U8": "B"}


def read_run(folder: Path) -> dict[str, Any]:
    """Epochs, metrics, weights of wires and states, ready for JSON. Raises Problem: not-a-run, bad-run."""
    try:
        facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"'{folder}' is no run folder"
        raise Problem.of("not-a-run", message, help="train leaves one in runs/", file=str(folder)) from None
    except (OSError, ValueError) as error:
        raise Problem.of("bad-run", f"'{folder}' can't be read: {error}", file=str(folder)) from None
    metrics = _lines(folder / "metrics.jsonl")
    strengths = {line["epoch"]: line for line in _lines(folder / "wires.jsonl")}
    weights = facts.get("wires") or []
    epochs = sorted({*strengths, *(line["epoch"] for line in metrics)})
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
        "weights": [_weight(one, epochs, strengths) for one in weights] if strengths else [],
        "states": _states(folder),
    }


def strengths(figure: Figure, run: Mapping[str, Any]) -> dict[tuple[str, int], float]:
    """How strong the wires of a figure are when the run ends, between 0 and 1, by the path of the box around
    and their number there; of those that the run says something about."""
    found = {}
    nets = Nets(figure)
    for (path, number), (_, sources, targets) in zip(nets.names, nets.joined(), strict=True):
        shares = [
            one["means"][-1] / one["most"]
            for one in run["weights"]
            if one["path"] == path
            and one["most"]
            and set(targets) & set(one["targets"])
            and set(sources) & {*one["sources"], *one["reads"]}
        ]
        if shares:
            found[path, number] = max(shares)
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a log."""
    try:
        text = path.read_bytes()
    except OSError:
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
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _weight(
    facts: Mapping[str, Any], epochs: list[int], lines: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    """A weight with its rows. Epochs that say nothing of it have the row before."""
    title = f"{facts['path']}.{facts['name']}" if facts["path"] else facts["name"]
    rows: list[list[float]] = []
    for epoch in epochs:
        line = lines.get(epoch, {})
        row = line.get("strengths", {}).get(title)
        if isinstance(row, list) and len(row) == math.prod(facts["shape"]):
            rows.append([_rounded(_number(one) or 0.0) for one in row])
        else:
            rows.append(rows[-1] if rows else [0.0] * math.prod(facts["shape"]))
    means = [sum(map(abs, row)) / max(1, len(row)) for row in rows]
    return {
        **{key: facts[key] for key in ("path", "name", "sources", "targets", "shape", "axes")},
        "reads": [facts["name"]],
        "rows": rows,
        "means": [_rounded(one) for one in means],
        "most": max(means, default=0.0),
        "peak": max((abs(one) for row in rows for one in row), default=0.0),
    }


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _states(folder: Path) -> dict[str, str]:
    """State by path → its numbers in words, of the best checkpoint or else the last."""
    for name in ("best", "last"):
        try:
            data = (folder / f"{name}.safetensors").read_bytes()
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
