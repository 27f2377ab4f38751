"""Wires that share a pin are one net, and a net has one trunk: in every gap between layers that it visits,
and one passage past every layer between them. Forward wires, feedback, self-loops and wires to the far side
of a box need no rules of their own."""

from __future__ import annotations

from dataclasses import dataclass

from dilsctl.render.layout.graph import LEFT, RIGHT, End, Item, Level, Pin, Span, Vertex


@dataclass(slots=True, eq=False)
class Layered:
    """The vertices of a level by layer, and the parts of its nets by gap; gap g lies to the left of layer
    g."""

    layers: list[list[Vertex]]
    gaps: list[dict[int, Span]]
    ends: dict[End, Vertex]
    nets: list[int]  # of each wire
    passing: dict[tuple[int, int], Vertex]  # by net and layer


def layered(level: Level, layers: list[int], thick: int = 0) -> Layered:
    """Vertices and nets of a level whose items have these layers."""
    last = max(layers, default=0) + 1
    rows: list[list[Vertex]] = [[] for _ in range(last + 1)]
    ends: dict[End, Vertex] = {}
    border: tuple[tuple[int, int, Pin], ...] = (
        (LEFT, level.left, Pin("right", 0)),
        (RIGHT, level.right, Pin("left", 0)),
    )
    for side, many, pin in border:
        layer = 0 if side == LEFT else last
        for number in range(many):
            vertex = Vertex(side, 0, thick, (pin,), layer, share=(0.5,))
            rows[layer].append(vertex)
            ends[side, number] = vertex
    for number, item in enumerate(level.items):
        vertex = Vertex(number, item.width, item.height, item.pins, layers[number])
        vertex.small, vertex.share = item.small, _shares(item)
        rows[layers[number]].append(vertex)
        for at in range(len(item.pins)):
            ends[number, at] = vertex
    found = Layered(rows, [{} for _ in range(last + 2)], ends, _nets(level), {})
    for net, points in _points(level, found).items():
        visited = [gap for gap, *_ in points]
        for layer in range(min(visited), max(visited)):
            vertex = Vertex(net, 0, thick, (Pin("left", 0), Pin("right", 0)), layer, True, True, (0.5, 0.5))
            rows[layer].append(vertex)
            found.passing[net, layer] = vertex
            points += [(layer, vertex, 0, "left"), (layer + 1, vertex, 1, "right")]
        for gap, vertex, at, side_ in points:
            span = found.gaps[gap].setdefault(net, Span(net))
            (span.lefts if side_ == "right" else span.rights).append((vertex, at))
    for row in rows:
        for index, vertex in enumerate(row):
            vertex.index = index
    return found


def pin_of(end: End) -> int:
    """The number of an end's pin on its vertex."""
    return 0 if end[0] in (LEFT, RIGHT) else end[1]


def _shares(item: Item) -> tuple[float, ...]:
    height = item.height + 2
    return tuple((pin.at + 1) / height for pin in item.pins)


def _nets(level: Level) -> list[int]:
    """The net of each wire, numbered by the first wire of each."""
    parent: dict[End, End] = {}

    def root(end: End) -> End:
        parent.setdefault(end, end)
        while parent[end] != end:
            parent[end] = parent[parent[end]]
            end = parent[end]
        return end

    for source, target in level.wires:
        parent[root(source)] = root(target)
    number: dict[End, int] = {}
    return [number.setdefault(root(source), len(number)) for source, _ in level.wires]


def _points(level: Level, found: Layered) -> dict[int, list[tuple[int, Vertex, int, str]]]:
    """Net → (gap, vertex, pin, side) of each of its ends, each once."""
    points: dict[int, dict[End, tuple[int, Vertex, int, str]]] = {}
    for net, wire in zip(found.nets, level.wires, strict=True):
        for end in wire:
            vertex, pin = found.ends[end], pin_of(end)
            side = vertex.pins[pin].side
            gap = vertex.layer + (side == "right")
            points.setdefault(net, {})[end] = (gap, vertex, pin, side)
    return {net: list(ends.values()) for net, ends in points.items()}
