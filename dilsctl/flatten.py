"""A diagram as one box: the flat diagram, in the language that it was written in.

What the boxes inside show and are told becomes lets, named by path; their states become states of the one
box, those of an array of boxes with a leading axis. The flat box is made from the equations of the flat
diagram, so that it computes the same operations on the same arrays, to the bit; draws keep their names.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dilsctl.diagnostics import Problem
from dilsctl.diagram import MOMENTUM, Diagram, Port, is_momentum, momentum_of
from dilsctl.elaborate.gates import is_gate
from dilsctl.expression import names_read, parse_expression
from dilsctl.flat_laws import FlatLaws, mixed_triggers
from dilsctl.ir import CLOCK, Eqn, Var, params_of
from dilsctl.loops import schedule
from dilsctl.lower import Flat, FlatState, flatten, source_of
from dilsctl.operations.functions import FUNCTIONS
from dilsctl.order import reached_from
from dilsctl.passes.edge import edge_of
from dilsctl.recursion import deep_calls
from dilsctl.scan import MOST_CHARACTERS
from dilsctl.written_back import Writer
from dilsctl.written_states import begins_with, learned_by, plain
from dilsctl.written_values import Value, call, constant, named, text_of

_RESERVED = frozenset({"t", "dt", "index", "true", "false", *keyword.kwlist})
MOST_PARTS = 24  # of an expression: what is longer gets a name
MOST_LISTED = 400  # parts of one list


@dataclass(slots=True)
class FlatBox:
    """A flat box as a file has it: ``body`` are its keys. ``names``: what each state's path is called now."""

    body: dict[str, Any]
    names: dict[str, str] = field(default_factory=dict)


def flat_box(diagram: Diagram) -> FlatBox:
    """The main box of a diagram as one box without interior boxes.

    Raises Problem: hole-in-run; not-flat where the language has no expression for what boxes do together.
    """
    with deep_calls():
        return _Writing(diagram).run()


class _Writing:
    def __init__(self, diagram: Diagram) -> None:
        self.main = diagram.main
        flat = flatten(diagram.main, mark=True)
        self.flat: Flat = flat
        self.eqns = schedule(flat.eqns) if flat.cyclic else flat.eqns
        self.producer: dict[Var, Eqn] = {out: eqn for eqn in self.eqns for out in eqn.outputs}
        self.values: dict[Var, Value] = {}
        self.writer = Writer(self.producer, self.values)
        self.lets: dict[str, str] = {}
        self.params: dict[str, Any] = {}
        self.used = {*_RESERVED, *self.main.inputs, *self.main.outputs, *self.main.states, *self.main.shared}
        self.fired = {one.fired: one.condition for one in flat.triggers}
        self.laws = FlatLaws(self.writer, self.fired, self._text, self.main.span)
        self.names: dict[str, str] = {}
        self.learns = any(one.state.learn is not None for one in flat.states)

    def run(self) -> FlatBox:
        flat, main = self.flat, self.main
        self._remember()
        for name, port in main.inputs.items():
            self.values[flat.inputs[name]] = named(name, port.type)
        for one in sorted(flat.states, key=lambda one: is_momentum(one.path)):
            own = one.path in main.states or one.path in main.shared
            if is_momentum(one.path):
                self.names[one.path] = momentum_of(self.names[one.path.removesuffix(f".{MOMENTUM}")])
            else:
                self.names[one.path] = one.path if own else self._free(one.path)
            self.values[one.var] = named(self.names[one.path], one.var.type)
        for name in ("t", "dt"):
            self.values[CLOCK[name]] = named(name, CLOCK[name].type)
        ticks = call("int", call("round", ast.BinOp(ast.Name("t"), ast.Div(), ast.Name("dt"))))
        self.values[CLOCK["tick"]] = Value(ticks, CLOCK["tick"].type, size=4)
        self._write()
        body = self._body()
        self._drop_unread(body)
        return FlatBox({key: one for key, one in body.items() if one}, self.names)

    def _remember(self) -> None:
        """Where laws of several boxes move one state, what their conditions were is a state."""
        for one in mixed_triggers(self.flat, self.producer, self.laws):
            state, equations = edge_of(one)
            self.flat.states.append(state)
            self.flat.updates[state.var] = one.condition
            self.eqns = [*equations, *self.eqns]
            del self.fired[one.fired]
        self.producer.update({out: eqn for eqn in self.eqns for out in eqn.outputs})

    # -- equations --------------------------------------------------------------------------------

    def _ends(self) -> list[Var]:
        flat = self.flat
        ends = [*flat.outputs.values(), *flat.updates.values(), *flat.rates.values(), *flat.losses]
        ends += [*flat.potentials, *(one.value for one in flat.answers.values() if one.value is not None)]
        return [*ends, *self.fired.values()]

    def _write(self) -> None:
        """Write every equation that something needs; what is read often, or is long, gets a name."""
        ends = self._ends()
        eqns = reached_from(ends, self.eqns)
        uses: dict[Var, int] = {}
        for one in (*ends, *(var for eqn in eqns for var in eqn.inputs), *(eqn.outputs[0] for eqn in eqns)):
            uses[one] = uses.get(one, -1) + 1
        for eqn in eqns:
            self._equation(eqn, uses)

    def _equation(self, eqn: Eqn, uses: dict[Var, int]) -> None:
        out = eqn.outputs[0]
        if any(one in self.fired for one in eqn.inputs) or self._hidden(eqn):
            return  # told with the law that it belongs to
        if is_gate(eqn, self.producer) and not self.learns:
            behind = eqn.inputs[1]
            if behind.type == out.type:
                self.values[out] = self.values[behind]
                return
            eqn = Eqn("broadcast", (behind,), (out,), params_of(shape=out.shape), eqn.span)
        if eqn.op == "copy" and self.values[eqn.inputs[0]].simple:
            self.values[out] = self.values[eqn.inputs[0]]
            return
        if eqn.op == "constant":
            self.values[out] = self._constant(eqn, out, uses)
            return
        node, static = self.writer.write(eqn)
        parts = [self.values[one].size for one in eqn.inputs if one in self.values]
        size = sum(parts) + (0 if eqn.op == "copy" else 1)
        value = Value(node, out.type, static, size)
        if isinstance(node, ast.List) and len(node.elts) > MOST_LISTED:
            value = Value(self._in_pieces(node, out), out.type, False, size)
        name = out.name and (uses[out] > 1 or out.name not in self.main.outputs)
        if not value.simple and (eqn.op == "copy" or uses[out] > 1 or size > MOST_PARTS or name):
            value = self._let(value, out.name)
        self.values[out] = value

    def _hidden(self, eqn: Eqn) -> bool:
        """Is it part of a triggered law, or windows that only a convolution reads?"""
        if eqn.op == "patches":
            return True
        missing = [one for one in eqn.inputs if one not in self.values]
        if not missing:
            return False
        made = self.producer.get(missing[0])
        windows = made is not None and (made.op == "patches" or self._from_windows(made))
        return eqn.op == "reshape" if windows else True

    def _from_windows(self, eqn: Eqn) -> bool:
        made = self.producer.get(eqn.inputs[0]) if eqn.op == "reshape" else None
        return made is not None and made.op == "patches"

    def _constant(self, eqn: Eqn, out: Var, uses: dict[Var, int]) -> Value:
        given, type = eqn.param("value"), out.type
        if isinstance(given, tuple) and type.size > 16 and not _is_range(given):
            name = self._free(out.name or "table")
            numbers = plain(given, type)
            self.params[name] = numbers
            return Value(ast.Name(name), type, True)
        value = constant(given, type)
        if value.size > 2 and not value.static and uses.get(out, 0) > 1:
            return self._let(value, out.name)
        return value

    def _in_pieces(self, node: ast.List, out: Var) -> ast.expr:
        """A long list, as several that are joined."""
        pieces: list[ast.expr] = []
        for start in range(0, len(node.elts), MOST_LISTED):
            part = node.elts[start : start + MOST_LISTED]
            shape = (len(part), *out.shape[1:])
            value = Value(ast.List(part), out.type.with_shape(shape), False, len(part))
            pieces.append(self._let(value, f"{out.name or 'part'}_{start}").node)
        return call("concat", *pieces)

    def _let(self, value: Value, name: str) -> Value:
        """The value by a name."""
        called = self._free(name or "part")
        self.lets[called] = self._text(value.node)
        return named(called, value.type)

    def _text(self, node: ast.expr) -> str:
        text = text_of(node)
        if len(text) > MOST_CHARACTERS:
            raise Problem.of(
                "not-flat", "a part of the flat diagram is too long for an expression", self.main.span
            )
        return text

    def _free(self, path: str) -> str:
        """A name for a path that nothing else has."""
        name = re.sub(r"\W+", "_", path).strip("_") or "part"
        name = f"p{name}" if name[0].isdigit() else name
        found, number = name, 1
        while found in self.used or found in FUNCTIONS:
            number += 1
            found = f"{name}_{number}"
        self.used.add(found)
        return found

    # -- the keys of the box ----------------------------------------------------------------------

    def _body(self) -> dict[str, Any]:
        main, flat = self.main, self.flat
        learned = {
            self.names[one.path]: one.state.learn for one in flat.states if one.state.learn is not None
        }
        learn, conserve = self._answers(learned_by(learned))
        outputs = {name: self._text(self.values[var].node) for name, var in flat.outputs.items()}
        variables = {*main.states, *main.shared}
        wires = [
            f"{text} -> {name}" for name, text in outputs.items() if text != name or name not in variables
        ]
        following = {self._of(state): self.laws.next(state, value) for state, value in flat.updates.items()}
        rates = {self._of(state): self.laws.value(value, state.type) for state, value in flat.rates.items()}
        losses = [self._text(self.values[one].node) for one in flat.losses]
        shared = [one for one in flat.states if one.path in main.shared and not main.shared[one.path].private]
        own = [one for one in flat.states if one not in shared and not is_momentum(one.path)]
        shared = [one for one in shared if not is_momentum(one.path)]
        potentials = [self._text(self.values[one].node) for one in flat.potentials]
        return {
            "doc": main.doc,
            "params": self.params,
            "in": {name: _input(port) for name, port in main.inputs.items()},
            "out": {name: str(port.type) for name, port in main.outputs.items()},
            "share": {one.path: self._declared(one) for one in shared},
            "state": {self.names[one.path]: self._declared(one) for one in own},
            "let": self.lets,
            "wires": wires,
            "next": following,
            "rate": rates,
            "learn": learn,
            "conserve": conserve,
            "potential": potentials[0] if len(potentials) == 1 else potentials,
            "loss": losses[0] if len(losses) == 1 else losses,
        }

    def _answers(self, learn: Any) -> tuple[Any, dict[str, Any]]:
        """What is under ``learn``, and under ``conserve``, of the states that answer the potential."""
        conserve: dict[str, Any] = {}
        found: dict[str, Any] = {}
        begins = {one.var: self._declared(one) for one in self.flat.states if is_momentum(one.path)}
        for state, answer in self.flat.answers.items():
            key = self._of(state)
            mass: Any = "1" if answer.value is None else self._text(self.values[answer.value].node)
            if answer.moved is not None:
                part = _part_of(answer.moved, state.shape)
                if part is None:
                    message = f"only some elements of '{key}' answer the potential, which are no part of it"
                    raise Problem.of("not-flat", message, answer.metrics[0].span)
                key, mass = f"{key}[{part}]", mass if answer.value is None else f"({mass})[{part}]"
            mass = _number(mass)
            if answer.momentum is None:
                found[key] = {"step": answer.step, **({} if answer.value is None else {"metric": mass})}
                continue
            _, _, first = begins[answer.momentum].partition(" = ")
            conserve[key] = {"mass": mass, "momentum": _number(first)} if first else mass
        if not found:
            return learn, conserve
        learned = learn if isinstance(learn, dict) else {name: {} for name in learn}
        return {**learned, **found}, conserve

    def _of(self, state: Var) -> str:
        return next(self.names[one.path] for one in self.flat.states if one.var is state)

    def _declared(self, one: FlatState) -> Any:
        source = self.names[source_of(one)] if one.state.initial.rule == "state" else ""
        return begins_with(one, self.names[one.path], keep=one.state.keep, source=source)

    def _drop_unread(self, body: dict[str, Any]) -> None:
        """Take out the lets and parameters that nothing reads."""
        lets: dict[str, str] = body["let"]
        while True:
            read: set[str] = set()
            for text in _expressions(body):
                read |= names_read(parse_expression(text))
            unread = [name for name in lets if name not in read]
            if not unread:
                break
            for name in unread:
                del lets[name]
        for name in [name for name in self.params if name not in read]:
            del self.params[name]


def _input(port: Port) -> Any:
    """An input as a file has it."""
    return {"type": str(port.type), "feedback": port.feedback} if port.feedback else str(port.type)


def _is_range(value: tuple[Any, ...]) -> bool:
    return value == tuple(range(len(value))) and not any(isinstance(one, bool) for one in value)


def _number(text: str) -> Any:
    """A text that is a number, as one."""
    try:
        return float(text)
    except ValueError:
        return text


def _part_of(moved: Any, shape: tuple[int, ...]) -> str | None:
    """The slices that pick exactly the elements that are moved; None where there are none."""
    places: list[tuple[int, ...]] = [()]
    for length in shape:
        places = [(*place, at) for place in places for at in range(length)]

    def at(place: tuple[int, ...]) -> bool:
        value = moved
        for number in place:
            value = value[number]
        return bool(value)

    held = [place for place in places if at(place)]
    axes = [sorted({place[axis] for place in held}) for axis in range(len(shape))]
    size = 1
    for axis in axes:
        size *= len(axis)
        if axis[-1] - axis[0] + 1 != len(axis):
            return None
    return ", ".join(f"{axis[0]}:{axis[-1] + 1}" for axis in axes) if size == len(held) else None


def _expressions(body: dict[str, Any]) -> Iterator[str]:
    """Every expression of a box."""
    yield from body["let"].values()
    yield from (one.rpartition(" -> ")[0] for one in body["wires"])
    yield from body["rate"].values()
    for scalars in (body["loss"], body["potential"]):
        yield from [scalars] if isinstance(scalars, str) else scalars
    for one in body["conserve"].values():
        yield str(one["mass"] if isinstance(one, dict) else one)
    if isinstance(body["learn"], dict):
        yield from (str(one["metric"]) for one in body["learn"].values() if "metric" in one)
    for laws in body["next"].values():
        for one in laws if isinstance(laws, list) else [laws]:
            yield from _of_law(one)


def _of_law(law: Any) -> Iterable[str]:
    return [law] if isinstance(law, str) else [law[key] for key in ("to", "when") if key in law]
