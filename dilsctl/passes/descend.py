"""The training step: gradients of the mean loss, and the optimiser's equations, beside the forward ones.

All learned states that move by one method lie in one flat array, as do their gradients and moments; a state
is a view of it. The optimiser's equations run over the flat arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dilsctl.ir import REAL, Eqn, Params, Program, Type, Var
from dilsctl.operations.table import Builder
from dilsctl.passes.differentiate import gradients


class Method(Protocol):
    """What a group of states moves by (``dilsctl.learning.methods``)."""

    @property
    def moments(self) -> tuple[str, ...]: ...

    @property
    def rate(self) -> Hashable: ...

    @property
    def scalar_names(self) -> tuple[str, ...]: ...

    def scalars(self, rate: float, step: int) -> dict[str, float]: ...

    def emit(
        self,
        builder: Builder,
        parameter: Var,
        gradient: Var,
        moments: Mapping[str, Var],
        scalars: Mapping[str, Var],
    ) -> tuple[Var, dict[str, Var]]: ...


Clip = Callable[[Builder, Sequence[Var]], list[Var]]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Learned states that move by one method.

    ``parameter`` is the flat state (n,); ``moments`` the state (k, n) of the method's k moments, or None;
    ``offsets`` says where each learned state array begins. ``scalars`` are inputs of the program.
    """

    method: Method
    parameter: Var
    moments: Var | None
    offsets: dict[Var, int]
    scalars: dict[str, Var] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """A training step. ``program`` has the output ``loss``, the batch's mean, and updates of flat states."""

    program: Program
    groups: tuple[Group, ...]


def descend(program: Program, method_of: Callable[[Params], Method], clip: Clip | None = None) -> Descent:
    """Add the backward equations and the optimiser to a program with the output ``loss``.

    States that the loss does not reach stay as they are.
    """
    builder, views = over_flat_states(program, groups := groups_of(program, method_of))
    eqns = builder.eqns
    loss = views.get(program.outputs["loss"], program.outputs["loss"])
    mean = builder.emit("batch_mean", (loss,), batched=False) if loss.batched else loss
    wanted = list(views.values())
    found = dict(zip(views, gradients(builder, list(eqns), mean, wanted), strict=True))
    flat = [flat_gradient(builder, group, found) for group in groups]
    moved, scalars = move(builder, groups, flat, clip)
    updates = {state: views.get(new, new) for state, new in program.updates.items()} | moved
    states = tuple(one for one in program.states if one not in views) + own_states(groups)
    kept = {path: slot for path, slot in program.slots.items() if slot.var not in views}
    step = Program({**program.inputs, **scalars}, states, {"loss": mean}, tuple(eqns), kept, {}, updates)
    return Descent(step, groups)


def over_flat_states(program: Program, groups: Sequence[Group]) -> tuple[Builder, dict[Var, Var]]:
    """A program over the flat states: (the builder of its equations, what stands for each learned state)."""
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    views = {one: view_of(builder, group, one) for group in groups for one in group.offsets}
    for eqn in program.eqns:
        inputs = tuple(views.get(one, one) for one in eqn.inputs)
        eqns.append(Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span) if inputs != eqn.inputs else eqn)
    return builder, views


def view_of(builder: Builder, group: Group, state: Var) -> Var:
    """A learned state as the part of its group's flat state that it is."""
    offset = group.offsets[state]
    part = builder.emit("slice", (group.parameter,), index=((offset, offset + state.type.size, 1),))
    return builder.emit("reshape", (part,), shape=state.shape, name=state.name)


def move(
    builder: Builder, groups: Sequence[Group], flat: list[Var], clip: Clip | None
) -> tuple[dict[Var, Var], dict[str, Var]]:
    """The optimiser's equations, from the gradient of each group: (updates, the inputs that they read)."""
    if clip is not None:
        flat = clip(builder, flat)
    updates: dict[Var, Var] = {}
    scalars: dict[str, Var] = {}
    for i, (group, gradient) in enumerate(zip(groups, flat, strict=True)):
        builder.span = None
        for name, var in group.scalars.items():
            scalars[f"method{i}.{name}"] = var
        _update(builder, group, gradient, updates)
    return updates, scalars


def own_states(groups: Sequence[Group]) -> tuple[Var, ...]:
    """The flat states and moments."""
    return tuple(one for group in groups for one in (group.parameter, group.moments) if one is not None)


def groups_of(program: Program, method_of: Callable[[Params], Method]) -> tuple[Group, ...]:
    """Learned state arrays by method, in the order of their first state."""
    by_method: dict[Method, dict[Var, int]] = {}
    sizes: dict[Method, int] = {}
    for state, options in program.learned.items():
        method = method_of(options)
        offsets = by_method.setdefault(method, {})
        offsets[state] = sizes.get(method, 0)
        sizes[method] = offsets[state] + state.type.size
    groups = []
    for method, offsets in by_method.items():
        size = sizes[method]
        count = len(method.moments)
        groups.append(
            Group(
                method,
                Var(Type("real", (size,)), name="parameters"),
                Var(Type("real", (count, size)), name="moments") if count else None,
                offsets,
                {name: Var(REAL, name=name) for name in method.scalar_names},
            )
        )
    return tuple(groups)


def flat_gradient(builder: Builder, group: Group, found: Mapping[Var, Var | None]) -> Var:
    """The gradient of a group's flat state, from those of its states (None: zero)."""
    pieces, index = [], []
    for state, offset in group.offsets.items():
        gradient, size = found[state], state.type.size
        if gradient is None:
            gradient = builder.constant(0.0, Type("real", (size,)))
        elif gradient.shape != (size,):
            gradient = builder.emit("reshape", (gradient,), shape=(size,))
        pieces.append(gradient)
        index.append(((offset, offset + size, 1),))
    if len(pieces) == 1:
        return pieces[0]
    return builder.emit("assemble", pieces, index=tuple(index), type=group.parameter.type)


def _update(builder: Builder, group: Group, gradient: Var, updates: dict[Var, Var]) -> None:
    """The optimiser's equations. Moments of one form are moved together, as rows of one array."""
    names = group.method.moments
    whole = ((0, group.parameter.shape[0], 1),)
    rows: dict[str, Var] = {}
    if group.moments is not None:
        for k, name in enumerate(names):
            rows[name] = builder.emit("slice", (group.moments,), index=(k, *whole))
    mark = len(builder.eqns)
    parameter, moments = group.method.emit(builder, group.parameter, gradient, rows, group.scalars)
    updates[group.parameter] = parameter
    if group.moments is None:
        return
    together = _accumulators(builder.eqns[mark:], rows, moments) if len(names) > 1 else None
    if together is None:
        if len(names) == 1:
            shape = group.moments.shape
            updates[group.moments] = builder.emit("reshape", (moments[names[0]],), shape=shape)
            return
        index = tuple((k, *whole) for k in range(len(names)))
        updates[group.moments] = builder.emit(
            "assemble", [moments[name] for name in names], index=index, type=group.moments.type
        )
        return
    emitted = builder.eqns[mark:]
    del builder.eqns[mark:]
    dead = set(moments.values()) | {one for eqn, _, _ in together for one in (eqn.inputs[0],)}
    inputs = {added for _, _, added in together}
    same: dict[Var, Var] = {}
    done = False
    ready: set[Var] = set()
    for eqn in emitted:
        if any(out in dead for out in eqn.outputs):
            continue
        if not done and inputs <= ready | {gradient} and any(one in moments.values() for one in eqn.inputs):
            _together(builder, group, together, moments, updates, same)
            done = True
        builder.eqns.append(
            Eqn(eqn.op, tuple(same.get(one, one) for one in eqn.inputs), eqn.outputs, eqn.params, eqn.span)
        )
        ready.update(eqn.outputs)


Accumulator = tuple[Eqn, float, Var]


def _accumulators(
    eqns: Sequence[Eqn], rows: Mapping[str, Var], moments: Mapping[str, Var]
) -> list[Accumulator] | None:
    """Where every new moment is ``keep * old + added``: (its equation, keep, added), else None."""
    producer = {out: eqn for eqn in eqns for out in eqn.outputs}
    found: list[Accumulator] = []
    for name, new in moments.items():
        eqn = producer.get(new)
        scaled = producer.get(eqn.inputs[0]) if eqn is not None and eqn.op == "add" else None
        if eqn is None or scaled is None or scaled.op != "mul" or scaled.inputs[1] is not rows[name]:
            return None
        keep = producer.get(scaled.inputs[0])
        if keep is None or keep.op != "constant":
            return None
        found.append((eqn, float(keep.param("value")), eqn.inputs[1]))
    return found


def _together(
    builder: Builder,
    group: Group,
    together: Sequence[Accumulator],
    moments: Mapping[str, Var],
    updates: dict[Var, Var],
    same: dict[Var, Var],
) -> None:
    state = group.moments
    if state is None:
        return
    whole = ((0, group.parameter.shape[0], 1),)
    index = tuple((k, *whole) for k in range(len(together)))
    added = builder.emit("assemble", [one for _, _, one in together], index=index, type=state.type)
    keep = builder.constant(tuple((one,) for _, one, _ in together), Type("real", (len(together), 1)))
    new = builder.emit("add", (builder.emit("mul", (keep, state)), added))
    updates[state] = new
    for k, old in enumerate(moments.values()):
        same[old] = builder.emit("slice", (new,), index=(k, *whole))
