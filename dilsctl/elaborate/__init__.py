"""Document to diagram: names resolved, parameters given values, dimensions solved, types checked.

``elaborate`` never raises for what a user wrote: findings go to the report, and the diagram is None where
the main box could not be made.
"""

from __future__ import annotations

from typing import Any

from dilsctl.diagnostics import Label, Problem, Report, SourceSpan
from dilsctl.diagram import Box, Diagram
from dilsctl.documents import LoadedDocument
from dilsctl.elaborate.boxes import BoxElaboration
from dilsctl.elaborate.definitions import Definition, Definitions
from dilsctl.elaborate.dimensions import Unsolved, resolve
from dilsctl.elaborate.interface import PortSite
from dilsctl.ir import Type

DEEPEST = 100
_TRIAL_SIZES = (24, 36, 60, 84, 120, 168)


class Elaborator:
    """Elaborates definitions, each way of using one only once."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.definitions = Definitions()
        self.used: set[Definition] = set()
        self._memo: dict[Any, Box] = {}
        self._active: list[Definition] = []

    def start(
        self,
        definition: Definition,
        arguments: dict[str, Any],
        element: dict[str, Type],
        site: SourceSpan,
        index: int | None = None,
    ) -> BoxElaboration:
        """Read a box's interface for one use of it."""
        self.used.add(definition)
        one = BoxElaboration(self, definition, arguments, {}, element, site)
        if index is not None:
            one.index = index
        return one.begin()

    def finish(self, one: BoxElaboration) -> Box:
        """The whole box. Raises Problem where the box is inside itself."""
        key = (
            one.definition,
            tuple(sorted(one.arguments.items(), key=lambda item: item[0])),
            tuple((name, resolve(dim)) for name, dim in sorted(one.dims.items())),
            tuple(sorted(one.element_types.items(), key=str)),
            one.index,
        )
        if key not in self._memo:
            if one.definition in self._active or len(self._active) > DEEPEST:
                chain = " -> ".join(
                    [two.name for two in self._active[-8:]] + [one.definition.name]
                )
                what = "too-deep" if one.definition not in self._active else "recursive-box"
                raise Problem.of(
                    what,
                    f"box '{one.definition.name}' is inside itself: {chain}"
                    if what == "recursive-box"
                    else f"boxes are nested more than {DEEPEST} deep",
                    one.site,
                )
            self._active.append(one.definition)
            try:
                self._memo[key] = one.run()
            finally:
                self._active.pop()
        return self._memo[key]

    def unsolved(self, box: BoxElaboration, site: PortSite, span: SourceSpan | None = None) -> None:
        """Report a dimension that nothing fixes."""
        names = ", ".join(f"'{name}'" for name in site.unsolved())
        self.report.error(
            "unknown-dimension",
            f"the dimension {names} of port '{site.name}' can't be determined",
            span or site.span,
            related=[Label(site.span, "declared here")] if span is not None else [],
            help="give it a number, or wire something of known size to a port that has it",
        )


def elaborate(document: LoadedDocument, report: Report) -> Diagram | None:
    """The diagram of a document's main box. Definitions that it does not use are checked as well."""
    elaborator = Elaborator(report)
    box = _main(elaborator, document, report)
    _try_others(elaborator, document, report)
    if box is None:
        return None
    name = str(document.root.get("name") or box.name)
    return Diagram(name, box, box.span)


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


def _main(elaborator: Elaborator, document: LoadedDocument, report: Report) -> Box | None:
    root = document.root
    if "main" not in root:
        return None
    main, span = root["main"], root.value_span("main")
    arguments: dict[str, Any] = {}
    try:
        if isinstance(main, str):
            definition = elaborator.definitions.named(main, document, span)
        elif "box" in main:
            outer = elaborator.definitions.of_body("main", {}, document, span)
            scope = BoxElaboration(elaborator, outer, {}, {}, {}, span)
            given: Any = main.get("with") or {}
            for key, value in given.items():
                arguments[key] = scope.static(value, given.value_span(key), document.file)
            reference = main["box"]
            if isinstance(reference, str):
                definition = elaborator.definitions.named(reference, document, main.value_span("box"))
            else:
                definition = elaborator.definitions.of_body("main", reference, document, span)
        else:
            definition = elaborator.definitions.of_body("main", main, document, span)
        return elaborator.finish(elaborator.start(definition, arguments, {}, span))
    except Problem as problem:
        report.extend(problem.diagnostics)
        return None


def _try_others(elaborator: Elaborator, document: LoadedDocument, report: Report) -> None:
    """Check the definitions that main does not reach, with trial sizes for their free dimensions.

    A dimension that does not fit may be the trial size's fault, so only other findings count.
    """
    define: Any = document.root.get("define") or {}
    for name in define:
        definition = elaborator.definitions.of_body(name, define[name], document, define.key_span(name))
        if definition in elaborator.used:
            continue
        trial = Report()
        elaborator.report = trial
        try:
            one = elaborator.start(definition, {}, {}, definition.span)
            sizes = iter(_TRIAL_SIZES * 4)
            for site in one.inputs.values():
                site.own_type()
            for dim in list(one.dims.values()):
                dim = resolve(dim)
                if isinstance(dim, Unsolved):
                    dim.target = next(sizes, 24)
            elaborator.finish(one)
        except Problem as problem:
            trial.extend(problem.diagnostics)
        elaborator.report = report
        free = bool(one.dims) if "one" in locals() else False
        sized = ("dimension-mismatch", "bad-dimension", "unknown-dimension", "too-large", "bad-operands")
        report.extend(found for found in trial if not (free and found.code in sized))
