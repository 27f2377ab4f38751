"""Two runs side by side: their diagrams, settings and metrics."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from dilsctl.diagnostics import Problem
from dilsctl.difference import Change, Total
from dilsctl.documents import Library, load_documents
from dilsctl.runs import RunFolder
from dilsctl.source import parse_yaml, read_source

MOST_BYTES = 64 << 20
_PLACE = frozenset({"dilsctl", "python", "numpy", "machine", "cores", "threads"})


def run_library(folder: Path) -> Library:
    """The documents of a run as it was begun. Raises Problem: not-a-run, bad-run."""
    return load_documents(RunFolder.open(folder).diagram)


def run_changes(old: Path, new: Path) -> list[Change]:
    """The settings of two runs that differ. Raises Problem."""
    before, after = _flat(_config(old)), _flat(_config(new))
    return [
        Change(
            "changed" if key in before and key in after else "added" if key in after else "removed",
            "settings",
            key,
            _text(before.get(key)),
            _text(after.get(key)),
        )
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    ]


def run_totals(old: Path, new: Path) -> list[Total]:
    """Metrics at the end of two runs, side by side."""
    before, after = _last(old), _last(new)
    return [Total(key, _text(before.get(key)), _text(after.get(key))) for key in {**before, **after}]


def _config(folder: Path) -> Any:
    run = RunFolder.open(folder)
    path = folder / "config.yaml"
    try:
        found = parse_yaml(read_source(path))
    except Problem as problem:
        raise Problem.of("bad-run", f"{path}: {problem.diagnostics[0].message}", file=str(path)) from None
    settings = run.facts.get("settings")
    blocks = {key: one for key, one in found.items() if key != "define"} if isinstance(found, dict) else {}
    return {**blocks, "--set": settings if isinstance(settings, list) else []}


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict) and value:
        return {
            key: one
            for name, inner in value.items()
            for key, one in _flat(inner, f"{path}.{name}" if path else str(name)).items()
        }
    return {path: value}


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
