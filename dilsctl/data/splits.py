"""Which rows are for training, validation and testing.

Draws come from Philox, a counter-based generator: its numbers are a function of the seed and what they are
for, so splits and orders depend on nothing else, and a run that goes on needs no generator state.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.diagnostics import Problem, SourceSpan

Rows = npt.NDArray[np.int64]

PARTS = ("train", "validation", "test")
_SPLIT, _ORDER = 1, 2
_SIXTYFOUR = (1 << 64) - 1


def permutation(count: int, seed: int, purpose: int, number: int = 0) -> Rows:
    """The numbers 0 to count - 1 in an order that is a function of the arguments alone.

    Raw bits of the generator are sorted, rather than shuffled by it: NumPy promises that those bits never
    change, but not how its shuffle uses them (NEP 19).
    """
    key = np.array([seed & _SIXTYFOUR, seed >> 64 & _SIXTYFOUR], np.uint64)
    bits = np.random.Philox(key=key, counter=np.array([0, 0, number, purpose], np.uint64))
    return np.argsort(bits.random_raw(count), kind="stable").astype(np.int64, copy=False)


def epoch_order(rows: Rows, seed: int, epoch: int) -> Rows:
    """The rows in the order of an epoch (counted from 1)."""
    found: Rows = rows[permutation(len(rows), seed, _ORDER, epoch)]
    return found


def split_rows(
    rows: int, split: Mapping[str, Any], seed: int, span: SourceSpan | None = None, name: str = ""
) -> dict[str, Rows]:
    """The rows of each part, in ascending order; parts that nothing asks for are left out.

    split: for ``test`` and ``validation``, a fraction of all rows, or 'last N' or 'first N' of what is left
    when those before it are taken. Fractions are drawn by a seeded shuffle, the test part first, so that it
    stays the same whether there is a validation part or not. Raises Problem: bad-split.
    """
    wanted = {part: split[part] for part in ("test", "validation") if split.get(part) is not None}
    left = np.arange(rows, dtype=np.int64)
    parts: dict[str, Rows] = {}
    for part, value in wanted.items():
        if isinstance(value, str):
            end, count = _ends(part, value, span)
            if count >= len(left):
                raise _too_much(rows, wanted, span, name)
            cut = len(left) - count if end == "last" else count
            before, after = left[:cut], left[cut:]
            parts[part], left = (after, before) if end == "last" else (before, after)
    shuffled = left[permutation(len(left), seed, _SPLIT)]
    for part, value in wanted.items():
        if not isinstance(value, str):
            if isinstance(value, bool) or not 0 < value < 1:
                message = (
                    f"the {part} part must be a fraction between 0 and 1, 'last N' or 'first N': {value}"
                )
                raise Problem.of("bad-split", message, span, file=name)
            count = max(1, round(value * rows))
            if count >= len(shuffled):
                raise _too_much(rows, wanted, span, name)
            parts[part], shuffled = np.sort(shuffled[:count]), shuffled[count:]
    parts["train"] = np.sort(shuffled)
    return {part: parts[part] for part in PARTS if part in parts}


def _ends(part: str, text: str, span: SourceSpan | None) -> tuple[str, int]:
    found = re.fullmatch(r"\s*(first|last)\s+(\d{1,18})\s*", text)
    if not found or not int(found.group(2)):
        raise _bad_part(part, text, span)
    return found.group(1), int(found.group(2))


def _bad_part(part: str, value: object, span: SourceSpan | None) -> Problem:
    message = f"the {part} part is a fraction between 0 and 1, 'last N' or 'first N', not {value!r}"
    return Problem.of("bad-split", message, span)


def _too_much(rows: int, wanted: Mapping[str, Any], span: SourceSpan | None, name: str) -> Problem:
    asked = ", ".join(f"{part} {value}" for part, value in wanted.items())
    message = f"no rows would be left for training: there are {rows}, and asked for are {asked}"
    return Problem.of("bad-split", message, span, file=name)
