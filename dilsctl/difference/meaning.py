"""What a piece of a document means, as a value that compares.

Expressions compare by their syntax trees: blanks, brackets that change nothing, the order of what is added or
multiplied (exact in floating point), and the names of lets are no difference.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from dilsctl.diagnostics import Problem
from dilsctl.expression import ExpressionError, parse_expression

Digest = str

_COMMUTATIVE = (ast.Add, ast.Mult)
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Gt: ast.Lt, ast.GtE: ast.LtE}


@dataclass(eq=False)
class Names:
    """How names of a box are read: ``own`` renames its own, ``ports`` those of interior boxes (child → old
    port → new port), ``lets`` are replaced by what they stand for, ``dims`` are free dimensions."""

    own: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lets: Mapping[str, str] = field(default_factory=dict)
    dims: Mapping[str, str] = field(default_factory=dict)
    _known: dict[str, Digest] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def name(self, name: str) -> Digest:
        """The digest of a name that an expression reads."""
        if name in self._known:
            return self._known[name]
        if name not in self.lets or name in self._open:
            return _digest("name", self.dims.get(name, self.own.get(name, name)))
        self._open.add(name)
        self._known[name] = expression(self.lets[name], self)
        self._open.discard(name)
        return self._known[name]

    def port(self, child: str, port: str) -> tuple[str, str]:
        """An interior port, as it is called now."""
        return self.own.get(child, child), self.ports.get(child, {}).get(port, port)


def expression(text: str, names: Names) -> Digest:
    """The digest of an expression; of a text that is none, that of its words."""
    try:
        tree = parse_expression(text)
        return _node(tree, names)
    except (ExpressionError, Problem, RecursionError):
        return _digest("text", *text.split())


def _digest(*parts: str) -> Digest:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _node(node: ast.AST, names: Names) -> Digest:
    if isinstance(node, ast.Name):
        return names.name(node.id)
    if isinstance(node, ast.Constant):
        return _digest("number", type(node.value).__name__, repr(node.value))
    if isinstance(node, ast.Attribute):
        inner = node.value
        child = inner.value if isinstance(inner, ast.Subscript) else inner
        if isinstance(child, ast.Name):
            box, port = names.port(child.id, node.attr)
            index = _node(inner.slice, names) if isinstance(inner, ast.Subscript) else ""
            return _digest("port", box, index, port)
    if isinstance(node, ast.BinOp):
        sides = [_node(node.left, names), _node(node.right, names)]
        return _digest(
            type(node.op).__name__, *(sorted(sides) if isinstance(node.op, _COMMUTATIVE) else sides)
        )
    if isinstance(node, ast.BoolOp):
        return _digest(type(node.op).__name__, *sorted(_node(one, names) for one in node.values))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        sides = [_node(node.left, names), _node(node.comparators[0], names)]
        kind = type(node.ops[0])
        if kind in _TURNED:
            sides, kind = sides[::-1], _TURNED[kind]
        elif kind in (ast.Eq, ast.NotEq):
            sides.sort()
        return _digest(kind.__name__, *sides)
    if isinstance(node, ast.Call):
        named = sorted(f"{one.arg}={_node(one.value, names)}" for one in node.keywords)
        return _digest("call", _node(node.func, names), *(_node(one, names) for one in node.args), *named)
    parts = [type(node).__name__]
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            parts.append(f"{name}:{_node(value, names)}")
        elif isinstance(value, list):
            parts += [
                f"{name}:{_node(one, names)}" if isinstance(one, ast.AST) else str(one) for one in value
            ]
    return _digest(*parts)


def value(one: Any, names: Names, box: Callable[[Any], Digest | None] = lambda _: None) -> Digest:
    """The digest of a value of a document: a number, a text that may be an expression, a list, a mapping, a
    model. ``box`` knows those that stand for boxes; None where one does not."""
    known = box(one)
    if known is not None:
        return known
    if isinstance(one, str):
        return expression(one, names)
    if isinstance(one, bool) or one is None:
        return _digest("number", "bool", str(one))
    if isinstance(one, int | float):
        return _digest("number", type(one).__name__, repr(one))
    if isinstance(one, list | tuple):
        return _digest("list", *(value(item, names, box) for item in one))
    if isinstance(one, Mapping):
        return _digest(
            "mapping",
            *sorted(f"{names.own.get(key, key)}:{value(item, names, box)}" for key, item in one.items()),
        )
    fields = {name: item for name, item in one if name != "doc"}  # a model
    plain = Names(lets=names.lets, own=names.own, ports=names.ports, dims=names.dims)
    return _digest(
        type(one).__name__, *sorted(f"{name}:{value(item, plain, box)}" for name, item in fields.items())
    )
