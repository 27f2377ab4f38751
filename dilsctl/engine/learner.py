"""A compiled diagram with its states, ready to learn, to be measured and to predict."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from dilsctl.compile import Compiled, Pass, run_passes
from dilsctl.engine.bind import Bound, bind
from dilsctl.engine.kernels import Array, Context, Step
from dilsctl.engine.states import allocate, initialise, state_views
from dilsctl.ir import Params, Program, Type, Var
from dilsctl.passes.descend import Clip, Descent, Group, descend
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.passes.share_common import share_common
from dilsctl.passes.simplify import simplify
from dilsctl.passes.stage import stage

CHUNK = 1024
BACKWARD: tuple[Pass, ...] = (("simplify", simplify), ("share_common", share_common), ("drop_dead", drop_dead))


class Rates(Protocol):
    """The learning rates of a run (``dilsctl.learning.schedules.Rates``)."""

    def of(self, rate: Hashable) -> Callable[[int], float]: ...



@dataclass(frozen=True, slots=True, eq=False)
class Staged:
    """A data set as the programs take it: for each input all rows, rows first or rows last."""

    arrays: dict[str, Array]
    rows: int


@dataclass(slots=True, eq=False)
class _Ready:
    """A bound program with how its inputs are fed."""

    bound: Bound
    feeds: list[tuple[Array, Array, int]]  # (all rows, the batch's array, the axis of rows)
    scalars: list[tuple[Group, dict[str, Array]]]
    random: bool


class Learner:
    """States, and the programs over them.

    ``states``: path to a live, writable view. ``moments``: the optimiser's arrays, likewise. ``types``: what
    each input and target takes. All arrays of data have rows first.
    """

    def __init__(
        self,
        compiled: Compiled,
        method_of: Callable[[Params], Any] | None = None,
        clip: Clip | None = None,
        *,
        precision: str = "float32",
        seed: int = 0,
    ) -> None:
        self.compiled = compiled
        self.real = np.dtype(precision)
        self.seed = seed
        self.types: dict[str, Type] = {**compiled.inputs, **compiled.targets}
        program = compiled.program
        self._predict = drop_dead(_only(program, "port."))
        measured = drop_dead(_only(program, "loss", "metric."))
        self.staging, self.measure = stage(measured)
        self.descent: Descent | None = None
        self.stages: list[tuple[str, Program]] = []
        if method_of is not None and "loss" in program.outputs and program.learned:
            descent = descend(drop_dead(_only(self.measure, "loss")), method_of, clip)
            self.stages.append(("descend", descent.program))
            self.descent = replace(descent, program=run_passes(descent.program, BACKWARD, self.stages))
        self._allocate()
        self._bound: dict[tuple[str, int], Bound] = {}
        self._staged: tuple[Staged, dict[tuple[str, int], _Ready]] | None = None

    # -- states -----------------------------------------------------------------------------------

    def _allocate(self) -> None:
        groups = self.descent.groups if self.descent is not None else ()
        own = tuple(v for g in groups for v in (g.parameter, g.moments) if v is not None)
        arrays = allocate(own, self.real)
        self.moments: dict[str, Array] = {}
        for i, group in enumerate(groups):
            if group.moments is not None:
                self.moments[f"method{i}"] = arrays[group.moments]
            for state, offset in group.offsets.items():
                flat = arrays[group.parameter][offset : offset + state.type.size]
                arrays[state] = flat.reshape(state.shape)
        arrays |= allocate(tuple(one for one in self.compiled.program.states if one not in arrays), self.real)
        self._arrays = arrays
        self.states = state_views(self.compiled.program.slots, arrays)
        initialise(self.states, self.compiled.states, self.seed)

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(var.type.size for var in self.compiled.program.learned)

    @property
    def plan_hash(self) -> str:
        return self.compiled.plan_hash

    # -- data -------------------------------------------------------------------------------------

    def stage(self, columns: Mapping[str, Array]) -> Staged:
        """Compute once, for all rows, what depends on the data alone."""
        rows = len(next(iter(columns.values()))) if columns else 0
        program = self.staging
        layout = _rows_first(self.measure)
        arrays: dict[str, Array] = {}
        parts: dict[str, list[Array]] = {name: [] for name in program.outputs}
        for start in range(0, rows, CHUNK):
            size = min(CHUNK, rows - start)
            bound = self._bind("staging", program, size)
            for name, array in bound.inputs.items():
                array[...] = np.moveaxis(columns[name][start : start + size], 0, -1)
            bound.run()
            for name, array in bound.outputs.items():
                parts[name].append(np.moveaxis(array, -1, 0).copy())
        for name, var in program.outputs.items():
            whole = np.concatenate(parts[name]) if parts[name] else np.zeros((0, *var.shape), self.real)
            if name not in layout:
                whole = np.moveaxis(whole, 0, -1)
            arrays[name] = np.ascontiguousarray(whole)
        return Staged(arrays, rows)

    def _bind(self, what: str, program: Program, batch: int) -> Bound:
        key = (what, batch)
        if key not in self._bound:
            context = Context(seed=self.seed, examples=np.zeros(batch, np.int64))
            layout = _rows_first(self.measure) if what in ("train", "measure") else frozenset()
            states = {var: self._arrays[var] for var in program.states}
            self._bound[key] = bind(
                program, batch, states, real=self.real, context=context, rows_first=layout
            )
        return self._bound[key]

    def _ready(self, what: str, program: Program, batch: int, staged: Staged) -> _Ready:
        if self._staged is None or self._staged[0] is not staged:
            self._staged = (staged, {})
        known = self._staged[1]
        if (what, batch) not in known:
            bound = self._bind(what, program, batch)
            layout = _rows_first(self.measure)
            feeds = []
            for name, array in bound.inputs.items():
                if name not in staged.arrays:
                    continue
                if name in layout:
                    feeds.append((staged.arrays[name], np.moveaxis(array, -1, 0), 0))
                else:
                    feeds.append((staged.arrays[name], array, -1))
            groups = self.descent.groups if what == "train" and self.descent is not None else ()
            scalars = [
                (group, {name: bound.inputs[f"method{i}.{name}"] for name in group.scalars})
                for i, group in enumerate(groups)
            ]
            random = any(eqn.op.startswith("random_") for eqn in program.eqns)
            known[what, batch] = _Ready(bound, feeds, scalars, random)
        return known[what, batch]

    # -- running ----------------------------------------------------------------------------------

    def run_epoch(
        self,
        staged: Staged,
        order: Array,
        batch: int,
        rates: Rates,
        first_step: int,
        epoch: int,
        progress: Callable[[int], None] | None = None,
        every: int = 0,
    ) -> float:
        """One pass over the rows of ``order``, a step for each batch. Returns the mean loss over the rows.

        ``rates.of(rate)`` gives a method's rate at each step, counted from 1; ``progress(steps done)`` is called
        after each ``every`` steps.
        """
        if self.descent is None:
            raise ValueError("nothing is learned")
        order = np.ascontiguousarray(order, np.intp)
        total, step = 0.0, first_step
        take = np.take
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            size = len(rows)
            if start == 0 or size != batch:
                ready = self._ready("train", self.descent.program, size, staged)
                steps: list[Step] = ready.bound.steps
                loss = ready.bound.outputs["loss"]
                scalars = [
                    (group.method.scalars, rates.of(group.method.rate), arrays) for group, arrays in ready.scalars
                ]
                if ready.random:
                    ready.bound.context.epoch[...] = epoch
            for source, into, axis in ready.feeds:
                take(source, rows, axis, into, "clip")
            if ready.random:
                ready.bound.context.examples[...] = rows
            for scalars_of, rate, arrays in scalars:
                for name, value in scalars_of(rate(step), step).items():
                    arrays[name][()] = value
            for call in steps:
                call()
            total += float(loss) * size
            step += 1
            if progress is not None and every and (step - first_step) % every == 0:
                progress(step - first_step)
        return total / max(len(order), 1)

    def evaluate(self, staged: Staged, rows: Array, epoch: int = 0) -> dict[str, float]:
        """Means over the rows: ``loss``, and each metric by its name."""
        rows = np.ascontiguousarray(rows, np.intp)
        names = [name for name in self.measure.outputs]
        totals = dict.fromkeys(names, 0.0)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            ready = self._ready("measure", self.measure, len(part), staged)
            for source, into, axis in ready.feeds:
                np.take(source, part, axis, into, "clip")
            ready.bound.context.examples[...] = part
            ready.bound.context.epoch[...] = epoch
            ready.bound.run()
            for name in names:
                value = ready.bound.outputs[name]
                many = value.shape == (len(part),) and self.measure.outputs[name].batched
                totals[name] += float(value.sum(dtype=np.float64)) if many else float(value) * len(part)
        return {name.removeprefix("metric."): total / max(len(rows), 1) for name, total in totals.items()}

    def predict(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """Every output port of the main box for each row, rows first. A box without inputs has one row."""
        program = self._predict
        needed = [name for name in program.inputs if name in self.compiled.inputs]
        rows = len(columns[needed[0]]) if needed else 1
        found: dict[str, list[Array]] = {name: [] for name in program.outputs}
        for start in range(0, rows, CHUNK):
            size = min(CHUNK, rows - start)
            bound = self._bind("predict", program, size)
            for name in needed:
                bound.inputs[name][...] = np.moveaxis(np.asarray(columns[name])[start : start + size], 0, -1)
            bound.context.examples[...] = np.arange(start, start + size)
            bound.run()
            for name, array in bound.outputs.items():
                if program.outputs[name].batched:
                    found[name].append(np.moveaxis(array, -1, 0).copy())
                else:
                    found[name].append(np.broadcast_to(array, (size, *array.shape)).copy())
        return {
            name.removeprefix("port."): np.concatenate(parts)
            if parts
            else np.zeros((0, *program.outputs[name].shape), self.real)
            for name, parts in found.items()
        }


def _only(program: Program, *prefixes: str) -> Program:
    """The program with only the outputs whose names begin so."""
    outputs = {name: var for name, var in program.outputs.items() if name.startswith(prefixes)}
    return replace(program, outputs=outputs)


def _rows_first(program: Program) -> frozenset[str]:
    """Inputs that only products read lie rows first: then taking a batch copies whole rows."""
    names: dict[Var, str] = {var: name for name, var in program.inputs.items()}
    fits = dict.fromkeys(names.values(), True)
    for eqn in program.eqns:
        for one in eqn.inputs:
            if one in names and eqn.op != "contract":
                fits[names[one]] = False
    for var in program.outputs.values():
        if var in names:
            fits[names[var]] = False
    return frozenset(name for name, good in fits.items() if good)
