"""From a diagram to the programs of a simulation."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dilsctl.compile import FORWARD, TIDY, Pass, flattened, run_passes
from dilsctl.diagnostics import Problem
from dilsctl.diagram import Diagram, Trigger
from dilsctl.elaborate import convert
from dilsctl.elaborate.emitter import Emitter
from dilsctl.elaborate.written import Written
from dilsctl.garbage import collection_off
from dilsctl.ir import CLOCK, Eqn, Program, Type, Var
from dilsctl.lower import Flat, FlatState
from dilsctl.objective import Scope, without_losses
from dilsctl.operations import functions
from dilsctl.operations.rules import broadcast
from dilsctl.operations.table import Builder, OperationError
from dilsctl.order import sort_equations
from dilsctl.passes.batch import batch
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.passes.drop_gates import drop_gates
from dilsctl.passes.edge import detect_edges
from dilsctl.passes.integrate import SEPARATED, integrate
from dilsctl.passes.separate import separate
from dilsctl.pooling import refuse_unpooled

_DROP_GATES: Pass = ("drop_gates", drop_gates)


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What runs in a simulation of fixed steps.

    ``tick``: settle, then step; its outputs ``port.NAME`` are those of before the step. ``settle``: the same
    without the step. ``inputs``: what must be given at every tick.
    """

    tick: Program
    settle: Program
    states: dict[str, FlatState]
    inputs: dict[str, Type]
    stages: tuple[tuple[str, Program], ...] = ()


@collection_off()
def compile_motion(
    diagram: Diagram,
    method: str = "rk4",
    dt: float = 1.0,
    steps: int = 1,
    *,
    drives: Mapping[str, Written] | None = None,
    runs: int = 1,
    keep_stages: bool = False,
    optimise: bool = True,
) -> Motion:
    """The programs of a diagram. ``drives``: inputs of the main box as expressions of ``t``.

    Raises Problem: hole-in-run, algebraic-loop, not-pooled (for more than one run), not-separable.
    """
    flat, program = flattened(diagram)
    program = _driven(without_losses(program), drives or {})
    program, edges = detect_edges(program, flat.triggers)
    if runs > 1:
        refuse_unpooled(flat, program, "runs", "make one run")
    stages: list[tuple[str, Program]] = [("flatten", program)] if keep_stages else []
    kept = stages if keep_stages else None
    if optimise:
        if method in SEPARATED:
            program = separate(program)
        program = run_passes(program, (_DROP_GATES, *FORWARD), kept)
        tick = run_passes(
            program, (("integrate", lambda one: integrate(one, method, dt, steps)), *TIDY), kept
        )
    else:
        program = batch(program)
        tick = integrate(program, method, dt, steps)
    still = replace(program, updates={}, rates={})
    return Motion(
        tick,
        run_passes(still, TIDY[-1:]),
        {one.path: one for one in (*flat.states, *edges)},
        {name: var.type for name, var in program.inputs.items() if name not in CLOCK},
        tuple(stages),
    )


def flows(diagram: Diagram) -> bool:
    """Does a state of it move with time, at a rate or under a potential, and not only tick by tick?"""
    return bool(flattened(diagram)[1].rates)


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """What runs where an adaptive method steps from tick to tick. All programs have the same states.

    ``settle``: outputs ``port.NAME``. ``slope``: outputs ``rate.N``, of ``flowing[N]``. ``watch``: outputs
    ``when.N``, the condition of trigger N. ``jump`` moves the states whose laws are triggered, ``clock`` the
    other clocked ones; both have inputs ``fired.N``. The last ``switches`` triggers are modes: no law acts
    where they begin, but what flows changes. ``slope`` has them as inputs ``mode.N``, counted among these
    alone: a step goes on in its mode, smoothly, and the change is found on it.
    """

    settle: Program
    slope: Program
    watch: Program
    jump: Program
    clock: Program
    flowing: tuple[Var, ...]
    triggers: tuple[Trigger, ...]
    switches: int
    states: dict[str, FlatState]
    inputs: dict[str, Type]

    @property
    def tick(self) -> Program:
        """The program that has all states."""
        return self.settle


@collection_off()
def compile_flow(diagram: Diagram, *, drives: Mapping[str, Written] | None = None, runs: int = 1) -> Flow:
    """The programs of a diagram for an adaptive method. Raises Problem, as ``compile_motion``."""
    flat, program = flattened(diagram)
    program = without_losses(program)
    switches = _switches(flat, program)
    triggers = (*flat.triggers, *switches)
    program = _with_modes(program, switches)
    outputs, inputs = dict(program.outputs), dict(program.inputs)
    for number, one in enumerate(triggers):
        outputs[f"when.{number}"] = one.condition
        inputs[f"fired.{number}"] = one.fired
    program = _driven(replace(program, inputs=inputs, outputs=outputs), drives or {})
    if runs > 1:
        refuse_unpooled(flat, program, "runs", "make one run")
    untriggered = {law.target for law in flat.laws if law.kind != "rate" and not law.triggered}
    for state, answer in flat.answers.items():
        if answer.kind == "descend" and state in flat.updates:
            path = next(one.path for one in flat.states if one.var is state)
            message = f"'{path}' descends the potential at every tick, and a trigger moves it between ticks"
            help = "use a method of fixed steps: --set time.method=rk4"
            raise Problem.of("law-conflict", message, answer.metrics[0].span, help=help)
        if answer.kind == "descend":
            untriggered.add(state)
    tags = {one.path for one in flat.states if one.var in untriggered}
    passes = tuple(one for one in FORWARD if one[0] != "stack_isomorphic") if triggers else FORWARD
    program = run_passes(program, (_DROP_GATES, *passes))
    clocked = {slot.var for path, slot in program.slots.items() if path in tags}
    shown = {name: var for name, var in program.outputs.items() if name.startswith("port.")}
    watched = {name: var for name, var in program.outputs.items() if name.startswith("when.")}
    flowing = tuple(program.rates)
    rates = {f"rate.{number}": program.rates[state] for number, state in enumerate(flowing)}

    def part(outputs: dict[str, Var], states: Container[Var] = ()) -> Program:
        updates = {state: new for state, new in program.updates.items() if state in states}
        return drop_dead(replace(program, outputs=outputs, updates=updates, rates={}))

    return Flow(
        part(shown),
        part(rates),
        part(watched),
        part({}, set(program.updates) - clocked),
        part({}, clocked),
        flowing,
        triggers,
        len(triggers) - len(flat.triggers),
        {one.path: one for one in flat.states},
        {
            name: var.type
            for name, var in program.inputs.items()
            if name not in CLOCK and not name.startswith(("fired.", "mode."))
        },
    )


def _switches(flat: Flat, program: Program) -> list[Trigger]:
    """The modes on which some rate depends, and which change between ticks: by what flows, or by the time."""
    if not flat.switches or not program.rates:
        return []
    read = _cone(program, program.rates.values())
    moving = {*program.rates, CLOCK["t"]}
    boxes = {one.name.rpartition(".")[0] for one in flat.switches if one.condition in read}
    return [
        one
        for one in flat.switches
        if one.name.rpartition(".")[0] in boxes and moving & _cone(program, [one.condition])
    ]


def _with_modes(program: Program, switches: Sequence[Trigger]) -> Program:
    """The program whose rates read the modes as inputs ``mode.N``."""
    new = {one.condition: Var(one.condition.type, name=one.name) for one in switches}
    held = {f"mode.{number}": new[one.condition] for number, one in enumerate(switches)}
    needed = _cone(program, program.rates.values())
    eqns = list(program.eqns)
    for eqn in program.eqns:
        if any(one in new for one in eqn.inputs) and any(one in needed for one in eqn.outputs):
            outputs = tuple(Var(one.type, one.batched, one.name) for one in eqn.outputs)
            inputs = tuple(new.get(one, one) for one in eqn.inputs)
            eqns.append(Eqn(eqn.op, inputs, outputs, eqn.params, eqn.span))
            for old, own in zip(eqn.outputs, outputs, strict=True):
                new.setdefault(old, own)
    rates = {state: new.get(var, var) for state, var in program.rates.items()}
    return replace(program, inputs={**program.inputs, **held}, eqns=tuple(eqns), rates=rates)


def _cone(program: Program, ends: Iterable[Var]) -> set[Var]:
    """Every variable on which some depend."""
    found = set(ends)
    for eqn in reversed(program.eqns):
        if any(out in found for out in eqn.outputs):
            found.update(eqn.inputs)
    return found


def _driven(program: Program, drives: Mapping[str, Written]) -> Program:
    """Inputs that are expressions of ``t`` are computed."""
    if not drives:
        return program
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    inputs = dict(program.inputs)
    scope = Scope({name: CLOCK[name] for name in ("t", "dt")}, {})
    for name, written in drives.items():
        port = inputs.pop(name)
        scope.feeds, scope.draws = f"simulate.{name}", 0
        value = Emitter(scope, builder, written.locate).value(written.parse())
        eqns.append(Eqn("copy", (_fit(builder, value, port, written),), (port,), (), written.span))
    ordered, _ = sort_equations([*eqns, *program.eqns])
    read = {one for eqn in ordered for one in eqn.inputs}
    inputs.update({name: var for name, var in CLOCK.items() if var in read})
    return replace(program, inputs=inputs, eqns=tuple(ordered))


def _fit(builder: Builder, value: object, port: Var, written: Written) -> Var:
    builder.span = written.span
    try:
        if convert.holds_values(value):
            value = functions.as_var(builder, value)
        if not isinstance(value, Var):
            return convert.fit_static(builder, value, port.type)
    except OperationError as error:
        raise Problem.of("type-mismatch", error.message, written.span, help=error.help) from None
    if not convert.kind_fits(value.type, port.type) or value.shape not in (port.shape, ()):
        message = f"the input '{port.name}' is '{port.type}', this is '{value.type}'"
        raise Problem.of("type-mismatch", message, written.span)
    return broadcast(builder, convert.as_kind(builder, value, port.type), port.shape)
