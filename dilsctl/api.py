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

from dilsctl.diagnostics import Diagnostic, Problem, Report

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
    from dilsctl.compile import check
    from dilsctl.elaborate import elaborate

    report = library.report
    document, diagram = library.main, None
    if document is not None:
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
