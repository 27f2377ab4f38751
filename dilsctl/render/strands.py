"""The wires of a level as what is drawn of them: pieces between forks, each once, with the looks that all
wires in it have in common. A port that tells a peer and somebody else has a plain first leg."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from dataclasses import dataclass

from dilsctl.render.picture import Looks, Wire

Point = tuple[int, int]
Lines = tuple[tuple[Point, ...], ...]


@dataclass(frozen=True, slots=True)
class Strand:
    """Points from end to end of a piece; the numbers of the wires in it; does it begin where its first wire
    does, and end where that ends; has the strand before it all of its looks."""

    points: tuple[Point, ...]
    wires: tuple[int, ...]
    looks: Looks
    first: bool
    last: bool
    goes_on: Looks = frozenset()


def strands(wires: tuple[Wire, ...], lines: Lines) -> list[Strand]:
    """All pieces, in the order of their first wires."""
    cuts = _cuts(lines)
    members: dict[tuple[Point, Point], list[int]] = {}
    steps = [list(_steps(line, cuts)) for line in lines]
    for number, way in enumerate(steps):
        for one, other in way:
            members.setdefault((min(one, other), max(one, other)), []).append(number)
    found: list[Strand] = []
    for number, way in enumerate(steps):
        known = [(one, other, tuple(members[min(one, other), max(one, other)])) for one, other in way]
        before: Looks = frozenset()
        at = 0
        for inside, group in itertools.groupby(known, key=lambda step: step[2]):
            pieces = list(group)
            looks = frozenset[str].intersection(*(wires[one].looks for one in inside))
            if inside[0] == number:  # else it is drawn already
                points = _joined([pieces[0][0], *(other for _, other, _ in pieces)])
                end = at + len(pieces) == len(known)
                found.append(Strand(points, inside, looks, at == 0, end, before & looks))
            before, at = looks, at + len(pieces)
    return found


def _cuts(lines: Lines) -> dict[tuple[bool, int], list[int]]:
    """Of every height and every place from left to right, where lines begin or turn on it."""
    found: dict[tuple[bool, int], set[int]] = {}
    for line in lines:
        for (x, y), (ex, ey) in itertools.pairwise(line):
            key = (True, y) if y == ey else (False, x)
            found.setdefault(key, set()).update((x, ex) if y == ey else (y, ey))
    return {key: sorted(places) for key, places in found.items()}


def _steps(
    line: tuple[Point, ...], cuts: dict[tuple[bool, int], list[int]]
) -> itertools.chain[tuple[Point, Point]]:
    """A line in steps that no other line leaves or joins half way."""
    return itertools.chain.from_iterable(_cut(one, other, cuts) for one, other in itertools.pairwise(line))


def _cut(one: Point, other: Point, cuts: dict[tuple[bool, int], list[int]]) -> list[tuple[Point, Point]]:
    flat = one[1] == other[1]
    low, high = sorted((one[0], other[0]) if flat else (one[1], other[1]))
    places = cuts[flat, one[1] if flat else one[0]]
    inner = places[bisect_left(places, low) : bisect_left(places, high) + 1]
    points = [(at, one[1]) if flat else (one[0], at) for at in inner]
    if points and points[0] != one:
        points.reverse()
    return list(itertools.pairwise(points))


def _joined(points: list[Point]) -> tuple[Point, ...]:
    """The same line without points that turn nowhere."""
    kept: list[Point] = []
    for point in points:
        while len(kept) > 1 and (
            kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]
        ):
            kept.pop()
        kept.append(point)
    return tuple(kept)
