"""Vertical runs of wires: in every gap, which net's trunk stands on which track, so that no two lie on each
other."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from dilsctl.render.layout.graph import Spacing, Span

HARD = 1000  # what it costs to lay two wires on each other


@dataclass(slots=True, eq=False)
class Run:
    """A vertical run: the heights at which branches leave it to the left and to the right."""

    net: int
    lefts: list[int]
    rights: list[int]
    half: str = ""  # of a net with two runs in the gap: "first" or "second"
    track: int = 0
    top: int = field(init=False)
    bottom: int = field(init=False)

    def __post_init__(self) -> None:
        ends = [*self.lefts, *self.rights]
        self.top, self.bottom = min(ends), max(ends)


@dataclass(frozen=True, slots=True)
class Tracks:
    """The runs of a gap by net: none where a net goes straight, two where it had to step aside; and how many
    tracks they need."""

    runs: dict[int, list[Run]]
    many: int


def assign(gap: dict[int, Span], spacing: Spacing) -> Tracks:
    """The tracks of a gap, once heights are known."""
    runs = []
    for net, span in gap.items():
        lefts = sorted({vertex.height_of(pin) for vertex, pin in span.lefts})
        rights = sorted({vertex.height_of(pin) for vertex, pin in span.rights})
        run = Run(net, lefts, rights)
        if run.top != run.bottom:
            runs.append(run)
    near = max(1, spacing.wires // 2)
    order = _order(runs, near)
    for _ in range(len(runs) + 2):
        clash = _clash(order, near)
        if clash is None:
            break
        order = _order(_split(order, clash), near)
    many = 0
    for at, run in enumerate(order):
        blocked = [other.track + 1 for other in order[:at] if _touch(other, run, near)]
        run.track = max(blocked, default=0)
        many = max(many, run.track + 1)
    found: dict[int, list[Run]] = {}
    for run in sorted(order, key=lambda one: one.half):
        found.setdefault(run.net, []).append(run)
    return Tracks(found, many)


def _touch(one: Run, other: Run, near: int) -> bool:
    return one.top - near <= other.bottom and other.top - near <= one.bottom


def _overlay(left: Run, right: Run, near: int) -> bool:
    """Would branches lie on each other if one run stood to the left of the other?"""
    return any(abs(one - other) < near for one in left.rights for other in right.lefts)


def _cost(left: Run, right: Run, near: int) -> int:
    """What it costs that one run stands to the left of the other: crossings, or worse."""
    if left.net == right.net:
        return HARD if left.half == "second" else 0
    if not _touch(left, right, near):
        return 0
    crossings = sum(1 for one in left.rights if right.top < one < right.bottom)
    crossings += sum(1 for one in right.lefts if left.top < one < left.bottom)
    return crossings + (HARD if _overlay(left, right, near) else 0)


def _order(runs: list[Run], near: int) -> list[Run]:
    """Runs from left to right, each moved to its best place until none moves any more."""
    order = sorted(runs, key=lambda run: (run.top, run.bottom, run.net, run.half))
    costs: dict[tuple[Run, Run], int] = {}
    for one in order:
        for other in order:
            if one is not other and (cost := _cost(one, other, near)):
                costs[one, other] = cost
    touching: dict[Run, set[Run]] = {one: set() for one in order}
    for one, other in costs:
        touching[one].add(other)
        touching[other].add(one)
    for _ in range(30):
        moved = False
        for run in list(order):
            if not touching[run]:
                continue
            at = order.index(run)
            rest = order[:at] + order[at + 1 :]
            cost = sum(costs.get((run, other), 0) for other in touching[run])
            best, place, now = cost, 0, cost
            for number, other in enumerate(rest):
                if other in touching[run]:
                    cost += costs.get((other, run), 0) - costs.get((run, other), 0)
                if number + 1 == at:
                    now = cost
                if cost < best:
                    best, place = cost, number + 1
            if best < now:
                order = [*rest[:place], run, *rest[place:]]
                moved = True
        if not moved:
            break
    return order


def _clash(order: list[Run], near: int) -> tuple[Run, Run] | None:
    for at, left in enumerate(order):
        for right in order[at + 1 :]:
            if left.net != right.net and _touch(left, right, near) and _overlay(left, right, near):
                return left, right
    return None


def _split(order: list[Run], clash: tuple[Run, Run]) -> list[Run]:
    """Two nets that each need to be to the left of the other: one of them gets two runs, and a short way
    between them where there is most room."""
    whole = [run for run in clash if not run.half and run.lefts and run.rights]
    if not whole:
        return order
    run = min(whole, key=lambda one: one.bottom - one.top)
    taken = {end for other in order for end in (*other.lefts, *other.rights)}
    ends = [run.top, *sorted(end for end in taken if run.top < end < run.bottom), run.bottom]
    middle = (run.top + run.bottom) / 2
    low, high = max(
        itertools.pairwise(ends),
        key=lambda pair: (min(pair[1] - pair[0], 24), -abs(sum(pair) / 2 - middle)),
    )
    between = (low + high) // 2
    halves = [Run(run.net, run.lefts, [between], "first"), Run(run.net, [between], run.rights, "second")]
    return [*(other for other in order if other is not run), *halves]
