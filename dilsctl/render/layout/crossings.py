"""How often the wires of a gap must cross, by the order of the vertices on both sides of it."""

from __future__ import annotations

from bisect import bisect_left, insort

from dilsctl.render.layout.graph import Span, Vertex

Ordinals = tuple[list[float], list[float]]

MOST_PAIRS = 60  # nets in a gap that are compared each with each


def ordinals(span: Span) -> Ordinals:
    """Where the ends of a net are, counted in vertices from the top, on the left and on the right."""
    return _places(span.lefts), _places(span.rights)


def _places(ends: list[tuple[Vertex, int]]) -> list[float]:
    if len(ends) == 1:  # by far the most are
        ((vertex, pin),) = ends
        return [vertex.index + vertex.share[pin]]
    return sorted([vertex.index + vertex.share[pin] for vertex, pin in ends])


def count(gap: dict[int, Span]) -> int:
    """Crossings in a gap. In a large one, those of wires that run across it, each net by its middle."""
    found = [ordinals(span) for span in gap.values()]
    if len(found) <= MOST_PAIRS:
        total = 0
        for number, one in enumerate(found):
            for other in found[:number]:
                total += between(one, other)
        return total
    edges = []
    for lefts, rights in found:
        if lefts and rights:
            middle = rights[len(rights) // 2]
            edges += [(left, middle) for left in lefts]
            edges += [(lefts[len(lefts) // 2], right) for right in rights if right != middle]
    edges.sort()
    seen: list[float] = []
    total = 0
    for _, right in edges:
        total += len(seen) - bisect_left(seen, right)
        insort(seen, right)
    return total


def between(one: Ordinals, other: Ordinals) -> int:
    """Crossings of two nets, when their trunks stand in the better order."""
    lefts, rights = one
    others_left, others_right = other
    if lefts and rights and others_left and others_right:
        if len(lefts) == len(rights) == len(others_left) == len(others_right) == 1:
            return int((lefts[0] < others_left[0]) != (rights[0] < others_right[0]))
        return _across(lefts, rights, others_left, others_right)
    return _beside(lefts, rights, others_left, others_right) + _beside(
        rights, lefts, others_right, others_left
    )


def _across(a: list[float], b: list[float], c: list[float], d: list[float]) -> int:
    """Of nets that go from a to b and from c to d: as many branches as must pass the other's trunk."""
    if (a[-1] < c[0] and b[-1] < d[0]) or (a[0] > c[-1] and b[0] > d[-1]):
        return 0
    own_left, own_right, far_left, far_right = set(), set(), set(), set()
    for left in a:
        for far in c:
            for right in b:
                for end in d:
                    if (left < far) != (right < end):
                        own_left.add(left)
                        own_right.add(right)
                        far_left.add(far)
                        far_right.add(end)
    return max(0, min(len(own_left) + len(own_right), len(far_left) + len(far_right)) - 1)


def _beside(near: list[float], far: list[float], others: list[float], others_far: list[float]) -> int:
    """Of two nets, what comes of ends on one side of the gap if one of them has none on the far side, so that
    it only turns round there."""
    turns, others_turn = not far and len(near) > 1, not others_far and len(others) > 1
    if turns and others_turn:
        return _interleaved(near, others)
    if turns and others:
        return _passing(near, others)
    if others_turn and near:
        return _passing(others, near)
    return 0


def _interleaved(a: list[float], b: list[float]) -> int:
    """One turn inside of the other is no crossing; two that overlap are."""
    first, second = (a, b) if a[0] < b[0] else (b, a)
    if first[-1] < second[0]:
        return 0
    inside = sum(1 for one in first if second[0] < one < second[-1])
    return 1 if inside else 0


def _passing(turn: list[float], others: list[float]) -> int:
    """Ends of a net that goes across the gap, inside of the reach of a turn: if all are, they meet first."""
    inside = sum(1 for one in others if turn[0] < one < turn[-1])
    return 1 if inside == len(others) else min(inside, 2)


def swap_gain(first: list[Span], second: list[Span], upper: Vertex, lower: Vertex) -> int:
    """How many crossings of a gap go away if two neighbours change places, with the spans of each there.
    Leaves them as they are."""
    before = _pairs(first, second)
    upper.index, lower.index = lower.index, upper.index
    after = _pairs(first, second)
    upper.index, lower.index = lower.index, upper.index
    return before - after


def _pairs(first: list[Span], second: list[Span]) -> int:
    theirs = [ordinals(span) for span in second]
    total = 0
    for one in first:
        own = ordinals(one)
        for span, other in zip(second, theirs, strict=True):
            if span is not one:
                total += between(own, other)
    return total
