"""From a loaded document to what runs: its learner and its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dilsctl.compile import Compiled, compile_diagram
from dilsctl.data.columns import Selection
from dilsctl.data.dataset import Dataset, DataSpec, Fitted, make_dataset, make_inputs
from dilsctl.data.files import find_data_file
from dilsctl.data.frames import Grouping, frames_by
from dilsctl.data.tables import Table, read_table, table_of
from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.diagram import Diagram
from dilsctl.documents import LoadedDocument
from dilsctl.engine.learner import Learner
from dilsctl.engine.piecewise import AnyLearner, PiecewiseLearner
from dilsctl.episodes import episode_of
from dilsctl.ir import Params, Var
from dilsctl.learning.methods import Method, method_of
from dilsctl.live_plan import live_episode, live_objective
from dilsctl.objective import read_objective
from dilsctl.operations.table import Builder
from dilsctl.passes.unroll import Episode
from dilsctl.syntax.train import Train

Data = str | Path | Table | Mapping[str, Any]  # a table or its file, or arrays by input and target


@dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """A document and its diagram, as what runs needs them. ``folder`` is where the data lies."""

    document: LoadedDocument
    diagram: Diagram
    folder: Path

    def where(self, *path: str | int) -> SourceSpan | None:
        """The place of a key of the train block."""
        if self.document.document.train is None:
            return None
        return self.document.span("train", *path)

    @property
    def spec(self) -> DataSpec:
        """The data block; empty if there is none."""
        block = self.document.document.train
        if block is None or block.data is None:
            return DataSpec()
        spec = DataSpec.of(block.data)
        for name, one in block.data.sequences.items():
            (spec.inputs if name in self.diagram.main.inputs else spec.targets)[name] = one.columns
        return spec

    def episode(self) -> Episode | None:
        """What one example is. Where rows are ticks, the data says how many. Raises Problem."""
        grouping = self.spec.episode
        longest = 1
        if grouping == "all" and self.spec.file is not None:
            with suppress(Problem):  # data may be given from elsewhere
                longest = self.table(None)[0].rows
        if isinstance(grouping, Grouping):
            longest = frames_by(self.table(None)[0], grouping, self.where("data", "episode")).longest
        return episode_of(self.document, self.diagram, longest)

    @property
    def precision(self) -> str:
        """Of real numbers."""
        block = self.document.document.train
        return block.precision if block is not None else "float32"

    @property
    def seed(self) -> int:
        """Of every draw."""
        block = self.document.document.train
        return block.seed if block is not None else 0

    def learner(self, training: bool = False) -> AnyLearner:
        """States and programs. Only one made for ``training`` can learn. Raises Problem."""
        block = self.document.document.train
        objective = read_objective(self.document.root) if block is not None else None
        compiled = compile_diagram(self.diagram, objective, episode=self.episode())
        if not training:
            kind = Learner if compiled.pieces is None else PiecewiseLearner
            return kind(compiled, precision=self.precision, seed=self.seed)
        if block is None:
            raise Problem.of(
                "no-train",
                f"'{self.document.file.name}' has no train block",
                help="say what to learn from: train: {data: …, loss: …}",
                file=self.document.file.name,
            )
        learner = self._training(compiled, block)
        if learner.descent is None:
            help = "name states under 'learn' in a box that main uses"
            raise Problem.of("nothing-learned", "there is no learned state to train", self.where(), help=help)
        return learner

    def _training(self, compiled: Compiled, block: Train, online: bool = False) -> AnyLearner:
        """A learner that moves as the train block says."""
        optimiser, decay, limit = block.optimiser, block.decay, block.clip

        def method(options: Params) -> Method:
            return method_of(optimiser, decay, dict(options))

        def clip(builder: Builder, gradients: Sequence[Var]) -> list[Var]:
            return clip_together(builder, gradients, limit) if limit is not None else list(gradients)

        limited = clip if limit is not None else None
        if compiled.pieces is not None:
            return PiecewiseLearner(compiled, method, limited, precision=self.precision, seed=self.seed)
        return Learner(compiled, method, limited, precision=self.precision, seed=self.seed, online=online)

    def online(self) -> Learner:
        """A learner for a stream of rows. Raises Problem."""
        objective = live_objective(self.document.root, self.diagram)
        episode = live_episode(self.document, self.diagram)
        compiled = compile_diagram(self.diagram, objective, episode=episode)
        block = self.document.document.train
        if block is None:
            return Learner(compiled, precision=self.precision, seed=self.seed, online=True)
        learner = self._training(compiled, block, online=True)
        assert isinstance(learner, Learner)  # an episode of one tick is in one piece
        return learner

    def dataset(self, learner: AnyLearner, data: Data | None = None, fitted: Fitted | None = None) -> Dataset:
        """The data: that of the train block, or ``data`` instead. Raises Problem."""
        block = self.document.document.train
        if data is None and block is not None and block.episodes is not None:
            rows = np.arange(block.episodes)
            columns = {"episode.number": rows}  # nothing reads them, but they tell how many there are
            return Dataset(columns, len(rows), {"train": rows}, Fitted(), f"{block.episodes} episodes")
        table, spec = self.table(data)
        episode = learner.compiled.episode
        if episode is not None:
            spec = replace(spec, ticks=episode.ticks)
        return make_dataset(
            table, spec, learner.row_types,
            seed=self.seed, real=np.dtype(self.precision), fitted=fitted, locate=self.where,
        )  # fmt: skip

    def table(self, data: Data | None) -> tuple[Table, DataSpec]:
        """A table, and what to take from it."""
        spec = self.spec
        if isinstance(data, Mapping):
            inputs: dict[str, Selection] = {name: name for name in data if name in self.diagram.main.inputs}
            targets: dict[str, Selection] = {name: name for name in data if name not in inputs}
            return table_of(data), replace(spec, inputs=inputs, targets=targets)
        if isinstance(data, Table):
            return data, spec
        if data is not None:
            return read_table(Path(data)), spec
        if spec.file is None:
            message, help = "the train block names no data", "give a table, or arrays"
            raise Problem.of("data-not-found", message, self.where("data"), help=help)
        span = self.where("data", "file")
        return read_table(find_data_file(self.folder, spec.file, span), spec.file, span), spec

    def inputs(self, learner: AnyLearner, data: Data | None, fitted: Fitted | None) -> dict[str, Any]:
        """The inputs alone, prepared as in training. Standardising that was never fitted is left out."""
        types = {name: type for name, type in learner.row_types.items() if name in self.diagram.main.inputs}
        given = data if isinstance(data, Mapping) else self.spec.inputs
        for name in types:
            if name not in given:
                help = (
                    f"the main box has the inputs {', '.join(types)}; given: {', '.join(given) or 'nothing'}"
                )
                raise Problem.of("missing-input", f"there are no values for the input '{name}'", help=help)
        table, spec = self.table(data)
        spec = replace(spec, targets={}, scale={name: by for name, by in spec.scale.items() if name in types})
        if learner.compiled.episode is not None:
            spec = replace(spec, ticks=learner.compiled.episode.ticks)
        real = np.dtype(self.precision)
        return dict(make_inputs(table, spec, types, fitted or Fitted(), real, locate=self.where))


def clip_together(builder: Builder, gradients: Sequence[Var], limit: float) -> list[Var]:
    """All gradients times limit / max(norm, limit), where norm is that of all of them as one vector."""
    squares = [builder.emit("contract", (one, one), spec="a,a->") for one in gradients]
    total = squares[0]
    for one in squares[1:]:
        total = builder.emit("add", (total, one))
    bound = builder.constant(float(limit), total.type)
    norm = builder.emit("maximum", (builder.emit("sqrt", (total,)), bound))
    factor = builder.emit("div", (bound, norm))
    return [builder.emit("mul", (factor, one)) for one in gradients]
