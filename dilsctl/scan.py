"""The first look at an expression: tokens, balance and depth, before a recursive parser sees it.

Refuses with words of its own what the grammar has no use for, so that nothing that reaches Python's parser
can exhaust it, and users of other languages are told how this one writes it.
"""

from __future__ import annotations

import keyword
import re

MOST_CHARACTERS = 20_000
MOST_LEVELS = 200
MOST_DIGITS = 30


class ExpressionError(Exception):
    """A text that is not an expression (wire, type) of the language.

    ``start`` and ``end`` are characters of the text; ``help`` says how to put it right.
    """

    def __init__(self, code: str, message: str, start: int = 0, end: int = 0, help: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end
        self.help = help

    def moved(self, by: int) -> ExpressionError:
        """The same error in a text that begins ``by`` characters earlier."""
        return ExpressionError(self.code, self.message, self.start + by, self.end + by, self.help)


_TOKEN = r"""(?P<space>\s+)
    |(?P<string>(?i:[rbfu]{0,2})(?:'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"))
    |(?P<number>(?:0[xXoObB][0-9a-fA-F_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9_]+)?)\w*)
    |(?P<name>[^\W\d]\w*)
    |(?P<operator>->|\*\*|//|==|!=|<=|>=|<>|<<|>>|&&|\|\||:=|\.\.\.|.)"""
_PLAIN = r"(?:[A-Za-z_]\w*+|[0-9]{1,30}+(?!\w)|[\s+\-*/@%.,])*+"
_SIMPLE = re.compile(rf"{_PLAIN}(?:(?:\({_PLAIN}\)|\[{_PLAIN}\]){_PLAIN})*+", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]\w*")
_KEYWORDS = frozenset(keyword.kwlist)
_ADJOINING = ("and", "else", "for", "if", "in", "is", "not", "or")  # the parser takes them without a space
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_KNOWN_OPERATORS = frozenset(
    ["+", "-", "*", "/", "//", "%", "**", "@", "<", "<=", ">", ">=", "==", "!=", "=", "...", *"()[],:."]
)
_WORD_HELP = {
    "lambda": "name the function in a box's params, or use a let",
    "for": "expressions work on whole arrays; there are no loops",
    "in": "compare with == and 'or'",
    "is": "compare with ==",
    "True": "write true",
    "False": "write false",
}
_BANNED_WORDS = frozenset(keyword.kwlist) - {"and", "or", "not", "if", "else", "None"}
_OPERATOR_HELP = {
    "&&": "write 'and'",
    "&": "write 'and'",
    "||": "write 'or'",
    "|": "write 'or'",
    "!": "write 'not'",
    "~": "write 'not'",
    "^": "a power is written **",
    "<>": "write !=",
    "->": "one wire has one arrow: EXPRESSION -> TARGET",
    ":=": "name it in the box's let",
    "{": "a list is written with [ ]",
    "}": "a list is written with [ ]",
    "'": "close the quotes",
    '"': "close the quotes",
    "#": "comments stand outside of expressions",
}


def scan(text: str) -> None:
    """Refuse what the grammar has no use for, and anything deep enough to trouble a recursive parser."""
    if not is_simple(text):
        look_closely(text)


def is_simple(text: str) -> bool:
    """Is a text too short to be deep, of plain names, numbers and operators? Most are."""
    short = len(text) <= MOST_LEVELS and _SIMPLE.fullmatch(text) is not None
    return short and _KEYWORDS.isdisjoint(_WORD.findall(text))


def look_closely(text: str) -> None:
    """Token by token, as ``scan``."""
    open_brackets: list[tuple[str, int]] = []
    prefixes = 0  # operators in a row: each of them nests
    nesting = 0  # operators that nest to the right wherever they stand
    for found in re.finditer(_TOKEN, text, re.VERBOSE | re.DOTALL):
        kind, token, at = found.lastgroup, found.group(), found.start()
        if kind == "space":
            continue
        if (kind == "operator" and token in "+-*/%@<>=~") or token in ("not", "**"):
            prefixes += 1
        else:
            prefixes = 0
        if token in ("if", "**", "not"):
            nesting += 1
        if max(prefixes, nesting) > MOST_LEVELS:
            raise too_deep(at, found.end())
        if kind == "name" and token in _BANNED_WORDS:
            help = _WORD_HELP.get(token, "")
            raise ExpressionError("bad-expression", f"'{token}' has no place here", at, found.end(), help)
        if kind == "number":
            if token.endswith(_ADJOINING):
                message = f"'{token}' is neither a number nor a name"
                help = "a space parts a number from a word"
                raise ExpressionError("bad-expression", message, at, found.end(), help)
            digits = sum(char.isdigit() for char in token)
            if digits > MOST_DIGITS and not set(token) & set(".eE"):
                raise ExpressionError(
                    "number-too-long",
                    f"a whole number of {digits} digits",
                    at,
                    found.end(),
                    "write it as 1e…",
                )
        if kind == "string" and token[0] not in "'\"":
            raise ExpressionError("bad-expression", "a text has no prefix letters", at, found.end())
        if kind == "string" and "\\" in token:
            raise ExpressionError(
                "bad-expression", "a text in an expression has no backslashes", at, found.end()
            )
        if kind == "operator":
            if token not in _KNOWN_OPERATORS:
                help = _OPERATOR_HELP.get(token, "")
                raise ExpressionError("bad-expression", f"'{token}' has no place here", at, found.end(), help)
            if token in "([":
                open_brackets.append((token, at))
                if len(open_brackets) > MOST_LEVELS:
                    raise too_deep(at, found.end())
            elif token in ")]":
                if not open_brackets or _CLOSING[open_brackets[-1][0]] != token:
                    raise ExpressionError("bad-expression", f"'{token}' closes nothing", at, found.end())
                open_brackets.pop()
    if open_brackets:
        bracket, at = open_brackets[-1]
        raise ExpressionError("bad-expression", f"'{bracket}' is not closed", at, at + 1)


def too_deep(start: int, end: int) -> ExpressionError:
    """The error for nesting that recursive readers could not follow."""
    return ExpressionError(
        "too-deep",
        f"nested deeper than {MOST_LEVELS} levels",
        start,
        end,
        "name parts of it in the box's let",
    )
