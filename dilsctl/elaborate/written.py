"""An expression as a file writes it: its text, and where each of its characters stands."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.expression import ExpressionError, parse_expression
from dilsctl.source import text_span


@dataclass(slots=True, eq=False)  # as SourceSpan: never changed
class Written:
    """A value of a file where an expression may stand. ``text`` may be a number or a list as well.

    ``whole`` and ``start``: the scalar's value, and where in it the text begins, if it is a part of one.
    """

    text: Any
    scalar: SourceSpan
    whole: str = ""
    start: int = 0

    def locate(self, start: int, end: int) -> SourceSpan:
        """The place of some characters of the text."""
        whole = self.whole or self.text
        return text_span(self.scalar.file, self.scalar, whole, self.start + start, self.start + end)

    @property
    def span(self) -> SourceSpan:
        """The place of all of it."""
        return self.locate(0, len(self.text)) if self.whole else self.scalar

    def parse(self) -> ast.expr:
        """The syntax tree of the text. Raises Problem with the codes of ``parse_expression``."""
        try:
            return parse_expression(str(self.text))
        except ExpressionError as error:
            where = self.locate(error.start, error.end)
            raise Problem.of(error.code, error.message, where, help=error.help) from None
