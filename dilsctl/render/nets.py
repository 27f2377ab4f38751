"""What hangs together through all borders of a picture: the net of every wire, and the ports that it
joins."""

from __future__ import annotations

from dilsctl.render.figures import Figure
from dilsctl.render.picture import LEFT, RIGHT, End, Inside, Node

Place = tuple[str, End]  # the path of an interior, and an end there


class Nets:
    """The nets of a figure with all that is inside it. Wires are known by the path of the box around and
    their number there."""

    def __init__(self, figure: Figure) -> None:
        self.parent: dict[Place, Place] = {}
        self.insides: dict[str, tuple[Node, Inside]] = {}
        self.numbers: dict[Place, int] = {}
        self.names: dict[tuple[str, int], int] = {}
        stack: list[tuple[str, Node]] = [("", figure.node)]
        while stack:
            path, node = stack.pop()
            if node.inside is None:
                continue
            self.insides[path] = (node, node.inside)
            for number in range(len(node.inside.wires)):
                wire = node.inside.wires[number]
                self.names[path, number] = len(self.names)
                self._join((path, wire.source), (path, wire.target))
            for number, one in enumerate(node.inside.nodes):
                inner = f"{path}.{one.name}" if path else one.name
                stack.append((inner, one))
                if one.inside is not None:
                    for at, end in enumerate(border(one)):
                        self._join((path, (number, at)), (inner, end))

    def of(self, path: str, wire: int) -> int:
        """The number of a wire's net."""
        root = self._root((path, self.insides[path][1].wires[wire].source))
        return self.numbers.setdefault(root, len(self.numbers))

    def name(self, path: str, wire: int) -> int:
        """A number for a wire, among those of the whole figure."""
        return self.names[path, wire]

    def joined(self) -> list[tuple[str, list[str], list[str]]]:
        """For every wire, by its number: the path of the box around, the ports that what it carries comes
        from, and those that it goes to, through functions and bars."""
        found: list[tuple[str, list[str], list[str]]] = [("", [], [])] * len(self.names)
        for path, (node, inside) in self.insides.items():
            into: dict[int, list[End]] = {}
            out: dict[int, list[End]] = {}
            for wire in inside.wires:
                into.setdefault(wire.target[0], []).append(wire.source)
                out.setdefault(wire.source[0], []).append(wire.target)
            for number, wire in enumerate(inside.wires):
                sources = _followed(node, inside, wire.source, into)
                targets = _followed(node, inside, wire.target, out)
                found[self.names[path, number]] = (path, sources, targets)
        return found

    def _root(self, place: Place) -> Place:
        self.parent.setdefault(place, place)
        while self.parent[place] != place:
            self.parent[place] = self.parent[self.parent[place]]
            place = self.parent[place]
        return place

    def _join(self, one: Place, other: Place) -> None:
        self.parent[self._root(one)] = self._root(other)


def border(node: Node) -> list[End]:
    """For each pin of a box, its end as its interior sees it."""
    counts = {"left": 0, "right": 0}
    found = []
    for pin in node.pins:
        found.append((LEFT if pin.side == "left" else RIGHT, counts[pin.side]))
        counts[pin.side] += 1
    return found


def _followed(around: Node, inside: Inside, end: End, beyond: dict[int, list[End]]) -> list[str]:
    """The ports at an end: itself, or those on the far sides of the small nodes there."""
    found: dict[str, None] = {}
    seen: set[int] = set()
    stack = [end]
    while stack:
        number, at = stack.pop()
        if number in (LEFT, RIGHT):
            side = "left" if number == LEFT else "right"
            found[[pin for pin in around.pins if pin.side == side][at].name] = None
            continue
        node = inside.nodes[number]
        if node.shape == "box":
            found[f"{node.name}.{node.pins[at].name}"] = None
        elif number not in seen:
            seen.add(number)
            if node.shape in ("state", "junction"):
                found[node.name] = None
            else:
                stack += beyond.get(number, [])
    return list(found)
