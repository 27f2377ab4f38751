"""How often the wires of a gap must cross, by the order of the vertices on both sides of it."""

from __future__ import annotations

from bisect import bisect_left, insort

from dilsctl.render.layout.graph import Span, Vertex

Ordinals = tuple[list[float], list[float]]

MOST_PAIRS = 60  # nets in a gap that are compared each with each


def ordinals(span: Span) -> Ordinals:
    """Where the ends of a net are, counted in vertices from the top, on the left and on the right."""
    return (
        sorted([vertex.index + vertex.share[pin] for vertex, pin in span.lefts]),
        sorted([vertex.index + vertex.share[pin] for vertex, pin in span.rights]),
    )


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
    """Of a net that only turns round on one side (``far`` is empty) and another that has ends there."""
    if far or len(near) < 2 or not others:
        return 0
    inside = sum(1 for one in others if near[0] < one < near[-1])
    if not others_far:  # both turn round: one inside of the other is no crossing; counted once, by the first
        around = others[0] < near[0] and near[-1] < others[-1]
        return 0 if inside == len(others) or around or not inside else 1
    return inside


def swap_gain(gap: dict[int, Span], upper: Vertex, lower: Vertex, nets: dict[Vertex, list[int]]) -> int:
    """How many crossings of a gap go away if two neighbours change places. Leaves them as they are."""
    first = [gap[net] for net in nets[upper] if net in gap]
    second = [gap[net] for net in nets[lower] if net in gap]
    if not first or not second:
        return 0
    before = _pairs(first, second)
    upper.index, lower.index = lower.index, upper.index
    after = _pairs(first, second)
    upper.index, lower.index = lower.index, upper.index
    return before - after


def _pairs(first: list[Span], second: list[Span]) -> int:
    theirs = [(span, ordinals(span)) for span in second]
    total = 0
    for one in first:
        own = ordinals(one)
        total += sum(between(own, other) for span, other in theirs if span is not one)
    return total
