"""Expression trees to equations.

Checking an expression and lowering it are one act: the emitter walks the tree and emits equations, whose type
rules refuse what does not fit. Values known at compile time (parameters, literals, and what is computed
from them) stay plain Python numbers until they meet an array.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan, did_you_mean
from dilsctl.expression import offsets
from dilsctl.ir import Var
from dilsctl.operations import functions
from dilsctl.operations.table import Builder, OperationError

Value = Any  # a Var, or a static number, bool, string, tuple


class Unknown(Exception):
    """The value depends on something that is already in error, or is not known yet. Reported elsewhere."""


class Scope(Protocol):
    """What an expression may read."""

    def name(self, name: str, span: SourceSpan) -> Value: ...

    def port(self, child: str, port: str, child_span: SourceSpan, span: SourceSpan) -> Var: ...

    def draw_key(self) -> str: ...

    def not_static(self, span: SourceSpan) -> Problem: ...


_STATIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_SYMBOL: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.And: "and",
    ast.Or: "or",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Not: "not",
}
_WORDS = {"true": True, "false": False}
_LARGEST = 10**18


def is_number(value: Value) -> bool:
    return isinstance(value, int | float)


class Emitter:
    """Walks one expression. ``locate`` maps character offsets of its text to the file."""

    def __init__(self, scope: Scope, builder: Builder, locate: Callable[[int, int], SourceSpan]) -> None:
        self.scope = scope
        self.builder = builder
        self.locate = locate

    def span(self, node: ast.AST) -> SourceSpan:
        return self.locate(*offsets(node))

    def emit(self, node: ast.expr) -> Value:
        """The value of ``node``. Raises Problem on an error, Unknown where one has been reported already."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise Problem.of("bad-expression", "this is not part of the expression language", self.span(node))
        return method(node)

    def _apply(self, node: ast.AST, build: Callable[[], Value], operands: tuple[ast.AST, ...] = ()) -> Value:
        self.builder.span = self.span(node)
        try:
            return build()
        except OperationError as error:
            blame: ast.AST = node
            if error.argument is not None and error.argument < len(operands):
                blame = operands[error.argument]
            code = "dimension-mismatch" if "shape" in error.message or "length" in error.message else "bad-operands"
            raise Problem.of(code, error.message, self.span(blame), help=error.help) from None
        except (OverflowError, ZeroDivisionError, ValueError) as error:
            raise Problem.of("bad-operands", f"cannot compute this: {error}", self.span(node)) from None

    def _constant(self, node: ast.Constant) -> Value:
        return node.value

    def _name(self, node: ast.Name) -> Value:
        if node.id in _WORDS:
            return _WORDS[node.id]
        return self.scope.name(node.id, self.span(node))

    def _attribute(self, node: ast.Attribute) -> Value:
        whole = self.span(node)
        base = node.value
        if isinstance(base, ast.Name):
            return self.scope.port(base.id, node.attr, self.span(base), whole)
        if isinstance(base, ast.Subscript) and isinstance(base.value, ast.Name):
            stacked = self.scope.port(base.value.id, node.attr, self.span(base.value), whole)
            items = self._items(base.slice)
            return self._apply(node, lambda: functions.index(self.builder, stacked, items))
        raise Problem.of("bad-expression", "a port is written box.port or box[i].port", whole)

    def _subscript(self, node: ast.Subscript) -> Value:
        base = self.emit(node.value)
        items = self._items(node.slice)
        if isinstance(base, tuple) and len(items) == 1 and isinstance(items[0], int):
            if not -len(base) <= items[0] < len(base):
                raise Problem.of(
                    "bad-operands", f"index {items[0]} is out of range for {len(base)} values", self.span(node)
                )
            return base[items[0]]
        return self._apply(
            node, lambda: functions.index(self.builder, functions.as_var(self.builder, base), items)
        )

    def _items(self, node: ast.expr) -> tuple[Value, ...]:
        return self.items_of(node.elts if isinstance(node, ast.Tuple) else [node])

    def items_of(self, nodes: Sequence[ast.expr]) -> tuple[Value, ...]:
        """Indices: ints, Python slices, None, Ellipsis, or Vars."""
        items: list[Value] = []
        for one in nodes:
            if isinstance(one, ast.Slice):
                items.append(slice(*(self._whole(part) for part in (one.lower, one.upper, one.step))))
            else:
                items.append(self.emit(one))
        return tuple(items)

    def _whole(self, node: ast.expr | None) -> int | None:
        if node is None:
            return None
        value = self.emit(node)
        if isinstance(value, Var):
            raise self.scope.not_static(self.span(node))
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem.of("bad-operands", "a slice needs whole numbers known beforehand", self.span(node))
        return value

    def _tuple(self, node: ast.Tuple | ast.List) -> Value:
        values = [self.emit(one) for one in node.elts]
        if all(not isinstance(one, Var) for one in values):
            return tuple(values)
        return tuple(values)

    _list = _tuple

    def _binop(self, node: ast.BinOp) -> Value:
        return self._pair(node, type(node.op), self.emit(node.left), self.emit(node.right), node.left, node.right)

    def _pair(
        self, node: ast.AST, op: type, left: Value, right: Value, a: ast.AST, b: ast.AST
    ) -> Value:
        if is_number(left) and is_number(right) and op in _STATIC:
            if op is ast.Pow and (abs(right) > 64 or abs(left) > _LARGEST):
                left = float(left)
            result = self._apply(node, lambda: _STATIC[op](left, right))
            if isinstance(result, complex):
                raise Problem.of("bad-operands", "this is not a real number", self.span(node))
            if isinstance(result, int) and abs(result) > _LARGEST:
                raise Problem.of("bad-operands", "this whole number is too large", self.span(node))
            return result
        return self._apply(
            node, lambda: functions.binary(self.builder, _SYMBOL[op], left, right), (a, b)
        )

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.emit(node.operand)
        if is_number(value):
            if isinstance(node.op, ast.Not):
                return not value
            return -value if isinstance(node.op, ast.USub) else value
        return self._apply(
            node, lambda: functions.unary(self.builder, _SYMBOL[type(node.op)], value), (node.operand,)
        )

    def _boolop(self, node: ast.BoolOp) -> Value:
        result = self.emit(node.values[0])
        for one in node.values[1:]:
            value = self.emit(one)
            if isinstance(result, bool) and isinstance(value, bool):
                result = (result and value) if isinstance(node.op, ast.And) else (result or value)
                continue
            result = self._apply(
                node, partial(functions.binary, self.builder, _SYMBOL[type(node.op)], result, value)
            )
        return result

    def _compare(self, node: ast.Compare) -> Value:
        values = [self.emit(one) for one in (node.left, *node.comparators)]
        nodes = [node.left, *node.comparators]
        result: Value = None
        for i, op in enumerate(node.ops):
            one = self._pair(node, type(op), values[i], values[i + 1], nodes[i], nodes[i + 1])
            if result is None:
                result = one
            elif isinstance(result, bool) and isinstance(one, bool):
                result = result and one
            else:
                result = self._apply(node, partial(functions.binary, self.builder, "and", result, one))
        return result

    def _ifexp(self, node: ast.IfExp) -> Value:
        condition = self.emit(node.test)
        if isinstance(condition, bool):
            return self.emit(node.body if condition else node.orelse)
        a, b = self.emit(node.body), self.emit(node.orelse)
        return self._apply(
            node,
            lambda: functions.select(self.builder, condition, a, b),
            (node.test, node.body, node.orelse),
        )

    def _call(self, node: ast.Call) -> Value:
        assert isinstance(node.func, ast.Name)  # the grammar allows no other
        name = node.func.id
        if name not in functions.FUNCTIONS:
            name = self._function_parameter(node.func)
        function = functions.FUNCTIONS[name]
        arguments = [self.emit(one) for one in node.args]
        keywords: dict[str, Value] = {}
        for one in node.keywords:
            if one.arg is None or one.arg in keywords:
                raise Problem.of("bad-operands", "give each keyword once, by name", self.span(node))
            keywords[one.arg] = self.emit(one.value)
        if function.draws:
            keywords["key"] = self.scope.draw_key()
        return self._apply(
            node, lambda: function.build(self.builder, *arguments, **keywords), tuple(node.args)
        )

    def _function_parameter(self, node: ast.Name) -> str:
        """A parameter whose value names a function may be called."""
        span = self.span(node)
        try:
            value = self.scope.name(node.id, span)
        except Problem:
            hint = did_you_mean(node.id, functions.FUNCTIONS)
            raise Problem(
                [Diagnostic("unknown-function", f"there is no function '{node.id}'", Label(span), help=hint)]
            ) from None
        if isinstance(value, str) and value in functions.FUNCTIONS:
            return value
        if isinstance(value, str):
            hint = did_you_mean(value, functions.FUNCTIONS)
            raise Problem.of(
                "unknown-function", f"'{node.id}' is '{value}', which is not a function", span, help=hint
            )
        raise Problem.of("unknown-function", f"'{node.id}' is a value, not a function", span)
