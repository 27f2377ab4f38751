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
from dilsctl.data.dataset import Fitted
from dilsctl.data.stream import Rows, rows_of
from dilsctl.data.tables import Table, missing_value, unknown_column
from dilsctl.diagnostics import Problem
from dilsctl.engine.kernels import Array
from dilsctl.engine.online import Online
from dilsctl.intake import Intake, cells
from dilsctl.learning.methods import method_of
from dilsctl.learning.schedules import Rates
from dilsctl.live_plan import live_columns
from dilsctl.loaded import LoadedDiagram, load_diagram
from dilsctl.prequential import Prequential
from dilsctl.resuming import restore
from dilsctl.runs import RunFolder, exists_already
from dilsctl.stability import first_not_finite
from dilsctl.syntax.live import Live
from dilsctl.training import texts_of
from dilsctl.wires import Gauge

ANSWER = "live.answer"  # of a row that waits: what was predicted
_AT_ONCE = 256  # rows between looks at whether to stop


class Watcher(Protocol):
    """Who watches a life."""

    def answers(self, first: int, predicted: Array, truth: Array | None, table: Table) -> None:
        """Some rows were predicted; ``first`` is the number of the first. ``truth``: if it was told."""

    def line(self, values: Mapping[str, Any]) -> None:
        """A window is full."""


@dataclass(slots=True, eq=False)
class Life:
    """A diagram that lives on a stream.

    ``taken``: how many rows of it were taken in; ``mark``: that of the last of them. ``pending``: inputs of
    rows whose truth may come; ``given_up``: how many no longer wait; ``too_late``: truths without inputs that
    no row waits for. ``whole``: not in the middle of rows, so that it may be saved. ``wants_folder``: a new
    one, ``out`` or any, is made when the first row comes; ``begun``: it has.
    """

    loaded: LoadedDiagram
    block: Live
    online: Online
    intake: Intake
    score: Prequential
    run: RunFolder | None = None
    taken: int = 0
    given_up: int = 0
    too_late: int = 0
    pending: dict[str, dict[str, Array]] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    mark: int = 0
    whole: bool = True
    begun: bool = False
    wants_folder: bool = False
    out: Path | None = None
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
        types = learner.row_types
        score = Prequential(types[block.truth], block.window)
        intake = Intake(document, block, spec, types, learner.real, fitted or Fitted())
        return cls(loaded, block, Online(learner, Rates(rate, 1, math.inf)), intake, score)

    @classmethod
    def begin(cls, file: Path, settings: Sequence[str] = (), out: Path | None = None) -> Life:
        """A new life of a diagram file, kept in a new folder. Raises Problem."""
        return cls.of(load_diagram(file, settings, file.parent))._with_folder(out)

    def _with_folder(self, out: Path | None) -> Life:
        """With a new folder, ``out`` or one in ``runs``, once there is a row. Raises Problem: run-exists."""
        if out is not None and out.exists():
            raise exists_already(out)
        self.out, self.wants_folder = out, True
        return self

    @classmethod
    def go_on(cls, path: Path, out: Path | None = None, *, new: bool = False) -> Life:
        """The life of a run folder goes on; that of a training run begins, in a folder of its own.

        new: with another stream than that which it has taken in so far.
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
            if new:
                found.taken = found.mark = 0
            return found
        if checkpoint is not None:
            missing = [name for name in found.online.learner.states if name not in checkpoint.states]
            if missing:
                message = f"the run has no state '{missing[0]}'"
                raise Problem.of("run-changed", message, file=str(path))
            restore(found.online.learner, checkpoint)
            found.online.rows = checkpoint.position.step
        return found._with_folder(out)

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
                "data": {"file": "", "sha256": "", "rows": 0, "parts": {}, **self.intake.fitted.to_json()},
            },
            out=out,
        )

    def _take_up(self, checkpoint: Checkpoint) -> None:
        live = checkpoint.position.live
        restore(self.online.learner, checkpoint)
        self.online.rows = checkpoint.position.step
        self.taken, self.mark = int(live["taken"]), int(live["mark"])
        self.given_up, self.too_late = int(live["given_up"]), int(live["too_late"])
        self.score.take_up(live["score"])
        types = self.online.learner.row_types
        for key, values in live["pending"].items():
            self.pending[key] = {
                name: np.array(one) if name == ANSWER else self._array(one, types[name].kind)
                for name, one in values.items()
            }

    def _array(self, value: Any, kind: str) -> Array:
        if kind == "bool":
            return np.array(value, np.bool_)
        return np.array(value, self.online.learner.real if kind in ("real", "simplex") else np.int64)

    # -- living -----------------------------------------------------------------------------------

    def live(self, stream: Iterable[Rows], watcher: Watcher, stop: Callable[[], bool]) -> bool:
        """Take in the tables of a stream, without its first ``taken`` rows, until it ends or ``stop()`` is
        true; then the state is saved. Gives whether it ended. Raises Problem: not-finite, and others."""
        try:
            with np.errstate(all="ignore"):
                for rows in stream:
                    if not self.begun:
                        self._begin(rows.table)
                    if not self._take(rows, watcher, stop):
                        return False
            return True
        finally:
            if self.begun and self.whole:
                self.save()
            if self.begun and self.run is not None:
                self.run.close()

    def _begin(self, table: Table) -> None:
        """Open the folder, or make it: not before there is a row that can be understood."""
        if self.run is None and self.wants_folder:
            if self.block.key is None:
                self.intake.values(rows_of(table, slice(0, 1)))
            self.keep(self.out)
        self.begun = True
        if self.run is not None:
            self.lines = self.run.begin(self.windows)
            if not self.windows and not self.run.wires():
                self._keep_wires()

    def _take(self, rows: Rows, watcher: Watcher, stop: Callable[[], bool]) -> bool:
        """Take in rows; False if told to stop."""
        table, start = rows.table, 0
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
                columns = self.intake.values(part)
            self.whole = False
            if self.block.key is None:
                self._learn(columns, self.taken + 1, part, watcher)
            else:
                self._wait(part, watcher)
            self.taken += end - start
            self.mark = rows.marks[end - 1]
            self.whole = True
            start = end
            if self.taken % self.block.save == 0:
                self.save()
        return not stop()

    def _all(self, table: Table) -> dict[str, Array] | None:
        """The values of a table, or None if there is a fault in them, which is found when its row comes."""
        try:
            return self.intake.values(table)
        except Problem:
            return None

    def _learn(
        self,
        columns: Mapping[str, Array],
        first: int,
        table: Table,
        watcher: Watcher,
        given: Array | None = None,
    ) -> None:
        """Predict, be told and learn, row by row from the ``first`` of these; measured, and told. ``given``:
        predictions that were made before."""
        found = self.online.learn(columns)
        self._refuse_not_finite(found, first)
        truth = columns[self.block.truth]
        predicted = found[f"port.{self.block.predict}"] if given is None else given
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

    def _refuse_not_finite(self, found: Mapping[str, Array], first: int) -> None:
        """Raise Problem: not-finite, where what is predicted, measured or remembered is no number."""
        for name, what in ((f"port.{self.block.predict}", "the prediction"), ("loss", "the loss")):
            values = found.get(name)
            if values is None or values.dtype.kind != "f":
                continue
            finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
            if not finite.all():
                row = first + int(np.argmin(finite))
                message = f"{what} is not finite at row {row} of the stream"
                raise Problem.of("not-finite", message, help="a smaller learning rate may help")
        state = first_not_finite(self.online.learner.states)
        if state:
            last = first + len(found[f"port.{self.block.predict}"]) - 1
            message = f"the state '{state}' is not finite after row {last} of the stream"
            raise Problem.of("not-finite", message, help="a smaller learning rate may help")

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
        names, told = cells(table, str(key)), self.intake.is_told(table)
        for row in range(table.rows):
            part, name, number = rows_of(table, [row]), names[row], self.taken + row + 1
            if not name.strip():
                if key not in part.raw:
                    raise unknown_column(part, str(key), self.loaded.document.span("live", "key"))
                raise missing_value(part, 0, str(key), None)
            if not told[row]:
                columns = self.intake.without_truth(part)
                answer = self.online.predict(columns)[f"port.{self.block.predict}"]
                watcher.answers(number, answer, None, part)
                replaced = self.pending.pop(name, None) is not None  # a row with this key waits no more
                self.pending[name] = {one: values[0] for one, values in columns.items()} | {ANSWER: answer[0]}
                if replaced or len(self.pending) > self.block.waiting:
                    self.given_up += 1
                if len(self.pending) > self.block.waiting:
                    del self.pending[next(iter(self.pending))]
            elif name in self.pending:
                columns = self.intake.truth(part)
                columns |= {one: value[None] for one, value in self.pending.pop(name).items()}
                self._learn(columns, number, part, watcher, columns.pop(ANSWER))
            elif self.intake.has_inputs(part):
                self._learn(self.intake.values(part), number, part, watcher)
            else:
                self.too_late += 1

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
            "mark": self.mark,
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
