"""Which ports of a diagram lie on a cycle together: by port element, over the laws of motion, not over
learning."""

from __future__ import annotations

from collections.abc import Container, Mapping

from dilsctl.diagnostics import Problem
from dilsctl.ir import Eqn, Var
from dilsctl.loops import Component, Node
from dilsctl.lower import Flat
from dilsctl.operations.table import OPERATIONS
from dilsctl.order import components, sort_equations, strong_components


class Cycles:
    """The cycles of a flat diagram in which every port has an equation (``flatten`` with ``mark``).
    ``dropped``: inputs, by path, that count for nothing."""

    def __init__(self, flat: Flat, dropped: Container[str] = ()) -> None:
        self.ports: dict[str, Var] = {}
        eqns = [one for one in flat.eqns if one.op != "copy" or one.outputs[0].name not in dropped]
        for eqn in eqns:
            if eqn.op == "copy" and eqn.outputs[0].name:
                self.ports.setdefault(eqn.outputs[0].name, eqn.outputs[0])
        self.groups: dict[Var, set[int]] = {}  # of a variable with elements on cycles, the cycles' numbers
        count = 0
        _, cyclic = sort_equations([*eqns, *_motion(flat)])
        for group in components(cyclic):
            if len(group) == 1:
                continue
            for members in _of_component(group):
                count += 1
                for var in members:
                    self.groups.setdefault(var, set()).add(count)

    def holds(self, source: str, target: str) -> bool:
        """Does a wire between two ports, by path, lie on a cycle?"""
        first, second = (
            self.groups.get(self.ports[one], set()) if one in self.ports else set()
            for one in (source, target)
        )
        return bool(first & second)


def _motion(flat: Flat) -> list[Eqn]:
    """States as what their laws make of them, triggers as their conditions."""
    found = []
    told: dict[Var, list[Var]] = {}
    momenta = {one.momentum for one in flat.answers.values()}
    for state in {**flat.updates, **flat.rates}:
        values = tuple(one[state] for one in (flat.updates, flat.rates) if state in one)
        if state in flat.answers or state in momenta:
            told.setdefault(state, []).extend(values)
            continue
        found.append(Eqn("copy" if len(values) == 1 else "add", values, (state,)))
    found += _answers(flat, told)
    return [*found, *(Eqn("copy", (one.condition,), (one.fired,)) for one in flat.triggers)]


FORCE = "solve"  # as an equation of it, all of what acts on a state depends on all that it is found from


def _answers(flat: Flat, told: Mapping[Var, list[Var]]) -> list[Eqn]:
    """What the potential makes of the states that answer it: they depend on every term that they are in.

    ``told``: what other laws give them.
    """
    states = {one for one in (*flat.answers, *(one.momentum for one in flat.answers.values())) if one}
    within: dict[Var, set[Var]] = {one: {one} for one in states}
    for eqn in sort_equations(flat.eqns)[0]:
        inside: set[Var] = set()
        if OPERATIONS[eqn.op].reverse is not None:  # else no force comes through it
            inside = inside.union(*(within.get(one, set()) for one in eqn.inputs))
        for out in eqn.outputs:
            within[out] = inside
    found = []
    for state, answer in flat.answers.items():
        terms = [one for one in flat.potentials if state in within.get(one, states)]
        metric = [] if answer.value is None else [answer.value]
        if answer.momentum is None:
            found.append(Eqn(FORCE, (*terms, *metric, *told.get(state, ())), (state,)))
            continue
        found.append(Eqn(FORCE, (answer.momentum, *metric, *told.get(state, ())), (state,)))
        found.append(Eqn(FORCE, (*terms, *told.get(answer.momentum, ())), (answer.momentum,)))
    return found


def _of_component(group: list[Eqn]) -> list[set[Var]]:
    """The variables of each cycle of elements. Where there are too many elements to look at, whole arrays."""
    one = Component(group)
    try:
        while True:
            one.graph()
            found = [
                part
                for part in strong_components(one.needs)
                if len(part) > 1 or part[0] in one.needs[part[0]]
            ]
            nodes: list[Node] = list(one.nodes)
            eqns = {eqn for part in found for i in part if (eqn := one.computed(nodes[i])) is not None}
            grown = {eqn for eqn in eqns if one.deeper[eqn]}
            if not grown:
                return [{nodes[i][0] for i in part} for part in found if len(part) > 1]
            for eqn in grown:
                one.depth[eqn] = one.deeper[eqn].pop()
    except Problem:
        return [{out for eqn in group for out in eqn.outputs}]
