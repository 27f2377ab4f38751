"""Patterns that can change: which values flow where, or how, depends on a state or on a value.

A pattern is changeable if (a) a wire of a box with interior boxes reads a moving state of its own, a mode, or
a port that exists in some modes only; or (b) such a wire uses what an interior box shows as a condition or an
index, to choose among what flows; or (c) an output depends on a learned state of its box together with an
input.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dilsctl.diagnostics import SourceSpan
from dilsctl.diagram import Box, Metric
from dilsctl.elaborate.gates import is_gate
from dilsctl.ir import Eqn, Var

Rule = Literal["a", "b", "c"]


@dataclass(frozen=True, slots=True)
class Changeable:
    """A pattern that can change: that of ``box``, by ``rule``, and ``what`` shows it."""

    box: str
    rule: Rule
    what: str
    span: SourceSpan | None = None


class Reads:
    """What each variable of a box's pattern depends on within a tick: inputs, states, shared variables, and
    what interior boxes show."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.shown = {
            var: (child.name, port) for child in box.children.values() for port, var in child.outputs.items()
        }
        self.inputs = {port.var: name for name, port in box.inputs.items()}
        self.states = {one.var: name for name, one in box.states.items()}
        self.shared = {one.var: name for name, one in box.shared.items()}
        leaves = {*self.shown, *self.inputs, *self.states, *self.shared}
        self._known: dict[Var, frozenset[Var]] = {var: frozenset([var]) for var in leaves}
        producer: dict[Var, Eqn] = {}
        for eqn in box.eqns:
            producer.update(dict.fromkeys(eqn.outputs, eqn))
            inputs = eqn.inputs[1:2] if is_gate(eqn, producer) else eqn.inputs
            found = frozenset[Var]().union(*(self.of(one) for one in inputs))
            for out in eqn.outputs:
                self._known[out] = found

    def of(self, var: Var) -> frozenset[Var]:
        """The leaves that a variable depends on."""
        return self._known.get(var, frozenset())


def changeable(box: Box, reads: Reads, learned: set[str]) -> list[Changeable]:
    """What makes the pattern of a box changeable. ``learned``: its shared variables that are learned."""
    found = []
    if box.children:
        found += [*_by_state(box, reads, learned), *_by_mode(box, reads), *_by_value(box, reads)]
    return [*found, *_by_learning(box, reads, learned)]


def _wires(box: Box) -> Iterator[tuple[str, Var]]:
    """Every target of the pattern, with its variable."""
    for name, var in box.readout.items():
        yield name, var
    for (child, port), var in box.dispatch.items():
        yield f"{child}.{port}", var


def _by_state(box: Box, reads: Reads, learned: set[str]) -> Iterator[Changeable]:
    """(a) A wire reads a moving state of its own box. An output that shows a state is no such wire."""
    moving = {law.target for law in box.laws} | {metric.target for metric in box.metrics}
    joined = {link.variable for link in box.links}
    own = {one.var: name for name, one in box.states.items() if one.learn is not None or one.var in moving}
    for name, one in box.shared.items():  # what is joined to interior boxes is theirs
        if name not in joined and (one.var in moving or name in learned):
            own[one.var] = name
    for target, var in _wires(box):
        if var in own and target in box.readout:
            continue
        names = sorted(own[one] for one in reads.of(var) if one in own)
        if names:
            word = "its state" if len(names) == 1 else "its states"
            what = f"the wire to {target} reads {word} {', '.join(names)}"
            yield Changeable(box.name, "a", what, _span(box, var, names))


def _by_mode(box: Box, reads: Reads) -> Iterator[Changeable]:
    """(a) A wire reads a mode, or a port that exists in some modes only. An output that shows a mode of the
    box is no such wire."""
    told = {port.var: name for name, port in box.inputs.items() if port.when}
    for target, var in _wires(box):
        if target in box.modes:
            continue
        names, partial = set[str](), set[str]()
        for one in reads.of(var):
            if one in told:
                partial.add(told[one])
            if one in reads.shown:
                child, port = reads.shown[one]
                inside, name = box.children[child].box, f"{child}.{port}"
                if port in inside.modes:
                    names.add(name)
                elif inside.outputs[port].when:
                    partial.add(name)
        parts = [", ".join(sorted(names))] if names else []
        if partial:
            several = "which exist" if len(partial) > 1 else "which exists"
            parts.append(f"{', '.join(sorted(partial))}, {several} in some modes only")
        if parts:
            kind = ("the modes " if len(names) > 1 else "the mode ") if names else ""
            what = f"the wire to {target} reads {kind}{' and '.join(parts)}"
            yield Changeable(box.name, "a", what, _span(box, var, []))


def _by_value(box: Box, reads: Reads) -> Iterator[Changeable]:
    """(b) A wire chooses by what an interior box shows. To choose among constants is to compute."""
    needed = _needed(box)
    producer = {out: eqn for eqn in box.eqns for out in eqn.outputs}
    for eqn in box.eqns:
        if is_gate(eqn, producer):
            continue
        if eqn.op == "where":
            chooser, chosen, word = eqn.inputs[0], eqn.inputs[1:], "condition"
        elif eqn.op == "take":
            chooser, chosen, word = eqn.inputs[1], eqn.inputs[:1], "index"
        else:
            continue
        by = sorted(".".join(reads.shown[one]) for one in reads.of(chooser) if _is_value(box, reads, one))
        if by and any(reads.of(one) for one in chosen) and any(out in needed for out in eqn.outputs):
            article = "an" if word == "index" else "a"
            yield Changeable(box.name, "b", f"a wire uses {', '.join(by)} as {article} {word}", eqn.span)


def _is_value(box: Box, reads: Reads, var: Var) -> bool:
    """Is it something that an interior box shows, other than a mode?"""
    return var in reads.shown and reads.shown[var][1] not in box.children[reads.shown[var][0]].box.modes


def _needed(box: Box) -> set[Var]:
    """The variables that wires depend on."""
    producer = {out: eqn for eqn in box.eqns for out in eqn.outputs}
    found: set[Var] = set()
    stack = [var for _, var in _wires(box)]
    while stack:
        var = stack.pop()
        if var not in found:
            found.add(var)
            eqn = producer.get(var)
            stack += eqn.inputs if eqn is not None else ()
    return found


def _by_learning(box: Box, reads: Reads, learned: set[str]) -> Iterator[Changeable]:
    """(c) An output depends on a learned state together with an input, over its own laws of motion too."""
    weights = {one.var: name for name, one in box.states.items() if one.learn is not None}
    weights |= {one.var: name for name, one in box.shared.items() if name in learned}
    if not weights:
        return
    for target, var in box.readout.items():
        found: set[Var] = set()
        stack = list(reads.of(var))
        while stack:
            one = stack.pop()
            if one not in found:
                found.add(one)
                stack += [
                    leaf for law in box.laws if law.target is one for leaf in _of_law(box, reads, law.value)
                ]
                for metric in box.metrics:
                    stack += _of_potential(box, reads, metric) if metric.target is one else ()
        names = sorted(weights[one] for one in found if one in weights)
        told = sorted(reads.inputs[one] for one in found if one in reads.inputs)
        if names and told:
            what = (
                f"output '{target}' depends on the learned {', '.join(names)} together with {', '.join(told)}"
            )
            yield Changeable(box.name, "c", what, _span(box, var, names))


def _of_law(box: Box, reads: Reads, value: Var) -> Iterator[Var]:
    """What a law reads, the conditions of its triggers included."""
    yield from reads.of(value)
    for trigger in box.triggers:
        yield from reads.of(trigger.condition)


def _of_potential(box: Box, reads: Reads, metric: Metric) -> Iterator[Var]:
    """What a state that answers the potential depends on."""
    if metric.value is not None:
        yield from reads.of(metric.value)
    for term in box.potentials:
        if metric.target in reads.of(term):
            yield from reads.of(term)


def _span(box: Box, var: Var, names: list[str]) -> SourceSpan | None:
    """Where a variable is computed, or else where a state of the box is declared."""
    for eqn in box.eqns:
        if var in eqn.outputs and eqn.span is not None:
            return eqn.span
    for name in names:
        one = box.states.get(name) or box.shared.get(name)
        if one is not None and one.span is not None:
            return one.span
    return box.span
