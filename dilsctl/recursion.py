"""Room for calls within calls: boxes inside of boxes, and in the innermost an expression of many levels."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

DEEPEST_CALLS = 4_000  # what the limits of boxes and expressions allow together needs less than half of this


@contextmanager
def deep_calls() -> Iterator[None]:
    """Let calls nest as deep as elaboration needs. Python calls Python there: no stack of C grows."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST_CALLS))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
