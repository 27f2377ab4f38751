"""Boxes where they stand, and where the variables that they share live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dilsctl.diagram import Box
from dilsctl.engine.kernels import Array

Place = tuple[int, ...]
Chain = tuple[tuple[int | slice, ...], ...]  # indices, one after the other


@dataclass(eq=False)
class Instance:
    """One box where it stands. ``path``: its name from outside to inside, without the numbers of elements
    that share one Box; ``places`` are these numbers, ``lengths`` of how many each is one."""

    box: Box
    path: str = ""
    places: Place = ()
    lengths: Place = ()
    parent: Instance | None = None
    name: str = ""
    number: int | None = None
    children: dict[tuple[str, int | None], Instance] = field(default_factory=dict)

    def child(self, name: str, number: int | None = None) -> Instance:
        """The interior box, or its element."""
        if (name, number) not in self.children:
            one = self.box.children[name]
            shared = len(one.boxes) == 1
            inside = name if number is None or shared else f"{name}[{number}]"
            places, lengths = self.places, self.lengths
            if number is not None and shared:
                places, lengths = (*places, number), (*lengths, one.count or 1)
            self.children[name, number] = Instance(
                one.boxes[0 if shared or number is None else number],
                f"{self.path}{inside}.",
                places,
                lengths,
                self,
                name,
                number,
            )
        return self.children[name, number]

    def all_children(self) -> Iterator[Instance]:
        for name, one in self.box.children.items():
            for number in [None] if one.count is None else range(one.count):
                yield self.child(name, number)


def lives(at: Instance, name: str) -> tuple[str, Chain]:
    """Where a state or shared variable of a box lives: the path of a state, and which part of its array."""
    shared = at.box.shared.get(name)
    if shared is None or shared.private or at.parent is None:
        return at.path + name, (at.places,)
    for link in at.parent.box.links:
        if (link.child, link.port) == (at.name, name):
            break
    else:
        return at.path + name, (at.places,)
    path, chain = lives(at.parent, link.variable)
    index = tuple(one if isinstance(one, int) else _slice(*one) for one in link.index)
    left = at.parent.box.shared[link.variable].var.rank - sum(isinstance(one, int) for one in index)
    if left > shared.var.rank:  # a part for each copy
        assert at.number is not None
        return path, (*chain, index, (at.number,))
    return path, (*chain, index)


def part(array: Array, chain: Chain) -> Array:
    """A view of a part of an array."""
    for index in chain:
        array = array[(*index, ...)]
    return array


def _slice(start: int, stop: int, step: int) -> slice:
    return slice(start, stop if stop >= 0 else None, step)
