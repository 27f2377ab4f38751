"""Where a result comes from: versions, machine, digests, and what has changed since."""

from __future__ import annotations

import difflib
import hashlib
import os
import platform
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from dilsctl import __version__

_MOST_LINES = 16


def environment() -> dict[str, Any]:
    """What the last bits of a result may depend on, beside the diagram, the data and the seed."""
    threads = {
        name: os.environ[name]
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        if name in os.environ
    }
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "dilsctl": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": f"{sys.platform} {platform.machine()}",
        "cores": usable,
        "threads": threads,
    }


def digest_of_files(files: Mapping[str, str]) -> str:
    """A SHA-256 of a diagram and its imports: of their names and texts."""
    found = hashlib.sha256()
    for name in sorted(files):
        text = files[name].encode()
        found.update(f"{name}\0{len(text)}\0".encode() + text)
    return found.hexdigest()


def changed_files(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The names of files that differ, and a unified diff of their texts, cut short where it is long."""
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    lines: list[str] = []
    for name in names:
        lines += difflib.unified_diff(
            old.get(name, "").splitlines(),
            new.get(name, "").splitlines(),
            f"{name} (then)",
            f"{name} (now)",
            lineterm="",
            n=1,
        )
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} lines more"]
    return names, lines
