"""From a diagram to the programs of a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dilsctl.compile import FORWARD, TIDY, flattened, run_passes
from dilsctl.diagnostics import Problem
from dilsctl.diagram import Diagram
from dilsctl.elaborate import convert
from dilsctl.elaborate.emitter import Emitter
from dilsctl.elaborate.written import Written
from dilsctl.garbage import collection_off
from dilsctl.ir import CLOCK, Eqn, Program, Type, Var
from dilsctl.lower import FlatState
from dilsctl.objective import Scope
from dilsctl.operations.rules import broadcast
from dilsctl.operations.table import Builder, OperationError
from dilsctl.order import sort_equations
from dilsctl.passes.batch import unpooled
from dilsctl.passes.edge import detect_edges
from dilsctl.passes.integrate import integrate


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
    outputs = {name: var for name, var in program.outputs.items() if not name.startswith("loss.")}
    program = _driven(replace(program, outputs=outputs), drives or {})
    program, edges = detect_edges(program, flat.triggers)
    if runs > 1:
        _refuse_unpooled(program, {one.var: one for one in flat.states})
    stages: list[tuple[str, Program]] = [("flatten", program)] if keep_stages else []
    kept = stages if keep_stages else None
    if optimise:
        program = run_passes(program, FORWARD, kept)
        tick = run_passes(program, (("integrate", lambda one: integrate(one, method, steps)), *TIDY), kept)
    else:
        from dilsctl.passes.batch import batch

        program = batch(program)
        tick = integrate(program, method, steps)
    still = replace(program, updates={}, rates={})
    return Motion(
        tick,
        run_passes(still, TIDY[-1:]),
        {one.path: one for one in (*flat.states, *edges)},
        {name: var.type for name, var in program.inputs.items() if name not in CLOCK},
        tuple(stages),
    )


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
        if not isinstance(value, Var):
            return convert.fit_static(builder, value, port.type)
    except OperationError as error:
        raise Problem.of("type-mismatch", error.message, written.span, help=error.help) from None
    if not convert.kind_fits(value.type, port.type) or value.shape not in (port.shape, ()):
        message = f"the input '{port.name}' is '{port.type}', this is '{value.type}'"
        raise Problem.of("type-mismatch", message, written.span)
    return broadcast(builder, convert.as_kind(builder, value, port.type), port.shape)


def _refuse_unpooled(program: Program, states: Mapping[Var, FlatState]) -> None:
    for var in unpooled(program):
        state = states[var]
        raise Problem.of(
            "not-pooled",
            f"all runs share the kept state '{state.path}', but its law reads what each has of its own",
            state.state.span,
            help="write pool(…) around it, the mean over the runs; or make one run",
        )
