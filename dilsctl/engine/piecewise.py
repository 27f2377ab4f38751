"""Learning from episodes that are too long to be one program.

An episode goes piece by piece. Where a horizon cuts gradients between pieces, each piece is run forwards and
back at once, and memory does not grow with the episode. Else pieces are run forwards first, which keeps the
states that each begins with, and then once more, the last one first, forwards and back: memory grows with the
square root of the episode (Griewank, Walther, Evaluating Derivatives, 2008, chapter 12).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from dilsctl.compile import Compiled, run_passes
from dilsctl.engine.bind import Bound, bind
from dilsctl.engine.feed import Staged
from dilsctl.engine.kernels import Array, Context, dtype_of
from dilsctl.engine.learner import BACKWARD, Learner
from dilsctl.engine.memory import aligned
from dilsctl.engine.paced import Rates
from dilsctl.engine.states import allocate, allocate_groups, initialise, state_views
from dilsctl.ir import Params, Program, Type, Var
from dilsctl.passes.accumulate import BATCH, Sums, accumulate, apply_sums
from dilsctl.passes.descend import Clip, Group, groups_of
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.passes.select import only

CHUNK = 256  # examples that are measured side by side

AnyLearner: TypeAlias = "Learner | PiecewiseLearner"


class PiecewiseLearner:
    """As ``Learner``, for a compiled diagram with ``pieces``."""

    def __init__(
        self,
        compiled: Compiled,
        method_of: Callable[[Params], Any] | None = None,
        clip: Clip | None = None,
        *,
        precision: str = "float32",
        seed: int = 0,
    ) -> None:
        if compiled.pieces is None or compiled.episode is None:
            raise ValueError("the episode is not in pieces")
        self.compiled, self.pieces, self.at = compiled, compiled.pieces, compiled.episode.at
        self.sequences = compiled.episode.sequences
        self.real, self.seed = np.dtype(precision), seed
        self.types: dict[str, Type] = {**compiled.inputs, **compiled.targets}
        self.moving = list(compiled.program.updates)
        self.groups: tuple[Group, ...] = ()
        self.stages: list[tuple[str, Program]] = []
        self._backward: dict[int, Program] = {}  # by the number of the piece; alike ones are the same
        self._to_the_start: Program | None = None
        program = compiled.program
        if method_of is not None and "loss" in program.outputs and program.learned:
            self.groups = groups_of(program, method_of)
            sums = Sums.for_groups(self.groups)
            self._make_backward(sums)
            self._move = run_passes(apply_sums(self.groups, sums, clip), BACKWARD)
            self.stages = [("accumulate", self._backward[len(self.pieces.ticks) - 1]), ("move", self._move)]
            self._sums: tuple[Var, ...] = sums.of
        self._allocate()
        self._bound: dict[tuple[Any, int], Bound] = {}
        self._live: dict[tuple[Var, int], Array] = {}
        self._contexts: dict[int, Context] = {}

    @property
    def descent(self) -> Any:
        """Something, if anything is learned."""
        return self.groups or None

    @property
    def measure(self) -> Program:
        """The program of the last piece."""
        return drop_dead(only(self.pieces.last, "loss", "metric."))

    def _make_backward(self, sums: Sums) -> None:
        """The backward programs of the pieces, and of how states begin where that is learned."""
        begin = self.pieces.begin
        learned = set(self.compiled.program.learned)
        if any(one in learned for eqn in begin.eqns for one in eqn.inputs):
            updates = {
                var: begin.outputs[f"begin.{number}"]
                for number, var in enumerate(self.moving)
                if f"begin.{number}" in begin.outputs
            }
            start = replace(begin, states=(*begin.states, *updates), outputs={}, updates=updates)
            back = accumulate(start, self.groups, sums, 0.0, linked=True)
            only_sums = {state: new for state, new in back.updates.items() if state in sums.of}
            self._to_the_start = run_passes(replace(back, updates=only_sums), BACKWARD)
        known: dict[tuple[int, bool, bool], Program] = {}
        for number, length in enumerate(self.pieces.ticks):
            last = number == len(self.pieces.ticks) - 1
            share = self._share(length, last)
            linked = self.pieces.linked or (number == 0 and self._to_the_start is not None)
            if not share and not self.pieces.linked:
                continue
            if (length, last, linked) not in known:
                piece = drop_dead(only(self._piece(length, last), "loss"))
                back = accumulate(piece, self.groups, sums, share, linked=linked)
                known[length, last, linked] = run_passes(back, BACKWARD)
            self._backward[number] = known[length, last, linked]

    def _piece(self, length: int, last: bool) -> Program:
        return self.pieces.last if last else self.pieces.plain[length]

    def _share(self, length: int, last: bool) -> float:
        """How much a piece's loss counts."""
        if self.at == "each":
            return length / sum(self.pieces.ticks)
        return float(last)

    # -- states -----------------------------------------------------------------------------------

    def _allocate(self) -> None:
        arrays, self.moments = allocate_groups(self.groups, self.real)
        program = self.compiled.program
        moving = set(self.moving)
        lasting = tuple(one for one in program.states if one not in arrays and one not in moving)
        arrays |= allocate(lasting, self.real)
        if self.groups:
            arrays |= allocate(self._sums, self.real)
        self._arrays = arrays
        slots = {path: slot for path, slot in program.slots.items() if slot.var not in moving}
        self.states = state_views(slots, arrays)
        initialise(self.states, self.compiled.states, self.seed)

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(var.type.size for var in self.compiled.program.learned)

    @property
    def plan_hash(self) -> str:
        return self.compiled.plan_hash

    @property
    def row_types(self) -> dict[str, Type]:
        """What one row of the data gives to each input and target."""
        return self.types

    # -- running ----------------------------------------------------------------------------------

    def stage(self, columns: Mapping[str, Array], batch: int = 0) -> Staged:
        """The data set: nothing is computed beforehand."""
        rows = len(next(iter(columns.values()))) if columns else 0
        return Staged(dict(columns), rows)

    def _bind(self, key: Any, program: Program, batch: int) -> Bound:
        if (key, batch) not in self._bound:
            for var in self.moving:
                if (var, batch) not in self._live:
                    shape = (*var.shape, batch) if var.batched else var.shape
                    self._live[var, batch] = aligned(shape, dtype_of(var.type.kind, self.real))
            states = {
                var: self._live[var, batch] if (var, batch) in self._live else self._arrays[var]
                for var in program.states
            }
            context = self._context(batch)
            self._bound[key, batch] = bind(program, batch, states, real=self.real, context=context)
        return self._bound[key, batch]

    def _context(self, batch: int) -> Context:
        if batch not in self._contexts:
            self._contexts[batch] = Context(seed=self.seed, examples=np.zeros(batch, np.int64))
        return self._contexts[batch]

    def _begin(self, data: Mapping[str, Array], rows: Array, epoch: int) -> dict[str, Array]:
        """Let an episode begin for each of these rows. Gives their data, rows last."""
        batch = len(rows)
        context = self._context(batch)
        context.examples[...], context.epoch[...], context.tick[...] = rows, epoch, 0
        bound = self._bind("begin", self.pieces.begin, batch)
        bound.run()
        for number, var in enumerate(self.moving):
            self._live[var, batch][...] = bound.outputs.get(f"begin.{number}", 0)  # the count begins at 0
        return {name: np.moveaxis(values[rows], 0, -1) for name, values in data.items()}

    def _feed(self, bound: Bound, data: Mapping[str, Array], start: int, length: int) -> None:
        """Tell a piece the data of its ticks."""
        bound.context.tick[...] = start
        for name, array in bound.inputs.items():
            if name in data:
                array[...] = data[name][start : start + length] if name in self.sequences else data[name]

    def _forward(
        self, data: Mapping[str, Array], batch: int, what: str, *outputs: str
    ) -> list[dict[str, Array]]:
        """Run all pieces forwards. What each shows, copied: the last one, and others where that counts."""
        found = []
        start = 0
        for number, length in enumerate(self.pieces.ticks):
            last = number == len(self.pieces.ticks) - 1
            wanted = outputs if last or (self.at == "each" and what == "measure") else ()
            key = (what, length, last)
            if (key, batch) not in self._bound:
                self._bind(key, drop_dead(only(self._piece(length, last), *wanted)), batch)
            bound = self._bound[key, batch]
            self._feed(bound, data, start, length)
            bound.run()
            found.append({name: array.copy() for name, array in bound.outputs.items()})
            start += length
        return found

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
        """One pass over the rows of ``order``, a step for each batch. See ``Learner.run_epoch``."""
        order = np.ascontiguousarray(order, np.intp)
        total = 0.0
        for number, start in enumerate(range(0, len(order), batch), first_step):
            rows = order[start : start + batch]
            total += self._gradients(staged.arrays, rows, epoch) * len(rows)
            self._optimise(rates, number)
            if progress is not None and every and (number - first_step + 1) % every == 0:
                progress(number - first_step + 1)
        return total / max(len(order), 1)

    def _gradients(self, columns: Mapping[str, Array], rows: Array, epoch: int) -> float:
        """Sum the gradients of a batch's loss up. Gives the loss."""
        batch, lengths = len(rows), self.pieces.ticks
        data = self._begin(columns, rows, epoch)
        if not self.pieces.linked:
            total = 0.0
            for number in range(len(lengths)):
                go = self._back if number in self._backward else self._on
                before: dict[str, Array] = {}
                total += go(data, batch, number, before)
                if number == 0:
                    self._begin_back(batch, before)
            return total
        kept = []
        for number in range(len(lengths)):
            kept.append([self._live[var, batch].copy() for var in self.moving])
            if number < len(lengths) - 1:
                self._on(data, batch, number, {})
        loss = 0.0
        after: dict[str, Array] = {}
        for number in reversed(range(len(lengths))):
            for var, value in zip(self.moving, kept.pop(), strict=True):
                self._live[var, batch][...] = value
            loss += self._back(data, batch, number, after)
        self._begin_back(batch, after)
        return loss

    def _begin_back(self, batch: int, after: Mapping[str, Array]) -> None:
        """The gradient of what states begin with, from their cotangents."""
        if self._to_the_start is None or not after:
            return
        bound = self._bind("start", self._to_the_start, batch)
        for name, array in bound.inputs.items():
            array[...] = batch if name == BATCH else after.get(name, 0.0)
        bound.run()

    def _on(self, data: Mapping[str, Array], batch: int, number: int, after: dict[str, Array]) -> float:
        """Run a piece forwards. Its loss does not count."""
        length = self.pieces.ticks[number]
        key = ("on", length)
        if (key, batch) not in self._bound:
            self._bind(key, drop_dead(only(self.pieces.plain[length])), batch)
        bound = self._bound[key, batch]
        self._feed(bound, data, sum(self.pieces.ticks[:number]), length)
        bound.run()
        return 0.0

    def _back(self, data: Mapping[str, Array], batch: int, number: int, after: dict[str, Array]) -> float:
        """Run a piece forwards and back. ``after``: the cotangents of the states after it, then of those
        before it. Gives its part of the loss."""
        length = self.pieces.ticks[number]
        bound = self._bind(("back", id(self._backward[number])), self._backward[number], batch)
        self._feed(bound, data, sum(self.pieces.ticks[:number]), length)
        for name, array in bound.inputs.items():
            if name == BATCH:
                array[...] = batch
            elif name.startswith("after."):
                array[...] = after.get(name, 0.0)
        bound.run()
        after.clear()
        for name, array in bound.outputs.items():
            if name.startswith("before."):
                after[name.replace("before", "after")] = array.copy()
        return float(bound.outputs["loss"]) if "loss" in bound.outputs else 0.0

    def _optimise(self, rates: Rates, step: int) -> None:
        """Move what is learned by the gradients that were summed up."""
        bound = self._bind("move", self._move, 1)
        for i, group in enumerate(self.groups):
            rate = rates.of(group.method.rate)(step)
            for name, value in group.method.scalars(rate, step).items():
                bound.inputs[f"method{i}.{name}"][()] = value
        bound.run()

    def evaluate(self, staged: Staged, rows: Array, epoch: int = 0) -> dict[str, float]:
        """Means over the rows: ``loss``, and each metric by its name."""
        rows = np.ascontiguousarray(rows, np.intp)
        totals: dict[str, float] = {}
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            data = self._begin(staged.arrays, part, epoch)
            found = self._forward(data, len(part), "measure", "loss", "metric.")
            for number, outputs in enumerate(found):
                share = self._share(self.pieces.ticks[number], number == len(found) - 1)
                for name, value in outputs.items():
                    mean = float(value.mean(dtype=np.float64))
                    totals[name] = totals.get(name, 0.0) + share * mean * len(part)
        return {name.removeprefix("metric."): total / max(len(rows), 1) for name, total in totals.items()}

    def predict(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """Every output port of the main box for each row, rows first."""
        rows = len(next(iter(columns.values()))) if columns else 1
        parts: dict[str, list[Array]] = {}
        for start in range(0, rows, CHUNK):
            part = np.arange(start, min(start + CHUNK, rows))
            data = self._begin(columns, part, 0)
            for name, value in self._forward(data, len(part), "show", "port.")[-1].items():
                shown = np.moveaxis(value, -1, 0) if self.pieces.last.outputs[name].batched else value[None]
                parts.setdefault(name, []).append(np.broadcast_to(shown, (len(part), *shown.shape[1:])))
        return {name.removeprefix("port."): np.concatenate(found) for name, found in parts.items()}
