"""Training runs: made ready, kept in a folder, taken up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dilsctl.activity import Activity, activity_of, rows_of
from dilsctl.checkpoints import Checkpoint
from dilsctl.data.dataset import Dataset
from dilsctl.diagnostics import Problem
from dilsctl.documents import Library
from dilsctl.engine.piecewise import AnyLearner
from dilsctl.loaded import LoadedDiagram, load_diagram
from dilsctl.plans import Data
from dilsctl.runs import RunFolder
from dilsctl.train import Listener, Settings, check_watch, settings_of, train
from dilsctl.wires import Gauge


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training run came to.

    values: of the final states, by part and measure (``test.accuracy``). history: one entry an epoch.
    was_over: it was finished when it was taken up again, so nothing was done.
    """

    values: dict[str, float]
    history: list[dict[str, Any]]
    epochs: int
    seconds: float
    parameters: int
    best_epoch: int | None = None
    stopped_early: bool = False
    notes: tuple[str, ...] = ()
    folder: Path | None = None
    was_over: bool = False

    def facts(self) -> dict[str, Any]:
        """As one flat, JSON-ready mapping."""
        return {
            **self.values,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "stopped_early": self.stopped_early,
            "was_over": self.was_over,
            "seconds": round(self.seconds, 3),
            "parameters": self.parameters,
            "notes": list(self.notes),
            "run": str(self.folder) if self.folder is not None else None,
        }


@dataclass(slots=True, eq=False)
class Training:
    """A run that is ready to go, or to go on."""

    loaded: LoadedDiagram
    learner: AnyLearner
    dataset: Dataset
    settings: Settings
    run: RunFolder | None = None
    checkpoint: Checkpoint | None = None
    notes: tuple[str, ...] = ()
    gauge: Gauge | None = None
    activity: Activity | None = None

    @classmethod
    def of(cls, loaded: LoadedDiagram, data: Data | None = None) -> Training:
        """Make the learner and read the data; kept nowhere yet. Raises Problem."""
        plans = loaded.plans
        learner = plans.learner(training=True)
        dataset = plans.dataset(learner, data)
        settings = settings_of(plans.document.document.train, plans.where)
        check_watch(dataset, settings)  # before a folder is made
        return cls(loaded, learner, dataset, settings)

    @classmethod
    def begin(cls, file: Path, settings: Sequence[str] = (), out: Path | None = None) -> Training:
        """A new run of a diagram file, kept in a new folder. Raises Problem."""
        training = cls.of(load_diagram(file, settings, file.parent))
        training.keep(out)
        return training

    @classmethod
    def resume(cls, path: Path, file: Path | None = None, settings: Sequence[str] = ()) -> Training:
        """The run of a folder, to go on where it stopped. ``file``: where the diagram is now, if it moved.

        Raises Problem: not-a-run, bad-run, diagram-changed, and those of reading the data.
        """
        run = RunFolder.open(path)
        source = file or Path(run.facts["file"])
        if not source.is_file():
            help = f"say where it is now: dilsctl train FILE --resume {path}"
            message = f"the diagram of the run, '{source}', is gone"
            raise Problem.of("file-not-found", message, help=help, file=str(source))
        loaded = load_diagram(source, (*run.facts["settings"], *settings), source.parent)
        run.check_diagram(texts_of(loaded.library)[0])
        training = cls.of(loaded)
        epochs, checkpoint = training.settings.epochs, run.load("last")
        done = checkpoint.position.epoch if checkpoint is not None else 0
        before = run.facts.get("epochs", epochs)
        notes: tuple[str, ...] = ()
        if epochs > done and epochs != before:
            run.go_on_with(training.config, {"settings": list(loaded.settings), "epochs": epochs})
            notes = (f"the run was to have {before} epochs, and now is to have {epochs}",)
        return replace(training, run=run, checkpoint=checkpoint, notes=notes)

    @property
    def config(self) -> dict[str, Any]:
        """The effective configuration."""
        loaded = self.loaded
        block = loaded.document.document.train
        return {
            "diagram": loaded.name,
            "file": str(loaded.path),
            "settings": list(loaded.settings),
            "train": block.model_dump(mode="json", by_alias=True, exclude_none=True) if block else {},
        }

    def keep(self, out: Path | None) -> None:
        """Make the run folder: ``out``, or a new one in ``runs``. Raises Problem."""
        loaded = self.loaded
        files, main = texts_of(loaded.library)
        part, rows = rows_of(self.dataset)
        self.run = RunFolder.create(
            loaded.name,
            files=files,
            main=main,
            config=self.config,
            facts={
                "file": str(loaded.path.absolute()),
                "settings": list(loaded.settings),
                "epochs": self.settings.epochs,
                "plan": self.learner.plan_hash,
                "parameters": self.learner.parameters,
                "data": self.dataset.describe(),
                "wires": [one.facts() for one in self._watched().weights],
                "activity": {"part": part, "rows": len(rows)} if self._active() is not None else {},
            },
            out=out,
        )

    def _watched(self) -> Gauge:
        """What tells how strong the wires of the diagram are."""
        if self.gauge is None:
            self.gauge = Gauge(self.loaded.diagram)
        return self.gauge

    def _active(self) -> Activity | None:
        """What tells how active the boxes of the diagram are."""
        if self.activity is None:
            self.activity = activity_of(self.loaded.diagram, self.learner, self.dataset)
        return self.activity

    @property
    def folder(self) -> Path | None:
        """The run folder."""
        return self.run.path if self.run is not None else None

    def train(self, listener: Listener | None = None) -> Trained:
        """Train until the end. Raises Problem; KeyboardInterrupt leaves a folder that can be resumed."""
        found = train(
            self.learner,
            self.dataset,
            self.settings,
            self.run,
            listener,
            resume=self.checkpoint,
            notes=self.notes,
            gauge=self._watched() if self.run is not None else None,
            activity=self._active() if self.run is not None and self.run.facts.get("activity") else None,
        )
        return Trained(
            found.values,
            found.history,
            found.epochs,
            found.seconds,
            self.learner.parameters,
            found.best_epoch,
            found.stopped_early,
            found.notes,
            self.folder,
            found.was_over,
        )


def texts_of(library: Library) -> tuple[dict[str, str], str]:
    """The texts of a document and its imports by their path in its folder tree, and the path of the first.

    Files of the standard library are left out: they belong to the version of the program.
    """
    assert library.main is not None
    main = library.main.path or Path(library.main.file.name)
    tree = main.resolve().parent
    texts = {main.name: library.main.file.text}
    for one in library.documents:
        if one is not library.main and one.library is None and one.path is not None:
            texts[one.path.resolve().relative_to(tree).as_posix()] = one.file.text
    return texts, main.name
