"""Never-ending learning: for each row of a stream predict, be told, learn, and go on.

There is no phase of learning, testing or use: every row is predicted from what was learned before it, is
measured, and is learned from. The state is saved after so many rows; what came after the last save is learned
again, from the same state to the same bits, when the stream is given again from its beginning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dilsctl.checkpoints import Checkpoint, Position
from dilsctl.data.columns import select
from dilsctl.data.dataset import DataSpec, Fitted, encode
from dilsctl.data.stream import rows_of
from dilsctl.data.tables import Table
from dilsctl.diagnostics import Problem
from dilsctl.engine.kernels import Array
from dilsctl.engine.online import Online
from dilsctl.learning.methods import method_of
from dilsctl.learning.schedules import Rates
from dilsctl.live_plan import live_columns
from dilsctl.loaded import LoadedDiagram, load_diagram
from dilsctl.prequential import Prequential
from dilsctl.resuming import restore
from dilsctl.runs import RunFolder
from dilsctl.syntax.live import Live
from dilsctl.training import texts_of
from dilsctl.wires import Gauge

_AT_ONCE = 256  # rows between looks at whether to stop


class Watcher(Protocol):
    """Who watches a life."""

    def answers(self, first: int, predicted: Array, truth: Array | None, table: Table) -> None:
        """Some rows were predicted; ``first`` is the number of the first. ``truth``: if it was told."""

    def line(self, values: Mapping[str, Any]) -> None:
        """A window is full."""


@dataclass(slots=True, eq=False)
class Life:
    """A diagram that lives on a stream. ``taken``: how many rows of the stream it has taken in. ``pending``:
    inputs of rows whose truth may come; ``given_up``: how many were too many; ``too_late``: truths without
    inputs that no row waits for. ``whole``: not in the middle of rows, so that it may be saved."""

    loaded: LoadedDiagram
    block: Live
    online: Online
    spec: DataSpec
    fitted: Fitted
    score: Prequential
    run: RunFolder | None = None
    taken: int = 0
    given_up: int = 0
    too_late: int = 0
    pending: dict[str, dict[str, Array]] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    whole: bool = True
    gauge: Gauge | None = None

    @classmethod
    def of(cls, loaded: LoadedDiagram, fitted: Fitted | None = None) -> Life:
        """From the initial states; kept nowhere yet. Raises Problem: no-live, bad-live, and others."""
        document, diagram = loaded.document, loaded.diagram
        block = document.document.live
        if block is None:
            name = document.file.name
            help = "say what is predicted, and what tells the truth: live: {predict: p, truth: outcome}"
            raise Problem.of("no-live", f"'{name}' has no live block", help=help, file=name)
        learner = loaded.plans.online()
        inputs, targets = live_columns(document.root, diagram)
        spec = replace(loaded.plans.spec, inputs=inputs, targets=targets)
        if spec.standardise and fitted is None:
            help = "std/managers has a box that standardises as rows come; or begin from a run"
            message = "'standardise' is fitted to the whole of the training part, and a stream has none"
            raise Problem.of("bad-live", message, loaded.plans.where("data", "standardise"), help=help)
        train = document.document.train
        rate = method_of(train.optimiser).rate if train is not None else 0.0
        groups = learner.descent.groups if learner.descent is not None else ()
        for one in (rate, *(group.method.rate for group in groups)):
            if not isinstance(one, float | int):
                message = "a schedule of the learning rate needs an end, and a stream has none"
                raise Problem.of("bad-live", message, loaded.plans.where("optimiser"), help="give a number")
        types = learner.row_types
        episode = learner.compiled.episode
        if block.key is not None and episode is not None and episode.goes_on:
            message = "states that move with every row can't wait for a truth that comes later"
            help = "leave 'key' out; kept states and learned ones can wait"
            raise Problem.of("bad-live", message, document.span("live", "key"), help=help)
        score = Prequential(types[block.truth], block.window)
        return cls(loaded, block, Online(learner, Rates(rate, 1, math.inf)), spec, fitted or Fitted(), score)

    @classmethod
    def begin(cls, file: Path, settings: Sequence[str] = (), out: Path | None = None) -> Life:
        """A new life of a diagram file, kept in a new folder. Raises Problem."""
        found = cls.of(load_diagram(file, settings, file.parent))
        found.keep(out)
        return found

    @classmethod
    def go_on(cls, path: Path, out: Path | None = None) -> Life:
        """The life of a run folder goes on; that of a training run begins, in a folder of its own.

        Raises Problem: not-a-run, bad-run, run-changed, no-live.
        """
        run = RunFolder.open(path)
        loaded = load_diagram(run.diagram, run.facts["settings"], Path(run.facts["file"]).parent)
        fitted = Fitted.from_json(run.facts["data"]) if "data" in run.facts else None
        found = cls.of(loaded, fitted)
        checkpoint = run.load("last")
        if run.facts.get("live"):
            found.run = run
            if checkpoint is not None:
                found._take_up(checkpoint)
            return found
        if checkpoint is not None:
            missing = [name for name in found.online.learner.states if name not in checkpoint.states]
            if missing:
                message = f"the run has no state '{missing[0]}'"
                raise Problem.of("run-changed", message, file=str(path))
            restore(found.online.learner, checkpoint)
            found.online.rows = checkpoint.position.step
        found.keep(out)
        return found

    def keep(self, out: Path | None) -> None:
        """Make the run folder: ``out``, or a new one in ``runs``. Raises Problem."""
        files, main = texts_of(self.loaded.library)
        learner = self.online.learner
        live = self.block.model_dump(mode="json", by_alias=True, exclude_none=True)
        self.run = RunFolder.create(
            self.loaded.name,
            files=files,
            main=main,
            config={"diagram": self.loaded.name, "settings": list(self.loaded.settings), "live": live},
            facts={
                "file": str(self.loaded.path.absolute()),
                "settings": list(self.loaded.settings),
                "live": True,
                "plan": learner.plan_hash,
                "parameters": learner.parameters,
                "wires": [one.facts() for one in Gauge(self.loaded.diagram).weights],
                "data": {"file": "", "sha256": "", "rows": 0, "parts": {}, **self.fitted.to_json()},
            },
            out=out,
        )

    def _take_up(self, checkpoint: Checkpoint) -> None:
        live = checkpoint.position.live
        restore(self.online.learner, checkpoint)
        self.online.rows = checkpoint.position.step
        self.taken = int(live["taken"])
        self.given_up, self.too_late = int(live["given_up"]), int(live["too_late"])
        self.score.take_up(live["score"])
        types = self.online.learner.row_types
        for key, values in live["pending"].items():
            self.pending[key] = {name: self._array(one, types[name].kind) for name, one in values.items()}

    def _array(self, value: Any, kind: str) -> Array:
        if kind == "bool":
            return np.array(value, np.bool_)
        return np.array(value, self.online.learner.real if kind in ("real", "simplex") else np.int64)

    # -- living -----------------------------------------------------------------------------------

    def live(self, stream: Iterable[Table], watcher: Watcher, stop: Callable[[], bool]) -> bool:
        """Take in the tables of a stream, without its first ``taken`` rows, until it ends or ``stop()`` is
        true; then the state is saved. Gives whether it ended. Raises Problem: not-finite, and others."""
        run = self.run
        if run is not None:
            self.lines = run.begin(self.windows)
            if not self.windows and not run.wires():
                self._keep_wires()
        try:
            with np.errstate(all="ignore"):
                for table in stream:
                    if not self._take(table, watcher, stop):
                        return False
            return True
        finally:
            if self.whole:
                self.save()
            if run is not None:
                run.close()

    def _take(self, table: Table, watcher: Watcher, stop: Callable[[], bool]) -> bool:
        """Take in a table; False if told to stop."""
        start = 0
        whole = self._all(table) if self.block.key is None else None
        while start < table.rows:
            if stop():
                return False
            until_save = self.block.save - self.taken % self.block.save
            until_full = self.block.window - self.score.rows % self.block.window
            end = min(table.rows, start + _AT_ONCE, start + until_save, start + until_full)
            part = rows_of(table, slice(start, end))
            columns: dict[str, Array] = {}
            if whole is not None:
                columns = {name: values[start:end] for name, values in whole.items()}
            elif self.block.key is None:
                columns = self._encode(part)
            self.whole = False
            if self.block.key is None:
                self._learn(columns, self.taken + 1, part, watcher)
            else:
                self._wait(part, watcher)
            self.taken += end - start
            self.whole = True
            start = end
            if self.taken % self.block.save == 0:
                self.save()
        return not stop()

    def _all(self, table: Table) -> dict[str, Array] | None:
        """The values of a table, or None if there is a fault in them, which is found when its row comes."""
        try:
            return self._encode(table)
        except Problem:
            return None

    def _encode(self, table: Table, inputs: bool = True, targets: bool = True) -> dict[str, Array]:
        """Typed values of what a table has. Raises Problem."""
        learner = self.online.learner
        spec = replace(
            self.spec, inputs=self.spec.inputs if inputs else {}, targets=self.spec.targets if targets else {}
        )
        columns, labels = encode(table, spec, learner.row_types, learner.real, fitted=self.fitted)
        for name, known in labels.items():
            if name not in self.fitted.labels:
                shown = ", ".join(map(str, known))
                help = "write classes as numbers from 0, or begin from a run that was trained on the words"
                message = f"'{name}' has the labels {shown}: which class is which can't be told from a stream"
                raise Problem.of("bad-label", message, help=help, file=table.name)
        for name, standard in self.fitted.standards.items():
            if name in columns:
                columns[name] = standard.apply(columns[name])
        return columns

    def _learn(self, columns: Mapping[str, Array], first: int, table: Table, watcher: Watcher) -> None:
        """Predict, be told and learn, row by row from the ``first`` of these; measured, and told."""
        found = self.online.learn(columns)
        if "loss" in found and not np.isfinite(found["loss"]).all():
            row = int(np.argmin(np.isfinite(found["loss"])))
            message = f"the loss is not finite at row {first + row} of the stream"
            raise Problem.of("not-finite", message, help="a smaller learning rate may help")
        truth, predicted = columns[self.block.truth], found[f"port.{self.block.predict}"]
        measures = {
            name.removeprefix("metric."): one
            for name, one in found.items()
            if name == "loss" or name.startswith("metric.")
        }
        lines = self.score.add(predicted, truth, measures)
        watcher.answers(first, predicted, truth, table)
        for line in lines:
            line = {"epoch": line["rows"] // self.block.window, **line}
            self.lines.append(line)
            if self.run is not None:
                self.run.log(line)
            watcher.line(line)
        if lines:
            self._keep_wires()

    @property
    def windows(self) -> int:
        """How many windows are full. In the folder they count as epochs do."""
        return self.score.rows // self.block.window

    def _keep_wires(self) -> None:
        """Log how strong the wires are now."""
        if self.run is None or not self.run.facts.get("wires"):
            return
        if self.gauge is None:
            self.gauge = Gauge(self.loaded.diagram)
        self.run.log_wires(self.gauge.line(self.windows, self.online.learner.states))

    def _wait(self, table: Table, watcher: Watcher) -> None:
        """Rows whose truth may come later: each with its truth now, its truth alone, or without one."""
        key = self.block.key
        names = _cells(table, key)
        told = [one.strip() != "" for one in _cells(table, str(self._truth_column()))]
        for row in range(table.rows):
            part, name, number = rows_of(table, [row]), names[row], self.taken + row + 1
            if not told[row]:
                columns = self._encode(part, targets=False)
                columns.pop(self.block.truth, None)
                found = self.online.predict(columns)
                watcher.answers(number, found[f"port.{self.block.predict}"], None, part)
                self.pending[name] = {one: values[0] for one, values in columns.items()}
                if len(self.pending) > self.block.waiting:
                    del self.pending[next(iter(self.pending))]
                    self.given_up += 1
            elif name in self.pending:
                columns = self._encode(part, inputs=False)
                if self.block.truth in self.spec.inputs:
                    only = {self.block.truth: self.spec.inputs[self.block.truth]}
                    columns |= encode(
                        part, replace(self.spec, inputs=only, targets={}),
                        self.online.learner.row_types, self.online.learner.real, fitted=self.fitted,
                    )[0]  # fmt: skip
                columns |= {one: value[None] for one, value in self.pending.pop(name).items()}
                self._learn(columns, number, part, watcher)
            elif self._has_inputs(part):
                self._learn(self._encode(part), number, part, watcher)
            else:
                self.too_late += 1

    def _has_inputs(self, table: Table) -> bool:
        """Whether a row has any value of an input other than the truth."""
        names = {
            name
            for port, columns in self.spec.inputs.items()
            if port != self.block.truth
            for name in select(table, columns)
        }
        return not names or any(cell for name in names for cell in _cells(table, name))

    def _truth_column(self) -> Any:
        """The column that tells the truth."""
        return {**self.spec.inputs, **self.spec.targets}[self.block.truth]

    def save(self) -> None:
        """Keep the state. Where it stands now is where it goes on."""
        if self.run is None:
            return
        learner = self.online.learner
        pending = {
            key: {name: value.tolist() for name, value in values.items()}
            for key, values in self.pending.items()
        }
        live = {
            "taken": self.taken,
            "given_up": self.given_up,
            "too_late": self.too_late,
            "score": self.score.to_json(),
            "pending": pending,
        }
        position = Position(0, self.online.rows, learner.seed, 1, learner.plan_hash, live=live)
        self.run.save(learner.states, learner.moments, position)

    @property
    def folder(self) -> Path | None:
        """The run folder."""
        return self.run.path if self.run is not None else None

    def values(self) -> dict[str, float]:
        """The measures over all rows."""
        return self.score.whole.means()


def _cells(table: Table, name: str | None) -> list[str]:
    """A column as text; empty where it, or a value, is missing."""
    values = table.raw.get(str(name))
    if values is None:
        return [""] * table.rows
    found = []
    for one in values.tolist() if isinstance(values, np.ndarray) else values:
        if one is None or (isinstance(one, float) and math.isnan(one)):
            found.append("")
        else:
            found.append(str(int(one)) if isinstance(one, float) and one.is_integer() else str(one))
    return found
