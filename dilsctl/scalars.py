"""YAML scalars: what a plain scalar means, and where each of its characters stands in the file.

YAML 1.2 core, strictly: only ``true`` and ``false`` are booleans, ``null``, ``~`` and nothing are null,
``1e-3`` is a number; ``no``, ``on``, ``True`` and dates are text.
"""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from dilsctl.diagnostics import SourceFile, SourceSpan
from dilsctl.values import Mapping, Scalar, Sequence, unpack

WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
NUMBER_STARTS = frozenset("0123456789+-.")
MOST_DIGITS = 400

_INT = re.compile(r"[-+]?[0-9]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_OCTAL = re.compile(r"0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NAN = re.compile(r"\.(?:nan|NaN|NAN)")


def resolve_number(text: str) -> Scalar:
    """The number that a plain scalar writes, or the text itself."""
    if len(text) <= MOST_DIGITS:
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _HEX.fullmatch(text):
            return int(text[2:], 16)
        if _OCTAL.fullmatch(text):
            return int(text[2:], 8)
    if _INFINITY.fullmatch(text):
        return -math.inf if text[0] == "-" else math.inf
    return math.nan if _NAN.fullmatch(text) else text


def resolve(text: str) -> Scalar:
    """The value of a plain scalar."""
    if text and text[0] in NUMBER_STARTS:
        return resolve_number(text)
    return WORDS.get(text, text)


_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r\n\s*|\n\s*|.)", re.DOTALL)


@lru_cache(maxsize=4)  # all wires of one block ask for the same one, one after the other
def _places(text: str, start: int, end: int, value: str) -> array[int]:
    """For each character of a scalar's value its offset in the file.

    Both are walked side by side. Line breaks and indentation may be folded away, so only characters that
    are not white space have an exact place.
    """
    style = text[start] if start < end else ""
    at = start
    if style in "'\"" and style:
        at += 1
    elif style in "|>" and style:
        line_break = text.find("\n", start, end)
        at = end if line_break < 0 else line_break + 1
    places = array("Q")
    for char in value:
        place = min(at, end)
        if style == '"' and at < end and text[at] == "\\":
            found = _ESCAPE.match(text, at)
            while found and found.group()[1] in "\r\n":  # an escaped line break is no character at all
                at = found.end()
                found = _ESCAPE.match(text, at)
            if found:
                places.append(at)
                at = found.end()
                continue
        if char.isspace():
            if at < end and text[at].isspace():
                at += 1
        else:
            while at < end and text[at] != char and text[at].isspace():
                at += 1
            place = min(at, end)
            at += 2 if style == "'" and char == "'" else 1
        places.append(place)
    return places


@lru_cache(maxsize=4)
def _literal_layout(file: SourceFile, start: int, value: str) -> tuple[array[int], int, int]:
    """Of a literal block: where each line of its value begins, its first line in the file, its indent."""
    starts = array("Q", [0, *(found.end() for found in re.finditer("\n", value))])
    first = file.position(start)[0] + 1
    indent = 0
    for number, line in enumerate(value.split("\n")):
        if line.strip():
            indent = len(file.line(first + number)) - len(line)
            break
    return starts, first, indent


def _literal_span(file: SourceFile, span: SourceSpan, value: str, i: int, j: int) -> SourceSpan | None:
    """The place of characters of one line of a literal block: the same line of the file, indented.

    None where that does not hold (characters over several lines, a block with a header of its own).
    """
    try:
        starts, first, indent = _literal_layout(file, span.start, value)
        number = bisect_right(starts, i) - 1
        at = file.offset(first + number) + indent + i - starts[number]
    except IndexError:
        return None
    return SourceSpan(file, at, at + j - i) if file.text.startswith(value[i:j], at) else None


def text_span(file: SourceFile, span: SourceSpan, value: str, i: int, j: int) -> SourceSpan:
    """The place of characters i to j (not included) of a scalar's value. ``span`` is that of the scalar."""
    file = span.file  # not always the document's: a value may come from the command line
    text, start, end = file.text, span.start, span.end
    length = len(value)
    if end - start == length and text.startswith(value, start):
        return SourceSpan(file, start + i, start + j)
    if end - start == length + 2 and text.startswith(value, start + 1):
        return SourceSpan(file, start + 1 + i, start + 1 + j)
    if text.startswith("|", start) and (found := _literal_span(file, span, value, i, j)):
        return found
    places = _places(text, start, end, value)
    if not length:
        return span
    first = places[i] if i < length else places[-1] + 1
    if j <= i:
        return SourceSpan(file, first, first)
    return SourceSpan(file, first, max(first, places[j - 1] + 1))


def block_lines(file: SourceFile, span: SourceSpan, value: str) -> Iterator[tuple[str, SourceSpan]]:
    """The lines of a multi-line text that are not empty and not comments, each with its place.

    `` #`` starts a comment. Takes time linear in the text.
    """
    file = span.file
    places = _places(file.text, span.start, span.end, value)
    at = 0
    for line in value.split("\n"):
        code = line
        mark = line.find("#")
        while mark > 0 and not line[mark - 1].isspace():
            mark = line.find("#", mark + 1)
        if mark >= 0:
            code = line[:mark]
        stripped = code.strip()
        if stripped:
            first = at + len(code) - len(code.lstrip())
            last = first + len(stripped) - 1
            yield stripped, SourceSpan(file, places[first], places[last] + 1)
        at += len(line) + 1


def text_lines(owner: Mapping, key: str) -> Iterator[tuple[str, SourceSpan]]:
    """The texts of a list, or the lines of a block, each with its place: how ``wires`` are read."""
    value = owner[key]
    if isinstance(value, str):
        yield from block_lines(owner.file, owner.value_span(key), value)
    elif isinstance(value, Sequence):
        for item, packed in zip(value, value.spans, strict=True):
            if isinstance(item, str):
                start, end = unpack(packed)
                yield item, SourceSpan(value.file, start, end)
