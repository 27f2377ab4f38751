"""One manager of the unfolded diagram, as a box of the language.

What it shows is written as the forward equations say, what it tells the boxes inside as their reverse pass
says, and how its states move as the optimiser says.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from dilsctl.ir import REAL, Eqn, Params, Program, Type, Var
from dilsctl.learning.methods import Method
from dilsctl.operations.functions import FUNCTIONS
from dilsctl.operations.rules import has_gradient
from dilsctl.operations.table import Builder
from dilsctl.passes.differentiate import pull_back
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.unfolding.cut import Cut, Wire
from dilsctl.unfolding.descent import Descent, Length
from dilsctl.unfolding.levels import Manager, free, short_names, whole_word, word
from dilsctl.unfolding.texts import Texts
from dilsctl.unfolding.tidy import tidy
from dilsctl.written_states import begins_with
from dilsctl.written_values import Value, named, text_of

KEYWORDS = frozenset({"t", "dt", "index", "true", "false", *keyword.kwlist})
RESERVED = frozenset({*KEYWORDS, *FUNCTIONS})


@dataclass(slots=True, eq=False)
class Border:
    """The ports of a manager, once it is written. ``shows``: wire -> output; ``answers``: wire -> the input
    that is feedback of it; ``told``: state -> input; ``gradients``: state -> the output with its gradient."""

    shows: dict[Wire, str] = field(default_factory=dict)
    answers: dict[Wire, str] = field(default_factory=dict)
    told: dict[Var, str] = field(default_factory=dict)
    gradients: dict[Var, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What an output of the outermost box shows; ``pooled``: as the mean over the batch."""

    var: Var
    pooled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What all managers are written by."""

    cut: Cut
    method_of: Callable[[Params], Method]
    length: Callable[[], Length]
    short: dict[str, str]  # the path of a box -> its name

    @classmethod
    def of(cls, cut: Cut, method_of: Callable[[Params], Method], length: Callable[[], Length]) -> Plan:
        """The plan of a cut diagram."""
        boxes = list(dict.fromkeys(one.box for one in cut.wires.values() if one.box))
        return cls(cut, method_of, length, short_names(boxes))


def hole_body(hole: Manager, plan: Plan) -> tuple[dict[str, Any], Border]:
    """A place for data: it shows inputs of the network, and is told how they should change."""
    border = Border(shows={one: one.port for one in hole.own})
    used = {one.port for one in hole.own}
    inputs: dict[str, Any] = {}
    for one in hole.own:
        if one.var in plan.cut.answered and has_gradient(one.var):
            border.answers[one] = free(f"d{one.port}", used)
            inputs[border.answers[one]] = _answer(one, one.port)
    body = {"in": inputs, "out": {one.port: str(one.var.type) for one in hole.own}}
    return {key: one for key, one in body.items() if one}, border


def _answer(wire: Wire, port: str) -> dict[str, Any]:
    return {"type": str(Type("real", wire.var.shape)), "feedback": port}


class Writing:
    """Writes one manager. ``inside``: the borders of its interior boxes."""

    def __init__(self, manager: Manager, inside: dict[Manager, Border], plan: Plan) -> None:
        self.manager, self.inside, self.plan, self.cut = manager, inside, plan, plan.cut
        self.used = set(RESERVED)
        self.border = Border()
        self.names: dict[Var, str] = {}  # what a variable would be called
        self.values: dict[Var, Value] = {}
        self.texts = Texts(self.values, self.used, self.names)
        self.answers: dict[Wire, Var] = {}  # what the manager is told of a wire at its border
        self.moments: dict[str, str] = {}  # states that optimisers keep -> those that they are of

    def run(self, inputs: dict[str, str], outputs: dict[str, Shown]) -> dict[str, Any]:
        """The box. ``inputs`` and ``outputs``, of the outermost one, are ports of its own: name -> type, and
        what it shows."""
        manager, cut = self.manager, self.cut
        self.used |= {*inputs, *outputs}
        self._ports()
        for one in manager.inside:
            self.used.add(one.name)
        self._states()
        self._children()
        for name, var in cut.targets.items():
            if manager.root:
                self.values[var] = named(name, var.type)
        program = self._tidied(self._program(outputs))
        self._write(program)
        return self._body(program, inputs, outputs)

    # -- names ------------------------------------------------------------------------------------

    def _free(self, name: str) -> str:
        return free(name, self.used)

    def _ports(self) -> None:
        """Names of the manager's own ports. A wire of its own has its port's name, where that tells them
        apart; others have that of their box as well."""
        manager, border = self.manager, self.border
        ports = [one.port for one in manager.own]
        for wire in manager.shown:
            own = wire in manager.own and ports.count(wire.port) == 1
            plain = own or not wire.box
            name = wire.port if plain else f"{self.plan.short[wire.box]}_{wire.port}"
            border.shows[wire] = self._free(name)
        for wire in manager.shown:
            if wire.var in self.cut.answered and has_gradient(wire.var):
                name = border.answers[wire] = self._free(f"d{border.shows[wire]}")
                self.answers[wire] = Var(Type("real", wire.var.shape), name=name)
                self.values[self.answers[wire]] = named(name, self.answers[wire].type)

    def _states(self) -> None:
        manager, cut = self.manager, self.cut
        several = [cut.states[one].path.rpartition(".")[2] for one in (*manager.states, *manager.told)]
        for var in (*manager.states, *manager.told):
            path = cut.states[var].path
            box, _, last = path.rpartition(".")
            where = self.plan.short.get(box, whole_word(box))
            name = last if several.count(last) == 1 or not box else f"{where}_{last}"
            self.names[var] = self._free(name)
            self.values[var] = named(self.names[var], var.type)
        for var in manager.told:
            self.border.told[var] = self.names[var]
            if self._descends(var):
                self.border.gradients[var] = self._free(f"d{self.names[var]}")

    def _descends(self, state: Var) -> bool:
        return self.cut.states[state].state.learn is not None and state in self.cut.answered

    def _children(self) -> None:
        """What the boxes inside show, by the names of their ports."""
        for child, border in self.inside.items():
            for wire, port in border.shows.items():
                self.values[wire.var] = Value(ast.Attribute(ast.Name(child.name), port), wire.var.type)

    # -- equations --------------------------------------------------------------------------------

    def _program(self, outputs: dict[str, Shown]) -> Program:
        """Forward and backward equations, with all that the pattern and the laws need as outputs."""
        manager, cut = self.manager, self.cut
        wires = [one.var for one in manager.own]
        ends = list(cut.finals) if manager.root else wires
        forward = cut.expression(ends)
        eqns = list(forward)
        builder = Builder(eqns)
        shown = {wire.var: wire for child in self.inside.values() for wire in child.shows}
        wanted = [one for one in shown if one in cut.answered]
        wanted += [one for one in (*manager.states, *manager.told) if self._descends(one)]

        def seeds() -> dict[Var, Var]:
            found = {wire.var: var for wire, var in self.answers.items()}
            if manager.root:
                found[cut.ends["loss"]] = builder.constant(1.0, REAL)
            return found

        back = pull_back(builder, forward, seeds, wanted)
        self._call(forward)
        for var, one in back.items():
            if var in self.names and var not in cut.states:
                self.names.setdefault(one, f"d{self.names[var]}")
        found: dict[str, Var] = {}
        for name, shows in outputs.items():
            found[f"out.{name}"] = shows.var
        for wire in manager.own:
            found[f"out.{self.border.shows[wire]}"] = wire.var
        for child, border in self.inside.items():
            for wire, port in border.answers.items():
                ct = back.get(wire.var) or builder.constant(0.0, Type("real", wire.var.shape))
                found[f"tell.{child.name}.{port}"] = ct
            for state, port in border.gradients.items():
                part = Var(Type("real", state.shape), name=f"{child.name}.{port}")
                self.values[part] = Value(ast.Attribute(ast.Name(child.name), port), part.type)
                known = back.get(state)
                back[state] = part if known is None else builder.emit("add", (known, part))
        for state in (*manager.states, *manager.told):
            if self._descends(state):
                part = back.get(state) or builder.constant(0.0, Type("real", state.shape))
                found[f"gradient.{self.names[state]}"] = part
        return Program({}, (), found, tuple(eqns))

    def _tidied(self, program: Program) -> Program:
        """The program, shorter. What had a name has it still, in whatever form it is now."""
        named = {f"name.{name}": var for var, name in self.names.items() if var not in self.values}
        found = tidy(replace(program, outputs={**program.outputs, **named}))
        known = {var: name for var, name in self.names.items() if var in self.values}
        self.names = {**{found.outputs[key]: key.partition(".")[2] for key in reversed(named)}, **known}
        self.texts.names = self.names
        return drop_dead(replace(found, outputs={name: found.outputs[name] for name in program.outputs}))

    def _call(self, forward: list[Eqn]) -> None:
        """Names of what is computed on the way: those of lets, and of the ports that it is wired to."""
        own = {one.box for one in self.manager.own}
        for eqn in forward:
            name = eqn.outputs[0].name
            var = eqn.inputs[0] if eqn.op == "copy" else eqn.outputs[0]
            if not name or var in self.values or var in self.cut.wires or var in self.names:
                continue
            box, _, last = name.rpartition(".")
            alone = len(own) == 1 and box in own
            self.names[var] = last if alone or not box else f"{word(box)}_{last}"

    def _write(self, program: Program) -> None:
        shown = {var: name.partition(".")[2] for name, var in program.outputs.items() if name[:4] == "out."}
        self.texts.write(program.eqns, program.outputs.values(), shown)

    # -- the keys of the box ----------------------------------------------------------------------

    def _body(self, program: Program, inputs: dict[str, str], outputs: dict[str, Shown]) -> dict[str, Any]:
        manager, cut, border = self.manager, self.cut, self.border
        wires: list[str] = []
        for key, var in program.outputs.items():
            kind, _, target = key.partition(".")
            text = self._text(var)
            if kind == "out":
                pooled = target in outputs and outputs[target].pooled
                wires.append(f"pool({text}) -> {target}" if pooled else f"{text} -> {target}")
            elif kind == "tell":
                wires.append(f"{text} -> {target}")
        for wire in manager.passed:
            wires.append(f"{text_of(self.values[wire.var].node)} -> {border.shows[wire]}")
        for child, inside in self.inside.items():
            for state, port in inside.told.items():
                wires.append(f"{self.names[state]} -> {child.name}.{port}")
        told: dict[str, Any] = {name: str(state.type) for state, name in border.told.items()}
        for wire, name in border.answers.items():
            told[name] = _answer(wire, border.shows[wire])
        shown = {name: str(wire.var.type) for wire, name in border.shows.items()}
        shown |= {name: str(Type("real", state.shape)) for state, name in border.gradients.items()}
        for state, name in border.gradients.items():
            wires.append(f"{self._text(program.outputs[f'gradient.{self.names[state]}'])} -> {name}")
        descent = Descent(self._free, self.plan.length)
        states: dict[str, Any] = {}
        for state in manager.states:
            flat, name, moving = cut.states[state], self.names[state], self._descends(state)
            states[name] = begins_with(flat, name, keep=moving, inside=True)
            if moving:
                mean = f"pool({self._text(program.outputs[f'gradient.{name}'])})"
                descent.add(name, self.plan.method_of(flat.state.learn or ()), mean)
        laws = descent.laws
        self.moments = laws.moments
        for name, of in laws.moments.items():
            type = next(one.type for one in manager.states if self.names[one] == of)
            states[name] = {"type": str(type), "keep": True}
        body = {
            "params": {**self.texts.params, **laws.params},
            "in": {**inputs, **told},
            "out": {**{name: str(one.var.type) for name, one in outputs.items()}, **shown},
            "boxes": {one.name: one.name for one in self.inside},
            "state": states,
            "let": {**self.texts.lets, **laws.lets},
            "wires": wires,
            "next": laws.next,
        }
        return {key: one for key, one in body.items() if one}

    def _text(self, var: Var) -> str:
        return self.texts.text(var)
