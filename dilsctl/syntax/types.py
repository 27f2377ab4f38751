"""Type texts: ``real``, ``bool``, ``int``, ``class K``, ``simplex K``, then the dimensions of a shape.

Dimensions are separated by spaces. One is a number, a name, or these with + - * // and round brackets:
``real 64``, ``real units n``, ``real 2*n+1``. A state's text may go on with ``= INIT``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias

from dilsctl.diagnostics import did_you_mean
from dilsctl.expression import ExpressionError

Kind = Literal["real", "bool", "int", "class", "simplex"]
Dim: TypeAlias = "int | str | tuple[str, Dim, Dim]"

KINDS: tuple[Kind, ...] = ("real", "bool", "int", "class", "simplex")
_OTHER_WORDS = {
    "float": "real", "double": "real", "number": "real", "scalar": "real", "vector": "real", "tensor": "real",
    "array": "real", "boolean": "bool", "integer": "int", "long": "int", "label": "class",
    "category": "class", "categorical": "class", "enum": "class",
    "probability": "simplex", "distribution": "simplex",
}  # fmt: skip
MOST_LEVELS = 50

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|(?P<name>[^\W\d]\w*)|(?P<operator>//|[-+*()])|(?P<other>\S))")


class TypeTextError(ExpressionError):
    """A text that is not a type."""


@dataclass(frozen=True, slots=True)
class TypeText:
    """A parsed type. ``classes`` is the K of ``class K`` and ``simplex K``; ``dims`` the shape after it.

    A ``Dim`` is a number, a name, or (operator, left, right). ``dim_spans``: the characters of each dim.
    ``init`` is what follows ``=``, beginning at character ``init_start``; None where there is no ``=``.
    """

    kind: Kind
    classes: Dim | None = None
    dims: tuple[Dim, ...] = ()
    init: str | None = field(default=None, compare=False)
    init_start: int = field(default=0, compare=False)
    classes_span: tuple[int, int] = field(default=(0, 0), compare=False)
    dim_spans: tuple[tuple[int, int], ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        parts = [
            self.kind,
            *([] if self.classes is None else [show_dim(self.classes)]),
            *map(show_dim, self.dims),
        ]
        return " ".join(parts)


def show_dim(dim: Dim) -> str:
    """A dimension as it would be written."""
    if not isinstance(dim, tuple):
        return str(dim)
    sides = [f"({show_dim(side)})" if isinstance(side, tuple) else show_dim(side) for side in dim[1:]]
    return dim[0].join(sides)


def dim_names(dim: Dim) -> set[str]:
    """The names that a dimension reads."""
    if isinstance(dim, tuple):
        return dim_names(dim[1]) | dim_names(dim[2])
    return {dim} if isinstance(dim, str) else set()


@lru_cache(maxsize=4096)
def parse_type(text: str) -> TypeText:
    """Read a type text. Raises TypeTextError (code bad-type)."""
    equals = text.find("=")
    head = text if equals < 0 else text[:equals]
    init: str | None = None
    init_start = 0
    if equals >= 0:
        after = text[equals + 1 :]
        init = after.strip()
        init_start = equals + 1 + len(after) - len(after.lstrip())
        if init.startswith("="):
            raise _bad("'==' has no place in a type", equals, equals + 2, "write TYPE = INITIAL VALUE")
        if not init:
            raise _bad("nothing stands after '='", equals, equals + 1, "write TYPE = INITIAL VALUE")
    found = re.match(r"\s*([^\W\d]\w*)", head)
    if not found:
        help = f"a type begins with one of {', '.join(KINDS)}"
        raise _bad(
            "a type is missing" if not head.strip() else f"'{head.strip()}' is not a type", 0, len(head), help
        )
    kind = _kind(found.group(1), found.start(1), found.end(1))
    dims, spans = _Dims(head, found.end()).read()
    classes: Dim | None = None
    classes_span = (0, 0)
    if kind in ("class", "simplex"):
        if not dims:
            example = f"write '{kind} 10', or '{kind} k' for a number named k"
            raise _bad(f"'{kind}' needs the number of classes", found.start(1), found.end(1), example)
        classes, classes_span = dims[0], spans[0]
        dims, spans = dims[1:], spans[1:]
    return TypeText(kind, classes, dims, init, init_start, classes_span, spans)


def _bad(message: str, start: int, end: int, help: str = "") -> TypeTextError:
    return TypeTextError("bad-type", message, start, end, help)


def _kind(word: str, start: int, end: int) -> Kind:
    for kind in KINDS:
        if word == kind:
            return kind
    other = _OTHER_WORDS.get(word.lower(), word.lower() if word.lower() in KINDS else None)
    hint = f"did you mean '{other}'?" if other else did_you_mean(word, KINDS)
    help = f"{hint} The types are {', '.join(KINDS)}".strip()
    raise _bad(f"'{word}' is not a type", start, end, help)


class _Dims:
    """The dimensions of one type text, left to right."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.at = start
        self.tokens = [found for found in _TOKEN.finditer(text, start)]
        self.next = 0
        self.depth = 0
        self.operators = 0

    def read(self) -> tuple[tuple[Dim, ...], tuple[tuple[int, int], ...]]:
        dims: list[Dim] = []
        spans: list[tuple[int, int]] = []
        while self.next < len(self.tokens):
            start = self._span(self.next)[0]
            self.operators = 0
            dims.append(self._sum())
            spans.append((start, self._span(self.next - 1)[1]))
        return tuple(dims), tuple(spans)

    def _span(self, number: int) -> tuple[int, int]:
        if number >= len(self.tokens):
            return len(self.text.rstrip()), len(self.text.rstrip())
        found = self.tokens[number]
        return found.span(found.lastgroup or 0)

    def _operator(self, *allowed: str) -> str | None:
        if self.next < len(self.tokens):
            written = self.tokens[self.next].group("operator")
            if written in allowed:
                self.operators += 1
                if self.operators > MOST_LEVELS:  # each of them nests
                    raise _bad("too many operators", *self._span(self.next))
                self.next += 1
                return str(written)
        return None

    def _sum(self) -> Dim:
        left = self._product()
        while operator := self._operator("+", "-"):
            left = (operator, left, self._product())
        return left

    def _product(self) -> Dim:
        left = self._atom()
        while operator := self._operator("*", "//"):
            left = (operator, left, self._atom())
        return left

    def _atom(self) -> Dim:
        start, end = self._span(self.next)
        if self.next >= len(self.tokens):
            raise _bad("a dimension is missing", max(start - 1, 0), max(end, 1))
        found = self.tokens[self.next]
        self.next += 1
        if found.lastgroup == "number":
            digits = found.group("number")
            if len(digits) > 12:
                raise _bad("this dimension is too large", start, end)
            return int(digits)
        if found.lastgroup == "name":
            return str(found.group("name"))
        if found.group("operator") == "(":
            self.depth += 1
            if self.depth > MOST_LEVELS:
                raise _bad("too many brackets", start, end)
            inner = self._sum()
            if not self._operator(")"):
                raise _bad("'(' is not closed", start, end)
            self.depth -= 1
            return inner
        raise self._unexpected(start, end)

    def _unexpected(self, start: int, end: int) -> TypeTextError:
        char = self.text[start:end]
        word = self.text.split()[0].split("[")[0].split("(")[0]
        if char in "[]":
            inside = re.sub(r"[\[\],\s]+", " ", self.text[start:]).strip()
            return _bad(
                "a shape is written without brackets",
                start,
                end,
                f"write '{word} {inside}', not '{self.text.strip()}'",
            )
        if char == ",":
            return _bad(
                "dimensions are separated by spaces",
                start,
                end,
                f"write '{' '.join(self.text.replace(',', ' ').split())}'",
            )
        if char == ".":
            return _bad("a dimension is a whole number", start, end)
        return _bad(
            f"'{char}' has no place in a type",
            start,
            end,
            "a dimension is a number, a name, or + - * // of these",
        )
