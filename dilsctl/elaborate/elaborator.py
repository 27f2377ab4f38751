"""Elaborates definitions, each way of using one only once, and collects what is found on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, Report, SourceSpan
from dilsctl.diagram import Box
from dilsctl.documents import LoadedDocument
from dilsctl.elaborate.boxes import BoxElaboration
from dilsctl.elaborate.definitions import Definition, Definitions, Given, Home, identities, shown
from dilsctl.elaborate.dimensions import resolve
from dilsctl.ir import Type
from dilsctl.limits import MOST_LEVELS
from dilsctl.recursion import deep_calls

_OF_THE_USE = {"dimension-mismatch", "type-mismatch", "bad-dimension", "unknown-dimension", "bad-index",
               "not-static", "bad-operands", "too-large", "bad-initial", "bad-count"}  # fmt: skip
_MOST_VALUES = 4


class Elaborator:
    """One elaboration of a document. Findings go to ``report``."""

    def __init__(self, report: Report, definitions: Definitions | None = None) -> None:
        self.report = report
        self.definitions = definitions or Definitions()
        self.used: set[Definition] = set()
        self.static_numbers = 0  # made by functions beforehand
        self._memo: dict[Any, tuple[Box, bool]] = {}
        self._active: list[BoxElaboration] = []
        self._told: dict[Any, BoxElaboration] = {}
        self._circles: set[frozenset[Definition]] = set()

    def start(
        self,
        definition: Definition,
        arguments: dict[str, Given],
        element: dict[str, Type],
        site: SourceSpan,
        index: int | None = None,
        home: Home = (),
    ) -> BoxElaboration:
        """Read a box's interface for one use of it."""
        self.used.add(definition)
        parent = self._active[-1] if self._active else None
        one = BoxElaboration(self, definition, arguments, element, site, parent, home)
        one.index = index
        one.begin()
        self._collect(one)
        return one

    def scope(self, document: LoadedDocument, body: Any, span: SourceSpan) -> BoxElaboration:
        """Where expressions outside of any box are evaluated."""
        outer = self.definitions.of_body("main", body, document, span)
        return BoxElaboration(self, outer, {}, {}, span, None, ())

    def finish(self, one: BoxElaboration) -> Box:
        """The whole box. Raises Problem: too-deep."""
        if one.box is not None:
            return one.box
        if not self._active:
            with deep_calls():
                return self._finish(one)
        return self._finish(one)

    def _finish(self, one: BoxElaboration) -> Box:
        key = (
            one.definition,
            identities(one.arguments),
            tuple((name, resolve(dim)) for name, dim in sorted(one.dims.items())),
            tuple(sorted(one.element_types.items(), key=str)),
            one.index,
        )
        if key not in self._memo:
            if len(self._active) >= MOST_LEVELS:
                raise Problem.of("too-deep", f"boxes are nested more than {MOST_LEVELS} deep", one.site)
            self._active.append(one)
            try:
                box = one.run()
            finally:
                self._active.pop()
            failed = not one.sound
            self._collect(one)
            self._memo[key] = box, failed
        one.box, one.failed = self._memo[key]
        return one.box

    def new_circle(self, definitions: list[Definition]) -> bool:
        """Is this the first time that these definitions are found to be inside each other?"""
        circle = frozenset(definitions)
        new = circle not in self._circles
        self._circles.add(circle)
        return new

    # -- findings ---------------------------------------------------------------------------------

    def _collect(self, one: BoxElaboration) -> None:
        """Take an elaboration's findings, once for each place: the box may be used in other ways as well."""
        new, one.collected = one.report.found[one.collected :], len(one.report.found)
        for found in new:
            place = found.primary.span if found.primary is not None else None
            if self._told.setdefault((found.code, place), one) is one:
                self.report.add(self._with_uses(found, one))

    def _with_uses(self, found: Diagnostic, one: BoxElaboration) -> Diagnostic:
        """The finding with the uses that led to it, where it is in another file or depends on the use."""
        if found.primary is None or not _inside(found.primary.span, one.definition.body.own_span):
            return found
        labels: list[Label] = []
        shown_spans = {found.primary.span, *(label.span for label in found.related)}
        step: BoxElaboration | None = one
        while step is not None and step.parent is not None:
            foreign = step.site.file is not step.definition.document.file
            if step is one and not foreign and found.code in _OF_THE_USE and _values(one):
                labels.append(Label(step.site, f"used here{_values(one)}"))
            elif foreign or labels:
                labels.append(Label(step.site, f"used here{_values(step)}"))
            if not foreign and not _leads_abroad(step):
                break
            step = step.parent
        new = [label for label in labels if label.span not in shown_spans]
        return replace(found, related=(*found.related, *new))


def _inside(span: SourceSpan, around: SourceSpan) -> bool:
    return span.file is around.file and around.start <= span.start and span.end <= around.end


def _leads_abroad(one: BoxElaboration) -> bool:
    """Is some box around this one written in another file?"""
    file = one.definition.document.file
    step = one.parent
    while step is not None:
        if step.definition.document.file is not file:
            return True
        step = step.parent
    return False


def _values(one: BoxElaboration) -> str:
    """What an elaboration depends on: `` with n = 3, units = 8``."""
    values = {name: resolve(dim) for name, dim in one.dims.items()}
    texts = [f"{name} = {value}" for name, value in values.items() if isinstance(value, int)]
    texts += [f"{name} = {shown(given.value)}" for name, given in one.arguments.items()]
    if not texts:
        return ""
    more = ", …" if len(texts) > _MOST_VALUES else ""
    return f" with {', '.join(texts[:_MOST_VALUES])}{more}"
