"""What a notebook or a command calls: load a diagram, look at it, train it, use it.

>>> import dilsctl
>>> diagram = dilsctl.load("examples/or-gate.yaml")
>>> diagram.predict({"a": [0, 1], "b": [0, 0]})["y"].tolist()
[False, True]

Nothing heavy is imported before it is needed: to validate a file takes no NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, Report

if TYPE_CHECKING:
    from dilsctl.checks import Result
    from dilsctl.compile import Compiled
    from dilsctl.diagram import Diagram
    from dilsctl.documents import Library, LoadedDocument
    from dilsctl.engine.learner import Learner
    from dilsctl.inspect import Facts
    from dilsctl.plan_text import Plan

Settings = Iterable[str] | Mapping[str, Any]


def _texts(settings: Settings) -> list[str]:
    """Settings as ``a.b=VALUE`` texts."""
    if isinstance(settings, Mapping):
        from dilsctl.overrides import from_arguments

        return from_arguments(settings, prefix="")
    return list(settings)


def read(path: str | Path, *, text: str | None = None, settings: Settings = ()) -> Library:
    """Load the documents of a file, with settings put in. Never raises for what the file holds."""
    from dilsctl.documents import load_documents
    from dilsctl.overrides import apply, parse_override

    texts = _texts(settings)
    if not texts:
        return load_documents(path, text)
    return load_documents(path, text, lambda root: apply(root, [parse_override(one) for one in texts]))


def _elaborate(library: Library) -> tuple[LoadedDocument | None, Diagram | None, Report]:
    document, report = library.main, library.report
    if document is None:
        return None, None, report
    from dilsctl.compile import check
    from dilsctl.elaborate import elaborate

    diagram = elaborate(document, report)
    if diagram is not None and report.ok:
        check(document, diagram, report)
    if document.document.checks and report.ok:
        from dilsctl.checked_box import verify_checks

        verify_checks(document, diagram, report)
    return document, diagram, report


def validate(path: str | Path, *, text: str | None = None, settings: Settings = ()) -> Report:
    """Every mistake of a diagram file, and of the files that it imports.

    ``text`` is taken instead of the file's content, if given. The report is empty where all is well, and its
    ``ok`` is true where there are warnings only.
    """
    return _elaborate(read(path, text=text, settings=settings))[2]


def load(path: str | Path, *, settings: Settings = ()) -> LoadedDiagram:
    """Load, check and elaborate a diagram file.

    ``settings`` change values of the file first: ``["train.epochs=5"]`` or ``{"params.hidden": 32}``. Raises
    ``dilsctl.diagnostics.Problem``, which carries every finding, if the file has errors.
    """
    settings = tuple(_texts(settings))
    document, diagram, report = _elaborate(read(path, settings=settings))
    report.raise_errors()
    if document is None:
        raise Problem(list(report))
    return LoadedDiagram(Path(path), document, diagram, report, settings)


class LoadedDiagram:
    """A diagram file, loaded and found to be good. Made by ``dilsctl.load``."""

    def __init__(
        self,
        path: Path,
        document: LoadedDocument,
        diagram: Diagram | None,
        report: Report,
        settings: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.document = document
        self.settings = settings
        self.warnings = tuple(report)
        self._diagram = diagram

    def __repr__(self) -> str:
        return f"<diagram {self.name!r} of {self.path}>"

    @property
    def name(self) -> str:
        """The diagram's name."""
        return self.document.document.name or self.path.stem

    @property
    def diagram(self) -> Diagram:
        """The typed diagram of the main box. Raises Problem: no-main."""
        if self._diagram is None:
            help = "say which of its boxes is run: main: NAME"
            raise Problem.of("no-main", f"'{self.path}' has no main box", help=help, file=str(self.path))
        return self._diagram

    def inspect(self) -> Facts:
        """Facts: the tree of boxes, ports, states, counts. ``dilsctl.inspect.inspect_text`` prints them."""
        from dilsctl.inspect import describe

        return describe(self.diagram, imports=tuple(self.document.root.get("use", {}).values()))

    def _part(self, path: str) -> Diagram:
        """One box as a diagram of its own: a path of interior boxes, or a definition's name."""
        from dilsctl.diagram import Diagram
        from dilsctl.elaborate import elaborate_box

        box = self._diagram.main if self._diagram is not None else None
        for step in path.split("."):
            child = box.children.get(step) if box is not None else None
            box = child.box if child is not None else None
        if box is not None:
            return Diagram(path, box, box.span)
        report = Report()
        found = elaborate_box(self.document, path, report)
        report.raise_errors()
        if found is None:
            raise Problem(list(report))
        return found

    def plan(
        self, box: str | None = None, *, training: bool | None = None, stages: bool = False
    ) -> list[tuple[str, Plan]]:
        """What runs, as (name, plan); with ``stages``, also every step of the compiler on the way to it.

        box: plan this one alone; a path of interior boxes or a definition's name. training: the training
        step, not the forward pass; by default so if there is a train block and no ``box``. Text and JSON are
        made by ``dilsctl.plan_text``.
        """
        from dilsctl.compile import compile_diagram
        from dilsctl.engine.kernels import VIEWS
        from dilsctl.objective import read_objective
        from dilsctl.plan_text import describe

        train = self.document.document.train
        if training is None:
            training = train is not None and box is None
        precision = train.precision if train is not None else "float32"
        diagram = self.diagram if box is None else self._part(box)
        if training:
            if train is None:
                raise Problem.of("no-train", f"'{self.path}' has no train block", file=str(self.path))
            if box is not None:
                help = "leave --train out, or the box"
                raise Problem.of("bad-plan", "the training step is that of the main box", help=help)
            objective = read_objective(self.document.root)
            compiled = compile_diagram(diagram, objective, keep_stages=True)
            learner = self._learner(compiled)
            programs = [*compiled.stages, ("stage", learner.measure), *learner.stages]
            size, what = train.batch, "training step"
        else:
            compiled = compile_diagram(diagram, keep_stages=True)
            programs, size, what = compiled.stages, 1, "forward pass"
        if not stages:
            programs = [(f"{what} of {diagram.name}", programs[-1][1])]
        return [(name, describe(program, size, precision, VIEWS)) for name, program in programs]

    def _learner(self, compiled: Compiled) -> Learner:
        """States and programs, with the train block's optimiser."""
        from dilsctl.engine.learner import Learner
        from dilsctl.learning.methods import method_of

        train = self.document.document.train
        if train is None:
            return Learner(compiled)
        optimiser, decay = train.optimiser, train.decay
        return Learner(
            compiled,
            lambda options: method_of(optimiser, decay, dict(options)),
            precision=train.precision,
            seed=train.seed,
        )


def test(path: str | Path) -> list[Result]:
    """Run the checks of a diagram file. Raises Problem if the file is not valid."""
    from dilsctl.checks import Engine, run_checks

    loaded = load(path)
    return run_checks(loaded.document, loaded._diagram, Engine(_show, None))


def _show(diagram: Diagram, columns: Mapping[str, Any], precision: str, seed: int) -> dict[str, Any]:
    """What a diagram with its initial states shows: arrays by output port, rows first."""
    from dilsctl.compile import compile_diagram
    from dilsctl.engine.learner import Learner

    return dict(Learner(compile_diagram(diagram), precision=precision, seed=seed).predict(columns))
