"""A diagram file that has been loaded and found to be good: to look at, to train, to use."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, Report
from dilsctl.overrides import Override, apply, parse_override

if TYPE_CHECKING:
    from dilsctl.answers import Answers
    from dilsctl.data.dataset import Fitted
    from dilsctl.diagram import Box, Diagram
    from dilsctl.documents import Library, LoadedDocument
    from dilsctl.elaborate.trial import Trials
    from dilsctl.engine.piecewise import AnyLearner
    from dilsctl.inspect import Facts
    from dilsctl.ir import Program
    from dilsctl.plan_costs import Plan
    from dilsctl.plans import Data, Plans
    from dilsctl.render.draw import Artist
    from dilsctl.render.outline import Options
    from dilsctl.separately import Separately
    from dilsctl.simulate import Simulation
    from dilsctl.sweeps import Sweep
    from dilsctl.trace import Trace
    from dilsctl.train import Listener
    from dilsctl.training import Trained
    from dilsctl.unfolding.document import Unfolded


def read(
    path: Path,
    *,
    text: str | None = None,
    settings: Sequence[str] = (),
    overrides: Sequence[Override] = (),
    texts: dict[Path, str] | None = None,
) -> Library:
    """Load the documents of a file, with settings and overrides put in. What is wrong is in its report.

    texts: of imported files, by their real paths, in place of what is on disk.
    """
    from dilsctl.documents import load_documents

    if not settings and not overrides:
        return load_documents(path, text, texts=texts)
    return load_documents(
        path, text, lambda root: apply(root, [*(parse_override(one) for one in settings), *overrides]), texts
    )


def elaborate(library: Library, others: list[Trials] | None = None) -> Diagram | None:
    """The diagram of a library's main document; findings go into its report. ``others``: see
    ``dilsctl.elaborate``."""
    document, report = library.main, library.report
    if document is None:
        return None
    from dilsctl.compile import check
    from dilsctl.elaborate import elaborate as make

    diagram = make(document, report, others)
    if diagram is not None and report.ok:
        check(document, diagram, report)
        if "ablate" in document.root and report.ok:
            _check_ablation(document, diagram, report)
    if document.document.checks and report.ok:
        from dilsctl.checked_box import verify_checks
        from dilsctl.feeding import fed

        verify_checks(document, fed(document, diagram) if diagram is not None else None, report)
    return diagram


def _check_ablation(document: LoadedDocument, diagram: Diagram, report: Report) -> None:
    """What the ablate block names must be there. ``dilsctl ablate`` tells what else is in its way."""
    from dilsctl.cut import cut
    from dilsctl.feeding import fed
    from dilsctl.held import hold

    block, root = document.document.ablate, document.root["ablate"]
    full = fed(document, diagram)
    for change in (lambda: hold(full, block.frozen, root), lambda: cut(full, block.neutral, root)):
        try:
            change()
        except Problem as problem:
            report.extend(one for one in problem.diagnostics if one.code in ("unknown-name", "bad-initial"))


def load_diagram(
    path: Path, settings: Sequence[str], folder: Path, overrides: Sequence[Override] = ()
) -> LoadedDiagram:
    """Load a file; its data lies in ``folder``. Raises Problem."""
    library = read(path, settings=settings, overrides=overrides)
    diagram = elaborate(library)
    return LoadedDiagram(path, library, library.require(), diagram, tuple(settings), folder)


class LoadedDiagram:
    """A diagram file, loaded and found to be good. Made by ``dilsctl.load``."""

    def __init__(
        self,
        path: Path,
        library: Library,
        document: LoadedDocument,
        diagram: Diagram | None,
        settings: tuple[str, ...],
        folder: Path,
    ) -> None:
        self.path = path
        self.library = library
        self.document = document
        self.settings = settings
        self.warnings = tuple(library.report)
        self.folder = folder
        self.whole = diagram  # as written: with the holes that data fills
        self._diagram = self._fed(diagram)
        self._learner: AnyLearner | None = None
        self._fitted: Fitted | None = None
        self.epochs = 0  # that the states have learned for

    def _fed(self, diagram: Diagram | None) -> Diagram | None:
        if diagram is None:
            return None
        from dilsctl.feeding import fed

        return fed(self.document, diagram)

    def __repr__(self) -> str:
        return f"<diagram {self.name!r} of {self.path}>"

    @property
    def name(self) -> str:
        """The diagram's name."""
        return self.document.document.name or self.path.stem

    @property
    def main(self) -> Diagram | None:
        """The typed diagram of the main box, if there is one."""
        return self._diagram

    @property
    def diagram(self) -> Diagram:
        """The typed diagram of the main box. Raises Problem: no-main."""
        if self._diagram is None:
            help = "say which of its boxes is run: main: NAME"
            raise Problem.of("no-main", f"'{self.path}' has no main box", help=help, file=str(self.path))
        return self._diagram

    @property
    def plans(self) -> Plans:
        """What training, measuring and predicting start from."""
        from dilsctl.plans import Plans

        return Plans(self.document, self.diagram, self.folder)

    def use(self, learner: AnyLearner, fitted: Fitted | None, epochs: int) -> None:
        """Take up what a run learned in so many epochs, and what it fitted to its data."""
        self._learner, self._fitted, self.epochs = learner, fitted, epochs

    @property
    def learner(self) -> AnyLearner:
        """The engine's side: ``learner.states`` are the arrays by path, live."""
        if self._learner is None:
            self._learner = self.plans.learner()
        return self._learner

    # -- looking ----------------------------------------------------------------------------------

    def inspect(self) -> Facts:
        """Facts: the tree of boxes, ports, states, counts. ``dilsctl.inspect.inspect_text`` prints them."""
        from dilsctl.inspect import describe
        from dilsctl.kind import kind_of

        imports = tuple(self.document.root.get("use", {}).values())
        return describe(self.diagram, imports, kind_of(self.diagram))

    def flatten(self, box: str | None = None, *, folder: Path | None = None) -> dict[str, Any]:
        """A document whose main box is this diagram as one box, without interior boxes.

        ``dilsctl.dump`` writes it. box: flatten this one alone; a path of interior boxes or a definition's
        name. folder: where the file will be, if not beside this one. Raises Problem: hole-in-run, not-flat.
        """
        from dilsctl.flat_document import flat_document

        diagram = self.diagram if box is None else self._part(box)
        if box is None and self.whole is not None:
            diagram = self.whole
        return flat_document(self.document, diagram, whole=box is None, folder=folder)

    def unfold(self, *, folder: Path | None = None) -> Unfolded:
        """The interaction diagram of this diagram and its training: a document, and where its states are now.

        ``dilsctl.dump`` writes it. folder: where the file will be, if not beside this one. Raises Problem:
        hole-in-run, not-unfolded.
        """
        from dilsctl.unfolding.descent import Length
        from dilsctl.unfolding.document import unfolded_document

        def length() -> Length:
            train = self.document.document.train
            if train is None:
                return Length(1, 1)
            rows = len(self.plans.dataset(self.learner).parts["train"])
            return Length(-(-rows // train.batch), train.epochs)

        return unfolded_document(self.document, self.diagram, length=length, folder=folder)

    def artist(
        self, box: str | None = None, options: Options | None = None, run: Mapping[str, Any] | None = None
    ) -> Artist:
        """What draws this diagram, or one box of it: a path of interior boxes or a definition's name.

        Its ``text(columns)`` are lines for a terminal, its ``file("svg")`` is the content of a picture. run:
        what ``dilsctl.render.played.read_run`` tells of a run folder. Raises Problem: unknown-box.
        """
        from dilsctl.render.draw import Artist
        from dilsctl.render.outline import Options

        diagram = self.diagram if box is None else self._part(box)
        files = tuple(one.path for one in self.library.documents if one.path is not None)
        return Artist(diagram, self.name if box is None else box, options or Options(), run, files)

    def fold(
        self, *, folder: Path | None = None, sampled: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """The network of this interaction diagram, with its training: the inverse of ``unfold``, a document.

        folder: where the file will be, if not beside this one. sampled: called where the form of the diagram
        does not show that it is an unfolding, and numbers have to. Raises Problem: not-folded where this is
        not what ``unfold`` makes of some network.
        """
        from dilsctl.course import Course
        from dilsctl.unfolding.folded_document import checked_fold

        def course(ticks: int | None) -> Course:
            return Course.of(self.document, self.folder, self.diagram, ticks)

        def again(text: str) -> LoadedDiagram:
            library = read(self.path, text=text)
            diagram = elaborate(library)
            return LoadedDiagram(self.path, library, library.require(), diagram, (), self.folder)

        return checked_fold(self.document, self.whole or self.diagram, course, again, folder, sampled)

    def plan(
        self, box: str | None = None, *, training: bool | None = None, stages: bool = False
    ) -> list[tuple[str, Plan]]:
        """What runs, as (name, plan); with ``stages``, also every step of the compiler on the way to it.

        box: plan this one alone; a path of interior boxes or a definition's name. training: the training
        step, not the forward pass; by default so if there is a train block and no ``box``. Text and JSON are
        made by ``dilsctl.plan_text`` and ``dilsctl.plan_json``.
        """
        from dilsctl.compile import compile_diagram
        from dilsctl.engine.kernels import VIEWS
        from dilsctl.episodes import episode_of
        from dilsctl.objective import read_objective
        from dilsctl.plan_costs import describe

        train = self.document.document.train
        if training is None:
            training = train is not None and box is None
        diagram = self.diagram if box is None else self._part(box)
        if training and box is not None:
            help = "leave --train out, or the box"
            raise Problem.of("bad-plan", "the training step is that of the main box", help=help)
        if training:
            learner = self.plans.learner(training=True)
            stagings = []
            if stages:
                objective = read_objective(self.document.root)
                episode = episode_of(self.document, diagram)
                stagings = compile_diagram(diagram, objective, episode=episode, keep_stages=True).stages
            programs = [*stagings, ("stage", learner.measure), *learner.stages]
            size, what = train.batch if train is not None else 1, "training step"
        else:
            programs, what = self._forward(diagram)
            size = 1
        if not stages:
            programs = [(f"{what} of {diagram.name}", programs[-1][1])]
        precision = self.plans.precision
        return [(name, describe(program, size, precision, VIEWS)) for name, program in programs]

    def _forward(self, diagram: Diagram) -> tuple[list[tuple[str, Program]], str]:
        """What runs without learning, after each pass: a tick, where states move by themselves."""
        from dilsctl.compile import compile_diagram
        from dilsctl.diagram import method_for, moves
        from dilsctl.motion import compile_flow, compile_motion
        from dilsctl.syntax.simulate import ADAPTIVE

        if not moves(diagram.main):
            return compile_diagram(diagram, keep_stages=True).stages, "forward pass"
        time = self.document.document.time
        method = method_for(time.method, diagram.main)
        if method in ADAPTIVE:
            return [("slope", compile_flow(diagram).slope)], "rates"
        motion = compile_motion(diagram, method, time.dt, time.steps, keep_stages=True)
        return list(motion.stages), "tick"

    def has_box(self, path: str) -> bool:
        """Whether there is an interior box at this path, as in loop.controller or heads[1]."""
        try:
            return self._diagram is not None and self._inside(path) is not None
        except Problem:
            return False

    def _inside(self, path: str) -> Box:
        """The interior box at a path. Raises Problem: unknown-box."""
        from dilsctl.places import box_at

        box = self.diagram.main
        steps = path.split(".")
        for number, step in enumerate(steps):
            box = box_at(box, step, ".".join(steps[:number]) or box.name)
        return box

    def _part(self, path: str) -> Diagram:
        """One box as a diagram of its own: a path of interior boxes, or a definition's name."""
        from dilsctl.diagram import Diagram
        from dilsctl.elaborate import elaborate_box

        first = path.partition(".")[0].partition("[")[0]
        inner = self._diagram is not None and first in self._diagram.main.children
        if self.has_box(path) or (inner and first not in self.document.uses):
            box = self._inside(path)
            return Diagram(path, box, box.span)
        report = Report()
        found = elaborate_box(self.document, path, report)
        report.raise_errors()
        if found is None:
            raise Problem(list(report))
        return found

    # -- running ----------------------------------------------------------------------------------

    def simulation(self, *, sweeps: Sequence[Sweep] = (), runs: int = 1) -> Simulation | Separately:
        """The main box, ready to run as the time and simulate blocks say.

        sweeps: values of parameters or initial states; all combinations run side by side, each ``runs``
        times. Raises Problem.
        """
        from dilsctl.course import Course
        from dilsctl.elaborate import elaborate_swept
        from dilsctl.simulate import Simulation
        from dilsctl.sweeps import columns_of

        course = Course.of(self.document, self.folder, self.diagram)
        columns = columns_of(sweeps, runs)
        total = runs * math.prod(len(one.values) for one in sweeps)
        names = [name.removeprefix("params.") for name in columns if name.startswith("params.")]
        diagram = self._fed(elaborate_swept(self.document, names)) if names else self.diagram
        if diagram is None:
            from dilsctl.separately import Separately

            return Separately(self, columns, total)
        simulation = Simulation(diagram, course, runs=total, sweep=columns)
        if self._learner is not None:
            simulation.take_up(self._learner.states)
        return simulation

    def simulate(self, *, sweeps: Sequence[Sweep] = (), runs: int = 1, **overrides: Any) -> Trace:
        """Run the main box; what it recorded. overrides: keys of the simulate block, with ``__`` for a dot.

        >>> trace = dilsctl.load("examples/lotka-volterra.yaml").simulate(until=10)
        >>> trace.values["rabbits"].shape == (len(trace.times), 1)
        True
        """
        from dilsctl.overrides import from_arguments

        wanted = self.changed(from_arguments(overrides, "simulate")) if overrides else self
        return wanted.simulation(sweeps=sweeps, runs=runs).run()

    def changed(self, settings: Sequence[str]) -> LoadedDiagram:
        """This diagram with more settings (``simulate.until=5``) and with what it learned. Raises Problem."""
        wanted = load_diagram(self.path, (*self.settings, *settings), self.folder)
        if self._learner is not None:
            wanted.use(self._learner, self._fitted, self.epochs)
        return wanted

    # -- learning ---------------------------------------------------------------------------------

    def train(
        self,
        *,
        data: Data | None = None,
        out: str | Path | None = None,
        listener: Listener | None = None,
        **overrides: Any,
    ) -> Trained:
        """Train as the train block says, from the initial states. Then this diagram has what was learned.

        data: a table's file, or arrays by input and target (rows first), in place of the train block's file.
        out: a run folder to keep; it must not exist. listener: told about every epoch; see
        ``dilsctl.report.progress.Display``. overrides: keys of the train block, with ``__`` for a dot:
        ``train(epochs=5, optimiser={"sgd": {"rate": 0.1}}, data__split={"test": 0.5})``.

        >>> run = dilsctl.load("examples/iris.yaml").train(epochs=40)
        >>> run.values["test.accuracy"] > 0.9
        True
        """
        from dilsctl.overrides import from_arguments
        from dilsctl.training import Training

        wanted = self
        if overrides:
            wanted = load_diagram(self.path, (*self.settings, *from_arguments(overrides)), self.folder)
        training = Training.of(wanted, data)
        if out is not None:
            training.keep(Path(out))
        trained = training.train(listener)
        self.use(training.learner, training.dataset.fitted, trained.epochs)
        return trained

    def eval(self, data: Data | None = None, *, part: str | None = None) -> dict[str, float]:
        """The loss and the metrics, as ``{"test.loss": …, "test.accuracy": …}``.

        data: a table's file, or arrays by input and target, all rows of which are measured; otherwise the
        train block's file. part: ``train``, ``validation``, ``test`` or ``all``; by default ``test``, or
        ``all`` where no rows were kept apart. Raises Problem.
        """
        import numpy as np

        if self.document.document.train is None:
            help = "an evaluation needs a loss or metrics: give the file a train block"
            raise Problem.of("no-train", f"'{self.path}' has no train block", help=help, file=str(self.path))
        dataset = self.plans.dataset(self.learner, data, self._fitted)
        parts = {"all": np.arange(dataset.rows), **(dataset.parts if data is None else {})}
        if part is None:
            part = "test" if "test" in parts else "all"
        if part not in parts:
            known = [name for name in parts if name != "all"]
            help = f"the parts are {', '.join(known)}" if known else "other data has no parts"
            raise Problem.of("no-part", f"there is no {part} part", help=help)
        found = self.learner.evaluate(self.learner.stage(dataset.columns), parts[part])
        return {f"{part}.{name}": value for name, value in found.items()}

    def predict(self, data: Data | None = None) -> dict[str, Any]:
        """What the main box shows: arrays by output port, rows first.

        data: a table's file, or arrays by input port (rows first, as the data file would have them: scaling
        and standardising of the train block are applied). Not needed where the main box has no inputs, or
        where the train block's file is meant. Raises Problem.

        >>> dilsctl.load("examples/or-gate.yaml").predict({"a": [0, 1], "b": [0, 0]})["y"].tolist()
        [False, True]
        """
        if not self.diagram.main.inputs:
            return dict(self.learner.predict({}))
        return dict(self.learner.predict(self.plans.inputs(self.learner, data, self._fitted)))

    def answers(self, data: Data | None = None) -> Answers:
        """Predictions as a table: see ``predict``. Classes have the names that the data gave them."""
        import numpy as np

        from dilsctl.answers import Answers, classified

        outputs = self.predict(data)
        train = self.document.document.train
        spec, labels = self.plans.spec, self._fitted.labels if self._fitted is not None else {}
        texts = [train.loss_text, *train.metrics.values()] if train is not None else []
        classes: dict[str, list[Any]] = {}
        for target, port in classified(texts, outputs, spec.targets).items():
            picked = outputs[port]
            if self.diagram.main.outputs[port].type.kind != "class":
                picked = np.argmax(picked, axis=-1)
            if picked.ndim == 1:
                names = labels.get(target)
                column = spec.targets[target]
                heading = column if isinstance(column, str) and ".." not in column else target
                classes[heading] = [names[one] if names else int(one) for one in picked]
        rows = len(next(iter(outputs.values()))) if outputs else 0
        return Answers(outputs, classes, rows)
