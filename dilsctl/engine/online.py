"""Learning row by row: what is shown for a row is computed from the states before it, and then they move.

The step is that of training with a batch of one, equation for equation, with what the row's answer and its
measures need beside it: so a file fed row by row leaves the bits that training leaves which goes through it
once, in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dilsctl.engine.bind import Bound
from dilsctl.engine.feed import Feed
from dilsctl.engine.kernels import Array
from dilsctl.engine.learner import Learner
from dilsctl.engine.paced import Paced, Rates
from dilsctl.engine.scalar import AT_ONCE, suits, supported
from dilsctl.ir import Eqn, Program
from dilsctl.operations.table import Builder
from dilsctl.passes.descend import Descent, view_of
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.passes.select import read_only

EPOCH = 1  # of draws: those of the first epoch of training


class Online:
    """A learner that predicts, is told and learns, one row at a time. ``rows``: how many it has learned from.

    ``learner`` is made with ``online``. ``rates`` gives the rates of its methods at each step.
    """

    def __init__(self, learner: Learner, rates: Rates, rows: int = 0) -> None:
        self.learner = learner
        self.rows = rows
        joint = learner.joint
        shown = {
            name: var
            for name, var in joint.outputs.items()
            if name == "loss" or name.startswith(("port.", "metric."))
        }
        look = drop_dead(replace(joint, outputs=shown, updates={}))
        asked = {name: var for name, var in shown.items() if name.startswith("port.")}
        self._asked = read_only(drop_dead(replace(look, outputs=asked)))
        if learner.descent is not None:
            step = _beside(learner.descent, look)
        else:
            step = drop_dead(replace(joint, outputs=shown))
        self._outputs = step.outputs
        self._small: Paced | None = None
        self._look: Bound | None = None  # beside small steps, where it has what only NumPy can
        if learner.small(1) or (learner.descent is None and suits(step, 1, learner.real)):
            if not supported(step, 1):
                assert learner.descent is not None
                self._look = learner.bind_one("look", read_only(look))
                step = learner.descent.program
            self._small = learner.paced(step, 1, rates)
        self._small_ask: Paced | None = None
        if self._small is not None and supported(self._asked, 1):
            self._small_ask = learner.paced(self._asked, 1, rates)
        else:
            self._ask = learner.bind_one("ask", self._asked)
        self._changing: list[tuple[Callable[[float, int], dict[str, float]], Any, dict[str, Array]]] = []
        if self._small is not None:
            return
        self._step = learner.bind_one("online", step)
        self._random = any(eqn.op.startswith("random_") for eqn in (*step.eqns, *look.eqns))
        for number, group in enumerate(learner.descent.groups if learner.descent is not None else ()):
            arrays = {name: self._step.inputs[f"method{number}.{name}"] for name in group.scalars}
            rate = rates.of(group.method.rate)
            if group.method.scalars(rate(1), 1) == group.method.scalars(rate(2), 2):
                for name, value in group.method.scalars(rate(1), 1).items():
                    arrays[name][()] = value
            else:
                self._changing.append((group.method.scalars, rate, arrays))

    @property
    def shown(self) -> tuple[str, ...]:
        """What ``learn`` gives for each row: ports, the loss, metrics."""
        return tuple(self._outputs)

    def learn(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """For each row in order: what is shown before it is learned from (``port.NAME``, ``loss``,
        ``metric.NAME``; rows first), then a step. ``columns``: values by input and target, rows first."""
        rows = len(next(iter(columns.values()))) if columns else 1
        staged = self.learner.stage(columns, 1)
        if self._small is not None:
            return self._learn_small(self._small, staged.arrays, rows)
        found, results = self._results(self._step.outputs, rows)
        copy, steps = np.copyto, self._step.steps
        examples = self._step.context.examples
        self._step.context.epoch[...] = EPOCH
        pairs = self._pairs(self._step.inputs, staged.arrays, rows)
        for row in range(rows):
            for into, block in pairs:
                copy(into, block[row])
            if self._random:
                examples[...] = self.rows
            self.rows += 1
            for scalars, rate, arrays in self._changing:
                for name, value in scalars(rate(self.rows), self.rows).items():
                    arrays[name][()] = value
            for call in steps:
                call()
            for result, out in results:
                result[row] = out
        return found

    def _learn_small(self, small: Paced, given: Mapping[str, Array], rows: int) -> dict[str, Array]:
        """The same number by number."""
        found: dict[str, Array] = {}
        if self._look is not None:  # a row at a time
            found, results = self._results(self._look.outputs, rows)
            pairs = self._pairs(self._look.inputs, given, rows)
            self._look.context.epoch[...] = EPOCH
            for row in range(rows):
                for into, block in pairs:
                    np.copyto(into, block[row])
                self._look.context.examples[...] = self.rows
                self._look.run()
                for result, out in results:
                    result[row] = out
                small.run({name: values[row : row + 1] for name, values in given.items()}, self.rows + 1, 1)
                self.rows += 1
            return found
        for start in range(0, rows, AT_ONCE):
            end = min(rows, start + AT_ONCE)
            part = {name: values[start:end] for name, values in given.items()}
            for name, values in self._by_row(small, part, end - start).items():
                if name not in found:
                    found[name] = np.empty((rows, *values.shape[1:]), values.dtype)
                found[name][start:end] = values
            self.rows += end - start
        return found

    def _by_row(self, paced: Paced, given: Mapping[str, Array], rows: int) -> dict[str, Array]:
        """What is shown of some rows, rows first."""
        return {
            name: values[..., 0] if self._outputs[name].batched else values
            for name, values in paced.run(given, self.rows + 1, rows).items()
        }

    def predict(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """What is shown for each row (``port.NAME``, rows first); nothing moves."""
        rows = len(next(iter(columns.values()))) if columns else 1
        staged = self.learner.stage(columns, 1, self._asked)
        if self._small_ask is not None:
            return self._by_row(self._small_ask, staged.arrays, rows)
        found, results = self._results(self._ask.outputs, rows)
        pairs = self._pairs(self._ask.inputs, staged.arrays, rows)
        self._ask.context.epoch[...] = EPOCH
        for row in range(rows):
            for into, block in pairs:
                np.copyto(into, block[row])
            self._ask.context.examples[...] = self.rows + row
            self._ask.run()
            for result, out in results:
                result[row] = out
        return found

    def _pairs(
        self, inputs: Mapping[str, Array], given: Mapping[str, Array], rows: int
    ) -> list[tuple[Array, Array]]:
        feeds = [
            Feed(given[name], array, self.learner.lies_rows_first(name))
            for name, array in inputs.items()
            if name in given
        ]
        every = np.arange(rows)
        return [(one.target, one.batches(every, 1)) for one in feeds]

    def _results(
        self, outputs: Mapping[str, Array], rows: int
    ) -> tuple[dict[str, Array], list[tuple[Array, Array]]]:
        """Arrays for what is shown, and for each output (rows of its array, the output)."""
        found, results = {}, []
        for name, out in outputs.items():
            one = out[..., 0] if self._outputs[name].batched else out
            found[name] = np.empty((rows, *one.shape), out.dtype)
            results.append((found[name], one))
        return found, results


def _beside(descent: Descent, look: Program) -> Program:
    """The training step, unchanged, with what ``look`` shows beside it."""
    step = descent.program
    added: list[Eqn] = []
    builder = Builder(added)
    read = {one for eqn in look.eqns for one in eqn.inputs} | set(look.outputs.values())
    views = {
        one: view_of(builder, group, one) for group in descent.groups for one in group.offsets if one in read
    }
    known = {out for eqn in step.eqns for out in eqn.outputs}
    for eqn in look.eqns:
        if not known.issuperset(eqn.outputs):
            inputs = tuple(views.get(one, one) for one in eqn.inputs)
            added.append(Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span))
    eqns = _woven(step.eqns, added)
    outputs = {name: views.get(var, var) for name, var in look.outputs.items()}
    given = {**step.inputs, **look.inputs}
    return read_only(drop_dead(replace(step, inputs=given, outputs=outputs, eqns=tuple(eqns))))


def _woven(eqns: Sequence[Eqn], added: Sequence[Eqn]) -> list[Eqn]:
    """Equations in their order, each of those added as soon as what it reads is there."""
    missing = {out for eqn in (*eqns, *added) for out in eqn.outputs}
    found: list[Eqn] = []

    def take(ready: Sequence[Eqn]) -> list[Eqn]:
        left = []
        for one in ready:
            if missing.isdisjoint(one.inputs):
                found.append(one)
                missing.difference_update(one.outputs)
            else:
                left.append(one)
        return left

    waiting = take(added)
    for eqn in eqns:
        found.append(eqn)
        missing.difference_update(eqn.outputs)
        waiting = take(waiting)
    return found
