"""Diagnostics as text for people: the message, the lines it is about, carets under them, and help.

error[unknown-key]: unknown key 'wire' in a box
  --> or.yaml:5:3
   |
 5 |   wire: [a -> y]
   |   ^^^^
   = help: did you mean 'wires'?
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from dilsctl.diagnostics import Diagnostic, Label, Report, Severity, SourceFile, SourceSpan
from dilsctl.signs import in_a_line, masked

TAB = "    "
_HANG = 4  # columns that a message is indented where it goes on
_LEAST = 24  # columns that are enough for words
_QUOTED = re.compile(r"'[^']{1,30}'")  # stays in one line
_JOIN = "\0"
_COLOURS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}
_GUTTER = "1;34"
_BOLD = "1"
_PLURALS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTE: "notes"}
_HIDDEN = "\ufffd"  # in a line of the file, in place of a sign that is not shown: columns stay columns


def render_text(
    findings: Report | Iterable[Diagnostic], colour: bool = False, width: int = 100, wrap: bool = False
) -> str:
    """All findings, then a closing line that counts them; an empty text if there are none.

    Lines of the file that are wider than ``width`` cells are cut around what is marked. Where ``wrap`` is
    true, what is said goes on in a new line there; else each message is one line, for programs that search.
    ``colour`` adds ANSI sequences.
    """
    all_findings = list(findings)
    if not all_findings:
        return ""
    page = _Page(_Paint(colour), max(width, 40), wrap)
    blocks = [_render(one, page) for one in all_findings]
    return "\n\n".join([*blocks, _count(all_findings)]) + "\n"


def _count(findings: list[Diagnostic]) -> str:
    parts = []
    for severity in Severity:
        number = sum(one.severity is severity for one in findings)
        if number:
            parts.append(f"{number} {severity.value if number == 1 else _PLURALS[severity]}")
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class _Paint:
    colour: bool

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


@dataclass(frozen=True, slots=True)
class _Page:
    paint: _Paint
    width: int
    wrap: bool

    def lines(self, text: str, first: int, rest: int) -> list[str]:
        """A text as lines, if the first may begin in column ``first`` and the others in ``rest``."""
        if not self.wrap or first + len(text) <= self.width:
            return [text]
        whole = _QUOTED.sub(lambda found: found[0].replace(" ", _JOIN), text)
        found = textwrap.wrap(
            whole,
            max(self.width - rest, _LEAST),
            initial_indent=" " * (first - rest),
            break_long_words=False,
            break_on_hyphens=False,
        )
        found = [one.replace(_JOIN, " ") for one in found]
        return [found[0][first - rest :], *found[1:]]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A label on one line: columns from 0, as characters."""

    line: int
    start: int
    end: int
    text: str
    primary: bool


def _render(one: Diagnostic, page: _Page) -> str:
    paint, tint = page.paint, _COLOURS[one.severity]
    head = f"{one.severity.value}[{one.code}]"
    first, *rest = page.lines(in_a_line(one.message), len(head) + 2, _HANG)
    lines = [f"{paint(head, tint)}{paint(': ' + first, _BOLD)}"]
    lines += [" " * _HANG + paint(words, _BOLD) for words in rest]
    groups = _by_file(one)
    numbers = [label.span.line for _, labels in groups for label, _ in labels]
    gutter = max((len(str(number)) for number in numbers), default=1) + 1
    for number, (file, labels) in enumerate(groups):
        arrow = "-->" if number == 0 else ":::"
        line, column = file.position(labels[0][0].span.start)
        lines.append(f"{' ' * gutter}{paint(arrow, _GUTTER)} {in_a_line(file.name)}:{line}:{column}")
        lines += _snippet(file, [_mark(label, primary) for label, primary in labels], gutter, tint, page)
    if one.primary is None and one.file:
        lines.append(f"{' ' * gutter}{paint('-->', _GUTTER)} {in_a_line(one.file)}")
    if one.help:
        column = gutter + len(" = help: ")
        first, *rest = page.lines(in_a_line(one.help), column, column)
        lines.append(f"{' ' * gutter} {paint('=', _GUTTER)} {paint('help', _BOLD)}: {first}")
        lines += [" " * column + words for words in rest]
    return "\n".join(lines)


def _by_file(one: Diagnostic) -> list[tuple[SourceFile, list[tuple[Label, bool]]]]:
    """Labels by file, the primary one first. A place that is marked already only gets more words."""
    labels = [(one.primary, True)] if one.primary is not None else []
    labels += [(label, False) for label in one.related]
    merged: dict[SourceSpan, tuple[Label, bool]] = {}
    for label, primary in labels:
        known = merged.get(label.span)
        if known is not None:
            words = dict.fromkeys(text for text in (known[0].text, label.text) if text)
            label, primary = Label(label.span, ", ".join(words)), known[1]
        merged[label.span] = label, primary
    groups: dict[int, tuple[SourceFile, list[tuple[Label, bool]]]] = {}
    for label, primary in merged.values():
        groups.setdefault(id(label.span.file), (label.span.file, []))[1].append((label, primary))
    return list(groups.values())


def _mark(label: Label, primary: bool) -> _Mark:
    span = label.span
    line, column = span.file.position(span.start)
    length = len(span.file.line(line))
    start = min(column - 1, length)
    end = start + span.end - span.start
    return _Mark(line, start, max(start + 1, min(end, length)), label.text, primary)


def _snippet(file: SourceFile, marks: list[_Mark], gutter: int, tint: str, page: _Page) -> list[str]:
    paint = page.paint
    bar = paint("|", _GUTTER)
    empty = f"{' ' * gutter} {bar}"
    lines = [empty]
    before = 0
    room = max(page.width - gutter - 3, 20)
    for number in sorted({mark.line for mark in marks}):
        if before and number > before + 1:
            lines.append(f"{paint('...', _GUTTER)}")
        before = number
        here = sorted((mark for mark in marks if mark.line == number), key=lambda mark: mark.start)
        text = file.line(number)
        together = _cells(text) <= room
        for group in [here] if together else [[mark] for mark in here]:
            shown, shift = (text, 0) if together else _window(text, group[0], room)
            lines.append(f"{paint(f'{number:>{gutter}}', _GUTTER)} {bar} {_show(shown)}".rstrip())
            for mark in group:
                start, end = mark.start - shift, min(mark.end - shift, len(shown))
                indent = _cells(shown[:start])
                sign = ("^" if mark.primary else "-") * max(_cells(shown[start:end]), 1)
                colour = tint if mark.primary else _GUTTER
                said = _beside(sign, in_a_line(mark.text), gutter + 3, indent, page)
                lines += [f"{empty} {' ' * at}{paint(words, colour)}" for at, words in said]
    return lines


def _beside(sign: str, words: str, start: int, indent: int, page: _Page) -> list[tuple[int, str]]:
    """A mark and its words: lines, each with its indent. Words that do not fit beside it go below it."""
    if not words:
        return [(indent, sign)]
    at = indent + len(sign) + 1
    if page.wrap and start + at + min(len(words), _LEAST) > page.width:
        at = max(min(indent, page.width - start - len(words)), 0)
        return [(indent, sign), *((at, one) for one in page.lines(words, start + at, start + at))]
    first, *rest = page.lines(words, start + at, start + at)
    return [(indent, f"{sign} {first}"), *((at, one) for one in rest)]


def _window(text: str, mark: _Mark, room: int) -> tuple[str, int]:
    """The part of a long line around a mark, and how many characters its columns move to the left.

    What is cut off is shown as one character, so that columns stay columns.
    """
    wanted = min(mark.end - mark.start, room // 2)
    start = max(0, mark.start - (room - wanted) // 3)
    if start <= 1:
        start = 0
    end = start
    cells = 0
    while end < len(text) and cells < room - 2:
        cells += _cells(text[end])
        end += 1
    shown = text[start:end] + ("…" if end < len(text) else "")
    return ("…" + shown[1:], start) if start else (shown, 0)


def _show(text: str) -> str:
    return masked(text.replace("\t", TAB), _HIDDEN)


def _cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii() and "\t" not in text:
        return len(text)
    total = 0
    for char in text:
        if char == "\t":
            total += len(TAB)
        elif not unicodedata.combining(char):
            total += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return total
