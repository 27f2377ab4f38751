"""A box with all that is inside it, as one list of equations, and what is known of its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dilsctl.diagram import Box, Initial, Law, State
from dilsctl.ir import CLOCK, Eqn, Program, Type, Var
from dilsctl.lower import Flat
from dilsctl.operations.functions.values import is_number
from dilsctl.ranges import ANY, NEVER, Range, heard, hull, ranges, type_range, value_range

MOST_WALKS = 3  # by which the range of a state that moves is sought


@dataclass(frozen=True, eq=False)
class Whole:
    """``program`` has the output ``loss``, where there is one. Holes show anything."""

    main: Box
    flat: Flat
    program: Program

    @cached_property
    def producers(self) -> dict[Var, Eqn]:
        """The equation that computes each variable."""
        return {out: eqn for eqn in self.program.eqns for out in eqn.outputs}

    @cached_property
    def known(self) -> dict[Var, Range]:
        """The range of every value."""
        states = {one.var: one.state for one in self.flat.states}
        laws = {one: law for one, law in self.program.updates.items() if one not in self.program.rates}
        free = {*self.program.rates, *self.flat.answers, *(one.target for one in self.flat.metrics)}
        return settled(self.program.eqns, states, laws, free)

    @cached_property
    def deaf(self) -> dict[Eqn, tuple[Var, ...]]:
        """The equations that do not depend on all their inputs, each with those that it does depend on."""
        known, found = self.known, {}
        for eqn in self.program.eqns:
            if eqn.inputs and len(some := heard(eqn, known)) < len(eqn.inputs):
                found[eqn] = some
        return found

    def heard(self, eqn: Eqn) -> tuple[Var, ...]:
        """The inputs on which what an equation makes depends."""
        return self.deaf.get(eqn, eqn.inputs)

    @cached_property
    def ends(self) -> list[Var]:
        """What is learned for: the loss, or all that is shown where there is none."""
        outputs = self.program.outputs
        if "loss" in outputs:
            return [outputs["loss"]]
        return [*outputs.values(), *self.flat.potentials]


def box_ranges(box: Box) -> dict[Var, Range]:
    """The range of every value of one box, whatever it is told."""
    states = {one.var: one for one in box.states.values()}
    laws: dict[Var, list[Law]] = {}
    for law in box.laws:
        laws.setdefault(law.target, []).append(law)
    simple = {
        target: one[0].value
        for target, one in laws.items()
        if len(one) == 1 and one[0].kind == "next" and not one[0].index
    }
    free = {one for one in laws if one not in simple} | {one.target for one in box.metrics}
    return settled(box.eqns, states, simple, free)


def settled(
    eqns: Sequence[Eqn], states: Mapping[Var, State], laws: Mapping[Var, Var], free: set[Var]
) -> dict[Var, Range]:
    """Ranges that hold at every tick. ``laws``: what states become; ``free``: states that go anywhere."""
    given = {CLOCK["tick"]: (0.0, float("inf"))}
    for var, state in states.items():
        loose = var in free or state.learn is not None or state.source
        given[var] = type_range(var.type) if loose else begins(state.initial, var.type)
    moving = {one: law for one, law in laws.items() if one in given and one not in free}
    first = {one: given[one] for one in moving}
    given |= {one: type_range(one.type) for one in moving}
    found = ranges(eqns, given)
    if not moving:
        return found
    most = {one: hull((first[one], _within(found.get(law, ANY), one.type))) for one, law in moving.items()}
    given |= first
    for walk in range(MOST_WALKS + 1):
        if walk == MOST_WALKS:
            given |= most
        found = ranges(eqns, given)
        grown = False
        for one, law in moving.items():
            (least, largest), new = given[one], found.get(law, ANY)
            low, high = most[one]
            wide = (least if new[0] >= least else low, largest if new[1] <= largest else high)
            grown = grown or wide != given[one]
            given[one] = wide
        if not grown:
            break
    return found


def _within(one: Range, type: Type) -> Range:
    low, high = type_range(type)
    return max(one[0], low), min(one[1], high)


def begins(initial: Initial | None, type: Type) -> Range:
    """The range of an initial value; what is drawn by a law without bounds may be anything."""
    if initial is None:
        return type_range(type)
    numbers = [float(one) for one in initial.arguments if is_number(one)]
    match initial.rule:
        case "":
            return value_range(initial.value, type)
        case "zeros":
            return NEVER
        case "ones":
            return 1.0, 1.0
        case "uniform" if type.kind == "real":
            return min([*numbers, 0.0]), max([*numbers, 1.0])
    return type_range(type) if type.kind != "real" else ANY
