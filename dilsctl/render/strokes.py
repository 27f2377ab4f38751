"""Box-drawing characters: which one has strokes of these kinds to the north, east, south and west."""

from __future__ import annotations

import unicodedata
from functools import cache

LIGHT, HEAVY, DOUBLE = 1, 2, 3
Arms = tuple[int, int, int, int]  # north, east, south, west; 0 for none

_ARMS = {"UP": (0,), "RIGHT": (1,), "DOWN": (2,), "LEFT": (3,), "VERTICAL": (0, 2), "HORIZONTAL": (1, 3)}
_KINDS = {"LIGHT": LIGHT, "SINGLE": LIGHT, "HEAVY": HEAVY, "DOUBLE": DOUBLE}
_ROUND = {(0, 1, 1, 0): "╭", (0, 0, 1, 1): "╮", (1, 1, 0, 0): "╰", (1, 0, 0, 1): "╯"}
_DASHED = {
    (LIGHT, 0, LIGHT, 0): "╎", (0, LIGHT, 0, LIGHT): "╌",
    (HEAVY, 0, HEAVY, 0): "╏", (0, HEAVY, 0, HEAVY): "╍",
}  # fmt: skip


def stroke(arms: Arms, *, dashed: bool = False) -> str:
    """The character with these strokes, or the nearest that there is: heavy strokes and double ones never
    meet in one, and not every double one meets single ones."""
    if not any(arms):
        return " "
    if dashed and arms in _DASHED:
        return _DASHED[arms]
    if arms in _ROUND:
        return _ROUND[arms]
    north, east, south, west = arms
    upright, flat = max(north, south), max(east, west)
    even = (upright if north else 0, flat if east else 0, upright if south else 0, flat if west else 0)
    most = max(arms)
    for one in (arms, even, tuple(most if arm else 0 for arm in arms), tuple(min(arm, 1) for arm in arms)):
        if one in _characters():
            return _characters()[one]
    raise AssertionError(arms)  # light ones are all there


@cache
def _characters() -> dict[tuple[int, ...], str]:
    """All box-drawing characters without dashes, arcs and diagonals, by their strokes, as their names say."""
    found: dict[tuple[int, ...], str] = {}
    for code in range(0x2500, 0x2580):
        words = unicodedata.name(chr(code)).removeprefix("BOX DRAWINGS ").split()
        if {"DASH", "ARC", "DIAGONAL"} & set(words):
            continue
        found.setdefault(_arms_of(words), chr(code))
    return found


def _arms_of(words: list[str]) -> tuple[int, ...]:
    """``LIGHT UP AND HEAVY DOWN``, ``HEAVY VERTICAL AND RIGHT``, ``LEFT HEAVY AND RIGHT VERTICAL LIGHT``: a
    kind is that of the directions after it, or of those before it where the first word is one of them."""
    arms = [0, 0, 0, 0]
    first = words[0] in _KINDS
    kind = _KINDS.get(words[0], 0)
    waiting: list[int] = []
    for word in words:
        if word in _KINDS:
            kind = _KINDS[word]
            if not first:
                for at in waiting:
                    arms[at] = kind
                waiting = []
        elif word in _ARMS:
            for at in _ARMS[word]:
                if first:
                    arms[at] = kind
                else:
                    waiting.append(at)
    return tuple(arms)
