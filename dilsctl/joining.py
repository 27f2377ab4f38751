"""Shared variables become one: what interior boxes share is put in the place of what it is joined to.

Every law adds what it has to say: rates add, and of a ``next`` the difference from the old value (its *step*)
where several laws speak of one variable. What is joined to a part of a variable adds to that part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem
from dilsctl.diagram import Box, Child, Initial, Law, Link, Metric, Shared
from dilsctl.ir import BOOL, Eqn, Index, Var
from dilsctl.operations.table import Builder
from dilsctl.parts import nested, places_of

if TYPE_CHECKING:
    from dilsctl.lower import Flat, FlatState


def as_step(builder: Builder, law: Law, target: Var, value: Var) -> Var:
    """What a law adds to ``target``: of a rate or a step its ``value``, of a next the difference."""
    if law.kind != "next":
        return value
    if not law.index:
        return builder.emit("sub", (_real(builder, value), _real(builder, target)))
    old = builder.emit("slice", (target,), index=law.index)
    step = builder.emit("sub", (_real(builder, value), _real(builder, old)))
    return builder.emit("pad_slice", (step,), index=law.index, shape=target.shape)


def within(outer: Index, inner: Index) -> Index:
    """The part ``inner`` of a part ``outer``, as a part of the whole."""
    rest = iter(inner)
    found: list[Any] = []
    for entry in outer:
        then = None if isinstance(entry, int) else next(rest, None)
        if then is None:
            found.append(entry)
        elif isinstance(then, int):
            found.append(range(*entry)[then])
        else:
            picked = range(*entry)[slice(*then)]
            found.append((picked[0], picked[-1] + 1, picked.step) if picked else (0, 0, 1))
    return tuple(found)


def _real(builder: Builder, value: Var) -> Var:
    return value if value.type.kind in ("real", "int") else builder.emit("cast", (value,), kind="real")


class Joined:
    """What the shared variables inside one box are joined to."""

    def __init__(self, box: Box, eqns: list[Eqn], flat: Callable[[Box], Flat]) -> None:
        self.box = box
        self.builder = Builder(eqns, box.span)
        self.flat = flat
        self.links: dict[str, list[Link]] = {}
        for link in box.links:
            self.links.setdefault(link.child, []).append(link)
        self.parts: dict[Var, tuple[Var, Index]] = {}  # part of a variable -> (the variable, where)

    def of(self, child: Child, number: int | None = None) -> dict[str, Var]:
        """For each joined variable of an interior box (of its element ``number``) what it is."""
        found: dict[str, Var] = {}
        for link in self.links.get(child.name, ()):
            var = self.box.shared[link.variable].var
            if link.index:
                var = self._part(var, link.index)
            box = child.boxes[number or 0]
            if link.port not in box.shared:  # the momentum of what this element does not conserve
                continue
            if number is not None and var.rank > len(box.shared[link.port].type.shape):
                var = self._part(var, (number,))
            found[link.port] = var
        return found

    def _part(self, var: Var, index: Index) -> Var:
        full = (*index, *((0, length, 1) for length in var.shape[len(index) :]))
        part = self.builder.emit("slice", (var,), index=full)
        self.parts[part] = (var, full)
        return part

    def lift(self, laws: list[Law]) -> list[Law]:
        """The laws, each of a variable or, if it is a next law, of a part of one."""
        found = []
        for law in laws:
            while law.target in self.parts:
                var, index = self.parts[law.target]
                if law.kind == "next":
                    law = replace(law, target=var, index=within(index, law.index))
                else:
                    value = self.builder.emit("pad_slice", (law.value,), index=index, shape=var.shape)
                    law = replace(law, target=var, value=value)
            found.append(law)
        return found

    def lift_metrics(self, metrics: list[Metric]) -> list[Metric]:
        """The metrics, each of a variable or of a part of one."""
        found = []
        for metric in metrics:
            while metric.target in self.parts:
                var, index = self.parts[metric.target]
                metric = replace(metric, target=var, index=within(index, metric.index))
            found.append(metric)
        return found

    def shared(self) -> dict[str, Shared]:
        """The box's shared variables; those without an initial value take that of what is joined to them."""
        found = {}
        for name, one in self.box.shared.items():
            inner = self._inner(name)
            learn = one.learn
            for other, _ in inner:
                learn = other.learn if learn is None else learn
            initial = one.initial if one.initial is not None else self._agreed(one, inner)
            found[name] = replace(one, initial=initial, learn=learn)
        return found

    def _inner(self, name: str) -> list[tuple[Shared, Link]]:
        found = []
        for child in self.box.children.values():
            for link in self.links.get(child.name, ()):
                if link.variable == name:
                    inside = [self.flat(box).shared for box in dict.fromkeys(child.boxes)]
                    found += [(one[link.port], link) for one in inside if link.port in one]
        return found

    def _agreed(self, one: Shared, inner: list[tuple[Shared, Link]]) -> Initial | None:
        given = [(other, link) for other, link in inner if other.initial is not None]
        if not given:
            return None
        first = given[0][0]
        parts = any(link.index or other.type.shape != one.type.shape for other, link in given)
        plain = all(
            not other.initial.rule and not isinstance(other.initial.value, tuple)
            for other, _ in given
            if other.initial is not None
        )
        alike = all(other.initial == first.initial for other, _ in given)
        if alike and (not parts or plain):
            return first.initial
        labels = tuple(Label(other.span, "one initial value") for other, _ in given if other.span is not None)
        message = f"what is joined to '{one.name}' begins with different values"
        if alike:
            message = f"'{one.name}' is made of parts, and begins as its parts do only if that is one number"
        else:
            other, link = next(pair for pair in given if pair[0].initial != first.initial)
            names = [(given[0][1], first.initial), (link, other.initial)]
            message += f": {' and '.join(f'{a.child}.{a.port} with {_text(b)}' for a, b in names)}"
        help = f"give '{one.name}' one of its own: list it under 'share' as TYPE = VALUE"
        where = Label(one.span) if one.span is not None else None
        raise Problem([Diagnostic("initial-conflict", message, where, labels[:4], help)])


def _text(initial: Initial | None) -> str:
    value = initial.value if initial is not None else 0
    if initial is not None and initial.rule:
        return f"{initial.rule}(…)"
    return "an array" if isinstance(value, tuple) else str(value).lower()


def combined(flat: Flat) -> tuple[dict[Var, Var], dict[Var, Var]]:
    """(updates, rates) of the states of a flat diagram: what all laws of each make of it together."""
    builder = Builder(flat.eqns)
    known = {one.var: one for one in flat.states}
    groups: dict[Var, list[Law]] = {}
    for law in flat.laws:
        groups.setdefault(law.target, []).append(law)
    updates: dict[Var, Var] = {}
    rates: dict[Var, Var] = {}
    for state, laws in groups.items():
        clocked = [law for law in laws if law.kind != "rate"]
        flowing = [law for law in laws if law.kind == "rate"]
        one = known[state]
        if one.state.learn is not None:
            raise _conflict(one, "is learned, and has a law as well", laws)
        if flowing and not all(law.triggered for law in clocked):
            help = "write the next law as {to: …, when: CONDITION}"
            raise _conflict(one, "has a rate and a next law that is not triggered", laws, help)
        if flowing:
            rates[state] = _sum(builder, [law.value for law in flowing])
        together = _side_by_side(builder, state, clocked)
        if together is not None:
            updates[state] = together
        elif clocked:
            if state.type.kind not in ("real", "int"):
                help = "what several laws say of real and int variables is added; others take one law"
                raise _conflict(one, f"is {state.type.kind}, and several laws move it", clocked, help)
            steps = [as_step(builder, law, state, law.value) for law in clocked]
            updates[state] = _sum(builder, [state, *steps])
    return updates, rates


def _side_by_side(builder: Builder, state: Var, laws: list[Law]) -> Var | None:
    """The new value, where each element has one next law at most; None where laws add."""
    if not laws or any(law.kind != "next" for law in laws):
        return None
    if not laws[0].index:
        return laws[0].value if len(laws) == 1 else None
    moved = bytearray(state.type.size)
    total: Var | None = None
    for law in laws:
        if not law.index:
            return None
        for place in places_of(law.index, state.shape):
            if moved[place]:
                return None
            moved[place] = 1
        part = builder.emit("pad_slice", (law.value,), index=law.index, shape=state.shape)
        total = part if total is None else builder.emit("add", (total, part))
    assert total is not None
    if total.type.kind != state.type.kind:
        total = builder.emit("cast", (total,), kind=state.type.kind, classes=state.type.classes)
    mask = builder.constant(nested([bool(one) for one in moved], state.shape), BOOL.with_shape(state.shape))
    return builder.emit("where", (mask, total, state))


def _sum(builder: Builder, values: list[Var]) -> Var:
    total = values[0]
    for one in values[1:]:
        total = builder.emit("add", (total, one))
    return total


def _conflict(one: FlatState, what: str, laws: list[Law], help: str = "") -> Problem:
    said = {"rate": "a rate", "next": "a next law", "step": "a next law"}
    labels = tuple(Label(law.span, said[law.kind]) for law in laws if law.span is not None)
    where = Label(one.state.span) if one.state.span is not None else None
    return Problem([Diagnostic("law-conflict", f"'{one.path}' {what}", where, labels[:4], help)])
