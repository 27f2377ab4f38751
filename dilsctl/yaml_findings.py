"""What is wrong with a text as YAML, in the words of the language."""

from __future__ import annotations

import re
from typing import Any

import yaml

from dilsctl.diagnostics import Edit, Fix, Label, Report, SourceFile, SourceSpan
from dilsctl.scalars import resolve
from dilsctl.values import Mapping

_CLOSED = {"(": ")", "[": "]", "{": "}"}
_KEY = re.compile(r" *[\w-]+: ")


class YamlFindings:
    """Adds findings about one file to a report. ``shift``: characters that the parser does not count."""

    def __init__(self, file: SourceFile, report: Report, shift: int) -> None:
        self.file = file
        self.report = report
        self.shift = shift

    def error(self, code: str, message: str, start: int, end: int, help: str = "") -> None:
        """An error with a place."""
        self.report.error(code, message, SourceSpan(self.file, start, end), help=help)

    def not_text(self, found: re.Match[str]) -> None:
        """A character that stands in no text, or that breaks lines for YAML alone."""
        code = f"{ord(found.group()):04X}"
        if found.group() in "\x85\u2028\u2029":
            what = "breaks the line in YAML, but in no editor"
            help = f"take it away, or write \\u{code} in double quotes"
        else:
            what, help = "may not stand in a text file", ""
        self.error("not-text", f"character {found.start() + 1} (U+{code}) {what}", *found.span(), help=help)

    def properties(self, event: Any, start: int, end: int) -> None:
        """An anchor or a tag before a value."""
        text = self.file.text
        stop = start
        while stop < end and not text[stop].isspace():
            stop += 1
        if event.anchor is not None:
            self.error(
                "alias-not-allowed",
                f"anchors and aliases are not part of the language: '&{event.anchor}'",
                start,
                max(stop, start + 1),
                help="write the value out where it is used, or put it into a definition",
            )
        if event.tag is not None:
            self.error(
                "tag-not-allowed",
                f"tags are not part of the language: '{event.tag}'",
                start,
                max(stop, start + 1),
                help="remove the tag; logic is written in words: not, and, or",
            )

    def duplicate(self, container: Mapping, key: str, start: int, end: int) -> None:
        """A key that the mapping has already."""
        self.report.error(
            "duplicate-key",
            f"the key '{key}' stands twice",
            SourceSpan(self.file, start, end),
            label="again here",
            related=[Label(container.key_span(key), "first here")],
            help="keep one of the two",
        )

    def key_not_text(self, text: str, start: int, end: int) -> None:
        """A key that is a number, a boolean or null."""
        shown = f"'{text}' is {_name(resolve(text))}" if text else "nothing stands before the ':'"
        self.error(
            "key-not-text", f"a key must be text: {shown}", start, end, help="write a name, or quote it"
        )

    def flow_split(self, start: int, end: int, pieces: tuple[int, int]) -> None:
        """An expression in flow style, in pieces: from the first unbalanced one to the last."""
        text = self.file.text
        span = SourceSpan(self.file, *pieces)
        edits = tuple(
            Edit(SourceSpan(self.file, first, last), f'"{text[first:last]}"')
            for first, last in _whole(text, *pieces)
        )
        fix = Fix("put it in quotes", edits) if edits else None
        self.report.error(
            "flow-split",
            "flow style split this expression",
            span,
            fix=fix,
            label="YAML takes the comma for the end of an item",
            help=f"inside {text[start : start + 1]}…{text[end - 1 : end]} YAML splits at every comma; "
            "write one item a line (block style), or put the expression in quotes",
        )

    def syntax(self, error: yaml.YAMLError) -> None:
        """What stopped the parser."""
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = str(getattr(error, "problem", None) or error)
        context = str(getattr(error, "context", None) or "")
        text = self.file.text
        at = min(mark.index + self.shift if mark else 0, len(text))
        here = text[at : at + 1]
        if (
            "flow" in context
            and here in ("[", "{")
            and at
            and (text[at - 1].isalnum() or text[at - 1] in "_)")
        ):
            first = getattr(error, "context_mark", None)
            opening = first.index + self.shift if first is not None else at
            self.report.error(
                "flow-split",
                "flow style split this expression",
                SourceSpan(self.file, at, at + 1),
                label="YAML takes this bracket for the start of a list or mapping",
                related=[
                    Label(SourceSpan(self.file, opening, opening + 1), "the flow collection begins here")
                ],
                help="write one item a line (block style), or put the expression in quotes",
            )
            return
        if not text[at:].strip() and "flow" in context:
            message, help = "a bracket is not closed", "close it, or put the text in quotes"
        else:
            message, help = _explain(problem, context, here)
        related = []
        first = getattr(error, "context_mark", None)
        if first is not None and first.index + self.shift != at:
            start = first.index + self.shift
            related.append(Label(SourceSpan(self.file, start, start + 1), context))
        while (
            at and at >= len(text) and text[at - 1].isspace()
        ):  # the end of the file: point at the last text
            at -= 1
            text = text[:at]
        at = min(at, max(len(self.file.text) - 1, 0))
        self.report.error(
            "yaml-syntax", message, SourceSpan(self.file, at, at + 1), related=related, help=help
        )


def _whole(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The expressions between two places that have a comma within brackets; none where that is not clear."""
    if any(one in text[start:end] for one in '"\\\n#'):
        return []
    closing: list[str] = []
    found, first, split = [], start, False
    for at in range(start, end + 1):
        one = text[at] if at < end else ","
        if one in "([{":
            closing.append(_CLOSED[one])
        elif one in ")]}":
            if not closing or closing.pop() != one:
                return []
        elif one == "," and not closing:
            if split:
                key = _KEY.match(text, first, at)
                found.append((key.end() if key else first, at))
            first, split = at + 1, False
        split = split or (one == "," and bool(closing))
    return [] if closing else [(_past_blanks(text, one), last) for one, last in found]


def _past_blanks(text: str, at: int) -> int:
    while text[at] == " ":
        at += 1
    return at


def _name(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    return "a number"


def _explain(problem: str, context: str, here: str) -> tuple[str, str]:
    """The parser's words in the language's words, and how to fix it."""
    if here == "\t":
        return "a tab cannot indent a line", "use spaces"
    if "mapping values are not allowed" in problem:
        return (
            "a ':' does not fit here",
            "a text with ': ' in it needs quotes; keys of one mapping must be indented alike",
        )
    if here and here in "@`%":
        return f"a value cannot begin with '{here}'", "put it in quotes"
    if "cannot start any token" in problem and here:
        return f"a value cannot begin with '{here}'", "put it in quotes"
    if "expected ',' or" in problem:
        return (
            f"{problem} ({context})" if context else problem,
            "close the bracket, or put the text in quotes",
        )
    if "expected <block end>" in problem or "did not find expected" in problem:
        return f"{problem} ({context})" if context else problem, "check the indentation of this line"
    if "quoted scalar" in context:
        return f"{problem} ({context})", "close the quotes"
    return f"{problem} ({context})" if context else problem, ""
