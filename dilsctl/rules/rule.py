"""What a lint is: a code, why it matters, an example of each kind, and the check that finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Fix, Label, Severity, SourceSpan

if TYPE_CHECKING:
    from dilsctl.diagram import Box, Diagram
    from dilsctl.documents import LoadedDocument
    from dilsctl.ir import Eqn, Program, Var
    from dilsctl.lower import Flat


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
    """A valid diagram that lints look at. What several of them need is worked out once.

    ``files``: those whose text the user wrote; lints say nothing of the library.
    """

    document: LoadedDocument
    diagram: Diagram | None
    files: frozenset[int] = field(default_factory=frozenset)

    def own(self, span: SourceSpan | None) -> bool:
        """Is a place in a file of the user?"""
        return span is not None and id(span.file) in self.files

    @cached_property
    def boxes(self) -> list[Box]:
        """Every box of the diagram once, each before those inside it."""
        if self.diagram is None:
            return []
        found: dict[Box, None] = {}
        stack = [self.diagram.main]
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
    def open(self) -> bool:
        """Has the diagram holes, so that it can't be flattened?"""
        return any(one.hole for one in self.boxes)

    @cached_property
    def flat(self) -> tuple[Flat, Program] | None:
        """The flat diagram and its program, None where there are holes."""
        from dilsctl.compile import flattened

        return None if self.diagram is None or self.open else flattened(self.diagram)

    @cached_property
    def producers(self) -> dict[Box, dict[Var, Eqn]]:
        """For each box the equation that computes each variable."""
        return {box: {out: eqn for eqn in box.eqns for out in eqn.outputs} for box in self.boxes}

    def section(self, key: str) -> Any:
        """A block of the main document, empty if there is none."""
        return self.document.root.get(key) or {}


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
