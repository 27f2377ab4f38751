"""Folding: an interaction diagram that is an unfolded network becomes the network again, and its training.

What the managers show becomes boxes, wired from left to right. What they tell the boxes inside, and how
their states move, is left out: it must be the reverse pass and an optimiser, and ``same`` finds out whether
it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dilsctl.diagram import Diagram
from dilsctl.ir import Type, Var
from dilsctl.lower import FlatState
from dilsctl.order import by_name
from dilsctl.unfolding.descents import Descents
from dilsctl.unfolding.levels import free, whole_word
from dilsctl.unfolding.losses import check_plain, is_mean, needed, of_outputs, outside, reads_target, terms_of
from dilsctl.unfolding.nested import Level, Nested, Place, check_forward, check_told, read_nested, refuse
from dilsctl.unfolding.texts import Texts
from dilsctl.unfolding.units import Unit, Units, find_units
from dilsctl.unfolding.write import KEYWORDS, RESERVED
from dilsctl.written_states import begins_with
from dilsctl.written_values import Value, named


@dataclass(slots=True, eq=False)
class Folded:
    """A folded diagram: the definitions of a document, and parts of its train block.

    ``inputs``: for each output of a hole the input that it became, ``types`` of what type; ``states``: for
    each state of a manager where it is now; ``moments``: for such a state those that its optimiser keeps;
    ``wires``: for each output that a manager makes the box and the port that show it now.
    """

    define: dict[str, Any] = field(default_factory=dict)
    main: str = ""
    loss: str = ""
    loss_output: str = ""
    metrics: dict[str, str] = field(default_factory=dict)
    optimiser: dict[str, Any] = field(default_factory=dict)
    decay: float = 0.0
    inputs: dict[Place, str] = field(default_factory=dict)
    types: dict[Place, Type] = field(default_factory=dict)
    states: dict[Place, str] = field(default_factory=dict)
    moments: dict[Place, list[Place]] = field(default_factory=dict)
    wires: dict[Place, str] = field(default_factory=dict)


def fold(diagram: Diagram, steps: Callable[[], int]) -> Folded:
    """The network of an unfolded diagram. steps: gives the ticks of an epoch, where a rate depends on them.

    Raises Problem: not-folded where the diagram is none, with the box, wire or law that shows it.
    """
    return _Folding(diagram, steps).run()


class _Folding:
    def __init__(self, diagram: Diagram, steps: Callable[[], int]) -> None:
        self.diagram, self.steps = diagram, steps
        self.nested: Nested = read_nested(diagram.main)
        for problem in (*check_told(self.nested), *check_forward(self.nested)):
            raise problem
        self.found = Folded()
        self.used = {*KEYWORDS, *diagram.main.inputs, *diagram.main.outputs}
        self.units = Units()
        self.descents = Descents(self.nested, steps, diagram.main.span)
        # tied states: the variables of boxes that are one with them, or the inputs that are told them
        self._joins: dict[Place, list[str]] = {}
        self._wired: dict[Place, list[str]] = {}
        self._names: dict[Place, str] = {}

    def run(self) -> Folded:
        found, root = self.found, self.nested.root
        for path, hole in self.nested.holes.items():
            for name, port in hole.outputs.items():
                found.inputs[path, name] = free(name, self.used)
                found.types[path, name] = port.type
        self.units = find_units(self.nested, self.used)
        found.moments, found.optimiser = self.descents.moments, self.descents.optimiser
        found.decay = self.descents.decay
        for unit in self.units.every:
            found.define[unit.name] = self._body(unit)
        found.wires = {place: f"{one.name}.{one.ports[place[1]]}" for place, one in self.units.of.items()}
        main = free(self.diagram.main.name, {*found.define})
        found.main = main
        found.define = {main: self._main(root), **found.define}
        return found

    # -- boxes ------------------------------------------------------------------------------------

    def _reference(self, place: Place) -> str:
        """What is wired to a box that reads a wire."""
        if place in self.found.inputs:
            return self.found.inputs[place]
        unit = self.units.of[place]
        return f"{unit.name}.{unit.ports[place[1]]}"

    def _body(self, unit: Unit) -> dict[str, Any]:
        level = unit.level
        taken = {*RESERVED, *unit.ports.values()}
        values: dict[Var, Value] = {}
        leaves = level.leaves(unit.wires.values())
        states: dict[str, Any] = {}
        shares: dict[str, str] = {}
        told: dict[str, str] = {}
        learned: dict[str, dict[str, Any]] = {}
        prefix = f"{unit.name}_"
        for leaf in leaves:
            place = self.nested.home(level, leaf)
            if place is None:
                continue
            plain = place[1][len(prefix) :] if place[1].startswith(prefix) else place[1]
            name = free(plain, taken)
            values[leaf] = named(name, leaf.type)
            if place in self.units.tied:
                self.found.states[place] = self._tied_name(place)
                joined = self._joins if self._shareable(place) else self._wired
                joined.setdefault(place, []).append(f"{unit.name}.{name}")
                (shares if self._shareable(place) else told)[name] = str(leaf.type)
                continue
            self.found.states[place] = f"{unit.name}.{name}"
            states[name] = self._begins(place, f"{unit.name}.{name}", name)
            if place in self.descents.laws:
                learned[name] = self.descents.options(place)
        sources = {self.nested.origin(level.shown[leaf]): None for leaf in leaves if leaf in level.shown}
        for place in sources:
            alone = len(sources) == 1 and "x" not in _given(level.box.lets).values()
            name = "x" if alone else self._reference(place).replace(".", "_")
            unit.inputs[place] = free(name, taken)
        for leaf in leaves:
            if leaf in level.shown:
                values[leaf] = named(unit.inputs[self.nested.origin(level.shown[leaf])], leaf.type)
        texts = Texts(values, taken, _given(level.box.lets), keep=True)
        ends = list(unit.wires.values())
        texts.write(needed(level, ends), ends, {var: unit.ports[wire] for wire, var in unit.wires.items()})
        body = {
            "params": texts.params,
            "in": {**{name: str(self._type(place)) for place, name in unit.inputs.items()}, **told},
            "out": {unit.ports[wire]: str(level.box.outputs[wire].type) for wire in unit.wires},
            "share": shares,
            "state": states,
            "let": texts.lets,
            "wires": [f"{texts.text(var)} -> {unit.ports[wire]}" for wire, var in unit.wires.items()],
            "learn": _learn(learned),
        }
        return {key: one for key, one in body.items() if one}

    def _type(self, place: Place) -> Any:
        path, port = place
        box = self.nested.holes[path] if path in self.nested.holes else self.nested.levels[path].box
        return box.outputs[port].type

    # -- the main box -----------------------------------------------------------------------------

    def _main(self, root: Level) -> dict[str, Any]:
        found, box = self.found, root.box
        pooled = {name: var for name, var in box.readout.items() if is_mean(root, var)}
        plain = {name: var for name, var in box.readout.items() if name not in pooled}
        if "loss" not in pooled and len(pooled) != 1:
            message = f"no output of '{box.name}' shows the loss"
            if pooled:
                message = f"the means {', '.join(pooled)} are shown, and none is called loss"
            raise refuse(message, box.span, "show its mean over the batch: pool(…) -> loss")
        found.loss_output = "loss" if "loss" in pooled else next(iter(pooled))
        values: dict[Var, Value] = {}
        states: dict[str, Any] = {}
        learned: dict[str, dict[str, Any]] = {}
        shares: dict[str, str] = {}
        for name, state in box.states.items():
            place = ("", name)
            if name in self.moments:
                continue
            values[state.var] = named(name, state.type)
            self.used.add(name)
            if place in self.units.tied:
                values[state.var] = named(self._tied_name(place), state.type)
                continue
            if state.var not in root.leaves(box.readout.values()):
                continue
            found.states[place] = name
            states[name] = self._begins(place, name, name)
            if place in self.descents.laws:
                learned[name] = self.descents.options(place)
        for place in sorted(self.units.tied):
            name = self._tied_name(place)
            found.states[place] = name
            if self._shareable(place):
                shares[name] = self._begins(place, name, name)
            else:
                states[name] = self._begins(place, name, name)
            if place in self.descents.laws:
                learned[name] = self.descents.options(place)
        for var, place in root.shown.items():
            origin = self.nested.origin(place)
            if origin in found.inputs or origin in self.units.of:
                values[var] = _reference_value(self._reference(origin), var)
        check_plain(root, plain)
        loss = root.producer[pooled[found.loss_output]]
        terms = terms_of(root, loss.inputs[0]) if loss.op == "batch_mean" else [loss.outputs[0]]
        inner = [var for var in terms if not reads_target(root, var)]
        inner = [one for one in inner if not of_outputs(root, one, plain)]
        ends = [*plain.values(), *inner]
        texts = Texts(values, {*self.used, *RESERVED}, _given(box.lets), keep=True)
        texts.write(needed(root, ends), ends, {var: name for name, var in plain.items()})
        wires: list[str] = []
        for unit in self.units.every:
            wires += [f"{self._reference(one)} -> {unit.name}.{name}" for one, name in unit.inputs.items()]
        for place, ports in self._wired.items():
            wires += [f"{self._tied_name(place)} -> {port}" for port in ports]
        wires += [f"{texts.text(var)} -> {name}" for name, var in plain.items()]
        outer = [one for one in terms if one not in inner]
        found.loss = " + ".join(outside(root, found.loss_output, one, plain) for one in outer)
        for name, var in pooled.items():
            if name != found.loss_output:
                found.metrics[name] = outside(root, name, var, plain)
        losses = [texts.text(one) for one in inner]
        places = {one: name for one, name in self.found.inputs.items()}
        body = {
            "params": texts.params,
            "in": {name: str(self._type(place)) for place, name in places.items()},
            "out": {name: str(box.outputs[name].type) for name in plain},
            "share": shares,
            "boxes": {one.name: one.name for one in self.units.every},
            "join": {self._tied_name(place): one for place, one in sorted(self._joins.items())},
            "state": states,
            "let": texts.lets,
            "wires": wires,
            "learn": _learn(learned),
            "loss": losses[0] if len(losses) == 1 else losses,
        }
        return {key: one for key, one in body.items() if one}

    # -- states -----------------------------------------------------------------------------------

    @property
    def moments(self) -> set[str]:
        """The root's states that optimisers keep."""
        return {name for found in self.found.moments.values() for path, name in found if not path}

    def _tied_name(self, place: Place) -> str:
        """What a variable that several boxes share is called in the main box: by what it is drawn as."""
        if place not in self._names:
            initial = self.nested.levels[place[0]].box.states[place[1]].initial
            drawn = initial.drawn[0].removeprefix("/") if initial.drawn is not None else place[1]
            name = drawn if drawn.isidentifier() else whole_word(drawn)
            self._names[place] = free(name, self.used)
        return self._names[place]

    def _flat(self, place: Place) -> FlatState:
        state = self.nested.levels[place[0]].box.states[place[1]]
        path = f"{place[0]}.{place[1]}" if place[0] else place[1]
        return FlatState(path, state, state.var)

    def _begins(self, place: Place, path: str, name: str) -> Any:
        """A state as its box declares it. Where it is drawn as its path says, nothing has to be said."""
        found = begins_with(self._flat(place), name, keep=False, inside=True)
        if isinstance(found, dict) and found.get("drawn") == {"as": f"/{path}"}:
            del found["drawn"]
            return f"{found['type']} = {found['init']}" if "init" in found else found["type"]
        return found

    def _shareable(self, place: Place) -> bool:
        """Can a shared variable begin as a state does? It can't be told as what it is drawn."""
        return isinstance(self._begins(place, self._tied_name(place), self._tied_name(place)), str)


def _reference_value(text: str, var: Var) -> Value:
    return Value(ast.parse(text, mode="eval").body, var.type)


def _given(lets: dict[str, Var]) -> dict[Var, str]:
    """The names that lets give, but for those that unfolding makes up."""
    found = {
        var: name for name, var in lets.items() if not re.fullmatch(r"part(_\d+)?|p(_\d+)?|\w+_shown", name)
    }
    return dict(found)


def _learn(learned: dict[str, dict[str, Any]]) -> Any:
    ordered = by_name(learned)
    return ordered if any(ordered.values()) else list(ordered)
