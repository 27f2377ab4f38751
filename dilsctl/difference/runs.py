"""Two runs side by side: their diagrams with their settings, and metrics."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from dilsctl.difference import Total
from dilsctl.documents import Library
from dilsctl.loaded import read
from dilsctl.runs import RunFolder

MOST_BYTES = 64 << 20


def run_library(folder: Path) -> Library:
    """The documents of a run, with its settings put in. Raises Problem: not-a-run, bad-run."""
    run = RunFolder.open(folder)
    return read(run.diagram, settings=run.facts.get("settings", ()))


def run_totals(old: Path, new: Path) -> list[Total]:
    """Metrics at the end of two runs that differ, side by side; how long an epoch took is none."""
    before, after = _last(old), _last(new)
    found = []
    for key in {**before, **after}:
        one, two = before.get(key), after.get(key)
        if key == "seconds" or json.dumps(one) == json.dumps(two):
            continue
        texts = _text(one), _text(two)
        found.append(Total(key, *(texts if texts[0] != texts[1] else (json.dumps(one), json.dumps(two)))))
    return found


def _last(folder: Path) -> dict[str, Any]:
    """The last line of metrics.jsonl that can be read."""
    path = folder / "metrics.jsonl"
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return {}
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    for line in reversed(lines):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return {str(key): one for key, one in found.items() if isinstance(one, int | float | str)}
    return {}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, default=str)
