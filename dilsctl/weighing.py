"""The weights in a box's pattern: values of its own state that meet what boxes show, and what they weigh."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dilsctl.diagram import Box
from dilsctl.engine.kernels import Array
from dilsctl.influence import MOVES, influence
from dilsctl.ir import Eqn, Var

MOST_WIRES = 5000  # of one weight; those of larger ones are not watched


@dataclass(slots=True)
class Weighing:
    """A weight in a box: ``vars`` computed of its own states ``reads``."""

    name: str
    vars: tuple[Var, ...]
    reads: dict[Var, str]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    kept: tuple[int, ...] = ()
    axes: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()


def needed(box: Box, vars: tuple[Var, ...]) -> tuple[Eqn, ...]:
    """The equations that some variables need, in order."""
    wanted, found = set(vars), []
    for eqn in reversed(box.eqns):
        if any(out in wanted for out in eqn.outputs):
            wanted.update(eqn.inputs)
            found.append(eqn)
    return tuple(found[::-1])


def weighings(box: Box) -> Iterator[Weighing]:
    """The weights of a box, and its modes."""
    own = _own(box)
    if box.modes and all(var in own and own[var] for var in box.modes.values()):
        reads: dict[Var, str] = {}
        for var in box.modes.values():
            reads |= own[var]
        count = len(box.modes)
        yield Weighing(
            "modes", tuple(box.modes.values()), reads, (), tuple(box.modes), (0,), ("mode",), (count,)
        )
    if not box.children:
        return
    met = dict(sorted(_meetings(box, own).items(), key=lambda one: not _between_boxes(*one[1])))
    for weight, (sources, told) in met.items():
        found = Weighing(_name(box, own, weight), (weight,), own[weight], tuple(sources), tuple(told))
        _measure_axes(box, weight, found)
        if math.prod(found.shape) <= MOST_WIRES:
            yield found


def inner_weights(box: Box) -> list[str]:
    """The names of states by which a box without interior boxes weighs what it is told: no wires' weights.
    What it makes of several states, as a mean of a sum and a count, is none of them."""
    if box.children:
        return []
    own = _own(box)
    alone = (one for one in _meetings(box, own) if len(own[one]) == 1)
    return list(dict.fromkeys(_name(box, own, one) for one in alone))


def _name(box: Box, own: Mapping[Var, dict[Var, str]], weight: Var) -> str:
    lets = (name for name, var in box.lets.items() if var is weight)
    return next(lets, "") or "·".join(sorted(own[weight].values()))


def _between_boxes(sources: Mapping[str, None], targets: Mapping[str, None]) -> bool:
    """Do wires lead from interior boxes to interior boxes? Those are told first."""
    return any("." in one for one in sources) and any("." in one for one in targets)


def _own(box: Box) -> dict[Var, dict[Var, str]]:
    """What a box computes of its own states alone, with the states that it needs: none for constants."""
    joined = {link.variable for link in box.links}
    own: dict[Var, dict[Var, str]] = {one.var: {one.var: name} for name, one in box.states.items()}
    own |= {one.var: {one.var: name} for name, one in box.shared.items() if name not in joined}
    for eqn in box.eqns:
        if eqn.op.startswith("random_") or any(one not in own for one in eqn.inputs):
            continue
        reads: dict[Var, str] = {}
        for one in eqn.inputs:
            reads |= own[one]
        for out in eqn.outputs:
            own[out] = reads
    return own


Ends = tuple[dict[str, None], dict[str, None]]  # ports, in order


def _meetings(box: Box, own: Mapping[Var, dict[Var, str]]) -> dict[Var, Ends]:
    """Where the pattern takes a value of the box's own together with what boxes show, or what the box is
    told: the value, with the ports that it comes from and those that it goes to."""
    live = {law.target for law in box.laws} | {metric.target for metric in box.metrics}
    live |= {one.var for one in box.states.values() if one.learn is not None}
    live |= {one.var for one in box.shared.values() if one.learn is not None}
    producer = {out: eqn for eqn in box.eqns for out in eqn.outputs}
    shown = {
        var: f"{child.name}.{port}" for child in box.children.values() for port, var in child.outputs.items()
    }
    shown |= {port.var: name for name, port in box.inputs.items()}
    hears: set[Var] = set(shown)
    weights: dict[Var, frozenset[Var]] = {}  # that have come into a value
    found: dict[Var, Ends] = {}
    for eqn in box.eqns:
        others = [one for one in eqn.inputs if one in hears]
        if not others:
            continue
        hears.update(eqn.outputs)
        inside = frozenset[Var]().union(*(weights[one] for one in eqn.inputs if one in weights))
        if eqn.op in _MEETINGS:
            for one in eqn.inputs:
                if own.get(one) and live & set(own[one]):
                    weight = _before_moves(producer, one)
                    sources = found.setdefault(weight, ({}, {}))[0]
                    sources.update(dict.fromkeys(_leaves(producer, shown, others)))
                    inside |= {weight}
        if inside:
            weights.update(dict.fromkeys(eqn.outputs, inside))
    targets = {f"{child}.{port}" if child else port: var for (child, port), var in box.dispatch.items()}
    targets |= dict(box.readout)
    for name, var in targets.items():
        for weight in weights.get(var, ()):
            found[weight][1][name] = None
    return {weight: ends for weight, ends in found.items() if ends[1]}


_MEETINGS = {"mul", "contract", "where", "div", "take"}


def _leaves(producer: Mapping[Var, Eqn], shown: Mapping[Var, str], vars: list[Var]) -> Iterator[str]:
    """The ports that some variables are computed of."""
    stack, seen = list(reversed(vars)), set[Var]()
    while stack:
        one = stack.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in shown:
            yield shown[one]
        elif one in producer:
            stack.extend(reversed(producer[one].inputs))


def _before_moves(producer: Mapping[Var, Eqn], var: Var) -> Var:
    """A value before it was only reshaped or repeated."""
    while var in producer and producer[var].op in MOVES - {"assemble", "slice", "roll"}:
        (var,) = producer[var].inputs
    return var


def _measure_axes(box: Box, weight: Var, found: Weighing) -> None:
    """Which axes of a weight tell wires apart, and which end each of them is."""
    counts: dict[int, dict[str, None]] = {}
    for port in (*found.sources, *found.targets):
        child = box.children.get(port.partition(".")[0])
        if child is not None and (child.count or 1) > 1:
            counts.setdefault(child.count or 1, {})[child.name] = None
    kept = tuple(axis for axis, length in enumerate(weight.shape) if length in counts)
    if not kept:
        found.kept = tuple(range(weight.rank))
        found.axes = ("",) * weight.rank
        found.shape = weight.shape
        return
    found.kept, found.shape = kept, tuple(weight.shape[axis] for axis in kept)
    told = {axis for axis in kept if _is_told(box, weight, found, axis)}
    named = []
    for axis in kept:
        (name, *_) = counts[weight.shape[axis]]
        named.append(f"{'->' if axis in told else '<-'}{name}")
    found.axes = tuple(named) if len(set(named)) == len(named) else ("",) * len(named)


def _is_told(box: Box, weight: Var, found: Weighing, axis: int) -> bool:
    """Does each place on an axis speak of what one element of an array is told?"""
    length = weight.shape[axis]
    for target in found.targets:
        name, _, port = target.partition(".")
        child = box.children.get(name)
        if child is None or child.count != length:
            continue
        var = box.dispatch[name, port]
        if var.rank == len(child.box.inputs[port].type.shape):
            continue
        ones = [1] * weight.rank
        ones[axis] = length
        eye = np.broadcast_to(np.eye(length, dtype=bool).reshape(*ones, length), (*weight.shape, length))
        depends = influence(box, var, {weight: eye})
        if depends is not None and _is_diagonal(depends):
            return True
    return False


def _is_diagonal(depends: Array) -> bool:
    """(things, …, things): each depends on its own one alone."""
    flat = np.asarray(depends.any(axis=tuple(range(1, depends.ndim - 1))))
    return bool(flat.any()) and bool((flat == np.diag(np.diag(flat))).all())
