"""What can be said of the wires of a level only when all of them are known: whether what goes into a function
or a bar comes out of it on its way to a peer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dilsctl.render.expressions import Reference
from dilsctl.render.picture import End, Inside, Node, Wire

SMALL = ("function", "constant", "bar")
NOTHING: frozenset[Reference] = frozenset()


def carried(
    nodes: list[Node], wires: list[Wire], heard: Mapping[tuple[End, End], frozenset[Reference]]
) -> Inside:
    """The interior with its wires into functions and bars as they are: between peers where a wire from there
    on tells a box what a peer of it shows. A function stands after those that it reads.

    heard: of a wire to a box, the ports that tell it something as peers; of one to a function or a bar, all
    ports that are behind it.
    """
    ahead: list[frozenset[Reference]] = [NOTHING] * len(nodes)  # what boxes hear as peers from there on
    moves = [False] * len(nodes)  # does it lead to something else than a state, whose own law it is?
    leaving: list[list[Wire]] = [[] for _ in nodes]
    for wire in wires:
        if wire.source[0] >= 0:
            leaving[wire.source[0]].append(wire)
    for number in reversed(range(len(nodes))):
        for wire in leaving[number]:
            target = wire.target[0]
            small = target >= 0 and nodes[target].shape in SMALL
            told = ahead[target] if small else heard.get((wire.source, wire.target), NOTHING)
            ahead[number] |= told
            moves[number] |= moves[target] if small else target < 0 or nodes[target].shape != "state"

    def known(wire: Wire) -> Wire:
        target = wire.target[0]
        if target < 0 or nodes[target].shape not in SMALL:
            return wire
        looks = wire.looks if moves[target] else wire.looks - {"changing"}
        if heard.get((wire.source, wire.target), NOTHING) & ahead[target]:
            looks |= {"peer"}
        return replace(wire, looks=looks)

    shown = [
        one if moves[number] or one.shape not in SMALL else replace(one, looks=one.looks - {"changing"})
        for number, one in enumerate(nodes)
    ]
    return Inside(tuple(shown), tuple(map(known, wires)))


def talking_on(inside: Inside) -> Inside:
    """An interior whose wires were put together from pieces: what a peer tells goes on through functions and
    bars to the boxes behind them, and is told nobody where there are none."""
    small = [one.shape in SMALL for one in inside.nodes]

    def is_small(end: End) -> bool:
        return end[0] >= 0 and small[end[0]]

    def reached(first: set[int], pairs: list[tuple[int, int]]) -> set[int]:
        beside: dict[int, list[int]] = {}
        for one, other in pairs:
            beside.setdefault(one, []).append(other)
        found, stack = set(first), list(first)
        while stack:
            for one in beside.get(stack.pop(), []):
                if one not in found:
                    found.add(one)
                    stack.append(one)
        return found

    between = [wire for wire in inside.wires if is_small(wire.source) and is_small(wire.target)]
    begins = {wire.target[0] for wire in inside.wires if "peer" in wire.looks and is_small(wire.target)}
    told = reached(begins, [(wire.source[0], wire.target[0]) for wire in between])
    ends = {
        wire.source[0]
        for wire in inside.wires
        if is_small(wire.source) and wire.target[0] >= 0 and inside.nodes[wire.target[0]].shape == "box"
        if "peer" in wire.looks or wire.source[0] in told
    }
    ahead = reached(ends, [(wire.target[0], wire.source[0]) for wire in between])

    def known(wire: Wire) -> Wire:
        here, there = is_small(wire.source), is_small(wire.target)
        if not here and not there:
            return wire
        talks = "peer" in wire.looks or (here and wire.source[0] in told)
        leads = wire.target[0] in ahead if there else wire.target[0] >= 0
        return replace(wire, looks=wire.looks | {"peer"} if talks and leads else wire.looks - {"peer"})

    return Inside(inside.nodes, tuple(map(known, inside.wires)))
