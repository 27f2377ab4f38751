"""What one interior box is given: how many there are of it, and values for its parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan
from dilsctl.elaborate.definitions import Given
from dilsctl.elaborate.emitter import NeedsStatic
from dilsctl.elaborate.written import Written
from dilsctl.ir import Var
from dilsctl.limits import LARGEST_WHOLE, MOST_COUNT, MOST_SEPARATE

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration

_INDEX = re.compile(r"\bindex\b")


class Arguments:
    """Reads ``count``, ``with`` and ``each`` in the scope of one elaboration."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box

    def count(self, options: Any) -> int | None:
        """How many elements; None for a single box. Raises Problem: bad-count, too-large."""
        if "count" not in options:
            return None
        span = options.value_span("count")
        count = self.box.parameters.whole_number(options["count"], span, "a count")
        if count < 1:
            raise Problem.of("bad-count", f"a count is at least 1, not {count}", span)
        if count > MOST_COUNT:
            text = str(count) if count <= LARGEST_WHOLE else f"{str(count)[:6]}…"
            raise Problem.of("too-large", f"a count of {text} is over the limit of {MOST_COUNT}", span)
        return count

    def read(
        self, options: Any, count: int | None
    ) -> tuple[dict[str, Given], dict[str, Sequence[Given]], dict[str, Var]]:
        """Values the same for all elements, values that differ, and those known only when the box runs."""
        told: dict[str, Var] = {}
        fixed: dict[str, Given] = {}
        varying: dict[str, Sequence[Given]] = {}
        given: Any = options.get("with") or {}
        for key, value in given.items():
            span, key_span = given.value_span(key), given.key_span(key)
            if count is not None and isinstance(value, str) and _INDEX.search(value):
                self.few(count, span)
                varying[key] = [Given(self._at(i, value, span), key_span, span) for i in range(count)]
                continue
            try:
                fixed[key] = Given(self.box.parameters.static(value, span), key_span, span)
            except NeedsStatic:
                told[key] = self._run_time(value, span)
        each: Any = options.get("each") or {}
        for key, values in each.items():
            span, key_span = each.value_span(key), each.key_span(key)
            if count is None:
                help = "add a count, or give the value under 'with'"
                raise Problem.of("bad-count", "'each' needs a 'count'", key_span, help=help)
            if key in fixed or key in varying:
                label = Label(given.key_span(key), "here for all elements")
                message = f"'{key}' is given under 'with' and under 'each'"
                raise Problem([Diagnostic("duplicate-name", message, Label(key_span), (label,))])
            if len(values) != count:
                message = f"'{key}' has {len(values)} values for {count} elements"
                label = Label(options.value_span("count"), "the count")
                raise Problem([Diagnostic("bad-count", message, Label(span), (label,))])
            varying[key] = [
                Given(self.box.parameters.static(one, values.span(i)), key_span, values.span(i))
                for i, one in enumerate(values)
            ]
        return fixed, varying, told

    def _run_time(self, value: Any, span: SourceSpan) -> Var:
        """A value that depends on what differs from element to element. Raises NeedsStatic."""
        found = self.box.evaluate(Written(value, span)) if isinstance(value, str) else None
        if not isinstance(found, Var):
            raise NeedsStatic
        return found

    def _at(self, index: int, text: str, span: SourceSpan) -> Any:
        self.box.params["index"] = index
        try:
            return self.box.parameters.static(text, span)
        finally:
            del self.box.params["index"]

    def few(self, count: int, span: SourceSpan) -> None:
        """Refuse more elements than can be made one by one. Raises Problem: too-large."""
        if count > MOST_SEPARATE:
            message = f"{count} elements are made one by one here; at most {MOST_SEPARATE} can be"
            raise Problem.of("too-large", message, span, help="use 'index' in expressions inside the box")
