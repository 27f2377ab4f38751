"""Positions and velocities: which flowing states a symplectic method moves in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dilsctl.diagnostics import Problem
from dilsctl.ir import Eqn, Var
from dilsctl.operations.table import OPERATIONS

_MIXED = None  # an element of the value depends on other elements of the state than its own
_WHOLE = ()  # each element depends on its own one
Place = Any  # one of these, or the index of the part of the state of which the value has the elements


def separated(rates: Mapping[Var, Var], moving: Sequence[Eqn]) -> tuple[list[Var], list[Var]]:
    """(positions, velocities) of the states that have ``rates``: each group's rates read the other group.

    A velocity may read itself, and a position its own element: that is damping. Of two such groups the
    positions are those whose rate is a velocity, unchanged; else the first in order. ``moving``: the
    equations of the rates. Raises Problem ``not-separable``.
    """
    reads = _reads(rates, moving)
    states = list(rates)
    needs = {state: reads.get(rates[state], {}) for state in states}
    side: dict[Var, int] = {}
    groups: tuple[list[Var], list[Var]] = ([], [])
    for first in states:
        if first in side:
            continue
        side[first] = 0
        waiting = [first]
        part: tuple[list[Var], list[Var]] = ([first], [])
        for one in waiting:
            near = {
                other for other in states if other is not one and (other in needs[one] or one in needs[other])
            }
            for other in sorted(near, key=states.index):
                if other not in side:
                    side[other] = 1 - side[one]
                    part[side[other]].append(other)
                    waiting.append(other)
                elif side[other] == side[one]:
                    raise _not_separable(one, other)
        plain = [any(rates[one] in part[1 - k] for one in part[k]) for k in (0, 1)]
        turned = plain[1] and not plain[0]
        positions = part[1] if turned else part[0]
        for one in positions:
            if needs[one].get(one, _WHOLE) is _MIXED:
                raise _not_separable(one, one)
        for k in (0, 1):
            groups[k].extend(part[1 - k] if turned else part[k])
    return groups


def _reads(rates: Mapping[Var, Var], moving: Sequence[Eqn]) -> dict[Var, dict[Var, Place]]:
    """For each value the flowing states that it depends on, and element by element how."""
    reads: dict[Var, dict[Var, Place]] = {one: {one: _WHOLE} for one in rates}
    for eqn in moving:
        found: dict[Var, Place] = {}
        for one in eqn.inputs:
            for state, place in reads.get(one, {}).items():
                moved = _moved(eqn, one, place)
                found[state] = moved if found.get(state, moved) == moved else _MIXED
        for out in eqn.outputs:
            reads[out] = found
    return reads


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


def _not_separable(one: Var, other: Var) -> Problem:
    names = sorted((one.name or "a state", other.name or "a state"))
    what = f"'{names[0]}' and '{names[1]}' depend on each other in another way"
    if one is other:
        what = f"elements of '{names[0]}' depend on one another"
    message = f"symplectic methods move positions by velocities and velocities by positions; {what}"
    help = "use rk4, or a state each for position and velocity"
    return Problem.of("not-separable", message, None, help=help)
