"""Wires: one blank on each side of the arrow, and arrows in one column where that reads well."""

from __future__ import annotations

from collections.abc import Sequence

from dilsctl.expression import find_arrow

FARTHEST = 24  # more blanks than this before an arrow lead the eye astray


def split_wire(text: str, value: str) -> tuple[str, str] | None:
    """What stands before and after the arrow in a wire as it is written, quotes included.

    ``value`` is what is written, without quotes. None for what is no wire on one line.
    """
    if "\n" in text or find_arrow(value) != value.rfind("->") or "->" not in value:
        return None
    at = text.rfind("->")
    left, right = text[:at].rstrip(), text[at + 2 :].lstrip()
    quoted = text[:1] if text[:1] in "'\"" else ""
    if quoted:
        right = right[:-1].rstrip() + quoted
    return (left, right.rstrip()) if left and right.rstrip(quoted) else None


def align(wires: Sequence[tuple[str, str] | None]) -> list[str | None]:
    """Wires that stand below each other, as lines. What is None stays None and parts what is around it."""
    lines: list[str | None] = []
    group: list[tuple[str, str]] = []
    for wire in [*wires, None]:
        if wire is not None:
            group.append(wire)
            continue
        widths = _widths(group)
        lines += [f"{left:<{wide}} -> {right}" for (left, right), wide in zip(group, widths, strict=True)]
        lines.append(None)
        group = []
    return lines[:-1]


def _widths(group: Sequence[tuple[str, str]]) -> list[int]:
    """How wide the left side of each wire is drawn: that of the longest one near it in the group that is
    not much longer."""
    if not group:
        return []
    shortest = min(len(left) for left, _ in group)
    wide = max(len(left) for left, _ in group if len(left) <= shortest + FARTHEST)
    return [wide if len(left) <= wide else 0 for left, _ in group]
