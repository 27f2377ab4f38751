"""What a run learned, on the wires and boxes of a figure: how strong each wire is and of which sign, and how
active each box is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dilsctl.render.figures import Figure
from dilsctl.render.nets import Nets

Run = Mapping[str, Any]  # what ``played.read_run`` gives
Series = list[float | None]  # by epoch


@dataclass(frozen=True, slots=True)
class Strength:
    """How strong a wire is, between 0 and 1, and the sign of its weight's mean: 1, -1 or 0; None for a weight
    that has none."""

    share: float
    sign: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A run at its end. wires: by the path of the box around and their number there. boxes: activity between
    0 and 1, by path."""

    wires: Mapping[tuple[str, int], Strength] = field(default_factory=dict)
    boxes: Mapping[str, float] = field(default_factory=dict)


def learned(figure: Figure, run: Run) -> Learned:
    """What is known of a figure's wires and boxes when the run ends."""
    wires = {place: strength(run, weights, -1) for place, weights in links(figure, run).items()}
    found = activities(figure, run)
    most = scale(run)
    shares = {path: series[-1] for path, series in found.items()}
    return Learned(wires, {path: one / most for path, one in shares.items() if one is not None and most})


def strength(run: Run, weights: Sequence[int], at: int) -> Strength:
    """That of a wire with some weights, at an epoch: of the one that is strongest, as part of the most that
    it ever was."""
    found = [run["weights"][one] for one in weights]
    strongest = max(found, key=lambda one: one["means"][at] / (one["most"] or 1))
    share = strongest["means"][at] / (strongest["most"] or 1)
    if not strongest["signed"]:
        return Strength(share)
    mean = strongest["signed"][at]
    return Strength(share, (mean > 0) - (mean < 0))


def links(figure: Figure, run: Run) -> dict[tuple[str, int], list[int]]:
    """The weights of each wire that has some, by their number in the run."""
    if not run["weights"]:
        return {}
    nets = Nets(figure)
    called = {
        path: {member: one.name for one in inside.nodes for member in one.members}
        for path, (_, inside) in nets.insides.items()
    }
    known: dict[str, list[tuple[int, set[str], set[str]]]] = {}
    real = _real_paths(figure)
    for number, one in enumerate(run["weights"]):
        sources, targets = [*one["sources"], *one["reads"]], one["targets"]
        for path in real.get(one["path"], ()):
            if path in called:
                names = called[path]
                ends = (number, _called(sources, names), _called(targets, names))
                known.setdefault(path, []).append(ends)
        if one["path"]:  # without frames, names are whole paths
            lead = f"{one['path']}."
            ends = (number, {lead + name for name in sources}, {lead + name for name in targets})
            known.setdefault("", []).append(ends)
    found = {}
    for place, (path, sources, targets) in zip(nets.names, nets.joined(), strict=True):
        mine = [
            number
            for number, some, others in known.get(path, ())
            if not some.isdisjoint(sources) and not others.isdisjoint(targets)
        ]
        if mine:
            found[place] = mine
    return found


def activities(figure: Figure, run: Run) -> dict[str, Series]:
    """How active each box of a figure was at each epoch, by its path there: of one that stands for several,
    the root mean square of theirs."""
    kept: Mapping[str, Series] = run["activity"]
    shown: dict[str, list[Series]] = {}
    for real, paths in _real_paths(figure).items() if kept else ():
        if real in kept:
            for path in paths:
                shown.setdefault(path, []).append(kept[real])
    return {
        path: [_together(values) for values in zip(*several, strict=True)] for path, several in shown.items()
    }


def scale(run: Run) -> float:
    """The most that any box was active at any time."""
    return max((one for series in run["activity"].values() for one in series if one is not None), default=0.0)


def _together(values: Iterable[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return math.sqrt(sum(one * one for one in known) / len(known)) if known else None


def _called(ports: Iterable[str], names: Mapping[str, str]) -> set[str]:
    """Ports by the name of the box that is drawn for theirs."""
    found = set()
    for port in ports:
        box, dot, name = port.rpartition(".")
        found.add(f"{names.get(box, box)}{dot}{name}")
    return found


def _real_paths(figure: Figure) -> dict[str, list[str]]:
    """The paths of boxes in the diagram, each with the paths in the figure of what is drawn for it."""
    found: dict[str, list[str]] = {"": [""]}
    stack = [("", [""], figure.node)]
    while stack:
        path, reals, node = stack.pop()
        for one in node.inside.nodes if node.inside is not None else ():
            if one.shape != "box":
                continue
            inner = f"{path}.{one.name}" if path else one.name
            names = one.members or (one.name,)
            several = [_joined(real, name) for real in reals for name in names]
            for real in several:
                found.setdefault(real, []).append(inner)
            stack.append((inner, several, one))
    return found


def _joined(path: str, name: str) -> str:
    """The path of a box inside of another, or of a member of an array, ``[k]``."""
    return f"{path}.{name}" if path and not name.startswith("[") else path + name
