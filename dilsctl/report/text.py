"""Diagnostics as text for people: the message, the lines it is about, carets under them, and help.

error[unknown-key]: unknown key 'wire' in a box
  --> or.yaml:5:3
   |
 5 |   wire: [a -> y]
   |   ^^^^
   = help: did you mean 'wires'?
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from dilsctl.diagnostics import Diagnostic, Label, Report, Severity, SourceFile

TAB = "    "
_COLOURS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}
_GUTTER = "1;34"
_BOLD = "1"
_PLURALS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTE: "notes"}
# Control characters and those that reorder text could make a terminal show what the file does not say.
_UNSAFE = dict.fromkeys(
    [*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd"
)


def render_text(findings: Report | Iterable[Diagnostic], colour: bool = False, width: int = 100) -> str:
    """All findings, then a closing line that counts them; an empty text if there are none.

    Lines of the file that are wider than ``width`` cells are cut around what is marked. ``colour`` adds ANSI
    sequences.
    """
    all_findings = list(findings)
    if not all_findings:
        return ""
    paint = _Paint(colour)
    blocks = [_render(one, paint, max(width, 40)) for one in all_findings]
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
class _Mark:
    """A label on one line: columns from 0, as characters."""

    line: int
    start: int
    end: int
    text: str
    primary: bool


def _safe(text: str) -> str:
    return text.translate(_UNSAFE)


def _render(one: Diagnostic, paint: _Paint, width: int) -> str:
    tint = _COLOURS[one.severity]
    head = paint(f"{one.severity.value}[{one.code}]", tint)
    lines = [f"{head}{paint(': ' + _safe(one.message), _BOLD)}"]
    groups = _by_file(one)
    numbers = [label.span.line for _, labels in groups for label, _ in labels]
    gutter = max((len(str(number)) for number in numbers), default=1) + 1
    for number, (file, labels) in enumerate(groups):
        arrow = "-->" if number == 0 else ":::"
        line, column = file.position(labels[0][0].span.start)
        lines.append(f"{' ' * gutter}{paint(arrow, _GUTTER)} {_safe(file.name)}:{line}:{column}")
        lines += _snippet(
            file, [_mark(label, primary) for label, primary in labels], gutter, tint, paint, width
        )
    if one.primary is None and one.file:
        lines.append(f"{' ' * gutter}{paint('-->', _GUTTER)} {_safe(one.file)}")
    if one.help:
        lines.append(f"{' ' * gutter} {paint('=', _GUTTER)} {paint('help', _BOLD)}: {_safe(one.help)}")
    return "\n".join(lines)


def _by_file(one: Diagnostic) -> list[tuple[SourceFile, list[tuple[Label, bool]]]]:
    """Labels by file, the primary one first."""
    labels = [(one.primary, True)] if one.primary is not None else []
    labels += [(label, False) for label in one.related]
    groups: dict[int, tuple[SourceFile, list[tuple[Label, bool]]]] = {}
    for label, primary in labels:
        groups.setdefault(id(label.span.file), (label.span.file, []))[1].append((label, primary))
    return list(groups.values())


def _mark(label: Label, primary: bool) -> _Mark:
    span = label.span
    line, column = span.file.position(span.start)
    length = len(span.file.line(line))
    start = min(column - 1, length)
    end = start + span.end - span.start
    return _Mark(line, start, max(start + 1, min(end, length)), label.text, primary)


def _snippet(
    file: SourceFile, marks: list[_Mark], gutter: int, tint: str, paint: _Paint, width: int
) -> list[str]:
    bar = paint("|", _GUTTER)
    empty = f"{' ' * gutter} {bar}"
    lines = [empty]
    before = 0
    room = max(width - gutter - 3, 20)
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
                words = f" {_safe(mark.text)}" if mark.text else ""
                colour = tint if mark.primary else _GUTTER
                lines.append(f"{empty} {' ' * indent}{paint(sign + words, colour)}")
    return lines


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
    return _safe(text.replace("\t", TAB))


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
