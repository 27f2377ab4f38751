"""The verb ``ablate``: the table of DNN, IDS and DILS, measured on a diagram and its task.

Three rows, with the same data, seeds and budget: peer wires cut, pattern frozen, both alive. See
``dilsctl.cut`` and ``dilsctl.held`` for what is done to the diagram.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dilsctl.compile import flattened
from dilsctl.cut import cut
from dilsctl.data.splits import PARTS
from dilsctl.diagnostics import Diagnostic, Label, Problem, Severity
from dilsctl.diagram import Diagram
from dilsctl.held import Held, hold
from dilsctl.kind import Name, kind_of, talk_of
from dilsctl.loaded import LoadedDiagram, load_diagram
from dilsctl.objective import add_objective, read_objective
from dilsctl.reach import reached_over_time
from dilsctl.runs import RunFolder
from dilsctl.training import Training, texts_of

RowName = Literal["cut", "frozen", "alive"]
TITLES: dict[RowName, str] = {
    "cut": "peer wires cut",
    "frozen": "pattern frozen",
    "alive": "both alive",
}


@dataclass(slots=True)
class Row:
    """One row: what kind of system it is, how many learned numbers reach its loss, and for each seed its
    measures by part. ``same_as``: the row that it is equal to, so that it was not run. ``diverged``: seeds of
    which no finite number came."""

    name: RowName
    kind: Name
    learned: int
    seeds: list[int] = field(default_factory=list)
    runs: list[dict[str, float]] = field(default_factory=list)
    same_as: RowName | None = None
    diverged: list[int] = field(default_factory=list)

    @property
    def title(self) -> str:
        return TITLES[self.name]

    def mean(self, measure: str) -> float:
        """Over the seeds; NaN if there is none."""
        values = [one[measure] for one in self.runs if measure in one]
        return statistics.fmean(values) if values else math.nan

    def spread(self, measure: str) -> float:
        """The standard deviation over the seeds (of a sample); NaN if there are fewer than two."""
        values = [one[measure] for one in self.runs if measure in one]
        return statistics.stdev(values) if len(values) > 1 else math.nan

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        measures = list(self.runs[0]) if self.runs else []
        return {
            "row": self.name,
            "title": self.title,
            "kind": self.kind,
            "learned": self.learned,
            "same_as": self.same_as,
            "diverged": self.diverged,
            "runs": [{"seed": seed, **one} for seed, one in zip(self.seeds, self.runs, strict=True)],
            "mean": {one: self.mean(one) for one in measures},
            "spread": {one: self.spread(one) for one in measures if len(self.runs) > 1},
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Row:
        """What ``facts`` wrote."""
        runs = [{name: _number(one) for name, one in run.items()} for run in facts["runs"]]
        seeds = [int(run.pop("seed")) for run in runs]
        return cls(
            facts["row"], facts["kind"], int(facts["learned"]), seeds, runs, facts["same_as"],
            [int(one) for one in facts["diverged"]],
        )  # fmt: skip


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


@dataclass(slots=True)
class Ablation:
    """What an ablation came to. ``held``: paths of the states that the frozen pattern holds. ``stopped``: it
    was interrupted, and has what was done by then."""

    name: str
    rows: list[Row]
    held: tuple[str, ...]
    notes: list[Diagnostic]
    folder: Path | None = None
    seconds: float = 0.0
    stopped: bool = False

    @property
    def measures(self) -> list[str]:
        """What was measured: the metrics before the loss, of the part that tells most (test, or else what
        there is) first."""
        known = list(dict.fromkeys(name for row in self.rows for one in row.runs for name in one))
        order = ("test", "validation", "train")
        return sorted(known, key=lambda name: (order.index(name.split(".")[0]), name.endswith(".loss")))

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "diagram": self.name,
            "held": list(self.held),
            "rows": [one.facts() for one in self.rows],
            "notes": [f"{one.message}; {one.help}" if one.help else one.message for one in self.notes],
            "stopped": self.stopped,
            "seconds": round(self.seconds, 3),
            "run": str(self.folder) if self.folder is not None else None,
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Ablation:
        """What ``facts`` wrote, without its notes and its folder. Raises KeyError, TypeError, ValueError."""
        rows = [Row.from_json(one) for one in facts["rows"]]
        if any(row.name not in TITLES or row.same_as not in (None, *TITLES) for row in rows):
            raise ValueError("a row has a name that no form has")
        return cls(str(facts["diagram"]), rows, tuple(facts["held"]), [], seconds=float(facts["seconds"]))


Told = Callable[[RowName, int, Mapping[str, float]], None]
"""Told of every training that is over: (row, seed, measures)."""


class _Log:
    """Listens to one training, and writes its epochs into the run folder."""

    def __init__(self, folder: RunFolder | None, row: RowName, seed: int) -> None:
        self.folder, self.row, self.seed = folder, row, seed

    def begin(self, epochs: int, done: int = 0) -> None:
        pass

    def epoch(self, number: int, values: Mapping[str, float]) -> None:
        if self.folder is not None:
            self.folder.log({"row": self.row, "seed": self.seed, "epoch": number, **values})

    def end(self) -> None:
        pass


def ablate(
    file: Path,
    settings: Sequence[str] = (),
    *,
    seeds: int = 5,
    out: Path | None = None,
    keep: bool = True,
    told: Told | None = None,
) -> Ablation:
    """Train the three forms of a diagram, each with ``seeds`` seeds from that of the train block on.

    out: the run folder, which must not exist; by default a new one in ``runs``. keep: whether there is one.
    Raises Problem: no-peers, no-train, no-neutral, cut-link, and those of training.
    """
    start = time.perf_counter()
    loaded = load_diagram(file, settings, file.parent)
    rows, held, notes = forms(loaded)
    first = loaded.plans.seed
    ablation = Ablation(loaded.name, [row for row, _ in rows], held.states, notes)
    Training.of(loaded)  # what is wrong with the data shows before a folder is made
    run = _folder(loaded, seeds, held, out) if keep else None
    try:
        if run is not None:
            ablation.folder = run.path
            run.begin()
        try:
            for seed in range(first, first + seeds):
                _one_seed(file, (*settings, f"train.seed={seed}"), seed, rows, run, told)
        except KeyboardInterrupt:
            ablation.stopped = True
        notes += [_diverged(row, seeds) for row, _ in rows if row.diverged]
        ablation.seconds = time.perf_counter() - start
        if run is not None and not ablation.stopped:
            run.finish(ablation.facts())
    finally:
        if run is not None:
            run.close()
    return ablation


Change = Callable[[Diagram], Diagram]


def _one_seed(
    file: Path,
    settings: Sequence[str],
    seed: int,
    rows: Sequence[tuple[Row, Change]],
    run: RunFolder | None,
    told: Told | None,
) -> None:
    """Train every row with one seed."""
    seeded = load_diagram(file, settings, file.parent)
    for row, change in rows:
        if row.same_as is not None:
            continue
        try:
            values = _measured(seeded, change(seeded.diagram), _Log(run, row.name, seed))
        except Problem as problem:
            if {one.code for one in problem.diagnostics} != {"not-finite"}:
                raise
            row.diverged.append(seed)
            continue
        row.seeds.append(seed)
        row.runs.append(values)
        if told is not None:
            told(row.name, seed, values)


def forms(loaded: LoadedDiagram) -> tuple[list[tuple[Row, Change]], Held, list[Diagnostic]]:
    """The three rows with what each does to the diagram, the frozen form, and what is worth knowing.

    Raises Problem: no-peers, no-neutral, cut-link, unknown-name, bad-initial.
    """
    diagram, block = loaded.diagram, loaded.document.document.ablate
    root = loaded.document.root.get("ablate")
    where = loaded.document.span("ablate") if root is not None else None
    if not talk_of(diagram):
        message = f"the boxes of '{diagram.name}' do not talk to each other: there is nothing to cut"
        help = "dilsctl inspect shows the wires between boxes, and why none is a peer wire"
        raise Problem.of("no-peers", message, diagram.span, help=help)

    def without(one: Diagram) -> Diagram:
        return cut(one, block.neutral, root)

    def still(one: Diagram) -> Diagram:
        return hold(one, block.frozen, root).diagram

    held = hold(diagram, block.frozen, root)
    silent = without(diagram)
    rows: list[tuple[Row, Change]] = [
        (Row("cut", _without_peers(kind_of(silent).name), _learned(loaded, silent)), without),
        (Row("frozen", kind_of(held.diagram).name, _learned(loaded, held.diagram)), still),
        (Row("alive", kind_of(diagram).name, _learned(loaded, diagram)), lambda one: one),
    ]
    notes = []
    frozen = rows[1][0]
    label = Label(where or diagram.span) if where or diagram.span else None  # type: ignore[arg-type]
    if not held.states:
        frozen.same_as = "alive"
        message = "no peer wire reads a state that learns or moves, so to freeze the pattern changes nothing"
        notes.append(Diagnostic("nothing-frozen", message, label, (), "", Severity.NOTE))
    elif held.silent:
        frozen.same_as = "cut"
        names = ", ".join(f"'{one}'" for one in held.states)
        message = f"as {names} {'is' if len(held.states) == 1 else 'are'} held, no peer wire carries anything"
        help = f"say where to hold it: ablate: {{frozen: {{{held.states[0]}: VALUE}}}}"
        notes.append(Diagnostic("frozen-is-cut", message, label, (), help, Severity.NOTE))
    return rows, held, notes


def _diverged(row: Row, seeds: int) -> Diagnostic:
    names = ", ".join(map(str, row.diverged))
    message = f"'{row.title}' came to no finite number with {len(row.diverged)} of {seeds} seeds ({names})"
    help = "they are not in the table; a smaller rate, or train.clip, may help"
    return Diagnostic("not-finite", message, None, (), help, Severity.NOTE)


def _without_peers(kind: Name) -> Name:
    """Boxes that hear neutral values from each other do not talk."""
    return {"DILS": "DNN", "IDS": "neither"}.get(kind, kind)  # type: ignore[return-value]


def _learned(loaded: LoadedDiagram, diagram: Diagram) -> int:
    """How many learned numbers a form has that reach the loss."""
    flat, program = flattened(diagram)
    program = add_objective(program, read_objective(loaded.document.root))
    if "loss" not in program.outputs:
        return 0
    live = reached_over_time(program)
    return sum(one.var.type.size for one in flat.states if one.state.learn is not None and one.var in live)


def _measured(loaded: LoadedDiagram, diagram: Diagram, log: _Log) -> dict[str, float]:
    """The measures of a form when it is trained; of its initial states, where nothing is learned."""
    form = LoadedDiagram(
        loaded.path, loaded.library, loaded.document, diagram, loaded.settings, loaded.folder
    )
    if _learned(form, diagram):
        return Training.of(form).train(log).values
    learner = form.plans.learner()
    dataset = form.plans.dataset(learner)
    staged = learner.stage(dataset.columns)
    return {
        f"{part}.{name}": value
        for part in PARTS
        if part in dataset.parts
        for name, value in learner.evaluate(staged, dataset.parts[part]).items()
    }


def _folder(loaded: LoadedDiagram, seeds: int, held: Held, out: Path | None) -> RunFolder:
    files, main = texts_of(loaded.library)
    block = loaded.document.document.train
    return RunFolder.create(
        f"{loaded.name}-ablate",
        files=files,
        main=main,
        config={
            "diagram": loaded.name,
            "file": str(loaded.path),
            "settings": list(loaded.settings),
            "seeds": seeds,
            "ablate": loaded.document.document.ablate.model_dump(mode="json", exclude_none=True),
            "train": block.model_dump(mode="json", by_alias=True, exclude_none=True) if block else {},
        },
        facts={
            "file": str(loaded.path.absolute()),
            "settings": list(loaded.settings),
            "ablation": {"seeds": seeds, "held": list(held.states)},
        },
        out=out,
    )
