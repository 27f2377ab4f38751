"""The slow, obvious meaning of a diagram: one tick of one example, on demand, box by box.

Nothing is flattened, stacked or ordered beforehand. Whoever wants the value of a port asks the box, the box
asks the equation that gives it, and the equation asks for what it reads: an interior output is what the
interior box shows, an own input is what the parent sends. Each element of a counted box is a box by itself.

A port that exists in some modes only is looked at in these modes. Elsewhere nobody may read it, so what is
found there is rubbish that no result may show; a main box shows nothing there: 0, false, or uniform.

A variable that a box shares is that of the box which it is joined to; nobody copies it. What a tick makes of
the states is in ``meaning.py``.

Where whole arrays would have to wait for themselves, every element of every array is asked for by itself. A
cycle that is left is an algebraic loop. Single equations are computed by the kernels of the engine, one at a
time, so that values can be compared bit for bit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dilsctl.diagram import Box, Diagram, Port
from dilsctl.engine.kernels import KERNELS, Array, Context, dtype_of
from dilsctl.ir import CLOCK, Eqn, Type, Var
from dilsctl.operations.contract import parse_spec
from dilsctl.operations.table import OPERATIONS

from .instances import Instance, Place, lives, part
from .moved import ALONG_AXES, aligned, moved


class AlgebraicLoop(Exception):
    """A value that needs itself."""


class Interpreter:
    """What a diagram shows. ``inputs`` by name, for one example; ``states`` by path, box stacks leading: the
    truth of a trigger's condition at the tick before is ``PATH.before``. ``clock``: t, dt, tick."""

    def __init__(
        self,
        diagram: Diagram,
        inputs: Mapping[str, Array],
        states: Mapping[str, Array],
        *,
        real: Any = np.float64,
        context: Context | None = None,
        clock: Mapping[str, float] | None = None,
    ) -> None:
        self.clock = clock or {}
        self.root = Instance(diagram.main)
        self.inputs = inputs
        self.states = states
        self.real = real
        self.context = context or Context()
        self.by_element = False
        self.memo: dict[tuple[Instance, Var], Array] = {}
        self.single: dict[tuple[Instance, Var, Place], Array] = {}
        self.waiting: set[Any] = set()
        self.producers: dict[Box, dict[Var, Eqn]] = {}
        self.shown: dict[Box, dict[Var, tuple[str, str]]] = {}
        self.own: dict[Box, dict[Var, tuple[str, str]]] = {}

    # -- what is asked for ------------------------------------------------------------------------

    def outputs(self) -> dict[str, Array]:
        """The ports of the main box. Raises AlgebraicLoop."""
        return self._complete(lambda: {name: self._output(name) for name in self.root.box.readout})

    def _output(self, name: str) -> Array:
        var = self.root.box.readout[name]
        if self._exists(self.root, self.root.box.outputs[name]):
            return self.value(self.root, var)
        kind, classes = var.type.kind, var.type.classes
        nothing = 1.0 / (classes or 1) if kind == "simplex" else 0
        return np.full(var.shape, nothing, dtype_of(kind, self.real))

    def _exists(self, at: Instance, port: Port) -> bool:
        """Is the box in a mode in which a port of it exists?"""
        if not port.when:
            return True
        return any(bool(self._flag(at, at.box.modes[name])) for name in port.when)

    def _flag(self, at: Instance, var: Var) -> Array:
        return self.element(at, var, ()) if self.by_element else self.value(at, var)

    def _rubbish(self, type: Type) -> Array:
        """What a port holds that does not exist."""
        found = np.full(type.shape, np.nan if type.kind in ("real", "simplex") else 1)
        return found.astype(dtype_of(type.kind, self.real))

    def _shown(self, at: Instance, port: str) -> Array:
        """What an interior box shows."""
        if not self._exists(at, at.box.outputs[port]):
            return self._rubbish(at.box.outputs[port].type)
        return self.value(at, at.box.readout[port])

    def complete(self, at: Instance, var: Var) -> Array:
        """The value of a variable of the box at a place. Raises AlgebraicLoop."""
        found: Array = self._complete(lambda: self.value(at, var))
        return found

    def losses(self) -> list[Array]:
        """Each loss that a box declares, once for each place where the box stands."""
        return self._complete(lambda: list(self._losses(self.root)))

    def everything(self) -> None:
        """Ask for every value of every box. Raises AlgebraicLoop, also for what nobody reads."""
        self._complete(lambda: self._everything(self.root))

    def _complete(self, ask: Any) -> Any:
        """Whole arrays first; element by element where these wait for themselves."""
        try:
            return ask()
        except AlgebraicLoop:
            if self.by_element:
                raise
            self.by_element = True
            self.waiting.clear()
            self.memo.clear()
            return ask()

    def _losses(self, instance: Instance) -> Iterator[Array]:
        for loss in instance.box.losses:
            yield self.value(instance, loss)
        for child in instance.all_children():
            yield from self._losses(child)

    def _everything(self, instance: Instance) -> None:
        for eqn in instance.box.eqns:
            for out in eqn.outputs:
                self.value(instance, out)
        for var in (*instance.box.readout.values(), *instance.box.dispatch.values()):
            self.value(instance, var)
        for child in instance.all_children():
            self._everything(child)

    # -- whole arrays -----------------------------------------------------------------------------

    def value(self, at: Instance, var: Var) -> Array:
        """The value of a variable of the box at a place."""
        key = (at, var)
        if key not in self.memo:
            if self.by_element:
                self.memo[key] = self._collected(at, var)
            else:
                with _Once(self.waiting, key):
                    self.memo[key] = self._whole(at, var)
        return self.memo[key]

    def _whole(self, at: Instance, var: Var) -> Array:
        kind, name, port = self._role(at.box, var)
        if kind == "input" and at.parent is not None:
            if not self._exists(at, at.box.inputs[port]):
                return self._rubbish(var.type)
            sent = at.parent.box.dispatch[at.name, port]
            told = self.value(at.parent, sent)
            return told if sent.rank == var.rank else told[at.number]
        if kind == "shown":
            child = at.box.children[name]
            if child.count is None:
                inside = at.child(name)
                return self._shown(inside, port)
            elements = [at.child(name, number) for number in range(child.count)]
            return np.stack([self._shown(one, port) for one in elements])
        if kind == "fired":
            return self.value(at, _condition(at.box, port)) & ~self._before(at, port)
        if kind != "equation":
            return self._leaf(at, var, kind, port)
        eqn = self.producers[at.box][var]
        if eqn.op.startswith("random_"):
            return self._draw(at, eqn)
        found = self._compute(eqn, [self.value(at, one) for one in eqn.inputs])
        return found[eqn.outputs.index(var)]

    def _leaf(self, at: Instance, var: Var, kind: str, name: str) -> Array:
        dtype = dtype_of(var.type.kind, self.real)
        if kind == "input":
            return np.asarray(self.inputs[name], dtype)
        if kind == "clock":
            return np.asarray(self.clock[name], dtype)
        if kind == "state":
            path, chain = lives(at, name)
            return part(np.asarray(self.states[path], dtype), chain)
        assert at.parent is not None
        child = at.parent.box.children[at.name]
        if name in child.told:
            return np.asarray(self.value(at.parent, child.told[name]), dtype)
        assert at.number is not None
        return np.asarray(child.element[name][at.number], dtype)

    def _before(self, at: Instance, trigger: str) -> Array:
        return np.asarray(self.states[f"{at.path}{trigger}.before"], bool)[at.places]

    def _role(self, box: Box, var: Var) -> tuple[str, str, str]:
        """What a variable is to its box: (input, state, element, clock, fired, shown or equation; interior
        box; name)."""
        if box not in self.producers:
            self.producers[box] = {out: eqn for eqn in box.eqns for out in eqn.outputs}
            self.shown[box] = {
                out: (name, port) for name, one in box.children.items() for port, out in one.outputs.items()
            }
            own = {port.var: ("input", name) for name, port in box.inputs.items()}
            for variables in (box.states, box.shared):
                own.update({one.var: ("state", name) for name, one in variables.items()})
            own.update({one: ("clock", name) for name, one in CLOCK.items()})
            own.update({one.fired: ("fired", one.name) for one in box.triggers})
            own.update({one: ("element", name) for name, one in box.element.items()})
            self.own[box] = own
        if var in self.own[box]:
            kind, name = self.own[box][var]
            return kind, "", name
        if var in self.shown[box]:
            return ("shown", *self.shown[box][var])
        return "equation", "", ""

    def _compute(self, eqn: Eqn, ins: list[Array]) -> list[Array]:
        outs = [np.empty(one.shape, dtype_of(one.type.kind, self.real)) for one in eqn.outputs]
        with np.errstate(all="ignore"):
            for step in KERNELS[eqn.op](eqn, ins, outs, self.context):
                step()
        return outs

    def _draw(self, at: Instance, eqn: Eqn) -> Array:
        """A draw for all elements of the array that the box is in, of which it takes its own."""
        (out,) = eqn.outputs
        shape = (*at.lengths, *out.shape)
        params = dict(eqn.params)
        params["key"] = at.path + params["key"]
        if "shape" in params:
            params["shape"] = shape
        ins = [np.broadcast_to(self.value(at, one)[..., None], (*shape, 1)) for one in eqn.inputs]
        vars_in = tuple(Var(one.type.with_shape(shape), True) for one in eqn.inputs)
        whole = Var(out.type.with_shape(shape), True)
        drawn = np.empty((*shape, 1), dtype_of(out.type.kind, self.real))
        draw = Eqn(eqn.op, vars_in, (whole,), tuple(sorted(params.items())))
        for step in KERNELS[eqn.op](draw, ins, [drawn], self.context):
            step()
        return drawn[at.places][..., 0]

    # -- single elements --------------------------------------------------------------------------

    def _collected(self, at: Instance, var: Var) -> Array:
        found = np.empty(var.shape, dtype_of(var.type.kind, self.real))
        for place in itertools.product(*map(range, var.shape)):
            found[place] = self.element(at, var, place)
        return found

    def element(self, at: Instance, var: Var, place: Place) -> Array:
        """One number: the element of a variable at a place."""
        key = (at, var, place)
        if key not in self.single:
            with _Once(self.waiting, key):
                self.single[key] = np.asarray(self._element(at, var, place))
        return self.single[key]

    def _element(self, at: Instance, var: Var, place: Place) -> Array:
        kind, name, port = self._role(at.box, var)
        if kind == "input" and at.parent is not None:
            if not self._exists(at, at.box.inputs[port]):
                return self._rubbish(var.type)[place]
            sent = at.parent.box.dispatch[at.name, port]
            if sent.rank != var.rank:
                assert at.number is not None
                place = (at.number, *place)
            return self.element(at.parent, sent, place)
        if kind == "shown":
            number = None if at.box.children[name].count is None else place[0]
            child = at.child(name, number)
            own = place if number is None else place[1:]
            if not self._exists(child, child.box.outputs[port]):
                return self._rubbish(child.box.outputs[port].type)[own]
            return self.element(child, child.box.readout[port], own)
        if kind == "fired":
            return self.element(at, _condition(at.box, port), place) & ~self._before(at, port)[place]
        if kind != "equation":
            return self._leaf(at, var, kind, port)[place]
        eqn = self.producers[at.box][var]
        if eqn.op.startswith("random_"):
            return self._draw(at, eqn)[place]
        return self._element_of(at, eqn, place)

    def _element_of(self, at: Instance, eqn: Eqn, place: Place) -> Array:
        """One element of an equation, from those elements of its inputs that it depends on."""
        found = moved(eqn, place)
        if found is not None:
            number, source = found
            return self.element(at, eqn.inputs[number], source)
        x = eqn.inputs[0] if eqn.inputs else None
        if OPERATIONS[eqn.op].elementwise:
            parts = [self.element(at, one, aligned(one, place)) for one in eqn.inputs]
            types = [Type(one.type.kind, (), one.type.classes) for one in eqn.inputs]
            return self._one(eqn, types, parts, ())
        if eqn.op == "contract":
            operands, out = parse_spec(eqn.param("spec"))
            fixed = dict(zip(out, place, strict=True))
            parts = [
                self._part(at, one, [fixed.get(label) for label in labels])
                for one, labels in zip(eqn.inputs, operands, strict=True)
            ]
            left = ",".join("".join(label for label in labels if label not in out) for labels in operands)
            types = [Type("real", part.shape) for part in parts]
            return self._one(eqn, types, parts, (), spec=f"{left}->")
        axes = eqn.param("axes") or ((eqn.param("axis"),) if eqn.param("axis") else None)
        if x is not None and axes is not None and len(eqn.inputs) == 1 and eqn.op in ALONG_AXES:
            kept = iter(place)
            keeps = eqn.outputs[0].rank == x.rank
            where = []
            for axis in range(-x.rank, 0):
                number = next(kept) if axis not in axes or keeps else None
                where.append(None if axis in axes else number)
            part = self._part(at, x, where)
            types = [Type("real" if x.type.kind == "simplex" else x.type.kind, part.shape, x.type.classes)]
            own = tuple(range(-part.ndim, 0))
            change = {"axes": own} if eqn.param("axes") else {"axis": -1}
            rest = (place[axes[0] + x.rank],) if keeps else ()
            return self._one(eqn, types, [part], rest, **change)
        return self._compute(eqn, [self._collected(at, one) for one in eqn.inputs])[0][place]

    def _part(self, at: Instance, var: Var, where: list[int | None]) -> Array:
        """The elements of a variable with some coordinates fixed."""
        free = [range(length) for length, fixed in zip(var.shape, where, strict=True) if fixed is None]
        found = np.empty([len(one) for one in free], dtype_of(var.type.kind, self.real))
        for place in itertools.product(*free):
            rest = iter(place)
            found[place] = self.element(at, var, tuple(next(rest) if k is None else k for k in where))
        return found

    def _one(self, eqn: Eqn, types: list[Type], parts: list[Array], place: Place, **changes: Any) -> Array:
        """The element at ``place`` of the equation with these inputs."""
        params = dict(eqn.params)
        params.update(changes)
        if eqn.op == "cast" and not types[0].shape:
            kind = "real" if params["kind"] == "simplex" else params["kind"]
            params = {"kind": kind, "classes": params.get("classes")}
        (type,) = OPERATIONS[eqn.op].infer(tuple(types), params)
        type = Type(eqn.outputs[0].type.kind, type.shape, type.classes)
        single = Eqn(eqn.op, tuple(map(Var, types)), (Var(type),), tuple(sorted(params.items())))
        return self._compute(single, parts)[0][place]


def _condition(box: Box, trigger: str) -> Var:
    return next(one.condition for one in box.triggers if one.name == trigger)


class _Once:
    """A value that is being computed must not be asked for again."""

    def __init__(self, waiting: set[Any], key: Any) -> None:
        self.waiting, self.key = waiting, key

    def __enter__(self) -> None:
        if self.key in self.waiting:
            raise AlgebraicLoop
        self.waiting.add(self.key)

    def __exit__(self, *error: object) -> None:
        self.waiting.discard(self.key)
