"""How far down every vertex stands: wires as straight as can be, and nothing closer than allowed."""

from __future__ import annotations

import itertools

from dilsctl.render.layout.graph import LEFT, RIGHT, Spacing, Span, Vertex
from dilsctl.render.layout.nets import Layered
from dilsctl.render.layout.simplex import Edge, Places

MOST_EXACT = 500  # vertices of a level whose heights are the best ones
ROUNDS = 12
TWICE = 250  # vertices of a level in which small steps are looked for twice
SHARP, SOFT = 50, 1
Link = tuple[Vertex, int, Vertex, int, int]  # a vertex and how far below its place a pin is, twice; weight


def set_heights(found: Layered, spacing: Spacing) -> None:
    """Give every vertex its height: in steps of the grid first, on which all pins are."""
    links = _links(found, spacing)
    if sum(map(len, found.layers)) <= MOST_EXACT:
        _exact(found, spacing, links)
        _balance(found, spacing, links)
    else:
        _by_sweeps(found, spacing, links)
    for row in found.layers:
        for vertex in row:
            vertex.y = vertex.y * spacing.grid - _phase(vertex, spacing)
    lowest = min((one.y for row in found.layers for one in row), default=0)
    for row in found.layers:
        for vertex in row:
            vertex.y -= lowest


def apart(upper: Vertex, lower: Vertex, spacing: Spacing) -> int:
    """The least distance from the bottom of a vertex to the top of the next one in its layer."""
    if upper.passing or lower.passing:
        thin = all(one.passing or one.number in (LEFT, RIGHT) for one in (upper, lower))
        if thin:
            return spacing.wires
        return spacing.close if all(one.passing or one.small for one in (upper, lower)) else spacing.small
    if upper.number in (LEFT, RIGHT):
        return spacing.border
    return spacing.small if upper.small or lower.small else spacing.items


def _phase(vertex: Vertex, spacing: Spacing) -> int:
    """How far the top of a vertex is above the grid, if its pins are on it."""
    return vertex.pins[0].at % spacing.grid if vertex.pins else 0


def _below(upper: Vertex, lower: Vertex, spacing: Spacing) -> int:
    """The least distance of two neighbours' places, in steps of the grid."""
    least = upper.height + apart(upper, lower, spacing) + _phase(lower, spacing) - _phase(upper, spacing)
    return -(-least // spacing.grid)


def _links(found: Layered, spacing: Spacing) -> list[Link]:
    """Pairs of pins that a straight wire would join, each with the steps from its vertex's place."""
    links = []
    for gap in found.gaps:
        for span in gap.values():
            pairs = _pairs(span)
            for (one, pin), (other, far) in pairs:
                weight = (4, 8, 32)[one.passing + other.passing]
                if len(pairs) > 1:
                    weight = max(1, round(weight / len(pairs) ** 0.5))
                if not (span.lefts and span.rights):
                    weight = 1
                down = [vertex.pins[at].at // spacing.grid for vertex, at in ((one, pin), (other, far))]
                links.append((one, down[0], other, down[1], weight))
    return links


def _pairs(span: Span) -> list[tuple[tuple[Vertex, int], tuple[Vertex, int]]]:
    if span.lefts and span.rights:
        if len(span.lefts) > 1 and len(span.rights) > 1:
            middle, far = span.lefts[len(span.lefts) // 2], span.rights[len(span.rights) // 2]
            return [*((one, far) for one in span.lefts), *((middle, one) for one in span.rights)]
        return [(one, other) for one in span.lefts for other in span.rights]
    ends = span.lefts or span.rights
    return list(itertools.pairwise(ends))


def _exact(found: Layered, spacing: Spacing, links: list[Link]) -> None:
    """The best heights, and then those that are best with more weight on small steps."""
    vertices = [one for row in found.layers for one in row]
    number = {one: at for at, one in enumerate(vertices)}
    edges: list[Edge] = []
    for row in found.layers:
        for upper, lower in itertools.pairwise(row):
            edges.append((number[upper], number[lower], _below(upper, lower, spacing), 0))
    fixed = [0] * len(edges)
    for total, (one, own, other, others, _) in enumerate(links, len(vertices)):
        top = max(own, others)  # of a point above both, pulled by both
        edges += (total, number[one], top - own, 0), (total, number[other], top - others, 0)
    places = Places(len(vertices) + len(links), edges)
    wanted = links
    for _ in range(3 if len(vertices) <= TWICE else 2):
        weights = [weight for *_, weight in wanted for _ in range(2)]
        for vertex, y in zip(vertices, places.best(fixed + weights), strict=False):
            vertex.y = y
        wanted = [_nearer(link) for link in links]


def _nearer(link: Link) -> Link:
    """The link with a weight that grows as it comes near to being straight: of two ways of equal length, the
    one with fewer turns is better, and a small step is worst of all. (Candès, Wakin, Boyd:
    Enhancing sparsity by reweighted l1 minimization, 2008.)"""
    one, own, other, others, weight = link
    off = abs(one.y + own - other.y - others)
    return one, own, other, others, max(1, round(weight * SHARP / (off + SOFT)))


def _by_vertex(links: list[Link]) -> dict[Vertex, list[tuple[Vertex, int, int]]]:
    """Vertex → (other vertex, how far below its top it would like this one's, weight)."""
    near: dict[Vertex, list[tuple[Vertex, int, int]]] = {}
    for one, own, other, others, weight in links:
        shift = others - own
        near.setdefault(one, []).append((other, shift, weight))
        near.setdefault(other, []).append((one, -shift, weight))
    return near


def _balance(found: Layered, spacing: Spacing, links: list[Link]) -> None:
    """Where several heights are equally good for a vertex, take the one in their middle."""
    near = _by_vertex(links)
    for _ in range(3):
        for row in found.layers:
            for at, vertex in enumerate(row):
                around = near.get(vertex, [])
                if len(around) < 2:
                    continue
                low, high = _median(sorted((other.y + shift, weight) for other, shift, weight in around))
                if at:
                    upper = row[at - 1]
                    low = max(low, upper.y + _below(upper, vertex, spacing))
                if at + 1 < len(row):
                    high = min(high, row[at + 1].y - _below(vertex, row[at + 1], spacing))
                straight = any(vertex.y == other.y + shift for other, shift, _ in around)
                if low < high and low <= vertex.y <= high and not straight:
                    vertex.y = (low + high) // 2


def _median(places: list[tuple[int, int]]) -> tuple[int, int]:
    """The least and the greatest weighted median."""
    half, total = sum(weight for _, weight in places) / 2, 0.0
    low: int | None = None
    for y, weight in places:
        total += weight
        if low is None and total >= half:
            low = y
        if total > half:
            return (y if low is None else low), y
    return places[-1][0], places[-1][0]


def _by_sweeps(found: Layered, spacing: Spacing, links: list[Link]) -> None:
    """Layer by layer, to and fro: every vertex to the median of what it is wired to, as far as order
    allows."""
    near = _by_vertex(links)
    for row in found.layers:
        y = 0
        for at, vertex in enumerate(row):
            if at:
                y += _below(row[at - 1], vertex, spacing)
            vertex.y = y
    for number in range(ROUNDS):
        rows = found.layers if number % 2 == 0 else found.layers[::-1]
        for row in rows:
            _settle(row, near, spacing)


def _settle(row: list[Vertex], near: dict[Vertex, list[tuple[Vertex, int, int]]], spacing: Spacing) -> None:
    """The heights of a layer that are nearest to those wanted: vertices in each other's way move as a block,
    to the weighted mean of what its members want."""
    blocks: list[tuple[float, float, int]] = []  # height wanted by the first, weight, members
    depths = []
    depth = 0
    for at, vertex in enumerate(row):
        if at:
            depth += _below(row[at - 1], vertex, spacing)
        depths.append(depth)
        around = near.get(vertex)
        wanted, weight = float(vertex.y), 0.01
        if around:
            low, high = _median(sorted((other.y + shift, one) for other, shift, one in around))
            wanted, weight = (low + high) / 2, float(max(one for _, _, one in around))
        blocks.append((wanted - depth, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (first, heavy, many), (second, light, more) = blocks[-2:]
            both = heavy + light
            blocks[-2:] = [((first * heavy + second * light) / both, both, many + more)]
    at = 0
    for start, _, many in blocks:
        for _ in range(many):
            row[at].y = round(start) + depths[at]
            at += 1
