"""Operadic flattening: a nested diagram becomes the equations of one tick.

Flattening is substitution. Each interior input stands for the expression of its wire, each interior output
for the variable inside that is wired to it; no equation copies a value, and nesting adds no delay. A counted
box is born stacked: its equations gain a leading axis by the stacking rule of each operation, and what does
not depend on the element is computed once.

The equations of a ``Flat`` are in dependency order as far as there is one; ``dilsctl.loops`` orders the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dilsctl.answering import Answer, answers, stacked_metric
from dilsctl.diagnostics import Problem
from dilsctl.diagram import Box, Child, Initial, Law, Metric, Shared, State, Trigger, count_equations, holes
from dilsctl.hole_findings import hole_finding
from dilsctl.ir import CLOCK, Eqn, Type, Var
from dilsctl.joining import Joined, as_step, combined
from dilsctl.limits import MOST_EQUATIONS
from dilsctl.named import with_named_lets
from dilsctl.operations.table import OPERATIONS, Builder
from dilsctl.order import sort_equations


@dataclass(slots=True, eq=False)  # as SourceSpan: never changed
class FlatState:
    """A state with its path; ``lead`` are the lengths of the box stacks it is in."""

    path: str
    state: State
    var: Var
    lead: tuple[int, ...] = ()


def source_of(flat: FlatState) -> str:
    """The path of the learned state that a state begins as."""
    return flat.path[: len(flat.path) - len(flat.state.name)] + str(flat.state.initial.arguments[0])


@dataclass(slots=True, eq=False)
class Flat:
    """The equations of a box and all that is inside it, over its own inputs, states and shared variables.

    ``shared``: the box's own shared variables; those of the main box are among the states as well. ``laws``:
    every law as it stands; ``updates`` and ``rates``: what they make of each state of the main box together.
    ``switches``: the modes, as triggers that no law acts on.
    ``metrics``: how states answer ``potentials``; ``answers``: the same, of each state of the main box.
    """

    inputs: dict[str, Var]
    element: dict[str, Var]
    outputs: dict[str, Var]
    states: list[FlatState] = field(default_factory=list)
    losses: list[Var] = field(default_factory=list)
    eqns: list[Eqn] = field(default_factory=list)
    shared: dict[str, Shared] = field(default_factory=dict)
    laws: list[Law] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    switches: list[Trigger] = field(default_factory=list)
    updates: dict[Var, Var] = field(default_factory=dict)
    rates: dict[Var, Var] = field(default_factory=dict)
    potentials: list[Var] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    answers: dict[Var, Answer] = field(default_factory=dict)
    cyclic: int = 0  # how many equations at the end of ``eqns`` are in no order yet


def flatten(box: Box, *, mark: bool = False) -> Flat:
    """Flatten a box. ``mark`` gives every port a named equation of its own, to tell the story of a loop.

    Raises Problem: ``hole-in-run`` where a hole is left, ``too-large``.
    """
    left = holes(box)
    if left:
        raise Problem([hole_finding(box, path, hole) for path, hole in left])
    total = count_equations(box)
    if total > MOST_EQUATIONS:
        message = f"all boxes together have {total} equations; at most {MOST_EQUATIONS} can be"
        raise Problem.of("too-large", message, box.span)
    return close(_Flattening(mark).flat(box))


_NOTHING: Mapping[str, Var] = {}
_CLOCK = {var: var for var in CLOCK.values()}


class _Flattening:
    def __init__(self, mark: bool) -> None:
        self.mark = mark
        self.memo: dict[int, Flat] = {}

    def flat(self, box: Box) -> Flat:
        if id(box) not in self.memo:
            self.memo[id(box)] = self._flatten(box)
        return self.memo[id(box)]

    def _flatten(self, box: Box) -> Flat:
        box = with_named_lets(box) if self.mark else box
        result = Flat({name: port.var for name, port in box.inputs.items()}, dict(box.element), {})
        result.states = [FlatState(name, one, one.var) for name, one in box.states.items()]
        result.losses = list(box.losses)
        result.potentials = list(box.potentials)
        result.laws = list(box.laws)
        result.metrics = list(box.metrics)
        result.triggers = list(box.triggers)
        result.switches = [Trigger(name, flag, Var(flag.type), box.span) for name, flag in box.modes.items()]
        eqns = list(box.eqns)
        joined = Joined(box, eqns, self.flat)
        alias: dict[Var, Var] = {}  # interior output, as the pattern reads it -> the variable inside
        for child in box.children.values():
            dispatch = {port: box.dispatch[child.name, port] for port in child.box.inputs}
            if self.mark:
                dispatch = {
                    port: _marked(eqns, var, f"{child.name}.{port}") for port, var in dispatch.items()
                }
            if child.count is None:
                outputs = self._place(
                    result, eqns, child.name, child.box, dispatch, joined.of(child), child.told
                )
            elif len(child.boxes) == 1:
                outputs = self._stack(result, eqns, child, dispatch, joined.of(child))
            else:
                outputs = self._place_each(result, eqns, child, dispatch, joined)
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
                if not alias.keys().isdisjoint(eqn.inputs):
                    inputs = tuple([resolve(one) if one in alias else one for one in eqn.inputs])
                    eqns[i] = Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span)
            result.losses = [resolve(one) for one in result.losses]
            result.potentials = [resolve(one) for one in result.potentials]
            result.metrics = [
                one if one.value is None else replace(one, value=resolve(one.value)) for one in result.metrics
            ]
            for var in list(alias):  # also what nobody reads may need itself
                resolve(var)
            result.laws = [law.moved(law.target, resolve(law.value)) for law in result.laws]
            result.triggers = [replace(one, condition=resolve(one.condition)) for one in result.triggers]
            result.switches = [replace(one, condition=resolve(one.condition)) for one in result.switches]
        result.laws = joined.lift(result.laws)
        result.metrics = joined.lift_metrics(result.metrics)
        result.shared = joined.shared()
        for one in [one for one in result.shared.values() if one.private]:
            result.states.append(state_of(one))
            del result.shared[one.name]
        result.outputs = {name: resolve(var) for name, var in box.readout.items()}
        _close_ports(box, result.outputs, {name: resolve(var) for name, var in box.modes.items()}, eqns)
        ordered, cyclic = sort_equations(eqns)
        result.eqns, result.cyclic = [*ordered, *cyclic], len(cyclic)
        return result

    def _place(
        self,
        result: Flat,
        eqns: list[Eqn],
        name: str,
        box: Box,
        dispatch: dict[str, Var],
        joined: dict[str, Var],
        told: Mapping[str, Var] = _NOTHING,
    ) -> dict[str, Var]:
        """One copy of a box: fresh variables, its inputs replaced by what is dispatched to them, its shared
        variables by what they are joined to."""
        flat = self.flat(box)
        fresh: dict[Var, Var] = {var: dispatch[port] for port, var in flat.inputs.items()}
        fresh.update(_CLOCK)
        fresh.update({flat.element[key]: var for key, var in told.items()})
        for shared in flat.shared.values():
            if shared.name in joined:
                fresh[shared.var] = joined[shared.name]
            else:
                own = state_of(shared, Var(shared.type, name=f"{name}.{shared.name}"))
                fresh[shared.var] = own.var
                result.states.append(replace(own, path=f"{name}.{shared.name}"))
        for trigger in flat.triggers:
            fresh[trigger.fired] = Var(trigger.fired.type, name=f"{name}.{trigger.name}")
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
            copy = Eqn(eqn.op, inputs, outputs, eqn.params, eqn.span)
            eqns.append(_keyed(copy, name) if eqn.op.startswith("random_") else copy)
        result.losses.extend(fresh[one] for one in flat.losses)
        result.potentials.extend(fresh[one] for one in flat.potentials)
        for metric in flat.metrics:
            value = fresh[metric.value] if metric.value is not None else None
            result.metrics.append(replace(metric, target=fresh[metric.target], value=value))
        for law in flat.laws:
            result.laws.append(law.moved(fresh[law.target], fresh[law.value]))
        for trigger in flat.triggers:
            path, condition = f"{name}.{trigger.name}", fresh[trigger.condition]
            result.triggers.append(Trigger(path, condition, fresh[trigger.fired], trigger.span))
        result.switches += _placed(flat.switches, name, fresh)
        return {port: fresh[var] for port, var in flat.outputs.items()}

    def _place_each(
        self, result: Flat, eqns: list[Eqn], child: Child, dispatch: dict[str, Var], joined: Joined
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
            outputs = self._place(result, eqns, f"{child.name}[{i}]", box, own, joined.of(child, i))
            for port in parts:
                parts[port].append(outputs[port])
        found: dict[str, Var] = {}
        for port, pieces in parts.items():
            rest = tuple((0, length, 1) for length in pieces[0].shape)
            index = tuple((i, *rest) for i in range(len(pieces)))
            found[port] = builder.emit("assemble", pieces, index=index, type=child.outputs[port].type)
        return found

    def _stack(
        self, result: Flat, eqns: list[Eqn], child: Child, dispatch: dict[str, Var], joined: dict[str, Var]
    ) -> dict[str, Var]:
        """A box array that shares one Box: equations gain a leading axis where they depend on the element."""
        flat, length, name = self.flat(child.box), child.count or 1, child.name
        builder = Builder(eqns, child.span)
        fresh: dict[Var, Var] = dict(_CLOCK)
        mapped: set[Var] = set()
        for shared in flat.shared.values():
            if shared.name not in joined:
                own = state_of(shared, Var(_led(shared.type, length), name=f"{name}.{shared.name}"))
                fresh[shared.var] = own.var
                result.states.append(replace(own, path=f"{name}.{shared.name}", lead=(length,)))
            else:
                fresh[shared.var] = joined[shared.name]
            if fresh[shared.var].rank > shared.var.rank:
                mapped.add(shared.var)
        for trigger in flat.triggers:
            fresh[trigger.fired] = Var(_led(trigger.fired.type, length), name=f"{name}.{trigger.name}")
            mapped.add(trigger.fired)
        for port, var in flat.inputs.items():
            fresh[var] = dispatch[port]
            if dispatch[port].rank > var.rank:
                mapped.add(var)
        for key, var in flat.element.items():
            if key in child.told:
                fresh[var] = child.told[key]
                continue
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
                path = f"{name}.{out.name}" if out.name and eqn.op == "copy" else ""  # a port's, not a part's
                fresh[out] = Var(_led(out.type, length), out.batched, path)
                mapped.add(out)
        for eqn in (*ordered, *cyclic):
            flags = tuple(one in mapped for one in eqn.inputs)
            inputs = tuple(fresh[one] for one in eqn.inputs)
            builder.span = eqn.span
            eqn = _keyed(eqn, name)
            if not any(flags) and not eqn.op.startswith("random_") and eqn.outputs[0] not in mapped:
                for out, new in zip(eqn.outputs, builder.again(eqn, inputs), strict=True):
                    fresh[out] = self._called(name, out, new)
                continue
            outs = OPERATIONS[eqn.op].stack(builder, eqn, inputs, flags, length)
            for out, new in zip(eqn.outputs, outs, strict=True):
                self._called(name, out, new)
                if out in fresh:
                    eqns.append(Eqn("copy", (new,), (fresh[out],), (), eqn.span))
                else:
                    fresh[out] = new
                    mapped.add(out)
        for scalars, terms in ((result.losses, flat.losses), (result.potentials, flat.potentials)):
            for term in terms:
                if term in mapped:
                    scalars.append(builder.emit("sum", (fresh[term],), axes=(-1,)))
                else:
                    factor = builder.constant(float(length), Type("real"))
                    scalars.append(builder.emit("mul", (fresh[term], factor)))
        for metric in flat.metrics:
            given = fresh[metric.value] if metric.value is not None else None
            target, led = fresh[metric.target], metric.value in mapped
            result.metrics.append(stacked_metric(builder, metric, target, given, led, length))
        for law in flat.laws:
            target, value = fresh[law.target], fresh[law.value]
            if law.target in mapped:
                if law.index:
                    law = replace(law, index=((0, length, 1), *law.index))
                if law.value not in mapped:
                    value = builder.emit("broadcast", (value,), shape=(length, *value.shape))
            else:  # all copies add to one variable
                value = as_step(builder, law, target, value)
                if law.value in mapped or value.rank > target.rank:
                    value = builder.emit("sum", (value,), axes=(-value.rank,))
                else:
                    many = builder.constant(length, Type("int" if value.type.kind == "int" else "real"))
                    value = builder.emit("mul", (value, many))
                law = replace(law, kind="step" if law.kind == "next" else law.kind, index=())
            result.laws.append(replace(law, target=target, value=value))
        for trigger in flat.triggers:
            condition = fresh[trigger.condition]
            if trigger.condition not in mapped:
                condition = builder.emit("broadcast", (condition,), shape=(length, *condition.shape))
            path = f"{name}.{trigger.name}"
            result.triggers.append(Trigger(path, condition, fresh[trigger.fired], trigger.span))
        result.switches += _placed(flat.switches, name, fresh)
        shown: dict[str, Var] = {}
        for port, var in flat.outputs.items():
            new = fresh[var]
            if var not in mapped:
                new = builder.emit("broadcast", (new,), shape=(length, *new.shape))
            shown[port] = new
        return shown

    def _called(self, name: str, out: Var, new: Var) -> Var:
        """``new``, which stands for ``out`` of an array of boxes, by a name where names are wanted."""
        if self.mark and out.name and not new.name:
            new.name = f"{name}.{out.name}"
        return new


def _placed(switches: list[Trigger], name: str, fresh: Mapping[Var, Var]) -> list[Trigger]:
    """Modes of a box where it stands."""
    return [
        Trigger(f"{name}.{one.name}", fresh[one.condition], Var(fresh[one.condition].type), one.span)
        for one in switches
    ]


def _close_ports(box: Box, outputs: dict[str, Var], modes: Mapping[str, Var], eqns: list[Eqn]) -> None:
    """Outputs that exist in some modes only show a neutral value in the others."""
    for name, port in box.outputs.items():
        if port.when:
            builder = Builder(eqns, port.span)
            exists = modes[port.when[0]]
            for one in port.when[1:]:
                exists = builder.emit("or", (exists, modes[one]))
            value = outputs[name]
            nothing = builder.constant(neutral(value.type), value.type)
            outputs[name] = builder.emit("where", (exists, value, nothing))


def neutral(type: Type) -> float | bool:
    """What a port that does not exist is filled with: 0, false, uniform."""
    if type.kind == "simplex":
        return 1.0 / (type.classes or 1)
    return False if type.kind == "bool" else 0.0 if type.kind == "real" else 0


def state_of(shared: Shared, var: Var | None = None) -> FlatState:
    """A shared variable that nothing outside joins is a state."""
    initial = shared.initial
    if initial is None:
        initial = Initial("uniform") if shared.type.kind == "simplex" else Initial()
    state = State(shared.name, shared.type, initial, shared.learn, shared.span, shared.var)
    return FlatState(shared.name, state, var or shared.var)


def close(flat: Flat) -> Flat:
    """The flat main box: what it shares are states, and the laws of each state are put together."""
    flat.states += [state_of(one) for one in flat.shared.values()]
    before = len(flat.eqns)
    flat.updates, flat.rates = combined(flat)
    others: dict[Var, list[Law]] = {}
    for law in flat.laws:
        others.setdefault(law.target, []).append(law)
    flat.answers = answers(flat, others)
    if flat.cyclic:
        flat.cyclic += len(flat.eqns) - before
    return flat


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
