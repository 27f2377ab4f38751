"""Equations equal up to names become one equation with a leading axis.

Equations of one level (the same distance from the inputs) with the same operation, parameters and types are
stacked if their inputs correspond: the same variable for all, or states, or constants, or elements of one
earlier stack. States that are stacked lie side by side from then on, so taking them together is free. A
network drawn neuron by neuron ends as the layers that it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dilsctl.ir import Eqn, Program, Slot, Type, Var
from dilsctl.operations.rules import broadcast
from dilsctl.operations.table import OPERATIONS, Builder

_ALONE = {"constant", "gather", "scatter"}


def stack_isomorphic(program: Program) -> Program:
    """Stack what can be stacked. Linear in the number of equations, apart from sorting within levels."""
    return _Stacking(program).run()


class _Stacking:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.eqns: list[Eqn] = []
        self.builder = Builder(self.eqns)
        self.element: dict[Var, tuple[Var, int]] = {}  # variable -> (its stack, its place)
        self.states = set(program.states)
        self.constants: dict[Var, Eqn] = {}
        self.same: dict[Var, Var] = {}
        self.taken: dict[tuple[Var, int], Var] = {}
        self.new_states: dict[Var, list[Var]] = {}  # stacked state -> members
        self.emitted: set[Eqn] = set()

    def run(self) -> Program:
        levels = self._levels()
        self._stack_moving()
        for level in levels:
            groups: dict[Any, list[Eqn]] = {}
            for eqn in level:
                groups.setdefault(self._key(eqn), []).append(eqn)
            for members in (part for group in groups.values() for part in _by_place(group)):
                if len(members) > 1 and members[0].op not in _ALONE and not self._are_elements(members):
                    self._stack(members)
                else:
                    for eqn in members:
                        self._keep(eqn)
        updates, rates = self._laws()
        self._read_stacked_states()
        program = replace(self._with_states(), updates=updates, rates=rates)
        outputs = {name: self._read(var) for name, var in program.outputs.items()}
        updates = {state: self._read(var) for state, var in updates.items()}
        rates = {state: self._read(var) for state, var in rates.items()}
        return replace(program, eqns=tuple(self.eqns), outputs=outputs, updates=updates, rates=rates)

    def _levels(self) -> list[list[Eqn]]:
        depth: dict[Var, int] = {}
        levels: list[list[Eqn]] = []
        for eqn in self.program.eqns:
            level = 0
            if eqn.op != "constant":
                for one in eqn.inputs:
                    level = max(level, depth.get(one, -1) + 1)
            for out in eqn.outputs:
                depth[out] = -1 if eqn.op == "constant" else level
            if eqn.op == "constant":
                self.constants[eqn.outputs[0]] = eqn
                continue
            while len(levels) <= level:
                levels.append([])
            levels[level].append(eqn)
        return levels

    def _key(self, eqn: Eqn) -> Any:
        described: list[tuple[Any, ...]] = []
        for one in eqn.inputs:
            place = self.element.get(one)
            if place is not None:
                described.append((place[0], one.type, one.batched))
            elif one in self.constants:
                described.append(("constant", one.type, False))
            elif one in self.states:
                described.append(("state", one.type, self._kind(one)))
            else:
                described.append((self.same.get(one, one), one.type, one.batched))
        params = eqn.params
        if eqn.op.startswith("random_"):
            return eqn  # draws have keys of their own
        return (eqn.op, params, tuple(described), eqn.outputs[0].batched)

    def _stack_moving(self) -> None:
        """Stack the states that move by one law, written in one place."""
        producer = {out: eqn for eqn in self.program.eqns for out in eqn.outputs}
        groups: dict[Any, list[Var]] = {}
        for state in self.program.states:
            laws = [one.get(state) for one in (self.program.updates, self.program.rates)]
            eqns = [producer.get(law) if law is not None else None for law in laws]
            if any(eqn is not None for eqn in eqns):
                key = [None if eqn is None else (eqn.op, eqn.params, eqn.span) for eqn in eqns]
                groups.setdefault((state.type, self._kind(state), *key), []).append(state)
        for column in groups.values():
            if len(column) > 1:
                self._stack_states(column)

    # -- reading ----------------------------------------------------------------------------------

    def _read(self, var: Var) -> Var:
        """The variable itself, or its element of a stack."""
        var = self.same.get(var, var)
        place = self.element.get(var)
        if place is not None:
            if place not in self.taken:
                stack, i = place
                index = (i, *((0, length, 1) for length in stack.shape[1:]))
                self.taken[place] = self.builder.emit("slice", (stack,), index=index, name=var.name)
            return self.taken[place]
        constant = self.constants.get(var)
        if constant is not None and constant not in self.emitted:
            self.emitted.add(constant)
            self.eqns.append(constant)
        return var

    def _keep(self, eqn: Eqn) -> None:
        if eqn.op == "slice" and self._is_element(eqn):
            return
        if eqn.op == "assemble":
            whole = self._whole_of_stack(eqn)
            if whole is not None:
                self.same[eqn.outputs[0]] = whole
                return
        inputs = tuple([self._read(one) for one in eqn.inputs])
        if inputs != eqn.inputs:
            eqn = Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span)
        self.eqns.append(eqn)

    def _are_elements(self, members: list[Eqn]) -> bool:
        return members[0].op == "slice" and all(self._is_element(eqn) for eqn in members)

    def _is_element(self, eqn: Eqn) -> bool:
        """A slice that takes one element of the leading axis is an element of that array, as of a stack."""
        (x,), index = eqn.inputs, eqn.param("index")
        x = self.same.get(x, x)
        rest = tuple((0, length, 1) for length in x.shape[1:])
        if x in self.element or x in self.constants or x in self.states:
            return False
        if len(index) != x.rank or not isinstance(index[0], int) or index[1:] != rest:
            return False
        self.element[eqn.outputs[0]] = (x, index[0])
        return True

    def _whole_of_stack(self, eqn: Eqn) -> Var | None:
        """An array put together from elements of one stack is that stack, or a gather from it."""
        if not _in_order(eqn):
            return None
        places = [self.element.get(one) for one in eqn.inputs]
        stacks = {place[0] if place else None for place in places}
        if len(stacks) != 1 or None in stacks:
            return None
        stack = stacks.pop()
        assert stack is not None
        if stack.batched != eqn.outputs[0].batched:
            return None
        self.builder.span = eqn.span
        return self._pick(stack, [place[1] for place in places if place])

    def _pick(self, stack: Var, places: list[int]) -> Var:
        """Elements of a stack, in the given order."""
        length = stack.shape[0]
        first, last = places[0], places[-1]
        if places == list(range(first, first + len(places))):
            if len(places) == length:
                return stack
            rest = tuple((0, one, 1) for one in stack.shape[1:])
            return self.builder.emit("slice", (stack,), index=((first, last + 1, 1), *rest))
        return self.builder.emit("gather", (stack,), indices=tuple(places), axis=-stack.rank)

    # -- stacking ---------------------------------------------------------------------------------

    def _stack(self, members: list[Eqn]) -> None:
        first = members[0]
        count = len(members)
        self.builder.span = first.span
        gathered = self._gather_assembled(members)
        if gathered is not None:
            for i, eqn in enumerate(members):
                self.element[eqn.outputs[0]] = (gathered, i)
            return
        inputs: list[Var] = []
        mapped: list[bool] = []
        for k in range(len(first.inputs)):
            column = [eqn.inputs[k] for eqn in members]
            if all(one is column[0] for one in column):
                inputs.append(self._read(column[0]))
                mapped.append(False)
            else:
                inputs.append(self._together(column))
                mapped.append(True)
        batched = first.outputs[0].batched
        outs = OPERATIONS[first.op].stack(self.builder, first, tuple(inputs), tuple(mapped), count)
        for k, out in enumerate(outs):
            if out.batched != batched:
                out = broadcast(self.builder, out, out.shape, batched)
            for i, eqn in enumerate(members):
                self.element[eqn.outputs[k]] = (out, i)

    def _gather_assembled(self, members: list[Eqn]) -> Var | None:
        """Vectors that each pick elements of one stack: one gather picks them all."""
        first = members[0]
        if first.op != "assemble" or not _in_order(first):
            return None
        places = [[self.element.get(one) for one in eqn.inputs] for eqn in members]
        stacks = {place[0] if place else None for row in places for place in row}
        if len(stacks) != 1 or None in stacks:
            return None
        stack = stacks.pop()
        assert stack is not None
        if stack.batched != first.outputs[0].batched:
            return None
        indices = tuple(tuple(place[1] for place in row if place) for row in places)
        return self.builder.emit("gather", (stack,), indices=indices, axis=-stack.rank)

    def _together(self, column: list[Var]) -> Var:
        """The corresponding inputs of all members, along a leading axis."""
        places = [self.element.get(one) for one in column]
        if places[0] is not None and all(place and place[0] is places[0][0] for place in places):
            return self._pick(places[0][0], [place[1] for place in places if place])
        if all(one in self.constants for one in column):
            type = column[0].type
            values = tuple(_filled(self.constants[one].param("value"), type.shape) for one in column)
            return self.builder.constant(values, type.with_shape((len(column), *type.shape)))
        if all(one in self.states and one not in self.element for one in column) and len(set(column)) == len(
            column
        ):
            return self._stack_states(column)
        parts = [self._read(one) for one in column]
        type = column[0].type
        rest = tuple((0, length, 1) for length in type.shape)
        index = tuple((i, *rest) for i in range(len(parts)))
        return self.builder.emit(
            "assemble", parts, index=index, type=type.with_shape((len(parts), *type.shape))
        )

    def _stack_states(self, column: list[Var]) -> Var:
        type = column[0].type
        stacked = Var(
            Type(type.kind, (len(column), *type.shape), type.classes),
            False,
            f"{column[0].name}…{column[-1].name}",
        )
        self.new_states[stacked] = column
        for i, one in enumerate(column):
            self.element[one] = (stacked, i)
        return stacked

    def _read_stacked_states(self) -> None:
        """Equations that read a state before it was stacked with others read its element instead."""
        members = {one for column in self.new_states.values() for one in column}
        stale = dict.fromkeys(one for eqn in self.eqns for one in eqn.inputs if one in members)
        if not stale:
            return
        emitted = list(self.eqns)
        self.eqns.clear()
        self.taken.clear()
        read = {one: self._read(one) for one in stale}
        for eqn in emitted:
            inputs = tuple([read.get(one, one) for one in eqn.inputs])
            self.eqns.append(replace(eqn, inputs=inputs) if inputs != eqn.inputs else eqn)

    def _kind(self, state: Var) -> Any:
        """What must agree of states that are stacked: how they move."""
        program = self.program
        moves: tuple[bool, ...] = (state in program.updates, state in program.rates, state in program.kept)
        if program.positions is not None:
            moves = (*moves, state in program.positions)
        return program.learned.get(state), moves

    def _laws(self) -> tuple[dict[Var, Var], dict[Var, Var]]:
        """Updates and rates of the states that there are now. To read a law may stack more states."""
        while True:
            known = len(self.new_states)
            found = self._moved(self.program.updates), self._moved(self.program.rates)
            if len(self.new_states) == known:
                return found

    def _moved(self, laws: dict[Var, Var]) -> dict[Var, Var]:
        member = {one for column in self.new_states.values() for one in column}
        found = {state: var for state, var in laws.items() if state not in member}
        for stack, column in list(self.new_states.items()):
            if column[0] in laws:
                found[stack] = self._together([laws[one] for one in column])
        return found

    def _with_states(self) -> Program:
        place = {
            one: (stack, i) for stack, members in self.new_states.items() for i, one in enumerate(members)
        }
        slots = {
            path: Slot(place[slot.var][0], (place[slot.var][1], *slot.index)) if slot.var in place else slot
            for path, slot in self.program.slots.items()
        }
        states = (*(one for one in self.program.states if one not in place), *self.new_states)
        learned = {var: options for var, options in self.program.learned.items() if var not in place}
        for stack, members in self.new_states.items():
            if members[0] in self.program.learned:
                learned[stack] = self.program.learned[members[0]]
        kept = frozenset(place[one][0] if one in place else one for one in self.program.kept)
        positions = self.program.positions
        if positions is not None:
            positions = frozenset(place[one][0] if one in place else one for one in positions)
        return replace(
            self.program, states=states, slots=slots, learned=learned, kept=kept, positions=positions
        )


def _by_place(members: list[Eqn]) -> list[list[Eqn]]:
    """Equations apart by the places where they are written, if each place has as many: those of the parts of
    one expression that is there many times."""
    span = members[0].span
    if all(eqn.span is span for eqn in members):
        return [members]
    places: dict[Any, list[Eqn]] = {}
    for eqn in members:
        places.setdefault(eqn.span, []).append(eqn)
    parts = list(places.values())
    if len(parts[0]) == 1 or any(len(one) != len(parts[0]) for one in parts):
        return [members]
    return parts


def _in_order(eqn: Eqn) -> bool:
    """Does piece k of an ``assemble`` fill exactly place k of the leading axis?"""
    shape = eqn.param("type").shape
    if not shape or len(eqn.inputs) != shape[0] or eqn.outputs[0].rank != len(shape):
        return False
    rest = tuple((0, length, 1) for length in shape[1:])
    return all(index == (k, *rest) for k, index in enumerate(eqn.param("index")))


def _filled(value: Any, shape: tuple[int, ...]) -> Any:
    """A constant's value with a plain number repeated over the shape."""
    if isinstance(value, tuple) or not shape:
        return value
    return tuple(_filled(value, shape[1:]) for _ in range(shape[0]))
