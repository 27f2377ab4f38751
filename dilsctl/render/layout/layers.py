"""Which layer every item goes to: wires run from left to right as far as cycles let them."""

from __future__ import annotations

from dilsctl.render.layout.graph import LEFT, RIGHT, End, Level
from dilsctl.render.layout.simplex import place


def layers_of(level: Level) -> list[int]:
    """The layer of every item, from 1 on. Layer 0 is the left border."""
    count = len(level.items)
    pairs = _pairs(level)
    rank = _ranks(count, [pair for pair in pairs if LEFT not in pair and RIGHT not in pair])
    start = count
    edges: dict[tuple[int, int], int] = {}
    for tail, head in pairs:
        if RIGHT in (tail, head) or tail == head:
            continue
        if LEFT in (tail, head):
            ends = (start, head if tail == LEFT else tail)
        else:
            ends = (tail, head) if rank[tail] < rank[head] else (head, tail)
        edges[ends] = edges.get(ends, 0) + 4
    for one in range(count):
        edges[start, one] = edges.get((start, one), 0) + 1
    found = place(count + 1, [(tail, head, 1, weight) for (tail, head), weight in edges.items()])
    layers = [one - found[start] for one in found[:count]]
    return _pulled_right(layers, [ends for ends in edges if ends[0] != start])


def _pulled_right(layers: list[int], edges: list[tuple[int, int]]) -> list[int]:
    """Items without anything before them stand right before what they lead to."""
    heads = {head for _, head in edges}
    follow: dict[int, int] = {}
    for tail, head in edges:
        if tail not in heads:
            follow[tail] = min(follow.get(tail, layers[head] - 1), layers[head] - 1)
    return [max(layer, follow.get(one, layer)) for one, layer in enumerate(layers)]


def _pairs(level: Level) -> list[tuple[int, int]]:
    """The items that wires join, the one meant to stand on the left first. A wire from a left border to a
    right one runs backward, and counts the other way round."""

    def side(end: End) -> str:
        if end[0] == LEFT:
            return "right"
        return "left" if end[0] == RIGHT else level.items[end[0]].pins[end[1]].side

    found = []
    for source, target in level.wires:
        backward = side(source) == "left" and side(target) == "right"
        found.append((target[0], source[0]) if backward else (source[0], target[0]))
    return found


def _ranks(count: int, pairs: list[tuple[int, int]]) -> list[int]:
    """An order of the items in which few pairs run backward (Eades, Lin, Smyth 1993), close to that of the
    file."""
    after: list[list[int]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    for tail, head in pairs:
        if tail != head:
            after[tail].append(head)
            before[head].append(tail)
    outs, ins = [len(one) for one in after], [len(one) for one in before]
    rest = dict.fromkeys(range(count))
    front: list[int] = []
    back: list[int] = []

    def drop(one: int) -> None:
        del rest[one]
        for head in after[one]:
            ins[head] -= 1
        for tail in before[one]:
            outs[tail] -= 1

    sources = [one for one in rest if not ins[one]]
    sinks = [one for one in reversed(rest) if not outs[one]]
    while rest:
        while sources or sinks:
            for one in sources:
                if one in rest:
                    front.append(one)
                    drop(one)
            for one in sinks:
                if one in rest:
                    back.append(one)
                    drop(one)
            sources = [one for one in rest if not ins[one]]
            sinks = [one for one in reversed(rest) if not outs[one] and ins[one]]
        if rest:
            one = max(rest, key=lambda item: (outs[item] - ins[item], -item))
            front.append(one)
            drop(one)
            sources = [one for one in rest if not ins[one]]
            sinks = [one for one in reversed(rest) if not outs[one] and ins[one]]
    rank = [0] * count
    for number, one in enumerate([*front, *reversed(back)]):
        rank[one] = number
    return rank
