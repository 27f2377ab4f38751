"""The parameters of one box: numbers, lists, words and boxes that are known before anything runs."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan, did_you_mean
from dilsctl.elaborate.definitions import Filling, Given, Word, freeze, shown
from dilsctl.elaborate.dimensions import resolve
from dilsctl.elaborate.emitter import NeedsStatic, Unknown
from dilsctl.elaborate.static import count_leaves
from dilsctl.elaborate.written import Written
from dilsctl.ir import Var
from dilsctl.limits import LARGEST_WHOLE, MOST_STATIC

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration

_BOX_NAME = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)?")


class Parameters:
    """Reads values that must be known beforehand, in the scope of one elaboration."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box

    def read(self) -> None:
        """Give every declared parameter its value: the one that is given, or its default."""
        box = self.box
        declared: Any = box.definition.params
        for name, default in declared.items():
            if name in box.arguments:
                box.params[name] = box.arguments[name].value
            elif name in box.element_types:
                box.names.element_value(name)
            else:
                span = declared.value_span(name)
                if span.start == span.end:
                    span = declared.key_span(name)
                box.params[name] = box.attempt(partial(self.static, default, span))
        interior = box.section("boxes")
        for name in (*box.arguments, *box.element_types):
            if name not in declared and name not in interior and name != "index":
                known = ", ".join(declared) or "none"
                box.report.error(
                    "unknown-parameter",
                    f"box '{box.definition.name}' has no parameter '{name}'",
                    box.arguments[name].key_span if name in box.arguments else box.site,
                    help=did_you_mean(name, [*declared, *interior]) or f"its parameters: {known}",
                )

    def span(self, name: str) -> SourceSpan:
        """Where a parameter got its value."""
        if name in self.box.arguments:
            return self.box.arguments[name].span
        declared = self.box.definition.params
        return declared.value_span(name) if name in declared else self.box.site

    def static(self, value: Any, span: SourceSpan) -> Any:
        """A parameter's value as written: a word that names something known stands for it."""
        if isinstance(value, str):
            if value.isidentifier():
                if value in self.box.params:
                    if self.box.params[value] is None:
                        raise Unknown
                    return self.box.params[value]
                if value in self.box.element_types:
                    raise NeedsStatic
                if value == "index" and self.box.index is not None:
                    return self.box.index
                if value in ("true", "false"):
                    return value == "true"
                dim = resolve(self.box.dims.get(value))
                return dim if isinstance(dim, int) else self._word(value)
            if _BOX_NAME.fullmatch(value) and (
                "." in value or value in (self.box.definition.document.root.get("define") or {})
            ):
                return self._word(value)
            return self.static_expression(Written(value, span))
        if isinstance(value, dict):
            return self._filling(value, span)
        if isinstance(value, list):
            values = tuple(self.static(one, value.span(i)) for i, one in enumerate(value))  # type: ignore[attr-defined]
            if count_leaves(values) > MOST_STATIC:
                raise Problem.of("too-large", f"a list of more than {MOST_STATIC} values", span)
            return values
        return self.literal(value, span)

    def _word(self, text: str) -> Word:
        return Word(text, self.box.definition.document, self.box.inside, tuple(self.box.params))

    def _filling(self, value: Any, span: SourceSpan) -> Any:
        """A box as a parameter's value: in place, or a use of another one with parameters."""
        if "box" not in value:
            home = self.box.definition
            definitions = self.box.elaborator.definitions
            body = definitions.of_body(f"{home.name} (in place)", value, home.document, span)
            return Filling(body, {}, self.box.inside)
        reference = self.static(value["box"], value.value_span("box"))
        if isinstance(reference, Word):
            where = value.value_span("box")
            named = self.box.elaborator.definitions.named(reference, reference.document, where)
            reference = Filling(named, {}, reference.home)
        if not isinstance(reference, Filling):
            raise Problem.of("unknown-box", f"{shown(reference)} is not a box", value.value_span("box"))
        for key in ("count", "each"):
            if key in value:
                help = "the hole says how many; a list gives one box for each"
                message = "what fills a hole has no count"
                raise Problem.of("bad-count", message, value.key_span(key), help=help)
        given: Any = value.get("with") or {}
        arguments = {
            key: Given(self.static(one, given.value_span(key)), given.key_span(key), given.value_span(key))
            for key, one in given.items()
        }
        return Filling(reference.definition, {**reference.arguments, **arguments}, reference.home)

    def literal(self, value: Any, span: SourceSpan) -> Any:
        """A number or nested lists of numbers as a file writes them, in hashable form."""
        value = freeze(value)
        stack = [value]
        while stack:
            one = stack.pop()
            if isinstance(one, tuple):
                stack.extend(one)
            elif one is None:
                raise Problem.of("bad-value", "a value is missing here", span)
            elif isinstance(one, int) and abs(one) > LARGEST_WHOLE:
                raise Problem.of("number-too-long", "this whole number is too large", span)
        if count_leaves(value) > MOST_STATIC:
            raise Problem.of("too-large", f"a list of more than {MOST_STATIC} values", span)
        return value

    def static_expression(self, written: Written) -> Any:
        """The value of an expression that must be known beforehand."""
        value = self.box.evaluate(written)
        if isinstance(value, Var):
            raise self.box.names.not_static(written.span)
        return value

    def whole_number(self, value: Any, span: SourceSpan, what: str) -> int:
        """A static whole number from a literal or an expression."""
        written = Written(value, span)
        if isinstance(value, str):
            value = self.static_expression(written)
        if isinstance(value, bool) or not isinstance(value, int):
            label = self.box.names.declared(None, written.text) if isinstance(written.text, str) else None
            related = (label,) if label is not None else ()
            message = f"{what} is a whole number, not {shown(value)}"
            raise Problem([Diagnostic("bad-count", message, Label(span), related)])
        return value
