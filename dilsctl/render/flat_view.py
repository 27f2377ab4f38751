"""A picture without frames: the boxes of all levels side by side, wired as they are through the borders
between them."""

from __future__ import annotations

from dataclasses import replace

from dilsctl.render.carried import talking_on
from dilsctl.render.picture import LEFT, RIGHT, End, Inside, Looks, Node, Picture, Wire

Place = tuple[int, End]  # an interior, by its number, and an end there


def flat(picture: Picture, *, arrays: bool = False) -> Picture:
    """The picture with every frame but the outermost dissolved. An array is one box still; with ``arrays``,
    one that is opened keeps its frame, and what is inside it."""
    if picture.root.inside is None:
        return picture
    flattening = _Flattening(arrays)
    flattening.open(picture.root.inside, "")
    inside = talking_on(Inside(tuple(flattening.nodes), tuple(flattening.wires())))
    return replace(picture, root=replace(picture.root, inside=inside))


class _Flattening:
    def __init__(self, arrays: bool) -> None:
        self.arrays = arrays
        self.nodes: list[Node] = []
        self.drawn: dict[tuple[int, int], int] = {}  # (interior, node) → node of the flat picture
        self.inner: dict[tuple[int, int], int] = {}  # (interior, node that is opened) → its interior
        self.outer: list[tuple[int, int]] = []  # of each interior: the one around, and its node there
        self.insides: list[Inside] = []

    def open(self, inside: Inside, path: str, outer: tuple[int, int] = (-1, -1)) -> int:
        """Take in an interior and all inside it; its number."""
        own = len(self.insides)
        self.insides.append(inside)
        self.outer.append(outer)
        for number, node in enumerate(inside.nodes):
            name = f"{path}{node.name}"
            if node.inside is not None and node.count is None and "more" not in node.looks:
                self.inner[own, number] = self.open(node.inside, f"{name}.", (own, number))
            else:
                label = f"{path}{node.label}" if node.shape in ("box", "state", "junction") else node.label
                self.drawn[own, number] = len(self.nodes)
                inner = node.inside if self.arrays else None
                closed = node.closed or (node.inside is not None and inner is None)
                members = tuple(path + one for one in node.members)
                self.nodes.append(
                    replace(node, name=name, label=label, inside=inner, closed=closed, members=members)
                )
        return own

    def wires(self) -> list[Wire]:
        """Every wire from a box that is drawn to one that is drawn, through however many borders."""
        leaving: dict[Place, list[tuple[Place, Wire]]] = {}
        for own, inside in enumerate(self.insides):
            for wire in inside.wires:
                leaving.setdefault((own, wire.source), []).append(((own, wire.target), wire))
        found: dict[tuple[End, End, Looks], Wire] = {}
        for place in list(leaving):
            start = self._end(place)
            if start is None:
                continue
            stack: list[tuple[Place, Looks, tuple[Wire, ...]]] = [(place, frozenset(), ())]
            seen: set[Place] = {place}
            while stack:
                now, looks, way = stack.pop()
                for target, wire in leaving.get(now, []):
                    both = looks | wire.looks
                    if wire.looks & {"late"} and self._end(target) is None:
                        both -= {"late"}  # where it ends says so
                    end = self._end(target)
                    if end is not None:
                        about = "\n".join(dict.fromkeys(one.about for one in (*way, wire)))
                        found.setdefault((start, end, both), Wire(start, end, both, about, wire.span))
                        continue
                    through = self._through(target)
                    if through is not None and through not in seen:
                        seen.add(through)
                        stack.append((through, both, (*way, wire)))
        return list(found.values())

    def _end(self, place: Place) -> End | None:
        """The end in the flat picture, if it is no border that was dissolved."""
        own, (number, pin) = place
        if number in (LEFT, RIGHT):
            return (number, pin) if own == 0 else None
        drawn = self.drawn.get((own, number))
        return (drawn, pin) if drawn is not None else None

    def _through(self, place: Place) -> Place | None:
        """The same port on the other side of its border."""
        own, (number, pin) = place
        if number not in (LEFT, RIGHT):
            inner = self.inner[own, number]
            pins = self.insides[own].nodes[number].pins
            side = pins[pin].side
            at = sum(1 for one in pins[:pin] if one.side == side)
            return inner, (LEFT if side == "left" else RIGHT, at)
        around, node = self.outer[own]
        if around < 0:
            return None
        side = "left" if number == LEFT else "right"
        pins = self.insides[around].nodes[node].pins
        at = [number for number, one in enumerate(pins) if one.side == side][pin]
        return around, (node, at)
