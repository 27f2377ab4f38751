"""Where a result comes from: versions, machine, digests, and what has changed since."""

from __future__ import annotations

import difflib
import hashlib
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dilsctl import __version__
from dilsctl.diagnostics import Label, SourceFile, SourceSpan

_MOST_LABELS = 6
_MOST_WORK = 10_000_000


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


def changed_places(
    old: Mapping[str, str], new: Mapping[str, str], where: str = ""
) -> tuple[list[str], list[Label]]:
    """The names of files that differ, and labels at the first places where they do, new before old.

    where: what stands before the names of the old files.
    """
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    labels: list[Label] = []
    for name in names:
        if name not in new:
            labels.append(_label(where + name, old[name], 0, 1, "is gone"))
        elif name not in old:
            labels.append(_label(name, new[name], 0, 1, "is new"))
        else:
            labels += _differences(name, old[name], new[name], where)
    return names, labels[:_MOST_LABELS]


def _differences(name: str, old: str, new: str, where: str) -> list[Label]:
    before, after = old.split("\n"), new.split("\n")
    # What is equal at both ends goes first: the matcher takes quadratic time.
    top = _equal_items(before, after)
    tail = _equal_items(before[top:][::-1], after[top:][::-1])
    a, b = before[top : len(before) - tail], after[top : len(after) - tail]
    ranges = [(0, len(a), 0, len(b))]
    if len(a) * len(b) < _MOST_WORK:
        ranges = [code[1:] for code in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()]
    labels = []
    for start, stop, begin, end in ranges:
        if a[start:stop] != b[begin:end]:
            if begin < end:
                labels.append(_label(name, new, top + begin, top + end, "now"))
            if start < stop:
                labels.append(_label(where + name, old, top + start, top + stop, "when the run began"))
    return labels


def _equal_items(one: Sequence[str], two: Sequence[str]) -> int:
    """How many items at the start of both are equal."""
    count = 0
    for first, second in zip(one, two, strict=False):
        if first != second:
            break
        count += 1
    return count


def _label(name: str, text: str, first: int, stop: int, what: str) -> Label:
    """A label at the first of some lines, counted from 0."""
    lines = text.split("\n")
    line = lines[first]
    begin = sum(len(one) + 1 for one in lines[:first])
    span = SourceSpan(
        SourceFile(name, text), begin + len(line) - len(line.lstrip()), begin + len(line.rstrip())
    )
    more = f" (and {stop - first - 1} lines more)" if stop - first > 1 else ""
    return Label(span, what + more)
