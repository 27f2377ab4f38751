"""Which interior boxes one node stands for: arrays always, long lists of equal boxes, and in the view by
layers all that are equal and told equal things."""

from __future__ import annotations

from dataclasses import dataclass

from dilsctl.diagram import Box
from dilsctl.pattern import Reads

MOST_GROUPS = 120  # nodes of a level, where long lists are shortened
ROUNDS = 60  # of telling apart boxes that are told different things


@dataclass(frozen=True, slots=True)
class Group:
    """Interior boxes drawn as one node: the first of them is looked at for all."""

    names: tuple[str, ...]
    left_out: bool = False  # the node says how many are not drawn
    mixed: bool = False  # they are not equal, and are drawn without ports

    @property
    def name(self) -> str:
        return self.names[0]


def as_written(box: Box) -> list[str]:
    """The names of the interior boxes in the order of the file."""
    written = box.written.get("boxes") if box.written is not None else None
    place = {name: number for number, name in enumerate(written or {})}
    return sorted(box.children, key=lambda name: place.get(name, len(place)))


def each(box: Box, most: int | None) -> list[Group]:
    """A node for each interior box; of a run of equal neighbours that is longer than ``most`` the first ones,
    one for those left out, and the last one."""
    runs: list[list[str]] = []
    last: Box | None = None
    for name in as_written(box):
        child = box.children[name]
        if child.count is None and child.box is last:
            runs[-1].append(name)
        else:
            runs.append([name])
        last = child.box if child.count is None else None
    found: list[Group] = []
    for run in runs:
        if most is None or len(run) <= most:
            found += [Group((name,)) for name in run]
            continue
        before = max(1, most - 2)
        found += [Group((name,)) for name in run[:before]]
        found.append(Group(tuple(run[before:-1]), left_out=True))
        found.append(Group((run[-1],)))
    return found


def shortened(groups: list[Group]) -> list[Group]:
    """The first ones of a very long list, and one node for the rest, whatever they are."""
    if len(groups) <= MOST_GROUPS:
        return groups
    rest = tuple(name for group in groups[MOST_GROUPS - 1 :] for name in group.names)
    return [*groups[: MOST_GROUPS - 1], Group(rest, left_out=True, mixed=True)]


def by_layers(box: Box, reads: Reads) -> list[Group]:
    """Equal boxes that are told equal things by equal boxes are one node."""
    names = as_written(box)
    colour: dict[str, int] = {}
    kinds: dict[object, int] = {}
    for name in names:
        child = box.children[name]
        colour[name] = kinds.setdefault((child.boxes, child.count), len(kinds))
    told: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {name: [] for name in names}
    for (to, port), var in box.dispatch.items():
        if to is None:
            continue
        for leaf in reads.of(var):
            if leaf in reads.shown:
                told[to].append((port, *_shown(reads.shown[leaf])))
            else:
                told[to].append((port, reads.inputs.get(leaf, ""), ()))
    for _ in range(ROUNDS):
        seen: dict[object, int] = {}
        new: dict[str, int] = {}
        for name in names:
            heard = frozenset((port, colour.get(by, by), rest) for port, by, rest in told[name])
            new[name] = seen.setdefault((colour[name], heard), len(seen))
        if len(seen) == len(set(colour.values())):
            break
        colour = new
    groups: dict[int, list[str]] = {}
    for name in names:
        groups.setdefault(colour[name], []).append(name)
    return [Group(tuple(one)) for one in groups.values()]


def _shown(source: tuple[str, str]) -> tuple[str, tuple[str, ...]]:
    child, port = source
    return child, (port,)
