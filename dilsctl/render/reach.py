"""Which inputs act at once: on what outputs of a box depend on within a tick, port by port."""

from __future__ import annotations

from collections.abc import Callable

from dilsctl.diagram import Box
from dilsctl.pattern import Reads

Reach = dict[str, frozenset[str]]


class Reaches:
    """Output → inputs that it depends on within a tick, of every box inside ``main`` and of itself."""

    def __init__(self, main: Box) -> None:
        self.reads: dict[Box, Reads] = {}
        self.known: dict[Box, Reach] = {}
        stack = [(main, False)]
        while stack:
            box, ready = stack.pop()
            if box in self.known:
                continue
            if ready:
                self.known[box] = self._of(box)
                continue
            stack.append((box, True))
            for child in box.children.values():
                stack.extend((one, False) for one in dict.fromkeys(child.boxes) if one not in self.known)

    def at_once(self, box: Box, port: str) -> bool:
        """Does some output depend on this input in the same tick? Of a hole nobody knows: taken as yes."""
        return box.hole or any(port in inputs for inputs in self.known[box].values())

    def _of(self, box: Box) -> Reach:
        reads = self.reads[box] = Reads(box)
        if not box.children:
            return {
                name: frozenset(reads.inputs[one] for one in reads.of(var) if one in reads.inputs)
                for name, var in box.readout.items()
            }
        return {name: self._follow(box, reads, name) for name in box.readout}

    def _follow(self, box: Box, reads: Reads, name: str) -> frozenset[str]:
        found: set[str] = set()
        seen: set[object] = set()
        stack = list(reads.of(box.readout[name]))
        while stack:
            leaf = stack.pop()
            if leaf in seen:
                continue
            seen.add(leaf)
            if leaf in reads.inputs:
                found.add(reads.inputs[leaf])
            elif leaf in reads.shown:
                child, port = reads.shown[leaf]
                for inner in dict.fromkeys(box.children[child].boxes):
                    told = inner.inputs if inner.hole else self.known[inner].get(port, frozenset())
                    for key in told:
                        var = box.dispatch.get((child, key))
                        if var is not None:
                            stack += reads.of(var)
        return frozenset(found)


def deep(main: Box, holds: Callable[[Box], bool]) -> set[Box]:
    """The boxes for which something holds, or holds of a box inside them."""
    found: set[Box] = set()
    seen: set[Box] = set()
    stack = [(main, False)]
    while stack:
        box, ready = stack.pop()
        inner = [one for child in box.children.values() for one in dict.fromkeys(child.boxes)]
        if ready:
            if holds(box) or any(one in found for one in inner):
                found.add(box)
        elif box not in seen:
            seen.add(box)
            stack.append((box, True))
            stack.extend((one, False) for one in inner)
    return found
