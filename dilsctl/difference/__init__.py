"""What changed in meaning between two diagrams: ``dilsctl diff``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["added", "removed", "changed", "renamed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is no longer the same. ``part``: the block or box that it belongs to (``box network``,
    ``train``); ``what``: the thing there (``wire to output.x``); ``old`` and ``new`` as they are written,
    empty where there is none."""

    kind: Kind
    part: str
    what: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """A number or word about a whole, before and after."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes between two diagrams or runs, part by part, and what they come to."""

    old: str
    new: str
    changes: tuple[Change, ...]
    totals: tuple[Total, ...] = ()

    @property
    def same(self) -> bool:
        return not self.changes
