"""Expression trees to equations.

Checking an expression and lowering it are one act: the emitter walks the tree and emits equations, whose type
rules refuse what does not fit. Values known at compile time (parameters, literals, and what is computed
from them) stay plain Python numbers until they meet an array.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan
from dilsctl.elaborate.blame import Operands, computed, not_known, refused, too_many, unknown_function
from dilsctl.elaborate.convert import leaves, static_shape
from dilsctl.elaborate.gates import gated
from dilsctl.elaborate.known import (
    NOTHING,
    Facts,
    Known,
    Presence,
    Site,
    both,
    child_of,
    facts_of,
    is_elementwise,
    site_of,
    without_new_axes,
)
from dilsctl.elaborate.static import STATIC, count_leaves, elementwise, is_list, is_number
from dilsctl.expression import offsets, references
from dilsctl.ir import Var
from dilsctl.limits import LARGEST_WHOLE, MOST_AXES, MOST_ELEMENTS, MOST_STATIC, MOST_STATIC_TOTAL
from dilsctl.operations import functions
from dilsctl.operations.table import Builder, NotKnownError, OperationError, ShapeError

Value = Any  # a Var, or a static number, bool, string, tuple
At = Callable[[], SourceSpan]  # where it is written, for those who must tell


class Unknown(Exception):
    """The value depends on something that is already in error, or is not known yet. Reported elsewhere."""


class NeedsStatic(Exception):
    """A value that differs from element to element of a box array is needed before anything runs."""


class Scope(Protocol):
    """What an expression may read."""

    def name(self, name: str, at: At) -> Value:
        """The value of a name. Raises Problem, Unknown."""

    def port(self, child: str, port: str, child_at: At, at: At, indexed: bool) -> Var:
        """What an interior box shows (``indexed``: as an array of boxes). Raises Problem, Unknown."""

    def draw_key(self) -> str:
        """A name for a random draw that no other draw has."""

    def not_static(self, span: SourceSpan, message: str = "", help: str = "") -> Exception:
        """What to raise where a value had to be known beforehand."""

    def declared(self, child: str | None, name: str) -> Label | None:
        """Where a name or port is declared, and as what."""

    def may_keep(self, numbers: int) -> bool:
        """Is there room for so many more numbers known beforehand?"""

    def presence(self, child: str | None, name: str) -> Presence | None:
        """Of a mode, or of a port that exists in some modes only, in which; None for all else."""

    def count(self, child: str) -> int | None:
        """How many elements an interior box has; None for a single one."""

    def knows_modes(self) -> bool:
        """Are there modes at all?"""

    def let_facts(self, name: str, truth: bool) -> Facts | None:
        """What is known of modes where a let is true, or false; None for what is no let."""

    def implied(self, possible: frozenset[str]) -> Facts:
        """What is known of interior boxes where the own one is in one of these modes."""


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
_LISTS = frozenset((ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow))
_WORDS = {"true": True, "false": False}


class Emitter:
    """Walks one expression. ``locate`` maps character offsets of its text to the file; ``known``: what is
    known of modes where it stands."""

    def __init__(
        self,
        scope: Scope,
        builder: Builder,
        locate: Callable[[int, int], SourceSpan],
        known: Known | None = None,
    ) -> None:
        self.scope = scope
        self.builder = builder
        self.locate = locate
        self.known = known

    def span(self, node: ast.AST) -> SourceSpan:
        """The place of a node."""
        return self.locate(*offsets(node))

    def emit(self, node: ast.expr) -> Value:
        """The value of ``node``. Raises Problem on an error, Unknown where one has been reported already."""
        method = _METHODS.get(type(node))
        if method is None:
            raise Problem.of("bad-expression", "this is not part of the expression language", self.span(node))
        return method(self, node) if self.known is None else self._standing(node, partial(method, self))

    def value(self, tree: ast.expr) -> Value:
        """As ``emit``; where there is a mistake, the other names and ports are looked up as well."""
        try:
            return self.emit(tree)
        except Problem as problem:
            found = {one.where: one for one in problem.diagnostics}
            for node in references(tree):
                for one in self._looked_up(node):
                    found.setdefault(one.where, one)
            raise Problem(found.values()) from None

    def _looked_up(self, node: ast.expr) -> Sequence[Diagnostic]:
        """What is wrong with a reference by itself."""
        try:
            self.emit(node)
        except Problem as problem:  # where it stands, more may be known of modes
            return [one for one in problem.diagnostics if one.code != "mode-not-known"]
        except (Unknown, NeedsStatic):
            pass
        return ()

    # -- modes ------------------------------------------------------------------------------------

    def _standing(self, node: ast.expr, method: Callable[[Any], Value]) -> Value:
        """The value of a node where something is known of modes."""
        outer = self.known
        assert outer is not None
        if is_elementwise(node):
            return method(node)
        if isinstance(node, ast.Name):
            return gated(self.builder, method(node), outer.gates)
        if isinstance(node, ast.Attribute):
            return gated(self.builder, method(node), outer.gates)
        owner, axes = without_new_axes(node)
        self.known = outer.moved(axes) if axes and isinstance(owner, ast.Attribute) else outer.inside()
        try:
            value = method(node)
        finally:
            self.known = outer
        return gated(self.builder, value, [one for one in outer.gates if one.rank])

    def _where(self, test: ast.expr, truth: bool, condition: Value, node: ast.expr) -> Value:
        """The value of ``node``, which counts where the condition is true, or where it is false."""
        facts = facts_of(self, test, truth) if isinstance(condition, Var) else NOTHING
        outer = self.known or Known()
        if not facts or both(outer.facts, facts) == outer.facts:
            return self.emit(node)
        gate = condition if truth else functions.unary(self.builder, "not", condition)
        return self._knowing(outer.within(facts, gate), node)

    def _knowing(self, known: Known | None, node: ast.expr) -> Value:
        outer, self.known = self.known, known
        try:
            return self.emit(node)
        finally:
            self.known = outer

    def _exists(self, node: ast.Name | ast.Attribute, name: str, rank: int = 0) -> None:
        """Refuse to read a port where it may not exist. ``rank``: that of the port of one box. Raises
        Problem: mode-not-known."""
        if not self.scope.knows_modes():
            return
        site: Site | None = Site("")
        presence = self.scope.presence(None, name)
        if isinstance(node, ast.Attribute):
            presence = self.scope.presence(child_of(node), name)
            if presence is None or presence.mode:
                return
            site, _ = site_of(self, node, rank)
        if presence is None or presence.mode:
            return
        if site is None or self.known is None or not self.known.holds(site, presence.when):
            raise not_known(self.scope, self.span(node), node, presence, rank)

    # ---------------------------------------------------------------------------------------------

    def _apply(
        self,
        node: ast.AST,
        build: Callable[[], Value],
        operands: Operands = (),
        place: ast.AST | None = None,
    ) -> Value:
        """``build()``; what it refuses becomes a Problem. ``place``: the index, where there is one."""
        self.builder.span = self.span(node)
        try:
            value = build()
        except NotKnownError as error:
            raise self.scope.not_static(self.span(node), error.message, error.help) from None
        except OperationError as error:
            raise refused(self.scope, self.span, error, node, operands, place) from None
        except (OverflowError, ZeroDivisionError, ValueError) as error:
            raise Problem.of("bad-operands", computed(error), self.span(node)) from None
        if isinstance(value, Var) and (value.type.size > MOST_ELEMENTS or value.rank > MOST_AXES):
            raise too_many(value.type, self.span(node))
        return value

    def _constant(self, node: ast.Constant) -> Value:
        value = node.value
        if isinstance(value, int) and abs(value) > LARGEST_WHOLE:
            help = f"write it as a real number: {value:.3g}"
            raise Problem.of("number-too-long", "this whole number is too large", self.span(node), help=help)
        return value

    def _name(self, node: ast.Name) -> Value:
        if node.id in _WORDS:
            return _WORDS[node.id]
        value = self.scope.name(node.id, partial(self.span, node))
        self._exists(node, node.id)
        return value

    def _attribute(self, node: ast.Attribute) -> Value:
        at = partial(self.span, node)
        base = node.value
        if isinstance(base, ast.Name):
            value = self.scope.port(base.id, node.attr, partial(self.span, base), at, False)
            self._exists(node, node.attr, value.rank - (self.scope.count(base.id) is not None))
            return value
        if isinstance(base, ast.Subscript) and isinstance(base.value, ast.Name):
            stacked = self.scope.port(base.value.id, node.attr, partial(self.span, base.value), at, True)
            outer = self.known
            self.known = outer and outer.inside()
            try:
                items = self._items(base.slice)
            finally:
                self.known = outer
            self._exists(node, node.attr, stacked.rank - 1)
            return self._apply(
                node, lambda: functions.index(self.builder, stacked, items), ((node, stacked),), base.slice
            )
        raise Problem.of("bad-expression", "a port is written box.port or box[i].port", at())

    def _subscript(self, node: ast.Subscript) -> Value:
        base = self.emit(node.value)
        items = self._items(node.slice)
        if isinstance(base, tuple) and len(items) == 1 and type(items[0]) is int:
            if not -len(base) <= items[0] < len(base):
                message = f"index {items[0]} is outside a list of {len(base)} values"
                raise Problem.of("bad-index", message, self.span(node.slice))
            return base[items[0]]
        return self._apply(
            node,
            lambda: functions.index(self.builder, functions.as_var(self.builder, base), items),
            ((node.value, base),),
            node.slice,
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
            raise self.scope.not_static(self.span(node), "a slice needs whole numbers known beforehand")
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem.of("bad-index", "a slice needs whole numbers", self.span(node))
        return value

    def _tuple(self, node: ast.Tuple | ast.List) -> Value:
        values = tuple(self.emit(one) for one in node.elts)
        if count_leaves(values) > MOST_STATIC:
            message = f"a list of more than {MOST_STATIC} values"
            raise Problem.of("too-large", message, self.span(node))
        return values

    def _binop(self, node: ast.BinOp) -> Value:
        left, right = self.emit(node.left), self.emit(node.right)
        return self._pair(node, type(node.op), (node.left, left), (node.right, right))

    def _pair(
        self, node: ast.AST, op: type, first: tuple[ast.AST, Value], second: tuple[ast.AST, Value]
    ) -> Value:
        left, right = first[1], second[1]
        if is_number(left) and is_number(right) and op in STATIC:
            result = self._apply(node, lambda: STATIC[op](left, right))
            if isinstance(result, complex):
                raise Problem.of("bad-operands", "this is not a real number", self.span(node))
            if isinstance(result, int) and abs(result) > LARGEST_WHOLE:
                raise Problem.of("bad-operands", "this whole number is too large", self.span(node))
            return result
        if (
            (type(left) is tuple or type(right) is tuple)
            and op in _LISTS
            and (is_list(left) or is_list(right))
        ):
            folded = self._lists(node, op, left, right)
            if folded is not None:
                return folded
        return self._apply(
            node, lambda: functions.binary(self.builder, _SYMBOL[op], left, right), (first, second)
        )

    def _lists(self, node: ast.AST, op: type, left: Value, right: Value) -> Value:
        """Arithmetic of lists known beforehand; None where their shapes need the rules of arrays."""
        if not all(is_number(one) or is_list(one) for one in (left, right)):
            return None
        try:
            shapes = [static_shape(one) for one in (left, right)]
            if () not in shapes and shapes[0] != shapes[1]:
                return None
            found = elementwise(STATIC[op], left, right)
        except ShapeError:
            return None
        except (OverflowError, ZeroDivisionError) as error:
            raise Problem.of("bad-operands", computed(error), self.span(node)) from None
        numbers = leaves(found)
        if any(isinstance(one, complex) or not abs(one) <= LARGEST_WHOLE for one in numbers):
            return None
        return found if self.scope.may_keep(len(numbers)) else None

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.emit(node.operand)
        if is_number(value):
            if isinstance(node.op, ast.Not):
                return not value
            return -value if isinstance(node.op, ast.USub) else value
        return self._apply(
            node,
            lambda: functions.unary(self.builder, _SYMBOL[type(node.op)], value),
            ((node.operand, value),),
        )

    def _boolop(self, node: ast.BoolOp) -> Value:
        before: ast.AST = node.values[0]
        result = self.emit(node.values[0])
        truth = isinstance(node.op, ast.And)
        facts: Facts = NOTHING
        for earlier, one in itertools.pairwise(node.values):
            facts = both(facts, facts_of(self, earlier, truth))
            known = (self.known or Known()).within(facts, None) if facts else self.known
            value = self._knowing(known, one)
            if isinstance(result, bool) and isinstance(value, bool):
                result = (result and value) if isinstance(node.op, ast.And) else (result or value)
            else:
                act = partial(functions.binary, self.builder, _SYMBOL[type(node.op)], result, value)
                result = self._apply(node, act, ((before, result), (one, value)))
            before = one
        return result

    def _compare(self, node: ast.Compare) -> Value:
        nodes = [node.left, *node.comparators]
        values = [self.emit(one) for one in nodes]
        result: Value = None
        for i, op in enumerate(node.ops):
            one = self._pair(node, type(op), (nodes[i], values[i]), (nodes[i + 1], values[i + 1]))
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
        a = self._where(node.test, True, condition, node.body)
        b = self._where(node.test, False, condition, node.orelse)
        return self._apply(
            node,
            lambda: functions.select(self.builder, condition, a, b),
            ((node.test, condition), (node.body, a), (node.orelse, b)),
        )

    def _call(self, node: ast.Call) -> Value:
        assert isinstance(node.func, ast.Name)  # the grammar allows no other
        name = node.func.id
        if name not in functions.FUNCTIONS:
            name = self._function_parameter(node.func)
        function = functions.FUNCTIONS[name]
        if name == "where" and len(node.args) == 3:
            test, *parts = node.args
            condition = self.emit(test)
            sides = zip((True, False), parts, strict=True)
            arguments = [condition, *(self._where(test, truth, condition, one) for truth, one in sides)]
        else:
            arguments = [self.emit(one) for one in node.args]
        keywords: dict[str, Value] = {}
        for one in node.keywords:
            if one.arg is None or one.arg in keywords:
                raise Problem.of("bad-operands", "give each keyword once, by name", self.span(one))
            keywords[one.arg] = self.emit(one.value)
        if function.draws and "key" not in keywords:
            keywords["key"] = self.scope.draw_key()
        elif function.draws and not isinstance(keywords["key"], str):
            raise Problem.of("bad-operands", "the key of a draw is a text in quotes", self.span(node))
        value = self._apply(
            node,
            lambda: function.build(self.builder, *arguments, **keywords),
            tuple(zip(node.args, arguments, strict=True)),
        )
        if isinstance(value, tuple) and not self.scope.may_keep(count_leaves(value)):
            message = f"functions make more than {MOST_STATIC_TOTAL} numbers beforehand"
            raise Problem.of("too-large", message, self.span(node))
        return value

    def _function_parameter(self, node: ast.Name) -> str:
        """A parameter whose value names a function may be called."""
        span = self.span(node)
        try:
            value = self.scope.name(node.id, lambda: span)
        except Problem:
            raise unknown_function(self.scope, node.id, None, span) from None
        if isinstance(value, str) and value in functions.FUNCTIONS:
            return str(value)
        raise unknown_function(self.scope, node.id, value, span)


_METHODS: dict[type, Callable[[Emitter, Any], Value]] = {
    ast.Constant: Emitter._constant,
    ast.Name: Emitter._name,
    ast.Attribute: Emitter._attribute,
    ast.Subscript: Emitter._subscript,
    ast.Tuple: Emitter._tuple,
    ast.List: Emitter._tuple,
    ast.BinOp: Emitter._binop,
    ast.UnaryOp: Emitter._unaryop,
    ast.BoolOp: Emitter._boolop,
    ast.Compare: Emitter._compare,
    ast.IfExp: Emitter._ifexp,
    ast.Call: Emitter._call,
}
