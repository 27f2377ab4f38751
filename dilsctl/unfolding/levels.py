"""From wires to nested managers: what is furthest to the right ends outermost.

A set of live wires is parted where nothing inside has a common source: each part is one interior box. The
wires of a part's highest level become the pattern of a manager, around the boxes that show what these are
computed from; the other wires pass through it. A part of inputs alone is a hole, which data fills. So a
layered network becomes one box around one box, and a tree of neurons one box a neuron.

A state lives in the innermost manager that contains all of its uses. From there it is told to those inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from dilsctl.ir import Var
from dilsctl.order import natural
from dilsctl.unfolding.cut import Cut, Wire, in_order


@dataclass(slots=True, eq=False)
class Manager:
    """One box of the unfolded diagram, with its interior.

    ``own``: the wires that it computes; ``passed``: those of the boxes inside that it shows as well. A hole
    has ``own`` wires of level 0 and nothing inside. ``states`` live here; ``told`` are those of managers
    around that it is told. ``name`` is that of its definition.
    """

    own: list[Wire]
    passed: list[Wire] = field(default_factory=list)
    inside: list[Manager] = field(default_factory=list)
    states: list[Var] = field(default_factory=list)
    told: list[Var] = field(default_factory=list)
    root: bool = False
    name: str = ""

    @property
    def hole(self) -> bool:
        """Is it a place for data?"""
        return not self.root and all(one.level == 0 for one in self.own)

    @property
    def shown(self) -> list[Wire]:
        """The wires at its border."""
        return [*self.own, *self.passed]


def nest(cut: Cut) -> Manager:
    """The managers of a diagram, the outermost first."""
    reads = cut.leaves(cut.finals)
    live = [cut.wires[one] for one in reads if one in cut.wires]
    live += [cut.wires[one] for one in cut.ends.values() if one in cut.wires]
    root = Manager([], inside=_parts(cut, dict.fromkeys(live), {}), root=True)
    _settle_states(cut, root)
    _name(root)
    return root


def _parts(cut: Cut, live: Iterable[Wire], cones: dict[Wire, frozenset[Wire]]) -> list[Manager]:
    """An interior box for each part of the live wires that has no source in common with the others."""
    groups: list[tuple[set[Wire], list[Wire]]] = []
    for wire in in_order(live):
        cone = set(_cone(cut, wire, cones))
        members = [wire]
        for group in [one for one in groups if one[0] & cone]:
            groups.remove(group)
            cone |= group[0]
            members = [*group[1], *members]
        groups.append((cone, members))
    return [_manager(cut, members, cones) for _, members in groups]


def _manager(cut: Cut, members: list[Wire], cones: dict[Wire, frozenset[Wire]]) -> Manager:
    top = max(one.level for one in members)
    own = [one for one in members if one.level == top]
    if top == 0:
        return Manager(own)
    passed = [one for one in members if one.level < top]
    inner = dict.fromkeys(passed)
    for wire in own:
        inner.update(dict.fromkeys(cut.wires[one] for one in wire.reads if one in cut.wires))
    return Manager(own, passed, _parts(cut, inner, cones))


def _cone(cut: Cut, wire: Wire, cones: dict[Wire, frozenset[Wire]]) -> frozenset[Wire]:
    """The inputs, and wires that are computed from none, that a wire depends on."""
    stack = [wire]
    while stack:
        one = stack[-1]
        sources = [cut.wires[read] for read in one.reads if read in cut.wires]
        waiting = [source for source in sources if source not in cones]
        if waiting:
            stack.extend(waiting)
            continue
        cones[one] = frozenset({one}).union(*(cones[source] for source in sources))
        stack.pop()
    return cones[wire]


def _settle_states(cut: Cut, root: Manager) -> None:
    """Give every state its home: the innermost manager that contains all uses."""
    paths: dict[Var, list[list[Manager]]] = {}
    stack: list[list[Manager]] = [[root]]
    while stack:
        path = stack.pop()
        manager = path[-1]
        ends = cut.finals if manager.root else [one.var for one in manager.own]
        if not manager.hole:
            for var in cut.leaves(ends):
                if var in cut.states:
                    paths.setdefault(var, []).append(path)
        stack += [[*path, inside] for inside in reversed(manager.inside)]
    order = {var: number for number, var in enumerate(cut.states)}
    for var in sorted(paths, key=lambda one: order[one]):
        uses = paths[var]
        depth = 0
        while all(len(path) > depth for path in uses) and len({id(path[depth]) for path in uses}) == 1:
            depth += 1
        uses[0][depth - 1].states.append(var)
        for path in uses:
            for manager in path[depth:]:
                if var not in manager.told:
                    manager.told.append(var)


def managers(root: Manager) -> list[Manager]:
    """Every manager and hole, the outermost first."""
    found, stack = [], [root]
    while stack:
        one = stack.pop()
        found.append(one)
        stack += reversed(one.inside)
    return found


def _name(root: Manager) -> None:
    """Name definitions after the boxes that they come from."""
    every = managers(root)
    boxes = sorted({one.box for manager in every for one in manager.own if one.box}, key=natural)
    short = short_names(boxes)
    holes = [one for one in every if one.hole]
    used: set[str] = set()
    for manager in reversed(every):
        if manager.root:
            continue
        own = list(dict.fromkeys(one.box for one in manager.own))
        if manager.hole:
            name = "data" if len(holes) == 1 else "_".join(one.port for one in manager.own[:1])
        elif len(own) == 1:
            name = short[own[0]]
        else:
            name = f"level_{manager.own[0].level}"
        manager.name = free(name, used)


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """For each path of a box the shortest end of it that no other path has, as one word."""
    every = [path.replace("[", ".").replace("]", "").split(".") for path in paths]
    found: dict[str, str] = {}
    for path, parts in zip(paths, every, strict=True):
        for length in range(1, len(parts) + 1):
            end = parts[-length:]
            if sum(other[-length:] == end for other in every) == 1 and not end[0].isdigit():
                break
        found[path] = "_".join(parts[-length:])
    return found


def word(path: str) -> str:
    """The last part of a path as a word; that of an element of an array with its number."""
    return re.sub(r"\W+", "_", path.rpartition(".")[2]).strip("_")


def whole_word(path: str) -> str:
    """A path as one word."""
    return re.sub(r"\W+", "_", path).strip("_")


def free(name: str, used: set[str]) -> str:
    """The name, or with a number where it is taken; it is taken then."""
    found, number = name, 1
    while found in used:
        number += 1
        found = f"{name}_{number}"
    used.add(found)
    return found
