"""From the text of a document to programs and their values, for the tests of laws."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, settings

from dilsctl.compile import Compiled, compile_diagram
from dilsctl.diagnostics import Report, SourceFile, SourceSpan
from dilsctl.diagram import Diagram
from dilsctl.documents import load_documents
from dilsctl.elaborate import elaborate
from dilsctl.elaborate.written import Written
from dilsctl.engine.bind import Bound, bind
from dilsctl.engine.kernels import KERNELS, Array, Context, dtype_of
from dilsctl.engine.running import Running
from dilsctl.engine.states import allocate, state_views
from dilsctl.ir import Program, Type, Var
from dilsctl.motion import compile_motion
from dilsctl.objective import Objective

# A longer hunt: that many times the examples, at random, and what fails is made small (which takes minutes).
TIMES = int(os.environ.get("LAWS_TIMES", "1"))

NO_OBJECTIVE = Objective(None, {}, {})  # with the losses that boxes declare


def laws(examples: int) -> Callable[[Any], Any]:
    """Settings of a property test. The same examples at every run, unless a longer hunt is asked for."""
    return settings(
        max_examples=examples * TIMES,
        derandomize=TIMES == 1,
        deadline=None,
        database=None,
        phases=(Phase.generate, *([Phase.shrink] if TIMES > 1 else [])),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def diagram_of(text: str) -> Diagram:
    """The diagram of a document's text, which must be without errors."""
    library = load_documents("law.yaml", text)
    report = Report()
    for one in library.report:
        report.add(one)
    diagram = elaborate(library.main, report) if library.main is not None else None
    faults = [f"{one.code}: {one.message}" for one in report if one.severity.value == "error"]
    assert diagram is not None and not faults, "\n".join([*faults, text])
    return diagram


def compiled(text: str, *, optimise: bool = True, loss: str = "") -> Compiled:
    """A document's main box with its declared losses, and ``loss`` as a train block has it, as a program."""
    objective = NO_OBJECTIVE
    if loss:
        span = SourceSpan(SourceFile("law.yaml", loss), 0, len(loss))
        objective = Objective(Written(loss, span), {}, {})
    return compile_diagram(diagram_of(text), objective, optimise=optimise)


def random_array(type: Type, rng: np.random.Generator, *, lead: tuple[int, ...] = (), whole: bool) -> Array:
    """A value of a type behind ``lead`` axes. ``whole``: small whole numbers, with which sums are exact."""
    shape = (*lead, *type.shape)
    if type.kind == "bool":
        return rng.random(shape) < 0.5
    if type.kind == "class":
        return rng.integers(0, type.classes or 1, shape)
    if type.kind == "int":
        return rng.integers(-3, 4, shape)
    if type.kind == "simplex":
        place = rng.integers(0, shape[-1], shape[:-1])
        corner = np.eye(shape[-1])[place]
        weights = rng.random(shape) + 0.1
        return corner if whole else weights / weights.sum(axis=-1, keepdims=True)
    return rng.integers(-4, 5, shape).astype(float) if whole else rng.normal(size=shape)


def random_states(compiled: Compiled, rng: np.random.Generator, *, whole: bool) -> dict[str, Array]:
    """A value for each state, by path. States on the same path get equal values from equal generators."""
    return {
        path: random_array(one.var.type, rng, whole=whole) for path, one in sorted(compiled.states.items())
    }


def random_inputs(
    types: Mapping[str, Type], rng: np.random.Generator, batch: int, *, whole: bool
) -> dict[str, Array]:
    """Rows first."""
    return {name: random_array(types[name], rng, lead=(batch,), whole=whole) for name in sorted(types)}


class Machine:
    """A program bound to arrays of its own."""

    def __init__(
        self,
        program: Program,
        batch: int,
        states: Mapping[str, Array],
        *,
        precision: str = "float64",
        seed: int = 0,
        examples: Array | None = None,
        binding: Callable[..., Bound] = bind,
    ) -> None:
        self.program = program
        self.arrays: dict[Var, Array] = allocate(program.states, precision)
        self.states = state_views(program.slots, self.arrays)
        for path, view in self.states.items():
            view[...] = states[path]
        given = np.arange(batch) if examples is None else examples
        context = Context(seed, examples=np.array(given, np.int64))
        self.bound = binding(program, batch, self.arrays, real=np.dtype(precision), context=context)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name, rows first where there is one for each example."""
        for name, array in self.bound.inputs.items():
            if self.program.inputs[name].batched:
                array[...] = np.moveaxis(np.asarray(inputs[name]), 0, -1)
            else:
                array[...] = inputs[name]
        with np.errstate(all="ignore"):
            self.bound.run()
        found = {}
        for name, array in self.bound.outputs.items():
            many = self.program.outputs[name].batched
            found[name] = np.moveaxis(array, -1, 0).copy() if many else array.copy()
        return found


def values(
    compiled: Compiled, states: Mapping[str, Array], inputs: Mapping[str, Array], batch: int, **options: Any
) -> dict[str, Array]:
    """What a program shows for a batch: outputs rows first, one for each example, batched or not."""
    machine = Machine(compiled.program, batch, states, **options)
    found = {}
    for name, array in machine.run(inputs).items():
        var = machine.program.outputs[name]
        found[name] = array if var.batched else np.broadcast_to(array, (batch, *array.shape))
    return found


def same_bits(a: Mapping[str, Array], b: Mapping[str, Array]) -> None:
    """Equal names and, bit for bit, equal arrays (of zeros with different signs too: both are zero)."""
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
        assert a[name].dtype == b[name].dtype, name


def bind_apart(
    program: Program,
    batch: int,
    states: dict[Var, Array],
    *,
    real: Any = np.float32,
    context: Context | None = None,
    rows_first: frozenset[str] = frozenset(),
    arrays: dict[Var, Array] | None = None,
) -> Bound:
    """As ``bind``, but without a plan: every variable has memory of its own, every equation is run."""
    context = context or Context(examples=np.zeros(batch, np.int64))
    found: dict[Var, Array] = {} if arrays is None else arrays
    found.update(states)

    def give(var: Var) -> Array:
        shape = (*var.shape, batch) if var.batched else var.shape
        return found.setdefault(var, np.zeros(shape, dtype_of(var.type.kind, real)))

    inputs = {name: give(var) for name, var in program.inputs.items()}
    outputs: dict[str, Array] = {}
    steps: list[Callable[[], object]] = []
    for eqn in program.eqns:
        ins = [give(one) for one in eqn.inputs]
        steps += KERNELS[eqn.op](eqn, ins, [give(one) for one in eqn.outputs], context)
    for name, var in program.outputs.items():  # as they are before the states move
        outputs[name] = np.zeros_like(give(var))
        steps.append(partial(np.copyto, outputs[name], give(var)))
    moved = {state: give(new).copy() for state, new in program.updates.items()}
    steps += [partial(np.copyto, moved[state], give(new)) for state, new in program.updates.items()]
    steps += [partial(np.copyto, give(state), value) for state, value in moved.items()]
    return Bound(inputs, outputs, steps, context, 0, len(steps))


def running(
    text: str, *, method: str = "rk4", dt: float = 1.0, steps: int = 1, optimise: bool = True,
    runs: int = 1, precision: str = "float64", seed: int = 0,
) -> Running:  # fmt: skip
    """A document's main box, ready to run."""
    motion = compile_motion(diagram_of(text), method, dt, steps, optimise=optimise, runs=runs)
    return Running(motion, runs, dt=dt, precision=precision, seed=seed)


def advanced(run: Running, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """What a tick shows, copied, for every run. ``inputs``: the runs last."""
    with np.errstate(all="ignore"):
        shown = {name.removeprefix("port."): value.copy() for name, value in run.advance(inputs).items()}
    batched = {name: run.motion.tick.outputs[f"port.{name}"].batched for name in shown}
    return {
        name: value if batched[name] else np.repeat(value[..., None], run.runs, axis=-1)
        for name, value in shown.items()
    }


def single_states(run: Running, number: int = 0) -> dict[str, Array]:
    """The states of one run, by path."""
    return {
        path: (view[..., number] if run.per_run[path] else view).copy() for path, view in run.states.items()
    }


def random_start(run: Running, rng: np.random.Generator, *, whole: bool) -> None:
    """Random values for all states; what remembers a condition is left as it is."""
    for path in sorted(run.states):
        if not path.endswith(".before"):
            value = random_array(run.motion.states[path].var.type, rng, whole=whole)
            run.states[path][...] = value[..., None] if run.per_run[path] else value


def random_row(run: Running, rng: np.random.Generator, *, whole: bool) -> dict[str, Array]:
    types = run.motion.inputs
    return {name: random_array(types[name], rng, whole=whole) for name in sorted(types)}
