"""The wires of a box as written: each is read into where it comes from and where it ends."""

from __future__ import annotations

import ast
import keyword
import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import Report, SourceSpan
from dilsctl.expression import ExpressionError, parse_expression, parse_wire
from dilsctl.source import text_span

Key = tuple[str | None, str]  # interior box or None, port
Plain = tuple[Any, ...]  # source box, port, its index, target box, port, its index; None where absent

_PLAIN = re.compile(
    r"\s*(?:([A-Za-z_]\w*)\.)?([A-Za-z_]\w*)(?:\[(\d{1,9})\])?"
    r"\s*->\s*(?:([A-Za-z_]\w*)\.)?([A-Za-z_]\w*)(?:\[(\d{1,9})\])?\s*\Z"
)
_PORT = re.compile(r"(?:([A-Za-z_]\w*)(?:\[[^\]]*\])?\.)?([A-Za-z_]\w*)")
_KEYWORDS = frozenset(keyword.kwlist)  # no name in an expression
_LITERALS = frozenset({"true", "false"})


class WireTexts:
    """The texts of a box's wires, by number: the items of a list, or the lines of a block."""

    def __init__(self, body: Any) -> None:
        self.written: Any = body.get("wires") or []
        self.texts: list[str] = self.written
        self.starts = array("Q")  # of a block: the offset of each line that holds a wire
        if isinstance(self.written, str):
            self.block = body.value_span("wires")
            self.texts = []
            start = 0
            for line in self.written.split("\n"):
                code = line.split(" #", 1)[0]
                if code.strip() and not code.lstrip().startswith("#"):
                    self.texts.append(code)
                    self.starts.append(start)
                start += len(line) + 1

    def locate(self, number: int, start: int, end: int) -> SourceSpan:
        """The place of some characters of a wire's text."""
        if isinstance(self.written, str):
            first = self.starts[number]
            return text_span(self.block.file, self.block, self.written, first + start, first + end)
        span = self.written.span(number)
        return text_span(span.file, span, self.texts[number], start, end)

    def span(self, number: int) -> SourceSpan:
        """The place of a whole wire."""
        text = self.texts[number]
        return self.locate(number, len(text) - len(text.lstrip()), len(text.rstrip()))


@dataclass(slots=True, eq=False)
class Wire:
    """A wire that has been read but perhaps not yet emitted. Offsets are those of its text."""

    texts: WireTexts
    number: int
    source: ast.expr | None  # None: a plain reference, in ``plain``
    base: int  # offset of the source expression
    plain: tuple[str | None, str, int | None]
    target: tuple[str | None, tuple[Any, ...], str, tuple[Any, ...]]
    target_extent: tuple[int, int]

    @property
    def key(self) -> Key:
        """The port that it drives."""
        return self.target[0], self.target[2]

    @property
    def span(self) -> SourceSpan:
        """The place of the whole wire."""
        return self.texts.span(self.number)

    @property
    def source_text(self) -> str:
        """What stands before the arrow."""
        before = self.texts.texts[self.number][self.base : self.target_extent[0]]
        return before.rstrip().removesuffix("->").rstrip()

    @property
    def source_span(self) -> SourceSpan:
        """The place of what stands before the arrow."""
        return self.locate(0, len(self.source_text))

    def __str__(self) -> str:
        return self.target_text

    @property
    def target_text(self) -> str:
        """What stands after the arrow, without spaces."""
        return "".join(self.texts.texts[self.number][slice(*self.target_extent)].split())

    @property
    def target_span(self) -> SourceSpan:
        """The place of what stands after the arrow."""
        return self.texts.locate(self.number, *self.target_extent)

    def locate(self, start: int, end: int) -> SourceSpan:
        """The place of characters of the source expression."""
        return self.texts.locate(self.number, self.base + start, self.base + end)

    def locate_target(self, start: int, end: int) -> SourceSpan:
        """The place of characters of an index of the target, whose offsets are those of the wire's text."""
        return self.texts.locate(self.number, start, end)


def _has_word(box: str | None, port: str) -> bool:
    """Whether the source of a wire is no plain reference, since it has a word of the expressions."""
    return port in _KEYWORDS or box in _KEYWORDS or (box is None and port in _LITERALS)


def read_wires(
    texts: WireTexts,
    report: Report,
    broken: Callable[[Key], None],
    take: Callable[[Plain, int], bool] | None = None,
) -> Iterator[Wire]:
    """The wires of a box. ``take`` may take plain ones at once, by their parts and number.

    What is no wire is reported; ``broken`` gets the ports that it may have been meant for.
    """
    for number, text in enumerate(texts.texts):
        found = _PLAIN.match(text)
        if found and not _has_word(*found.group(1, 2)):
            plain = found.groups()
            if take is not None and take(plain, number):
                continue
            box, name, item, target_box, port, port_item = plain
            yield Wire(
                texts,
                number,
                None,
                found.start(1 if box else 2),
                (box, name, None if item is None else int(item)),
                (target_box, (), port, () if port_item is None else (int(port_item),)),
                (found.start(4 if target_box else 5), len(text.rstrip())),
            )
            continue
        offset = 0
        try:
            read = parse_wire(text)
            offset = read.source_start
            tree = parse_expression(read.source)
        except ExpressionError as error:
            where = texts.locate(number, offset + error.start, offset + error.end)
            report.error(error.code, error.message, where, help=error.help)
            for target in _PORT.finditer(text, max(text.rfind("->"), 0)):
                broken((target.group(1), target.group(2)))
            continue
        end = read.target
        yield Wire(
            texts,
            number,
            tree,
            offset,
            (None, "", None),
            (end.box, end.box_index, end.port, end.port_index),
            (end.start, end.end),
        )
