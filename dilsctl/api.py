"""What a notebook or a command calls: load a diagram, look at it, train it, use it.

>>> import dilsctl
>>> diagram = dilsctl.load("examples/or-gate.yaml")
>>> diagram.predict({"a": [0, 1], "b": [0, 0]})["y"].tolist()
[False, True]

Nothing heavy is imported before it is needed: to validate a file takes no NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, Report

if TYPE_CHECKING:
    from dilsctl.diagram import Diagram
    from dilsctl.documents import Library, LoadedDocument
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
