"""Document to diagram: names resolved, parameters given values, dimensions solved, types checked.

``elaborate`` never raises for what a user wrote: findings go to the report, and the diagram is None where
the main box could not be made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.diagnostics import Label, Problem, Report, SourceSpan, did_you_mean
from dilsctl.diagram import Box, Diagram
from dilsctl.documents import LoadedDocument
from dilsctl.elaborate.definitions import Filling, Given
from dilsctl.elaborate.elaborator import Elaborator
from dilsctl.elaborate.emitter import NeedsStatic
from dilsctl.elaborate.trial import Trials, try_definitions
from dilsctl.garbage import collection_off
from dilsctl.ir import REAL

__all__ = ["Elaborator", "elaborate", "elaborate_box", "elaborate_swept"]


@collection_off()
def elaborate(document: LoadedDocument, report: Report, others: list[Trials] | None = None) -> Diagram | None:
    """The diagram of a document's main box. Definitions that it does not use are checked as well; what they
    come to is added to ``others``."""
    _check_aliases(document, report)
    elaborator = Elaborator(report)
    box = _main(elaborator, document, report)
    trials = try_definitions(elaborator, document, report)
    if others is not None:
        others.append(trials)
    if box is None:
        return None
    name = str(document.root.get("name") or box.name)
    return Diagram(name, box, box.span)


def elaborate_swept(document: LoadedDocument, names: Sequence[str]) -> Diagram | None:
    """The main box with these parameters as inputs, ``params.NAME``, in place of their values.

    None where one of them must be known beforehand: it is a length, or an interior box takes it. Raises
    Problem: unknown-parameter.
    """
    root, report = document.root, Report()
    elaborator = Elaborator(report)
    span = root.value_span("main")
    filling = used(elaborator, document, root["main"], span)
    declared: Any = filling.definition.params
    for name in names:
        if name not in declared:
            message = f"the main box '{filling.definition.name}' has no parameter '{name}'"
            help = did_you_mean(name, declared) or f"its parameters: {', '.join(declared) or 'none'}"
            raise Problem.of("unknown-parameter", message, span, help=help)
    arguments = {key: value for key, value in filling.arguments.items() if key not in names}
    try:
        box = elaborator.finish(
            elaborator.start(filling.definition, arguments, dict.fromkeys(names, REAL), span)
        )
    except NeedsStatic:
        return None
    report.raise_errors()
    return Diagram(str(root.get("name") or box.name), box, box.span)


def elaborate_box(document: LoadedDocument, name: str, report: Report) -> Diagram | None:
    """The diagram of one definition of a document, as ``main`` would have it."""
    elaborator = Elaborator(report)
    span = document.root.key_span("define") if "define" in document.root else SourceSpan(document.file, 0, 0)
    try:
        definition = elaborator.definitions.named(name, document, span)
        box = elaborator.finish(elaborator.start(definition, {}, {}, definition.span))
    except Problem as problem:
        report.extend(problem.diagnostics)
        return None
    return Diagram(name, box, box.span)


def _check_aliases(document: LoadedDocument, report: Report) -> None:
    """A definition and an imported document of one name would be hard to tell apart."""
    define: Any = document.root.get("define") or {}
    use: Any = document.root.get("use") or {}
    for name in define:
        if name in use:
            report.error(
                "duplicate-name",
                f"'{name}' names a box and an imported document",
                define.key_span(name),
                related=[Label(use.key_span(name), "the document")],
                help="rename one of them",
            )


def _main(elaborator: Elaborator, document: LoadedDocument, report: Report) -> Box | None:
    root = document.root
    if root.get("main") is None:
        return None
    main, span = root["main"], root.value_span("main")
    try:
        filling = used(elaborator, document, main, span)
        return elaborator.finish(elaborator.start(filling.definition, filling.arguments, {}, span))
    except Problem as problem:
        report.extend(problem.diagnostics)
        return None


def used(elaborator: Elaborator, document: LoadedDocument, main: Any, span: SourceSpan) -> Filling:
    """The box that ``main`` means, and values for its parameters."""
    definitions = elaborator.definitions
    if isinstance(main, str):
        return Filling(definitions.named(main, document, span))
    if "box" not in main:
        return Filling(definitions.of_body("main", main, document, span))
    where = main.value_span("box")
    filling = used(elaborator, document, main["box"], where)
    scope = elaborator.scope(document, main, span)
    given: Any = main.get("with") or {}
    arguments = {}
    for key, value in given.items():
        place = given.value_span(key)
        arguments[key] = Given(scope.parameters.static(value, place), given.key_span(key), place)
    return Filling(filling.definition, arguments)
