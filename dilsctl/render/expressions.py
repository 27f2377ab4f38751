"""What a picture says of an expression: a label short enough for a small box, and what the expression
reads."""

from __future__ import annotations

import ast
import re

from dilsctl.expression import ExpressionError, parse_expression, port_of, references

LONGEST = 28

_SIGNS = (
    (re.compile(r"\s*\*\*\s*"), "^"),
    (re.compile(r"\s*\*\s*"), "·"),
    (re.compile(r"(?<=[\w)\]] )-(?= )"), "−"),
    (re.compile(r">="), "≥"),
    (re.compile(r"<="), "≤"),
    (re.compile(r"!="), "≠"),
    (re.compile(r"=="), "="),
)
_BINARY = {
    ast.Add: "+", ast.Sub: "−", ast.Mult: "·", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "^",
    ast.MatMult: "@",
}  # fmt: skip
_COMPARE = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠"}


def parsed(text: object) -> ast.expr | None:
    """The tree of an expression, None where the text has none (which elaboration has told already)."""
    try:
        return parse_expression(str(text))
    except ExpressionError:
        return None


def short(text: str, tree: ast.expr | None = None, longest: int = LONGEST) -> str:
    """The whole expression if it is short, else what it does last."""
    plain = " ".join(text.split())
    for pattern, sign in _SIGNS:
        plain = pattern.sub(sign, plain)
    if len(plain) <= longest:
        return plain
    tree = tree if tree is not None else parsed(text)
    return _outermost(tree) or plain[: longest - 1] + "…"


def _outermost(tree: ast.expr | None) -> str:
    match tree:
        case ast.Call(func=ast.Name(id=name)):
            return f"{name}(…)" if len(name) < LONGEST else name
        case ast.IfExp():
            return "if … else"
        case ast.BinOp(op=op):
            return f"… {_BINARY.get(type(op), '?')} …"
        case ast.BoolOp(op=op):
            return "… and …" if isinstance(op, ast.And) else "… or …"
        case ast.Compare(ops=[op]):
            return f"… {_COMPARE.get(type(op), '?')} …"
        case ast.UnaryOp(op=op, operand=operand):
            sign = {ast.Not: "not ", ast.USub: "−"}.get(type(op), "")
            return sign + (_outermost(operand) or "…")
        case ast.Subscript():
            return "[…]"
        case ast.List():
            return "[…]"
    return ""


Reference = tuple[str | None, str]  # an interior box or None, and a port or a name


def reads(tree: ast.expr) -> list[Reference]:
    """The ports and names that an expression reads, in the order of its text, each once."""
    found: dict[Reference, int] = {}
    for node in references(tree):
        port = port_of(node)
        if port is not None:
            key: Reference = port
        elif isinstance(node, ast.Name):
            key = (None, node.id)
        else:
            continue
        at = node.col_offset
        found[key] = min(found.get(key, at), at)
    return sorted(found, key=lambda one: (found[one], one[0] or "", one[1]))


def part(tree: ast.expr) -> tuple[Reference, str] | None:
    """Of a port, or of a part of one: the port, and the indices as text. None of any other expression."""
    after = ""
    node: ast.expr = tree
    if isinstance(node, ast.Subscript):
        after = _index(node.slice)
        if any(True for _ in references(node.slice)):
            return None
        node = node.value
    port = port_of(node)
    if port is not None:
        assert isinstance(node, ast.Attribute)
        before = ""
        if isinstance(node.value, ast.Subscript):
            if any(True for _ in references(node.value.slice)):
                return None
            before = _index(node.value.slice)
        return port, f"{before}.{port[1]}{after}" if before and after else before or after
    if isinstance(node, ast.Name):
        return (None, node.id), after
    return None


def _index(index: ast.expr) -> str:
    text = ast.unparse(index)
    return f"[{text[1:-1]}]" if isinstance(index, ast.Tuple) else f"[{text}]"


def choices(tree: ast.expr) -> list[ast.expr]:
    """The conditions and indices in an expression: what it chooses by."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.IfExp):
            found.append(node.test)
        elif isinstance(node, ast.Subscript):
            found.append(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "where":
            found += node.args[:1]
    return found
