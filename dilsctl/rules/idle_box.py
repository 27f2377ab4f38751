"""A box whose outputs are read, and yet reach nothing outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dilsctl.diagnostics import Diagnostic
from dilsctl.diagram import Box
from dilsctl.ir import Var
from dilsctl.ranges import heard
from dilsctl.rules.rule import Rule, Subject, warning


def check(subject: Subject) -> Iterator[Diagnostic]:
    """From the outputs of the main box, from losses, and from what is recorded, back to what they need."""
    if subject.diagram is not None and not subject.diagram.main.outputs:
        return  # a diagram without outputs is looked at from inside
    live = _Live(subject)
    for one in subject.roots:
        live.want(one.main, list(one.main.outputs))
        if not one.main.outputs:
            shown = [var for child in one.main.children.values() for var in child.outputs.values()]
            live.work += [(one.main, var) for var in shown]
    live.run()
    named = _named(subject)
    for box in subject.own_boxes:
        if box not in live.boxes:
            continue
        for name, child in box.children.items():
            read = [port for port in child.outputs if (name, port) in box.reads]
            if not read or name in named or not subject.own(child.span):
                continue
            if any(var in live.vars for var in child.outputs.values()) or any(map(_acts, child.boxes)):
                continue
            message = f"what '{name}' shows is read, but nothing outside depends on it"
            help = "wire it to an output or a loss, or leave it out"
            yield from warning(RULE.code, message, child.span, help=help)


def _named(subject: Subject) -> set[str]:
    """Boxes that are named in paths of states: what they hold is looked at from outside."""
    found: set[str] = set()
    stack: list[Any] = [subject.section("simulate"), subject.section("checks"), subject.section("train")]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += [*value, *value.values()]
        elif isinstance(value, list):
            stack += value
        elif isinstance(value, str) and "." in value:
            found |= {step.partition("[")[0] for step in value.split(".")}
    return found


def _acts(box: Box) -> bool:
    """Has a box an effect of its own: a loss, a potential, or variables that it shares?"""
    stack, seen = [box], {box}
    while stack:
        one = stack.pop()
        if one.losses or one.potentials or one.metrics or one.shared or one.links or one.hole:
            return True
        inside = {two for child in one.children.values() for two in child.boxes} - seen
        seen |= inside
        stack += inside
    return False


class _Live:
    """Which variables of each box are needed, all uses of the box taken together."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.vars: set[Var] = set()
        self.boxes: set[Box] = set()
        self.outputs: dict[Box, set[str]] = {}
        self.work: list[tuple[Box, Var]] = []
        self.parents: dict[Box, list[tuple[Box, str]]] = {}
        for box in subject.boxes:
            for name, child in box.children.items():
                for one in child.boxes:
                    self.parents.setdefault(one, []).append((box, name))
        self.shown = {
            var: (name, port)
            for box in subject.boxes
            for name, child in box.children.items()
            for port, var in child.outputs.items()
        }
        self.inputs = {p.var: name for box in subject.boxes for name, p in box.inputs.items()}
        self.laws: dict[Var, list[Var]] = {}
        for box in subject.boxes:
            for law in box.laws:
                self.laws.setdefault(law.target, []).append(law.value)
            for metric in box.metrics:
                given = [metric.value] if metric.value is not None else []
                self.laws.setdefault(metric.target, []).extend(given)
            for trigger in box.triggers:
                self.laws.setdefault(trigger.fired, []).append(trigger.condition)

    def want(self, box: Box, ports: list[str]) -> None:
        """These outputs of a box are needed."""
        self.boxes.add(box)
        known = self.outputs.setdefault(box, set())
        for port in ports:
            if port not in known:
                known.add(port)
                if port in box.readout:
                    self.work.append((box, box.readout[port]))

    def run(self) -> None:
        """Follow what is needed until nothing is new: losses, energies and shared variables always are."""
        for box in self.subject.boxes:
            self.boxes.add(box)
            self.work += [(box, one) for one in (*box.losses, *box.potentials)]
            self.work += [(box, one.value) for one in box.metrics if one.value is not None]
            self.work += [(box, one.var) for one in box.shared.values()]
            if box.hole:
                self.work += [(box, port.var) for port in box.inputs.values()]
            self.work += [(box, var) for child in box.children.values() for var in child.told.values()]
        producers = self.subject.producers
        known = {box: self.subject.known(box) for box in self.subject.boxes}
        while self.work:
            box, var = self.work.pop()
            if var in self.vars:
                continue
            self.vars.add(var)
            eqn = producers[box].get(var)
            if eqn is not None:
                self.work += [(box, one) for one in heard(eqn, known[box])]
                continue
            self.work += [(box, one) for one in self.laws.get(var, ())]
            if var in self.shown:
                name, port = self.shown[var]
                for inner in box.children[name].boxes:
                    self.want(inner, [port])
            if var in self.inputs:
                port = self.inputs[var]
                for parent, name in self.parents.get(box, ()):
                    if (name, port) in parent.dispatch:
                        self.work.append((parent, parent.dispatch[name, port]))


RULE = Rule(
    code="idle-box",
    title="a box that is read, and yet reaches nothing outside",
    why="What a worker shows should come to an output of the main box or to a loss, by whatever way. If it "
    "only feeds other boxes that end nowhere, it takes time and learns nothing, and a wire is probably "
    "missing.",
    topic="Learning",
    bad="""\
dils: 1
define:
  double:
    in: {x: real}
    out: {y: real}
    wires:
      - 2 * x -> y
  sink:
    in: {x: real}
    state: {last: real = 0}
    next: {last: x}
main:
  in: {x: real}
  out: {y: real}
  boxes: {first: double, second: double, sink: sink}
  wires:
    - x -> first.x
    - x -> second.x
    - first.y -> y
    - second.y -> sink.x
""",
    good="""\
dils: 1
define:
  double:
    in: {x: real}
    out: {y: real}
    wires:
      - 2 * x -> y
  delay:
    in: {x: real}
    out: {last: real}
    state: {last: real = 0}
    next: {last: x}
main:
  in: {x: real}
  out: {y: real, before: real}
  boxes: {first: double, second: double, delay: delay}
  wires:
    - x -> first.x
    - x -> second.x
    - first.y -> y
    - second.y -> delay.x
    - delay.last -> before
""",
    check=check,
)
