"""Vertical runs of wires: in every gap, which net's trunk stands on which track, so that no two lie on each
other."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
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
    track: int = -1  # none yet
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
    beside = _Beside(max(1, spacing.wires // 2))
    for run in runs:
        beside.add(run)
    order = _order(runs, beside)
    for _ in range(len(runs) + 2):
        clash = beside.clash(order)
        if clash is None:
            break
        order = _order(_split(order, clash, beside), beside)
    many = 0
    for run in order:
        run.track = 1 + max((other.track for other in beside.touching[run]), default=-1)
        many = max(many, run.track + 1)
    found: dict[int, list[Run]] = {}
    for run in sorted(order, key=lambda one: one.half):
        found.setdefault(run.net, []).append(run)
    return Tracks(found, many)


class _Beside:
    """What it costs that one run stands to the left of another: crossings, or worse.

    ``touching``: the runs that a run can't share a track with; ``costs``: what those cost that stand to the
    right of a run, if anything; ``overlaid``: those whose branches would lie on its own there.
    """

    def __init__(self, near: int) -> None:
        self.near = near
        self.touching: dict[Run, list[Run]] = {}
        self.costs: dict[Run, dict[Run, int]] = {}
        self.overlaid: dict[Run, set[Run]] = {}

    def add(self, run: Run) -> None:
        """Compare a run with those that are there."""
        self.touching[run], self.costs[run], self.overlaid[run] = [], {}, set()
        for other in self.touching:
            if other is run:
                continue
            touch = other.top - self.near <= run.bottom and run.top - self.near <= other.bottom
            if touch:
                self.touching[run].append(other)
                self.touching[other].append(run)
            if touch or other.net == run.net:
                self._compare(run, other)
                self._compare(other, run)

    def remove(self, run: Run) -> None:
        """Forget a run."""
        for other in self.touching.pop(run):
            self.touching[other].remove(run)
        for found in (self.costs, self.overlaid):
            found.pop(run)
        for other in self.costs:
            self.costs[other].pop(run, None)
            self.overlaid[other].discard(run)

    def _compare(self, left: Run, right: Run) -> None:
        if left.net == right.net:
            cost = HARD if left.half == "second" else 0
        else:
            cost = _inside(left.rights, right.top, right.bottom) + _inside(right.lefts, left.top, left.bottom)
            if _overlay(left.rights, right.lefts, self.near):
                self.overlaid[left].add(right)
                cost += HARD
        if cost:
            self.costs[left][right] = cost

    def clash(self, order: list[Run]) -> tuple[Run, Run] | None:
        """The first two runs that lie on each other."""
        for at, left in enumerate(order):
            if self.overlaid[left]:
                for right in order[at + 1 :]:
                    if right in self.overlaid[left]:
                        return left, right
        return None


def _inside(ends: list[int], top: int, bottom: int) -> int:
    """How many of some heights, in order, lie between two others."""
    return max(0, bisect_left(ends, bottom) - bisect_right(ends, top))


def _overlay(rights: list[int], lefts: list[int], near: int) -> bool:
    """Would branches lie on each other if a run stood to the left of another?"""
    return any(abs(one - other) < near for one in rights for other in lefts)


def _order(runs: list[Run], beside: _Beside) -> list[Run]:
    """Runs from left to right, each moved to its best place until none moves any more."""
    order = sorted(runs, key=lambda run: (run.top, run.bottom, run.net, run.half))
    place = {run: at for at, run in enumerate(order)}
    costs = beside.costs
    concerned: dict[Run, dict[Run, None]] = {one: dict.fromkeys(costs[one]) for one in order}
    for one in order:
        for other in costs[one]:
            concerned[other][one] = None
    for _ in range(30):
        moved = False
        for run in list(order):
            if not concerned[run]:
                continue
            at, mine = place[run], costs[run]
            now = best = cost = sum(mine.values())
            to = 0
            for other in sorted(concerned[run], key=place.__getitem__):
                cost += costs[other].get(run, 0) - mine.get(other, 0)
                if place[other] < at:
                    now = cost
                if cost < best:
                    best, to = cost, place[other] + (place[other] < at)
            if best < now:
                order.insert(to, order.pop(at))
                for number in range(min(at, to), max(at, to) + 1):
                    place[order[number]] = number
                moved = True
        if not moved:
            break
    return order


def _split(order: list[Run], clash: tuple[Run, Run], beside: _Beside) -> list[Run]:
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
    beside.remove(run)
    for one in halves:
        beside.add(one)
    return [*(other for other in order if other is not run), *halves]
