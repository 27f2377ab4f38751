"""Do two interaction diagrams do the same? What they show, what their boxes are told, and where their states
are after a tick, is compared: by form, and where that does not show it by numbers, in a tick from the same
random states and inputs.

By numbers, two ways to write one derivative are the same, and a wrong one is found with certainty for all
practical purposes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.diagram import Diagram
from dilsctl.engine.bind import bind
from dilsctl.engine.kernels import Context
from dilsctl.engine.states import allocate, state_views
from dilsctl.ir import CLOCK, Program, Type
from dilsctl.lower import flatten
from dilsctl.objective import program_of, without_losses
from dilsctl.order import reached_from
from dilsctl.passes.batch import batch
from dilsctl.unfolding.alike import alike

Array = npt.NDArray[Any]
RUNS = 3
TIMES = (0.0, 4.0, 1000.0)
SIZES = (
    (0.7, False),
    (0.7, True),
    (0.1, False),
    (0.1, True),
    (4.0, True),
)  # of what is drawn, and all above 0
WITHIN = 1e-8


@dataclass(frozen=True, slots=True)
class Names:
    """What parts of a diagram are called in another: states; inputs, of the main boxes and what data gives to
    holes; outputs of the main boxes; what is shown by boxes inside."""

    states: Mapping[str, str]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    shown: Mapping[str, str]

    def compared(self, first: Program, second: Program) -> dict[str, str]:
        """All that is compared after a tick: what a box is told of what it shows is called ``d PATH``."""
        told = {f"d {name}": f"d {other}" for name, other in {**self.inputs, **self.shown}.items()}
        told = {
            name: other for name, other in told.items() if {name, other} & {*first.outputs, *second.outputs}
        }
        return {**self.states, **self.outputs, **told}


def differences(
    first: Diagram, second: Diagram, names: Names, sampled: Callable[[], None]
) -> dict[str, float | None]:
    """The states, outputs and what boxes are told (of ``first``, by path) in which two diagrams differ; for
    each the factor between them, or None if that is no number, or NaN where nothing finite came out at any
    of the states that were tried. ``sampled`` is called where their form does not show that they agree,
    before numbers are tried."""
    programs = _program(first), _program(second)
    if alike(*programs, {**names.states, **names.inputs}, names.compared(*programs)):
        return {}
    sampled()
    a, b = _Ticking(programs[0]), _Ticking(programs[1])
    rng = np.random.default_rng(0)
    found: dict[str, list[float | None]] = {}
    ends = names.compared(*programs)
    unseen: dict[str, Array] = {}
    with np.errstate(all="ignore"):
        for (size, positive), time in product(SIZES, TIMES):
            begin = {
                path: _drawn(rng, view.shape, size, positive or path not in a.read)
                for path, view in a.states.items()
            }
            told = {name: _values(rng, type, size / 0.7, positive) for name, type in a.inputs.items()}
            one = a.tick(begin, told, time)
            two = b.tick(
                {names.states[path]: value for path, value in begin.items() if path in names.states},
                {names.inputs[name]: value for name, value in told.items()},
                time,
            )
            for name, value in one.items():
                if name not in ends:
                    continue
                other = two.get(ends[name])
                if other is not None:
                    other = np.reshape(other, value.shape)
                    blind = ~(np.isfinite(value) & np.isfinite(other))
                    unseen[name] = unseen.get(name, True) & blind
                    value, other = np.where(blind, 0, value), np.where(blind, 0, other)
                if not _close(value, other):
                    found.setdefault(name, []).append(_factor(value, other))
            if time == TIMES[-1] and not any(one.any() for one in unseen.values()):
                break
    if not found:
        return {name: math.nan for name, blind in unseen.items() if blind.any()}
    return {
        name: factors[0] if len({None if one is None else round(one, 6) for one in factors}) == 1 else None
        for name, factors in found.items()
    }


def _factor(value: Array, other: Array | None) -> float | None:
    """The number of times that a value is another one."""
    if other is None or not np.any(other):
        return None
    factor = float(np.sum(value * other) / np.sum(other * other))
    return factor if np.isfinite(factor) and factor and _close(value, factor * other) else None


def _drawn(rng: np.random.Generator, shape: tuple[int, ...], size: float, positive: bool) -> Array:
    values: Array = rng.normal(0, size, shape)
    return np.abs(values) if positive else values


def _values(rng: np.random.Generator, type: Type, size: float, positive: bool) -> Array:
    shape = (*type.shape, RUNS)
    if type.kind == "bool":
        return rng.random(shape) < 0.5
    if type.kind in ("int", "class"):
        return rng.integers(0, type.classes or 3, shape)
    if type.kind == "simplex":
        weights: Array = rng.random(shape)
        found: Array = weights / weights.sum(axis=-2, keepdims=True)
        return found
    return _drawn(rng, shape, size, positive)


def _close(value: Array, other: Array | None) -> bool:
    if other is None:
        return False
    scale = max(1.0, float(np.max(np.abs(value), initial=0)))
    return bool(np.max(np.abs(value - other), initial=0) <= WITHIN * scale)


class _Ticking:
    """A diagram that takes one tick from given states."""

    def __init__(self, program: Program) -> None:
        program = batch(program)
        self.program = program
        arrays = allocate(program.states, np.float64)
        self.states = state_views(program.slots, arrays)
        self.inputs = {name: var.type for name, var in program.inputs.items() if name not in CLOCK}
        self.read = _read_forward(program)
        self.bound = bind(
            program, RUNS, arrays, real=np.dtype(np.float64), context=Context(examples=np.arange(RUNS))
        )

    def tick(self, states: Mapping[str, Array], told: Mapping[str, Array], time: float) -> dict[str, Array]:
        """Outputs, what holes are told, and the states after."""
        for path, view in self.states.items():
            if path in states:
                view[...] = states[path]
        for name, value in {**told, "t": time, "dt": 1.0}.items():
            if name in self.bound.inputs:
                self.bound.inputs[name][...] = value
        for step in self.bound.steps:
            step()
        found = {name: np.array(value) for name, value in self.bound.outputs.items()}
        return {**found, **{path: np.array(view) for path, view in self.states.items()}}


def _program(diagram: Diagram) -> Program:
    """A tick, with what holes are told among its outputs, as ``d PATH`` of the output that it answers."""
    flat = flatten(diagram.main, mark=True)
    program = without_losses(program_of(flat))
    marked = {eqn.outputs[0].name: eqn.outputs[0] for eqn in flat.eqns if eqn.op == "copy"}
    outputs = {name.removeprefix("port."): var for name, var in program.outputs.items()}
    for path, ports in _answers(diagram).items():
        for told, shown in ports.items():
            if f"{path}.{told}" in marked:
                outputs[f"d {path}.{shown}"] = marked[f"{path}.{told}"]
    program = Program(
        program.inputs, program.states, outputs, program.eqns, program.slots, {}, program.updates, {},
        program.kept,
    )  # fmt: skip
    return program.renamed(reached_from(program.ends, program.eqns), lambda var: var)


def _answers(diagram: Diagram) -> dict[str, dict[str, str]]:
    """For each box its inputs that are feedback, and what they answer."""
    found: dict[str, dict[str, str]] = {}
    stack = [("", diagram.main)]
    while stack:
        path, box = stack.pop()
        for name, child in box.children.items():
            where = f"{path}{name}"
            ports = child.box.inputs.values()
            found[where] = {port.name: port.feedback for port in ports if port.feedback is not None}
            stack.append((f"{where}.", child.box))
    return found


def _read_forward(program: Program) -> set[str]:
    """The states that what is shown depends on: the others are kept by optimisers, and are not negative."""
    ends = [var for name, var in program.outputs.items() if not name.startswith("d ")]
    read = {one for eqn in reached_from(ends, program.eqns) for one in eqn.inputs} | set(ends)
    return {path for path, slot in program.slots.items() if slot.var in read}
