"""Words that choose: ``digits and not (conv or "a or b")``, of texts that have them.

Words that stand side by side are one phrase. A phrase is part of a text, in any case. What is between quotes
is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Fits = Callable[[str], bool]

_TOKEN = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([()])|([^\s()"']+))""")
_JOINTS = ("and", "or", "not", "(", ")")
MOST = 2000  # characters
DEEPEST = 20  # brackets in brackets


class WordsError(ValueError):
    """This is no such expression; says why."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    joint: bool


def words(expression: str) -> Fits:
    """What fits an expression; everything fits an empty one. Raises WordsError."""
    if not expression.strip():
        return lambda text: True
    if len(expression) > MOST:
        raise WordsError(f"it is longer than {MOST} characters")
    reader = _Reader(_tokens(expression))
    fits = reader.any_of()
    if reader.next is not None:
        raise WordsError(f"'{reader.next.text}' does not go there")
    return fits


def phrases(expression: str) -> list[str]:
    """The phrases of an expression, in order."""
    found: list[str] = []
    beside = False
    for one in _tokens(expression):
        if not one.joint:
            found.append(f"{found.pop()} {one.text}" if beside else one.text)
        beside = not one.joint
    return found


def _tokens(expression: str) -> list[_Token]:
    found, at = [], 0
    while at < len(expression.rstrip()):
        token = _TOKEN.match(expression, at)
        if token is None:
            raise WordsError("a quote is not closed")
        bracket, word = token[3], token[4]
        text = next(one for one in token.groups() if one is not None).lower()
        found.append(_Token(text, bracket is not None or (word is not None and text in _JOINTS)))
        at = token.end()
    return found


class _Reader:
    """Reads tokens: ``or`` binds least, then ``and``, then ``not``."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    @property
    def next(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def takes(self, joint: str) -> bool:
        found = self.next is not None and self.next.joint and self.next.text == joint
        self.at += found
        return found

    def any_of(self) -> Fits:
        some = [self.all_of()]
        while self.takes("or"):
            some.append(self.all_of())
        return lambda text: any(one(text) for one in some)

    def all_of(self) -> Fits:
        some = [self.one()]
        while self.takes("and"):
            some.append(self.one())
        return lambda text: all(one(text) for one in some)

    def one(self) -> Fits:
        negated = False
        while self.takes("not"):
            negated = not negated
        inner = self.bracket() if self.takes("(") else self.phrase()
        return lambda text: inner(text) != negated

    def bracket(self) -> Fits:
        self.depth += 1
        if self.depth > DEEPEST:
            raise WordsError(f"there are more than {DEEPEST} brackets in each other")
        inner = self.any_of()
        self.depth -= 1
        if not self.takes(")"):
            raise WordsError("a bracket is not closed")
        return inner

    def phrase(self) -> Fits:
        parts = []
        while (token := self.next) is not None and not token.joint:
            parts.append(token.text)
            self.at += 1
        if not parts:
            where = f"before '{self.next.text}'" if self.next is not None else "at the end"
            raise WordsError(f"a word is missing {where}")
        phrase = " ".join(parts)
        return lambda text: phrase in text.lower()
