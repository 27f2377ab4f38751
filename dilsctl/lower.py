"""Operadic flattening: a nested diagram becomes the equations of one tick.

Flattening is substitution. Each interior input stands for the expression of its wire, each interior output
for the variable inside that is wired to it; no equation copies a value, and nesting adds no delay. A counted
box is born stacked: its equations gain a leading axis by the stacking rule of each operation, and what does
not depend on the element is computed once.

The equations of a ``Flat`` are in dependency order as far as there is one; ``dilsctl.loops`` orders the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dilsctl.diagnostics import Diagnostic, Label, Problem
from dilsctl.diagram import Box, Child, State, count_equations, holes
from dilsctl.ir import Eqn, Type, Var
from dilsctl.limits import MOST_EQUATIONS
from dilsctl.operations.table import OPERATIONS, Builder
from dilsctl.order import sort_equations
from dilsctl.places import nearest, use_labels


@dataclass(frozen=True, slots=True, eq=False)
class FlatState:
    """A state with its path; ``lead`` are the lengths of the box stacks it is in."""

    path: str
    state: State
    var: Var
    lead: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class Flat:
    """The equations of a box and all that is inside it, over its own inputs and states."""

    inputs: dict[str, Var]
    element: dict[str, Var]
    outputs: dict[str, Var]
    states: list[FlatState] = field(default_factory=list)
    losses: list[Var] = field(default_factory=list)
    eqns: list[Eqn] = field(default_factory=list)
    cyclic: int = 0  # how many equations at the end of ``eqns`` are in no order yet


def flatten(box: Box, *, mark: bool = False) -> Flat:
    """Flatten a box. ``mark`` gives every port a named equation of its own, to tell the story of a loop.

    Raises Problem: ``hole-in-run`` where a hole is left, ``too-large``.
    """
    left = holes(box)
    if left:
        raise Problem([_hole(box, path, hole) for path, hole in left])
    total = count_equations(box)
    if total > MOST_EQUATIONS:
        message = f"all boxes together have {total} equations; at most {MOST_EQUATIONS} can be"
        raise Problem.of("too-large", message, box.span)
    return _Flattening(mark).flat(box)


def _hole(main: Box, path: str, hole: Box) -> Diagnostic:
    """A hole is filled where the box around it is used."""
    uses = use_labels(main, path)
    places = [one.span for one in uses[1:]] or [one.span for one in uses]
    where = nearest(places, main) or hole.span
    related = [one for one in uses if one.span != where]
    if hole.span is not None and hole is not main:
        related.append(Label(hole.span, "the hole"))
    return Diagnostic(
        "hole-in-run",
        f"'{path}' is a hole: an interface without an interior can't run",
        Label(where) if where is not None else None,
        tuple(related),
        f"fill it where the box around it is used: with: {{{path.rpartition('.')[2]}: some_box}}",
    )


class _Flattening:
    def __init__(self, mark: bool) -> None:
        self.mark = mark
        self.memo: dict[int, Flat] = {}

    def flat(self, box: Box) -> Flat:
        if id(box) not in self.memo:
            self.memo[id(box)] = self._flatten(box)
        return self.memo[id(box)]

    def _flatten(self, box: Box) -> Flat:
        result = Flat({name: port.var for name, port in box.inputs.items()}, dict(box.element), {})
        result.states = [FlatState(name, one, one.var) for name, one in box.states.items()]
        result.losses = list(box.losses)
        eqns = list(box.eqns)
        alias: dict[Var, Var] = {}  # interior output, as the pattern reads it -> the variable inside
        for child in box.children.values():
            dispatch = {port: box.dispatch[child.name, port] for port in child.box.inputs}
            if self.mark:
                dispatch = {
                    port: _marked(eqns, var, f"{child.name}.{port}") for port, var in dispatch.items()
                }
            if child.count is None:
                outputs = self._place(result, eqns, child.name, child.box, dispatch)
            elif len(child.boxes) == 1:
                outputs = self._stack(result, eqns, child, dispatch)
            else:
                outputs = self._place_each(result, eqns, child, dispatch)
            for port, var in child.outputs.items():
                inside = outputs[port]
                alias[var] = _marked(eqns, inside, f"{child.name}.{port}") if self.mark else inside

        resolved: dict[Var, Var] = {}

        def resolve(var: Var) -> Var:
            seen: dict[Var, None] = {}
            one = var
            while one in alias and one not in resolved:
                if one in seen:  # wires alone make this loop: an equation shows it to the scheduler
                    eqns.append(Eqn("copy", (one,), (one,), (), None))
                    del alias[one]
                    break
                seen[one] = None
                one = alias[one]
            end = resolved.get(one, one)
            for two in seen:
                resolved[two] = end
            return end

        if alias:
            for i, eqn in enumerate(eqns):
                if any(one in alias for one in eqn.inputs):
                    inputs = tuple(resolve(one) if one in alias else one for one in eqn.inputs)
                    eqns[i] = Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span)
            result.losses = [resolve(one) for one in result.losses]
        result.outputs = {name: resolve(var) for name, var in box.readout.items()}
        ordered, cyclic = sort_equations(eqns)
        result.eqns, result.cyclic = [*ordered, *cyclic], len(cyclic)
        return result

    def _place(
        self, result: Flat, eqns: list[Eqn], name: str, box: Box, dispatch: dict[str, Var]
    ) -> dict[str, Var]:
        """One copy of a box: fresh variables, its inputs replaced by what is dispatched to them."""
        flat = self.flat(box)
        fresh: dict[Var, Var] = {var: dispatch[port] for port, var in flat.inputs.items()}
        for one in flat.states:
            var = Var(one.var.type, name=f"{name}.{one.path}")
            fresh[one.var] = var
            result.states.append(FlatState(f"{name}.{one.path}", one.state, var, one.lead))
        for eqn in flat.eqns:
            for out in eqn.outputs:
                fresh[out] = Var(out.type, out.batched, f"{name}.{out.name}" if out.name else "")
        for eqn in flat.eqns:
            inputs = tuple([fresh[one] for one in eqn.inputs])
            outputs = tuple([fresh[one] for one in eqn.outputs])
            eqns.append(_keyed(Eqn(eqn.op, inputs, outputs, eqn.params, eqn.span), name))
        result.losses.extend(fresh[one] for one in flat.losses)
        return {port: fresh[var] for port, var in flat.outputs.items()}

    def _place_each(
        self, result: Flat, eqns: list[Eqn], child: Child, dispatch: dict[str, Var]
    ) -> dict[str, Var]:
        """Elements that are different boxes: each is placed by itself, its outputs put together again."""
        builder = Builder(eqns, child.span)
        parts: dict[str, list[Var]] = {port: [] for port in child.outputs}
        for i, box in enumerate(child.boxes):
            own: dict[str, Var] = {}
            for port, var in dispatch.items():
                stacked = var.rank > len(box.inputs[port].type.shape)
                rest = tuple((0, length, 1) for length in var.shape[1:])
                own[port] = builder.emit("slice", (var,), index=(i, *rest)) if stacked else var
            outputs = self._place(result, eqns, f"{child.name}[{i}]", box, own)
            for port in parts:
                parts[port].append(outputs[port])
        found: dict[str, Var] = {}
        for port, pieces in parts.items():
            rest = tuple((0, length, 1) for length in pieces[0].shape)
            index = tuple((i, *rest) for i in range(len(pieces)))
            found[port] = builder.emit("assemble", pieces, index=index, type=child.outputs[port].type)
        return found

    def _stack(
        self, result: Flat, eqns: list[Eqn], child: Child, dispatch: dict[str, Var]
    ) -> dict[str, Var]:
        """A box array that shares one Box: equations gain a leading axis where they depend on the element."""
        flat, length, name = self.flat(child.box), child.count or 1, child.name
        builder = Builder(eqns, child.span)
        fresh: dict[Var, Var] = {}
        mapped: set[Var] = set()
        for port, var in flat.inputs.items():
            fresh[var] = dispatch[port]
            if dispatch[port].rank > var.rank:
                mapped.add(var)
        for key, var in flat.element.items():
            values = child.element[key]
            fresh[var] = builder.constant(tuple(values), _led(var.type, length))
            mapped.add(var)
        for one in flat.states:
            var = Var(_led(one.var.type, length), name=f"{name}.{one.path}")
            fresh[one.var] = var
            mapped.add(one.var)
            path = f"{name}.{one.path}"
            result.states.append(FlatState(path, one.state, var, (length, *one.lead)))
        ordered = flat.eqns[: len(flat.eqns) - flat.cyclic]
        cyclic = flat.eqns[len(ordered) :]
        for eqn in cyclic:  # in no order yet: their outputs are made beforehand
            for out in eqn.outputs:
                path = f"{name}.{out.name}" if out.name else ""
                fresh[out] = Var(_led(out.type, length), out.batched, path)
                mapped.add(out)
        for eqn in (*ordered, *cyclic):
            flags = tuple(one in mapped for one in eqn.inputs)
            inputs = tuple(fresh[one] for one in eqn.inputs)
            builder.span = eqn.span
            eqn = _keyed(eqn, name)
            if not any(flags) and not eqn.op.startswith("random_") and eqn.outputs[0] not in mapped:
                for out, new in zip(eqn.outputs, builder.again(eqn, inputs), strict=True):
                    fresh[out] = new
                continue
            outs = OPERATIONS[eqn.op].stack(builder, eqn, inputs, flags, length)
            for out, new in zip(eqn.outputs, outs, strict=True):
                if out in fresh:
                    eqns.append(Eqn("copy", (new,), (fresh[out],), (), eqn.span))
                else:
                    fresh[out] = new
                    mapped.add(out)
        for loss in flat.losses:
            if loss in mapped:
                result.losses.append(builder.emit("sum", (fresh[loss],), axes=(-1,)))
            else:
                factor = builder.constant(float(length), Type("real"))
                result.losses.append(builder.emit("mul", (fresh[loss], factor)))
        found: dict[str, Var] = {}
        for port, var in flat.outputs.items():
            new = fresh[var]
            if var not in mapped:
                new = builder.emit("broadcast", (new,), shape=(length, *new.shape))
            found[port] = new
        return found


def _led(type: Type, length: int) -> Type:
    return type.with_shape((length, *type.shape))


def _keyed(eqn: Eqn, name: str) -> Eqn:
    """A random draw belongs to its box: the path goes into its key."""
    if not eqn.op.startswith("random_"):
        return eqn
    params = tuple((key, f"{name}.{value}" if key == "key" else value) for key, value in eqn.params)
    return Eqn(eqn.op, eqn.inputs, eqn.outputs, params, eqn.span)


def _marked(eqns: list[Eqn], var: Var, name: str) -> Var:
    out = Var(var.type, var.batched, name)
    eqns.append(Eqn("copy", (var,), (out,), (), None))
    return out


__all__ = ["Flat", "FlatState", "flatten"]
