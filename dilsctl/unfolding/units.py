"""The boxes of a folded diagram: wires of one manager that share states; what several boxes read is tied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dilsctl.ir import Var
from dilsctl.unfolding.levels import free
from dilsctl.unfolding.nested import Level, Nested, Place


@dataclass(slots=True, eq=False)
class Unit:
    """A box: the outputs of a manager that it makes, and what they are called now (``ports``). ``inputs``:
    for each wire that it reads the port that is told it."""

    name: str
    level: Level
    wires: dict[str, Var]
    inputs: dict[Place, str] = field(default_factory=dict)
    ports: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Units:
    """All boxes; ``of``: by the wire that they make; ``tied``: states that several read, or one that is not
    made of the manager that has it."""

    every: list[Unit] = field(default_factory=list)
    of: dict[Place, Unit] = field(default_factory=dict)
    tied: set[Place] = field(default_factory=set)


def find_units(nested: Nested, used: set[str]) -> Units:
    """The boxes of an interaction diagram. ``used``: names that are taken; those of the boxes are, then."""
    found = Units()
    uses: dict[Place, set[str]] = {}
    for path in reversed(nested.levels):
        level = nested.levels[path]
        if not path:
            for place in homes(nested, level, level.box.readout.values()):
                uses.setdefault(place, set()).add("")
            continue
        groups = _groups(nested, level)
        for wires in groups:
            unit = _unit(found, level, wires, len(groups) == 1, used)
            for place in homes(nested, level, wires.values()):
                uses.setdefault(place, set()).add(unit.name)
    paths = {one.name: one.level.path for one in found.every}
    for place, users in uses.items():
        if len(users) > 1 or any(user and paths[user] != place[0] for user in users):
            found.tied.add(place)
    return found


def homes(nested: Nested, level: Level, ends: Iterable[Var]) -> set[Place]:
    """The states that some variables of a manager depend on, its own and those that it is told."""
    found = (nested.home(level, leaf) for leaf in level.leaves(ends))
    return {one for one in found if one is not None}


def _groups(nested: Nested, level: Level) -> list[dict[str, Var]]:
    """The wires that a manager makes; those that read a state of it in common are together."""
    groups: list[tuple[set[Place], dict[str, Var]]] = []
    for name, var in level.box.readout.items():
        if name in level.back or var in level.shown:
            continue
        mine = {one for one in homes(nested, level, [var]) if one[0] == level.path}
        wires = {name: var}
        for group in [one for one in groups if one[0] & mine]:
            groups.remove(group)
            mine |= group[0]
            wires = {**group[1], **wires}
        groups.append((mine, wires))
    return [wires for _, wires in groups]


def _unit(found: Units, level: Level, wires: dict[str, Var], alone: bool, used: set[str]) -> Unit:
    """A box of its own. One of several has the name that its wires have in common."""
    first = min(wires)
    name, prefix = level.path.rpartition(".")[2], ""
    if not alone:
        name = first.rpartition("_")[0] or first
        prefix = f"{name}_" if all(one.startswith(f"{name}_") for one in wires) else ""
    unit = Unit(free(name, used), level, wires)
    for wire in wires:
        unit.ports[wire] = wire[len(prefix) :] or wire
        found.of[level.path, wire] = unit
    found.every.append(unit)
    return unit
