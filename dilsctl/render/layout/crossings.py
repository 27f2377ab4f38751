"""How often the wires of a gap must cross, by the order of the vertices on both sides of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dilsctl.render.layout.graph import Span, Vertex

Ordinals = tuple[list[float], list[float]]
Ends = list[tuple[Vertex, float]]  # a vertex, and how far down its side the pin is

MOST_PAIRS = 60  # nets in a gap that are compared each with each


@dataclass(slots=True, eq=False)
class Part:
    """A span with the places of its ends, which are worked out when they are asked for (``places`` None).

    ``straight``: it has one end on either side; ``alone``: it goes across, and has one end on the right, or
    on the left.
    """

    gap: int
    lefts: Ends
    rights: Ends
    straight: bool = field(init=False)
    alone: tuple[bool, bool] = field(init=False)
    places: Ordinals | None = None

    def __post_init__(self) -> None:
        left, right = len(self.lefts), len(self.rights)
        self.straight = left == right == 1
        self.alone = (right == 1 and left > 0, left == 1 and right > 0)

    @classmethod
    def of(cls, span: Span, gap: int) -> Part:
        """The part of a net in a gap."""
        lefts, rights = ([(vertex, vertex.share[pin]) for vertex, pin in ends] for ends in span.sides)
        return cls(gap, lefts, rights)

    def ordinals(self) -> Ordinals:
        """Where its ends are, counted in vertices from the top, on the left and on the right."""
        if self.places is None:
            self.places = self.worked_out()
        return self.places

    def worked_out(self) -> Ordinals:
        """The ordinals by the indices that the vertices have now."""
        return _places(self.lefts), _places(self.rights)


def _places(ends: Ends) -> list[float]:
    if len(ends) == 1:  # by far the most are
        ((vertex, share),) = ends
        return [vertex.index + share]
    return sorted([vertex.index + share for vertex, share in ends])


def count(parts: Sequence[Part]) -> int:
    """Crossings in a gap. In a large one, those of wires that run across it, each net by its middle."""
    if len(parts) > MOST_PAIRS:
        return _inversions(edge for part in parts for edge in _edges(*part.ordinals()))
    straight = [part.ordinals() for part in parts if part.straight]
    others = [part.ordinals() for part in parts if not part.straight]
    total = _inversions((lefts[0], rights[0]) for lefts, rights in straight)
    for number, one in enumerate(others):
        for other in (*others[:number], *straight):
            total += between(one, other)
    return total


def _edges(lefts: list[float], rights: list[float]) -> list[tuple[float, float]]:
    if not (lefts and rights):
        return []
    middle = rights[len(rights) // 2]
    found = [(left, middle) for left in lefts]
    return found + [(lefts[len(lefts) // 2], right) for right in rights if right != middle]


def _inversions(edges: Iterable[tuple[float, float]]) -> int:
    """How many pairs of straight lines cross."""
    seen: list[float] = []
    total = 0
    for _, right in sorted(edges):
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
    if len(a) == len(c) == 1:
        return _fans(b, d) if a[0] < c[0] else _fans(d, b)
    if len(b) == len(d) == 1:
        return _fans(a, c) if b[0] < d[0] else _fans(c, a)
    if len(a) == len(b) == 1 or len(c) == len(d) == 1:
        return 1
    own = _passed(a, c, *_orders(b, d)) + _passed(b, d, *_orders(a, c))
    far = _passed(c, a, *_orders(d, b)) + _passed(d, b, *_orders(c, a))
    return max(0, min(own, far) - 1)


def _fans(upper: list[float], lower: list[float]) -> int:
    """Crossings of two nets with one end each on a side of a gap, by their ends on the other side. Before
    them, upper is above lower."""
    if upper[-1] < lower[0]:
        return 0
    return min(len(upper) - bisect_left(upper, lower[0]), bisect_right(lower, upper[-1]))


def _orders(one: list[float], other: list[float]) -> tuple[bool, bool]:
    """Is an end of one above an end of the other, and is one below?"""
    return one[0] < other[-1], one[-1] > other[0]


def _passed(own: list[float], others: list[float], above: bool, below: bool) -> int:
    """The ends of one net that are on another side of an end of the other net than the far ends are."""
    first, last = others[0], others[-1]
    if above and below:
        return len(own)
    if above:
        return sum(1 for one in own if one > first)
    return sum(1 for one in own if one < last) if below else 0


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


def swap_gain(first: list[Part], second: list[Part], upper: Vertex, lower: Vertex, far: int) -> int:
    """How many crossings of a gap go away if two neighbours change places, with the parts of each there.
    Leaves them as they are. far: the side of the gap that they are not on, 0 for the left."""
    gain = 0
    rest: list[tuple[Part, Part]] = []
    for one in first:
        for other in second:
            if one.alone[far] and other.alone[far]:
                above, below = one.ordinals()[far], other.ordinals()[far]
                gain += _fans(above, below) - _fans(below, above)
            elif one is not other:
                gain += between(one.ordinals(), other.ordinals())
                rest.append((one, other))
    if rest:
        upper.index, lower.index = lower.index, upper.index
        after = {part: part.worked_out() for pair in rest for part in pair}
        upper.index, lower.index = lower.index, upper.index
        gain -= sum(between(after[one], after[other]) for one, other in rest)
    return gain
