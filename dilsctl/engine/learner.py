"""A compiled diagram with its states, ready to learn, to be measured and to predict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dilsctl.compile import Compiled, Pass, run_passes
from dilsctl.engine.bind import Bound, bind
from dilsctl.engine.feed import Feed, Staged, in_batches, read_by_products
from dilsctl.engine.kernels import Array, Context
from dilsctl.engine.paced import Paced, Rates
from dilsctl.engine.scalar import AT_ONCE, suits
from dilsctl.engine.states import allocate, allocate_groups, initialise, state_views
from dilsctl.ir import Params, Program, Type
from dilsctl.operations.table import OPERATIONS
from dilsctl.passes.descend import Clip, Descent, Group, descend
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.passes.drop_gates import drop_gates
from dilsctl.passes.fuse_loss import fuse_loss
from dilsctl.passes.select import measuring, only, read_only
from dilsctl.passes.share_common import share_common
from dilsctl.passes.simplify import simplify
from dilsctl.passes.stage import stage
from dilsctl.passes.unroll import LENGTH

CHUNK = 1024
_STAGED = ("train", "measure", "online", "ask")  # programs over staged inputs
_EXACT = ("constant", "reshape", "slice", "assemble", "one_hot", "cast")  # the same bits for any batch
BACKWARD: tuple[Pass, ...] = (
    ("drop_gates", drop_gates),
    ("simplify", simplify),
    ("share_common", share_common),
    ("fuse_loss", fuse_loss),
    ("drop_dead", drop_dead),
)


@dataclass(slots=True, eq=False)
class _Ready:
    """A bound program with how it is fed."""

    bound: Bound
    feeds: list[Feed]
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
        online: bool = False,
    ) -> None:
        self.compiled = compiled
        self.real = np.dtype(precision)
        self.seed = seed
        self.types: dict[str, Type] = {**compiled.inputs, **compiled.targets}
        program = compiled.program
        self._goes_on = compiled.episode is not None and compiled.episode.goes_on
        self._predict = drop_dead(measuring(only(compiled.single, "port.")))
        shown = ("loss", "metric.", "train.loss", "held.", *(("port.",) if online else ()))
        self.staging, self.joint = stage(drop_dead(only(program, *shown)))
        joint = self.joint
        self.measure = drop_dead(measuring(only(joint, "loss", "metric.", "held.")))
        self._layout = read_by_products(joint)
        self.descent: Descent | None = None
        self.stages: list[tuple[str, Program]] = []
        if method_of is not None and "loss" in program.outputs and program.learned:
            loss = joint.outputs.get("train.loss", joint.outputs["loss"])
            descent = descend(drop_dead(replace(joint, outputs={"loss": loss})), method_of, clip)
            self.stages.append(("descend", descent.program))
            step = run_passes(descent.program, BACKWARD, self.stages)
            read = {one for eqn in step.eqns for one in eqn.inputs}
            inputs = {name: var for name, var in step.inputs.items() if var in read or not var.batched}
            self.descent = replace(descent, program=replace(step, inputs=inputs))
        self._moving: dict[str, Array] = {}
        self._allocate()
        self._bound: dict[tuple[str, int], Bound] = {}
        self._paced: tuple[tuple[int, int], Paced, Rates] | None = None  # of a batch and rates
        self._staged: tuple[Staged, dict[tuple[str, int], _Ready]] | None = None

    # -- states -----------------------------------------------------------------------------------

    def _allocate(self) -> None:
        groups = self.descent.groups if self.descent is not None else ()
        arrays, self.moments = allocate_groups(groups, self.real)
        program = self.compiled.program
        own = tuple(one for one in program.states if one.batched)  # of the one example that goes on
        arrays |= {var: value[..., None] for var, value in allocate(own, self.real).items()}
        arrays |= allocate(tuple(one for one in program.states if one not in arrays), self.real)
        self._arrays = arrays
        self.states = state_views(program.slots, arrays)
        self._moving = {}
        for path, slot in program.slots.items():
            if slot.var.batched:
                self.states[path] = self.states[path][..., 0]
            if slot.var in program.updates and slot.var not in program.kept:
                self._moving[path] = self.states[path]
        initialise(self.states, self.compiled.states, self.seed)

    def begin(self) -> None:
        """Let the one long episode begin anew, if there is one: states that move are as at first."""
        initialise(self._moving, self.compiled.states, self.seed, self.states)

    @contextmanager
    def _from_the_beginning(self) -> Iterator[None]:
        """What is run inside goes through the one long episode from its beginning, and leaves no trace."""
        before = {path: value.copy() for path, value in self._moving.items()}
        self.begin()
        try:
            yield
        finally:
            for path, value in before.items():
                self._moving[path][...] = value

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(var.type.size for var in self.compiled.program.learned)

    @property
    def row_types(self) -> dict[str, Type]:
        """What one row of the data gives to each input and target: a tick, where rows are ticks."""
        episode = self.compiled.episode
        types = {name: type for name, type in self.types.items() if name != LENGTH}
        if episode is None or not (episode.ragged or episode.goes_on):
            return types
        return {
            name: type.with_shape(type.shape[1:]) if name in episode.sequences else type
            for name, type in types.items()
        }

    @property
    def plan_hash(self) -> str:
        return self.compiled.plan_hash

    # -- data -------------------------------------------------------------------------------------

    def stage(self, columns: Mapping[str, Array], batch: int = 0, needs: Program | None = None) -> Staged:
        """Compute once, for all rows, what depends on the data alone; for ``needs`` only what that reads.

        For a ``batch`` of one, row by row where that may change a bit."""
        rows = len(next(iter(columns.values()))) if columns else 0
        program = self.staging
        if needs is not None:
            wanted = {name: var for name, var in program.outputs.items() if name in needs.inputs}
            program = read_only(drop_dead(replace(program, outputs=wanted)))
        exact = all(OPERATIONS[eqn.op].elementwise or eqn.op in _EXACT for eqn in program.eqns)
        most = 1 if batch == 1 and not exact else CHUNK
        parts: dict[str, list[Array]] = {name: [] for name in program.outputs}
        for start in range(0, rows, most):
            size = min(most, rows - start)
            bound = self._bind("staging" if needs is None else "staging.asked", program, size)
            for name, array in bound.inputs.items():
                array[...] = np.moveaxis(columns[name][start : start + size], 0, -1)
            bound.run()
            for name, array in bound.outputs.items():
                parts[name].append(np.moveaxis(array, -1, 0).copy())
        weights = columns.get(LENGTH) if self._goes_on else None
        if rows and all(len(one) == 1 for one in parts.values()):
            return Staged({name: one for name, (one,) in parts.items()}, rows, weights)
        empty = {name: np.zeros((0, *var.shape), self.real) for name, var in program.outputs.items()}
        return Staged({name: np.concatenate(parts[name] or [empty[name]]) for name in parts}, rows, weights)

    def _bind(self, what: str, program: Program, batch: int) -> Bound:
        key = (what, batch)
        if key not in self._bound:
            context = Context(seed=self.seed, examples=np.zeros(batch, np.int64))
            layout = self._layout if what in _STAGED else frozenset()
            states = {var: self._arrays[var] for var in program.states}
            self._bound[key] = bind(
                program, batch, states, real=self.real, context=context, rows_first=layout
            )
        return self._bound[key]

    def bind_one(self, what: str, program: Program) -> Bound:
        """A program over the staged inputs, for one row at a time."""
        return self._bind(what, program, 1)

    def lies_rows_first(self, name: str) -> bool:
        """Whether the memory of a staged input holds rows first."""
        return name in self._layout

    def _ready(self, what: str, program: Program, batch: int, staged: Staged) -> _Ready:
        if self._staged is None or self._staged[0] is not staged:
            self._staged = (staged, {})
        known = self._staged[1]
        if (what, batch) not in known:
            bound = self._bind(what, program, batch)
            feeds = [
                Feed(staged.arrays[name], array, name in self._layout)
                for name, array in bound.inputs.items()
                if name in staged.arrays
            ]
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

        ``rates.of(rate)`` gives a method's rate at each step, counted from 1; ``progress(steps done)`` is
        called after each ``every`` steps.
        """
        if self.descent is None:
            raise ValueError("nothing is learned")
        if self._goes_on:
            self.begin()
        order = np.ascontiguousarray(order, np.intp)
        total, done = 0.0, 0
        weights = staged.weights  # of one long episode, whose batches are of one piece
        full = len(order) - len(order) % batch
        for rows, size in ((order[:full], batch), (order[full:], len(order) - full)):
            if not len(rows):
                continue
            if self.small(size):
                total += size * self._run_small(staged, rows, size, rates, first_step, done, progress, every)
                done += len(rows) // size
                continue
            ready = self._ready("train", self.descent.program, size, staged)
            ready.bound.context.epoch[...] = epoch
            scalars = [
                (group.method.scalars, rates.of(group.method.rate), arrays) for group, arrays in ready.scalars
            ]
            steps, loss = ready.bound.steps, ready.bound.outputs["loss"]
            examples = ready.bound.context.examples
            copy = np.copyto
            subtotal = 0.0
            for number, (batch_rows, *pairs) in enumerate(
                in_batches(ready.feeds, rows, size), first_step + done
            ):
                for into, block in pairs:
                    copy(into, block)
                if ready.random:
                    examples[...] = batch_rows
                for scalars_of, rate, arrays in scalars:
                    for name, value in scalars_of(rate(number), number).items():
                        arrays[name][()] = value
                for call in steps:
                    call()
                subtotal += float(loss) if weights is None else float(loss) * float(weights[batch_rows[0]])
                if progress is not None and every and (number - first_step + 1) % every == 0:
                    progress(number - first_step + 1)
            total += subtotal * size
            done += len(rows) // size
        return total / max(len(order) if weights is None else float(weights[order].sum()), 1)

    def small(self, batch: int) -> bool:
        """Whether steps of learning are run number by number for this batch (``dilsctl.engine.scalar``)."""
        return self.descent is not None and suits(self.descent.program, batch, self.real)

    def paced(self, program: Program, batch: int, rates: Rates) -> Paced:
        """Steps of learning number by number: of ``program`` over the staged inputs."""
        groups = self.descent.groups if self.descent is not None else ()
        return Paced(program, batch, self._arrays, groups, rates)

    def _run_small(
        self, staged: Staged, rows: Array, size: int, rates: Rates, first_step: int, done: int,
        progress: Callable[[int], None] | None, every: int,
    ) -> float:  # fmt: skip
        """Steps of so many of the rows each, after ``done`` other ones. Gives the sum of their losses, by
        their weights."""
        assert self.descent is not None
        if self._paced is None or self._paced[0] != (size, id(rates)):
            self._paced = ((size, id(rates)), self.paced(self.descent.program, size, rates), rates)
        paced, count, at, total = self._paced[1], len(rows) // size, 0, 0.0
        while at < count:
            until = every - (done + at) % every if progress is not None and every else AT_ONCE
            many = min(AT_ONCE, until, count - at)
            part = rows[at * size : (at + many) * size]
            inputs = self.descent.program.inputs
            chosen = {name: one[part] for name, one in staged.arrays.items() if name in inputs}
            losses = paced.run(chosen, first_step + done + at, many)["loss"]
            if staged.weights is not None:  # of one long episode, whose batches are of one piece
                losses = losses * staged.weights[part]
            for loss in losses.tolist():
                total += loss
            at += many
            if progress is not None and every and (done + at) % every == 0:
                progress(done + at)
        return total

    @np.errstate(all="ignore")  # what is no number is an answer like others, and no warning of NumPy's
    def evaluate(self, staged: Staged, rows: Array, epoch: int = 0) -> dict[str, float]:
        """Means over the rows: ``loss``, and each metric by its name. Of one long episode, all rows up to the
        last of these are run, from its beginning."""
        counted = np.ascontiguousarray(rows, np.intp)
        names = list(self.measure.outputs)
        totals = dict.fromkeys(names, 0.0)
        if not self._goes_on:
            for start in range(0, len(counted), CHUNK):
                part = counted[start : start + CHUNK]
                for name, value in self._measure(staged, part, epoch).items():
                    many = value.shape == (len(part),) and self.measure.outputs[name].batched
                    totals[name] += float(value.sum(dtype=np.float64)) if many else float(value) * len(part)
        else:
            wanted = set(counted.tolist())
            with self._from_the_beginning():
                for row in range(max(wanted, default=-1) + 1):
                    found = self._measure(staged, np.array([row]), epoch)
                    weight = 1 if staged.weights is None else float(staged.weights[row])
                    if row in wanted:
                        for name, value in found.items():
                            totals[name] += float(value.sum()) * weight
        weights = staged.weights
        count = max(len(counted) if weights is None else float(weights[counted].sum()), 1)
        return {name.removeprefix("metric."): total / count for name, total in totals.items()}

    def _measure(self, staged: Staged, rows: Array, epoch: int) -> dict[str, Array]:
        """The loss and the metrics of some rows, live."""
        ready = self._ready("measure", self.measure, len(rows), staged)
        for _, *pairs in in_batches(ready.feeds, rows, len(rows)):
            for into, block in pairs:
                np.copyto(into, block)
        ready.bound.context.examples[...] = rows
        ready.bound.context.epoch[...] = epoch
        ready.bound.run()
        return ready.bound.outputs

    @np.errstate(all="ignore")
    def predict(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """Every output port of the main box for each row, rows first; a box without inputs has one row. The
        rows of one long episode are its first ones."""
        if self._goes_on:
            with self._from_the_beginning():
                return self._shown(columns, 1)
        return self._shown(columns, CHUNK)

    def _shown(self, columns: Mapping[str, Array], most: int) -> dict[str, Array]:
        program = self._predict
        needed = [name for name in program.inputs if name in self.compiled.inputs or name in columns]
        rows = len(columns[needed[0]]) if needed else 1
        found: dict[str, list[Array]] = {name: [] for name in program.outputs}
        for start in range(0, rows, most):
            size = min(most, rows - start)
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
