"""What a lint is: a code, why it matters, an example of each kind, and the check that finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Fix, Label, Problem, Severity, SourceSpan

if TYPE_CHECKING:
    from dilsctl.diagram import Box, Diagram
    from dilsctl.documents import LoadedDocument
    from dilsctl.ir import Eqn, Var
    from dilsctl.ranges import Range
    from dilsctl.rules.whole import Whole


@dataclass(frozen=True, slots=True)
class Rule:
    """A lint. ``bad`` is a whole file that has the finding once or more, ``good`` one that has none.

    ``check`` is None where the finding is made on the way, while the diagram is elaborated.
    """

    code: str
    title: str
    why: str
    bad: str
    good: str
    check: Callable[[Subject], Iterable[Diagnostic]] | None = None
    severity: Severity = Severity.WARNING
    topic: str = "Tidiness"


@dataclass(frozen=True, eq=False)
class Subject:
    """Valid boxes that lints look at. What several of them need is worked out once.

    ``diagram``: that of the main box. ``others``: in its place, definitions that the main box does not use,
    each as it would be by itself. ``files``: those whose text the user wrote; lints say nothing of the
    library.
    """

    document: LoadedDocument
    diagram: Diagram | None
    files: frozenset[int] = field(default_factory=frozenset)
    others: tuple[Diagram, ...] = ()

    def own(self, span: SourceSpan | None) -> bool:
        """Is a place in a file of the user?"""
        return span is not None and id(span.file) in self.files

    @cached_property
    def roots(self) -> list[Diagram]:
        """The main box, or definitions that stand by themselves."""
        return [*([self.diagram] if self.diagram is not None else []), *self.others]

    @cached_property
    def boxes(self) -> list[Box]:
        """Every box once, each before those inside it."""
        found: dict[Box, None] = {}
        stack = [one.main for one in reversed(self.roots)]
        while stack:
            box = stack.pop()
            if box not in found:
                found[box] = None
                stack.extend(
                    one for child in reversed(box.children.values()) for one in reversed(child.boxes)
                )
        return list(found)

    @cached_property
    def own_boxes(self) -> list[Box]:
        """The boxes that the user wrote, without holes."""
        return [one for one in self.boxes if not one.hole and self.own(one.span)]

    @cached_property
    def wholes(self) -> list[Whole]:
        """Each root with all that is inside it, the main box with its loss; without those that can't run."""
        from dilsctl.compile import flattened
        from dilsctl.feeding import fed, filled
        from dilsctl.objective import add_objective, read_objective
        from dilsctl.rules.whole import Whole

        found = []
        for root in self.roots:
            try:
                if root is self.diagram:
                    root = fed(self.document, root)
                root = filled(root) if any(one.hole for one in self.boxes) else root
                flat, program = flattened(root)
            except Problem:
                continue
            if self.diagram is not None:
                with suppress(Problem):  # an error of its own tells of it
                    program = add_objective(program, read_objective(self.document.root))
            found.append(Whole(root.main, flat, program))
        return found

    @cached_property
    def producers(self) -> dict[Box, dict[Var, Eqn]]:
        """For each box the equation that computes each variable."""
        return {box: {out: eqn for eqn in box.eqns for out in eqn.outputs} for box in self.boxes}

    @cached_property
    def loose(self) -> bool:
        """Are there parameters to which others may give other values?"""
        return self.diagram is None and any(one.main.written.get("params") for one in self.others)

    def known(self, box: Box) -> Mapping[Var, Range]:
        """The range of every value of a box; nothing, where that may depend on parameters."""
        if self.loose:
            return {}
        if box not in self._known:
            from dilsctl.rules.whole import box_ranges

            self._known[box] = box_ranges(box)
        return self._known[box]

    @cached_property
    def _known(self) -> dict[Box, dict[Var, Range]]:
        return {}

    def section(self, key: str) -> Any:
        """A block of the main document that speaks of the main box, empty if there is none."""
        return (self.document.root.get(key) or {}) if self.diagram is not None else {}


def warning(
    code: str,
    message: str,
    span: SourceSpan | None,
    *,
    label: str = "",
    related: Iterable[Label] = (),
    help: str = "",
    fix: Fix | None = None,
) -> Iterator[Diagnostic]:
    """One finding of a lint, as something to ``yield from``; nothing where there is no place to mark."""
    if span is not None:
        yield Diagnostic(code, message, Label(span, label), tuple(related), help, Severity.WARNING, fix=fix)
