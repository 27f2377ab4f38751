"""Positions and velocities: which flowing states a symplectic method moves in turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dilsctl.diagnostics import Problem
from dilsctl.diagram import is_momentum, momentum_of
from dilsctl.elements import depths, split
from dilsctl.ir import CLOCK, Eqn, Program, Var
from dilsctl.operations.table import OPERATIONS

_MIXED = None  # an element of the value depends on other elements of the state than its own
_WHOLE = ()  # each element depends on its own one
Place = Any  # one of these, or the index of the part of the state of which the value has the elements


def separate(program: Program) -> Program:
    """The program that knows which of its flowing states are positions. It comes before states are stacked,
    so that no stack holds both. Raises Problem ``not-separable``."""
    if not program.rates or program.positions is not None:
        return program
    changing: set[Var] = {*program.rates, CLOCK["t"]}
    moving = []
    for eqn in program.eqns:
        if not changing.isdisjoint(eqn.inputs):
            changing.update(eqn.outputs)
            moving.append(eqn)
    positions, _ = separated(program.rates, needed(moving, program.rates.values()))
    return replace(program, positions=frozenset(positions))


def needed(eqns: Sequence[Eqn], ends: Iterable[Var]) -> list[Eqn]:
    """The equations among these that ``ends`` need, in order."""
    wanted = set(ends)
    kept = []
    for eqn in reversed(eqns):
        if not wanted.isdisjoint(eqn.outputs):
            wanted.update(eqn.inputs)
            kept.append(eqn)
    return kept[::-1]


def separated(rates: Mapping[Var, Var], moving: Sequence[Eqn]) -> tuple[list[Var], list[Var]]:
    """(positions, velocities) of the states that have ``rates``: each group's rates read the other group.

    A velocity may read itself, and a position its own element: that is damping. But a position that is
    conserved may not: there its mass, or an energy of its momentum, depends on it. Of two such groups the
    positions are those whose rate is a velocity, unchanged; else the first in order. ``moving``: the
    equations of the rates. Momenta are velocities. Raises Problem ``not-separable``.
    """
    reads = _Dependence(rates, moving).reads
    states = list(rates)
    needs = {state: reads.get(rates[state], {}) for state in states}
    order = {state: number for number, state in enumerate(states)}
    near: dict[Var, dict[Var, None]] = {state: {} for state in states}
    for one in states:
        for other in needs[one]:
            if other is not one:
                near[one][other] = near[other][one] = None
    conjugate = {one.name for one in states if is_momentum(one.name)}
    side: dict[Var, int] = {}
    groups: tuple[list[Var], list[Var]] = ([], [])
    for first in states:
        if first in side:
            continue
        side[first] = 0
        waiting = [first]
        part: tuple[list[Var], list[Var]] = ([first], [])
        for one in waiting:
            for other in sorted(near[one], key=order.__getitem__):
                if other not in side:
                    side[other] = 1 - side[one]
                    part[side[other]].append(other)
                    waiting.append(other)
                elif side[other] == side[one]:
                    raise _not_separable(one, other)
        within = [set(part[0]), set(part[1])]
        plain = [any(rates[one] in within[1 - k] for one in part[k]) for k in (0, 1)]
        momenta = [any(is_momentum(one.name) for one in part[k]) for k in (0, 1)]
        turned = momenta[0] if momenta[0] != momenta[1] else plain[1] and not plain[0]
        positions = part[1] if turned else part[0]
        for one in positions:
            if momentum_of(one.name) in conjugate and one in needs[one]:
                raise _mass_moves(one)
            if needs[one].get(one, _WHOLE) is _MIXED:
                raise _not_separable(one, one)
        for k in (0, 1):
            groups[k].extend(part[1 - k] if turned else part[k])
    return groups


class _Dependence:
    """For each value the flowing states that it depends on, and element by element how."""

    def __init__(self, rates: Mapping[Var, Var], moving: Sequence[Eqn]) -> None:
        self.reads: dict[Var, dict[Var, Place]] = {one: {one: _WHOLE} for one in rates}
        self.producer = {out: eqn for eqn in moving for out in eqn.outputs}
        self.owners: dict[Eqn, dict[int, tuple[Var, int | None]] | None] = {}
        for eqn in moving:
            at = _element(eqn) if eqn.op == "slice" and eqn.inputs[0] in self.producer else None
            if at is not None:
                self.reads[eqn.outputs[0]] = self._of_element(eqn.inputs[0], at)
                continue
            found: dict[Var, Place] = {}
            for one in eqn.inputs:
                for state, place in self.reads.get(one, {}).items():
                    moved = _moved(eqn, one, place)
                    found[state] = moved if found.get(state, moved) == moved else _MIXED
            for out in eqn.outputs:
                self.reads[out] = found

    def _of_element(self, var: Var, at: int) -> dict[Var, Place]:
        """The states that an element of a value depends on: what a box is told of what many boxes show."""
        found: dict[Var, Place] = {}
        seen: set[tuple[Var, int | None]] = set()
        stack: list[tuple[Var, int | None]] = [(var, at)]
        while stack:
            one = stack.pop()
            if one in seen:
                continue
            seen.add(one)
            now, place = one
            eqn = self.producer.get(now)
            if eqn is None or place is None:
                found.update(dict.fromkeys(self.reads.get(now, {}), _MIXED))
            else:
                stack += self._needs(eqn, place)
        return found

    def _needs(self, eqn: Eqn, at: int) -> list[tuple[Var, int | None]]:
        """What the element ``at`` of the leading axis needs: variables, or elements of their leading axes."""
        if eqn.op == "assemble":
            if eqn not in self.owners:
                self.owners[eqn] = _owners(eqn)
            owners = self.owners[eqn]
            if owners is not None:
                return [owners[at]]
        elif eqn.op == "pad_slice":
            entry = eqn.param("index")[0] if len(eqn.param("index")) == eqn.outputs[0].rank else ()
            if isinstance(entry, int):
                return [(eqn.inputs[0], None)] if at == entry else []
            if entry:
                return [(eqn.inputs[0], range(*entry).index(at))] if at in range(*entry) else []
        elif 1 in depths(eqn):
            parts = split(eqn, (at,)).parts
            return [(eqn.inputs[k], part[0] if part else None) for k, part in parts]
        return [(one, None) for one in eqn.inputs]


def _owners(eqn: Eqn) -> dict[int, tuple[Var, int | None]] | None:
    """For each element of the leading axis of what is put together, the piece that it is, or is in."""
    found: dict[int, tuple[Var, int | None]] = {}
    shape = eqn.outputs[0].shape
    for one, index in zip(eqn.inputs, eqn.param("index"), strict=True):
        if index[1:] != tuple((0, length, 1) for length in shape[1:]) or len(index) != len(shape):
            return None
        if isinstance(index[0], int):
            found[index[0]] = (one, None)
        else:
            found.update({at: (one, k) for k, at in enumerate(range(*index[0]))})
    return found if len(found) == shape[0] else None


def _element(eqn: Eqn) -> int | None:
    """The element of the leading axis that a slice takes, if it takes one."""
    (x,), index = eqn.inputs, eqn.param("index")
    rest = tuple((0, length, 1) for length in x.shape[1:])
    if len(index) != x.rank or not x.rank or not isinstance(index[0], int) or index[1:] != rest:
        return None
    return index[0]


def _moved(eqn: Eqn, x: Var, place: Place) -> Place:
    """How the result of an equation depends on a state of which its input ``x`` has ``place``."""
    if place is _MIXED:
        return _MIXED
    same = x.shape == eqn.outputs[0].shape
    if same and (OPERATIONS[eqn.op].elementwise or eqn.op in ("copy", "broadcast", "stop")):
        return place
    if eqn.op == "slice" and place == _WHOLE:
        return eqn.param("index")
    if eqn.op == "pad_slice" and place == eqn.param("index"):
        return _WHOLE
    return _MIXED


def _mass_moves(one: Var) -> Problem:
    message = (
        f"symplectic methods need a mass that positions don't change; how '{one.name}' moves depends on it"
    )
    help = "use time.method: rk4, or another method that is not symplectic"
    return Problem.of("not-separable", message, None, help=help)


def _not_separable(one: Var, other: Var) -> Problem:
    names = sorted((one.name or "a state", other.name or "a state"))
    what = f"'{names[0]}' and '{names[1]}' depend on each other in another way"
    if one is other:
        what = f"elements of '{names[0]}' depend on one another"
    message = f"symplectic methods move positions by velocities and velocities by positions; {what}"
    help = "use rk4, or a state each for position and velocity"
    return Problem.of("not-separable", message, None, help=help)
