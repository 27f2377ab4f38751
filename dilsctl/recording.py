"""What a simulation records: outputs and states of the main box, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dilsctl.course import Course
from dilsctl.diagnostics import Problem, did_you_mean
from dilsctl.diagram import Diagram
from dilsctl.engine.kernels import dtype_of
from dilsctl.engine.running import Running
from dilsctl.engine.scalar import Ticks
from dilsctl.ir import Type
from dilsctl.limits import MOST_ELEMENTS
from dilsctl.motion import Flow, Motion
from dilsctl.passes.edge import BEFORE
from dilsctl.trace import Array


class Recording:
    """What is kept of each record: ``types`` by name, of ``shown`` runs."""

    def __init__(self, diagram: Diagram, course: Course, motion: Motion | Flow, running: Running) -> None:
        """Raises Problem: bad-simulation, too-large."""
        self.course, self.motion, self.running = course, motion, running
        self.shown = running.runs
        self._where = self._places(diagram)  # name -> port.NAME, or a state's path
        self.types = {name: self._type(where) for name, where in self._where.items()}
        self._check_rows()
        records = course.ticks // course.every + 2
        size = sum(type.size for type in self.types.values()) * records * self.shown
        if size > MOST_ELEMENTS:
            message = f"{size} numbers would be recorded; at most {MOST_ELEMENTS} can be"
            help = "record fewer names, or fewer ticks: simulate: {record: […], every: 100}"
            raise Problem.of("too-large", message, course.where, help=help)

    def _places(self, diagram: Diagram) -> dict[str, str]:
        outputs, running = diagram.main.outputs, self.running
        moving = [one for one in running.states if running.per_run[one] and not one.endswith(f".{BEFORE}")]
        found = {}
        for name in self.course.record or tuple(outputs) or moving:
            if name in outputs:
                found[name] = f"port.{name}"
            elif name in running.states:
                found[name] = name
            else:
                known = [*outputs, *running.states]
                help = did_you_mean(name, known) or f"there is {', '.join(known[:12])}"
                message = f"there is no output or state '{name}' to record"
                raise Problem.of("bad-simulation", message, self.course.where, help=help)
        return found

    def _type(self, where: str) -> Type:
        if where in self.running.states:
            return self.motion.states[where].var.type
        return self.motion.tick.outputs[where].type

    def _of_each_run(self, where: str) -> bool:
        """Does it differ from run to run?"""
        if where in self.running.states:
            return self.running.per_run[where]
        return self.motion.tick.outputs[where].batched

    def _check_rows(self) -> None:
        """With a batch, what is pooled is recorded, unless more is asked for. Raises Problem."""
        batches = self.course.batches
        if batches is None:
            return
        pooled = {name for name, where in self._where.items() if not self._of_each_run(where)}
        if pooled and not self.course.record:
            self._where = {name: where for name, where in self._where.items() if name in pooled}
            self.types = {name: type for name, type in self.types.items() if name in pooled}
        if len(pooled) == len(self._where):
            self.shown = 1
        name = next((one for one in self._where if one not in pooled), "")
        moving = next((path for path, one in self.running.per_run.items() if one), "")
        if batches.rest and (name or moving):
            what = f"the state '{moving}' differs" if moving else f"'{name}' is recorded, which differs"
            message = (
                f"{what} from row to row, and the last batch has only {batches.rest} of {batches.size} rows"
            )
            help = "take a batch that divides the number of rows, pool(…) what is recorded, or batch: 1"
            raise Problem.of("bad-simulation", message, self.course.where, help=help)

    def empty(self, records: int) -> dict[str, Array]:
        """Room for so many records: (records, *shape, runs shown)."""
        return {
            name: np.empty((records, *self.types[name].shape, self.shown), self._dtype(where))
            for name, where in self._where.items()
        }

    def _dtype(self, where: str) -> Any:
        running = self.running
        if where in running.states:
            return running.states[where].dtype
        return dtype_of(self.motion.tick.outputs[where].type.kind, running.real)

    def keep_states(self, values: Mapping[str, Array], row: int) -> None:
        """Write the states of now into a row."""
        for name, where in self._where.items():
            if where in self.running.states:
                view = self.running.states[where]
                values[name][row] = view if self.running.per_run[where] else view[..., None]

    def keep_ports(self, values: Mapping[str, Array], row: int, shown: Mapping[str, Array]) -> None:
        """Write what the main box shows into a row."""
        for name, where in self._where.items():
            if where in shown:
                values[name][row] = shown[where] if self._of_each_run(where) else shown[where][..., None]

    def ticks(self, fixed: Sequence[str]) -> Ticks:
        """The ticks number by number, with what is recorded; the inputs ``fixed`` never change."""
        states = self.running.states
        ports = [where for where in self._where.values() if where not in states]
        paths = [where for where in self._where.values() if where in states]
        return self.running.ticks(ports, paths, fixed)

    def keep_rows(
        self, values: Mapping[str, Array], row: int, ticks: Ticks, rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Write rows of ``ticks``, from a row on."""
        if not rows:
            return
        found = ticks.columns(rows)
        for name, where in self._where.items():
            one = found[where]
            values[name][row : row + len(rows)] = one if self._of_each_run(where) else one[..., None]
