"""Expressions and wires: text to syntax trees, nothing evaluated.

An expression is Python's expression grammar cut down to arithmetic, comparison, logic, choice, indexing and
calls of named functions. Every node of a parsed tree carries ``col_offset`` and ``end_col_offset`` as
characters of the text (``offsets`` reads them), whatever line breaks and letters the text holds.

A wire is ``EXPRESSION -> TARGET``. A target is a port of the box itself (``y``, ``y[0]``, ``y[:-1]``) or of
an interior box (``child.port``, ``child[1:].port``, ``child.port[3]``). Diagrams that list every wire hold
millions of plain ones, port to port; ``PLAIN_WIRE`` reads those without a syntax tree.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dilsctl.scan import MOST_CHARACTERS, MOST_LEVELS, ExpressionError, scan, too_deep

__all__ = [
    "PLAIN_WIRE",
    "ExpressionError",
    "Target",
    "WireText",
    "names_read",
    "offsets",
    "parse_expression",
    "parse_wire",
    "port_of",
    "ports_read",
    "references",
]


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> ast.expr:
    """The syntax tree of an expression. Trees are shared: do not change them.

    Raises ExpressionError (bad-expression, too-long, too-deep, number-too-long).
    """
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(
            "too-long",
            f"an expression of {len(text)} characters; the most is {MOST_CHARACTERS}",
            0,
            len(text),
            "name parts of it in the box's let",
        )
    if not text.strip():
        raise ExpressionError("bad-expression", "an expression is missing", 0, len(text))
    scan(text)
    tree = _placed(text) or _bracketed(text)
    _check(tree)
    return tree


def _placed(text: str) -> ast.expr | None:
    """The tree of a text whose columns are its characters; None for others, and where it is no expression."""
    if not (text.isascii() and text.isprintable()) or text[0] == " ":
        return None
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        return None


def _bracketed(text: str) -> ast.expr:
    """The tree of any text. Raises ExpressionError."""
    line = re.sub(r"\s", " ", text)  # one line, so that a column is an offset
    try:
        tree = ast.parse(f"({line})", mode="eval").body
    except SyntaxError as error:
        start = min(max((error.offset or 1) - 2, 0), len(text) - 1)
        end = max((error.end_offset or 0) - 2, start + 1) if error.end_lineno == error.lineno else start + 1
        raise ExpressionError("bad-expression", _syntax_words(error), start, min(end, len(text))) from None
    except (RecursionError, MemoryError, ValueError):
        raise too_deep(0, len(text)) from None
    _place(tree, text)
    return tree


def _syntax_words(error: SyntaxError) -> str:
    words = (error.msg or "").split(". ")[0]
    if not words or "invalid syntax" in words:
        return "this is not an expression"
    return f"this is not an expression: {words[0].lower()}{words[1:]}"


def _place(tree: ast.expr, text: str) -> None:
    """Turn the parser's columns (UTF-8 bytes of the bracketed line) into characters of the text."""
    if text.isascii():
        characters: range | list[int] = range(len(text) + 1)
    else:
        characters = []
        for number, char in enumerate(text):
            characters.extend([number] * len(char.encode()))
        characters.append(len(text))
    last = len(characters) - 1
    for node in _nodes(tree):
        if node._attributes:  # a part that has a place
            node.col_offset = characters[max(node.col_offset - 1, 0)]
            node.end_col_offset = characters[min((node.end_col_offset or 0) - 1, last)]


def _nodes(tree: ast.AST) -> list[Any]:
    """All nodes but operators, without recursion."""
    found = [tree]
    for node in found:  # it grows
        found += _parts(node)
    return found


def _parts(node: Any) -> Iterable[ast.AST]:
    """As ``ast.iter_child_nodes`` without operators, in a fifth of the time."""
    kind = node.__class__
    if kind is ast.Name or kind is ast.Constant:
        return ()
    if kind is ast.BinOp:
        return node.left, node.right
    if kind is ast.Attribute:
        return (node.value,)
    if kind is ast.Call:
        return node.func, *node.args, *node.keywords
    return [one for one in ast.iter_child_nodes(node) if one.__class__ not in _LEAVES]


_LEAVES = frozenset(
    kind
    for family in (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
    for kind in family.__subclasses__()
)


def offsets(node: ast.AST) -> tuple[int, int]:
    """Where a node of a parsed expression stands: its characters, start and end (not included)."""
    return node.col_offset, node.end_col_offset  # type: ignore[attr-defined]


_FREE = frozenset({ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp})


def _check(tree: ast.expr) -> None:
    """Refuse every node that is not on the list, and trees too deep for those who walk them."""
    # where: "value", "argument" (of a call or list: lists may stand there), "index" (slices may stand there)
    stack: list[tuple[Any, int, str]] = [(tree, 0, "value")]
    while stack:
        node, depth, where = stack.pop()
        kind = node.__class__
        if depth > MOST_LEVELS:
            raise too_deep(*offsets(tree))
        child = depth + 1
        if kind is ast.Name:
            continue
        if kind in _FREE:
            stack += [(one, child, "value") for one in _parts(node)]
        elif kind is ast.Constant:
            _check_constant(node, where)
        elif kind is ast.Call:
            if not isinstance(node.func, ast.Name):
                raise _refuse(node.func, "only functions with a plain name can be called")
            for argument in node.args:
                if isinstance(argument, ast.Starred):
                    raise _refuse(argument, "arguments cannot be unpacked")
                stack.append((argument, child, "argument"))
            for keyword in node.keywords:
                if keyword.arg is None:
                    raise _refuse(keyword, "arguments cannot be unpacked")
                stack.append((keyword.value, child, "option"))
        elif kind is ast.Attribute:
            owner = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            if not isinstance(owner, ast.Name):
                raise _refuse(
                    node,
                    "a box sees the ports of its own interior boxes only: child.port",
                    "give the child a port that shows the inner value",
                )
            stack.append((node.value, child, "value"))
        elif kind is ast.Subscript:
            stack.append((node.value, child, "value"))
            stack.append((node.slice, child, "index"))
        elif kind is ast.Slice and where == "index":
            stack.extend((one, child, "bound") for one in (node.lower, node.upper, node.step) if one)
        elif kind is ast.Tuple and where == "index":
            stack.extend((one, child, "index") for one in node.elts)
        elif kind is ast.List or (kind is ast.Tuple and where in ("argument", "option")):
            stack.extend((one, child, "argument") for one in node.elts)
        elif kind is ast.Tuple:
            raise _refuse(node, "a comma has no place here", "one wire or let gives one value")
        else:
            raise _refuse(node, f"{_KIND_WORDS.get(kind.__name__, 'this')} has no place in an expression")


_KIND_WORDS = {
    "GeneratorExp": "a loop",
    "ListComp": "a loop",
    "Starred": "a star",
    "NamedExpr": "an assignment",
    "JoinedStr": "a formatted text",
    "Slice": "a slice",
}


def _check_constant(node: ast.Constant, where: str) -> None:
    value = node.value
    if value is None or value is Ellipsis:
        if where in ("index", "option"):
            return
        shown = "None" if value is None else "..."
        raise _refuse(
            node, f"'{shown}' may only stand between index brackets", "there is no missing value here"
        )
    if not isinstance(value, int | float | str):
        raise _refuse(node, f"{type(value).__name__} numbers are not part of the language")


def _refuse(node: ast.AST, message: str, help: str = "") -> ExpressionError:
    return ExpressionError("bad-expression", message, *offsets(node), help)


def names_read(tree: ast.expr) -> frozenset[str]:
    """The variables that an expression reads, and the boxes of ``child.port``; not the functions it calls."""
    return _read(tree)[0]


def ports_read(tree: ast.expr) -> frozenset[tuple[str, str]]:
    """The ports ``child.port`` that an expression reads, as (child, port)."""
    return _read(tree)[1]


@lru_cache(maxsize=4096)
def _read(tree: ast.expr) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    names: list[ast.Name] = []
    called: set[ast.AST] = set()
    ports: list[tuple[str, str]] = []
    for node in _nodes(tree):
        kind = node.__class__
        if kind is ast.Name:
            names.append(node)
        elif kind is ast.Attribute:
            port = port_of(node)
            if port is not None:
                ports.append(port)
        elif kind is ast.Call:
            called.add(node.func)
    return frozenset([node.id for node in names if node not in called]), frozenset(ports)


def port_of(node: ast.AST) -> tuple[str, str] | None:
    """(child, port) of a node that is ``child.port`` or ``child[i].port``."""
    if not isinstance(node, ast.Attribute):
        return None
    owner = node.value.value if isinstance(node.value, ast.Subscript) else node.value
    return (owner.id, node.attr) if isinstance(owner, ast.Name) else None


def references(tree: ast.expr) -> list[ast.expr]:
    """The names and ports that an expression reads, as nodes; not the functions that it calls."""
    found: list[ast.expr] = []
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name | ast.Attribute):
            found.append(node)
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Attribute):
            children = [node.value.slice] if isinstance(node.value, ast.Subscript) else []
        stack += [one for one in children if not (isinstance(node, ast.Call) and one is node.func)]
    return found


_NAME = r"([A-Za-z_]\w*+)"
_ITEM = r"(?:\[(\d++)\])?"
_PORT = rf"(?:{_NAME}{_ITEM}\.)?{_NAME}{_ITEM}"

PLAIN_WIRE = re.compile(rf"\s*+{_PORT}\s*+->\s*+{_PORT}\s*+", re.ASCII)
"""A wire from one port to one port, indices being plain numbers; use ``fullmatch``.

Groups: source box, its index, source port, its index, then the same four of the target; None where absent.
A source may still be a literal (``true``) or a name that is no port; look it up, and fall back on
``parse_wire``.
"""

Items = tuple[ast.expr, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a wire ends. An index is a tuple of items: expressions and slices. ``box`` None: an own output.

    ``start`` and ``end`` are characters of the wire's text, and so are the offsets of the items.
    """

    box: str | None
    box_index: Items
    port: str
    port_index: Items
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WireText:
    """A wire split at its arrow. ``source`` begins at character ``source_start`` of the wire."""

    source: str
    source_start: int
    target: Target


def parse_wire(text: str) -> WireText:
    """Split a wire at its last arrow outside of brackets and quotes, and read its target.

    The source is not parsed. Raises ExpressionError: bad-wire, bad-target, or what the target's index has
    wrong.
    """
    arrow = find_arrow(text)
    if arrow < 0:
        raise _no_arrow(text)
    source = text[:arrow]
    stripped = source.strip()
    if not stripped:
        raise ExpressionError(
            "bad-wire", "nothing stands before the arrow", 0, arrow + 2, "write EXPRESSION -> TARGET"
        )
    return WireText(stripped, len(source) - len(source.lstrip()), _target(text, arrow + 2))


def find_arrow(text: str) -> int:
    """The last ``->`` outside of quotes and brackets, or -1."""
    at = text.rfind("->")
    if at < 0 or not any(char in text for char in "'\""):
        return at
    depth, quote, last = 0, "", -1
    for number, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "-" and depth <= 0 and text.startswith("->", number):
            last = number
    return last


def _no_arrow(text: str) -> ExpressionError:
    for wrong in ("=>", "→", "-->", "<-", "=", ">"):
        at = text.rfind(wrong)
        if at >= 0 and wrong not in ("=", ">"):
            return ExpressionError("bad-wire", f"'{wrong}' is not an arrow", at, at + len(wrong), "write ->")
    return ExpressionError("bad-wire", "a wire needs an arrow", 0, len(text), "write EXPRESSION -> TARGET")


def _target(text: str, start: int) -> Target:
    written = text[start:]
    target = written.strip()
    begin = start + len(written) - len(written.lstrip())
    end = begin + len(target)
    if not target:
        raise ExpressionError(
            "bad-target", "nothing stands after the arrow", start - 2, start, "write EXPRESSION -> TARGET"
        )
    tree = parse_expression(" " * begin + target)  # padded, so that offsets are those of the wire
    box: str | None = None
    box_index: Items = ()
    port_index: Items = ()
    node: ast.expr = tree
    if isinstance(node, ast.Subscript):
        port_index, node = _items(node.slice), node.value
    if isinstance(node, ast.Attribute):
        port, node = node.attr, node.value
        if isinstance(node, ast.Subscript):
            box_index, node = _items(node.slice), node.value
        if isinstance(node, ast.Name):
            return Target(node.id, box_index, port, port_index, begin, end)
    elif isinstance(node, ast.Name):
        return Target(box, box_index, node.id, port_index, begin, end)
    raise ExpressionError(
        "bad-target",
        f"'{target}' is not a port",
        begin,
        end,
        "a target is an output of this box or an input of an interior box: y, child.x, child[0].x, y[:3]",
    )


def _items(index: ast.expr) -> Items:
    items = tuple(index.elts) if isinstance(index, ast.Tuple) else (index,)
    for item in items:
        if isinstance(item, ast.Constant) and not (isinstance(item.value, int) or item.value is Ellipsis):
            raise ExpressionError(
                "bad-target", "a target's index is a whole number or a slice", *offsets(item)
            )
    return items
