"""Fixes that several rules offer. They change what a file means, so they are never safe."""

from __future__ import annotations

import re

from dilsctl.diagnostics import Edit, Fix, SourceSpan
from dilsctl.values import Mapping

_CALL = re.compile(r"(\w+)\s*\(")
_PLAIN = re.compile(r"[\w.]+(\[[\w:., -]*\])?")


def first_argument(span: SourceSpan | None, name: str) -> Fix | None:
    """Write what a function is given in place of its call; None where the place is not just that call."""
    if span is None:
        return None
    text = span.file.text[span.start : span.end]
    inner = _arguments(text, name)
    if inner is None or len(inner) != 1:
        return None
    given = inner[0]
    if not _PLAIN.fullmatch(given) and not _is_call(given):
        given = f"({given})"
    return Fix(f"write {given} in place of the {name}", (Edit(span, given),))


def fewer_arguments(span: SourceSpan | None, name: str) -> Fix | None:
    """Leave out all arguments of a call but the first."""
    text = span.file.text[span.start : span.end] if span is not None else ""
    inner = _arguments(text, name)
    if span is None or inner is None or len(inner) < 2:
        return None
    return Fix(f"write {name}({inner[0]})", (Edit(span, f"{name}({inner[0]})"),))


def _is_call(text: str) -> bool:
    found = _CALL.match(text)
    return found is not None and _arguments(text, found[1]) is not None


def _arguments(text: str, name: str) -> list[str] | None:
    """The arguments of a call that is all of a text, on one line and without quotes."""
    found = _CALL.match(text)
    if found is None or found[1] != name or any(one in text for one in "\n\"'#"):
        return None
    depth, start, parts = 0, found.end(), []
    for at in range(found.end() - 1, len(text)):
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            depth -= 1
        if depth == 0 or (depth == 1 and text[at] == ","):
            parts.append(text[start:at].strip())
            start = at + 1
        if depth == 0:
            return parts if at == len(text) - 1 else None
    return None


def keep_state(states: Mapping, name: str) -> Fix | None:
    """Say of a state that it is kept; None where it is written in a way that this can't be put into."""
    spec, span, title = states.get(name), states.value_span(name), f"keep '{name}'"
    if isinstance(spec, Mapping):
        if "keep" in spec:
            return Fix(title, (Edit(spec.value_span("keep"), "true"),))
        if span.file.text[spec.start : spec.start + 1] == "{":
            end = spec.end - 1
            while span.file.text[end - 1] in " \t":
                end -= 1
            return Fix(title, (Edit(SourceSpan(span.file, end, end), ", keep: true"),))
        first = spec.key_span(next(iter(spec)))
        return Fix(title, (Edit(SourceSpan(span.file, first.start, first.start), _line(first)),))
    text = span.file.text[span.start : span.end]
    type, equals, init = (one.strip() for one in text.partition("="))
    if text != spec or any(one in text for one in "\n\"'#") or any(one in type for one in ",[]{}:"):
        return None
    if any(one in init for one in ",[]{}:"):
        init = f'"{init}"'
    begins = f", init: {init}" if equals else ""
    return Fix(title, (Edit(span, f"{{type: {type}{begins}, keep: true}}"),))


def _line(key: SourceSpan) -> str:
    """A line of its own before a key, with the same indent."""
    return "keep: true\n" + " " * (key.column - 1)
