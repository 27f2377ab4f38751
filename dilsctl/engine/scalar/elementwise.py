"""Operations on single numbers, with the meaning that NumPy's have: nan, infinities, zeros of both signs,
64-bit whole numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from dilsctl.engine.scalar.nodes import Graph, Node
from dilsctl.ir import Kind

GROUPS: dict[Kind, str] = {
    "real": "float",
    "simplex": "float",
    "int": "int",
    "class": "int",
    "bool": "bool",
}

_FLOAT = {
    "neg": "-{0}",
    "tanh": "tanh({0})",
    "arctan": "arctan({0})",
    "abs": "abs({0})",
    "erf": "erf({0})",
    "square": "{0} * {0}",
    "sign": "(1.0 if {0} > 0.0 else -1.0 if {0} < 0.0 else 0.0 if {0} == 0.0 else {0})",
    "relu": "({0} if {0} > 0.0 or {0} != {0} else 0.0)",
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "minimum": "({0} if {0} < {1} or {0} != {0} else {1})",
    "maximum": "({0} if {0} > {1} or {0} != {0} else {1})",
    "arctan2": "arctan2({0}, {1})",
}
_RAISING = {
    **{name: f"{name}({{0}})" for name in ("exp", "log", "log1p", "sqrt", "sin", "cos", "tan")},
    **{name: f"{name}({{0}})" for name in ("floor", "ceil", "round")},
    "pow": "pow({0}, {1})",
    "div": "{0} / {1}",
    "mod": "{0} % {1}",
    "floor_div": "{0} // {1}",
}
_INT = {
    "neg": "wrapped(-{0})",
    "abs": "wrapped(abs({0}))",
    "square": "wrapped({0} * {0})",
    "sign": "(1 if {0} > 0 else -1 if {0} < 0 else 0)",
    "floor": "{0}",
    "ceil": "{0}",
    "round": "{0}",
    "add": "wrapped({0} + {1})",
    "sub": "wrapped({0} - {1})",
    "mul": "wrapped({0} * {1})",
    "mod": "rest({0}, {1})",
    "floor_div": "divided({0}, {1})",
    "minimum": "min({0}, {1})",
    "maximum": "max({0}, {1})",
}
_LOGIC = {
    "and": "({0} and {1})",
    "or": "({0} or {1})",
    "xor": "({0} != {1})",
    "not": "(not {0})",
}
COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
TABLES = {"float": {**_FLOAT, **_RAISING}, "int": _INT, "bool": _LOGIC}


def one(graph: Graph, op: str, args: Sequence[Node], group: str = "float") -> Node:
    """An operation of numbers of one group: float, int or bool."""
    if op in COMPARISONS:
        return graph.emit(f"({{0}} {COMPARISONS[op]} {{1}})", *args)
    if group == "float":
        same = _same(graph, op, args)
        if same is not None:
            return same
        if op in _RAISING:
            return _raising(graph, op, args)
    text = TABLES[group][op]
    return args[0] if text == "{0}" else graph.emit(text, *args)


def _raising(graph: Graph, op: str, args: Sequence[Node]) -> Node:
    last = args[-1].value
    if op == "div" and last is not None and last != 0:
        return graph.emit(_RAISING[op], *args)
    places = ", ".join(f"{{{n}}}" for n in range(len(args)))
    return graph.emit(_RAISING[op], *args, careful=f"careful_{op}({places})")


def _same(graph: Graph, op: str, args: Sequence[Node]) -> Node | None:
    """What costs less and gives the same bits."""
    if op == "mul":
        for this, other in (args, args[::-1]):
            if this.value == 1.0:
                return other
            if this.value == -1.0:
                return one(graph, "neg", (other,))
    elif op == "div" and args[1].value == 1.0:
        return args[0]
    elif op == "reciprocal":
        return one(graph, "div", (graph.literal(1.0), args[0]))
    return None


def convert(graph: Graph, node: Node, old: str, new: str) -> Node:
    """A number of one group as one of another, as C casts it."""
    if old == new:
        return node
    if node.value is not None and new == "float":
        return graph.literal(float(node.value))
    if new == "float":
        return graph.emit("{0} * 1.0", node)
    if new == "int":
        return graph.emit("whole({0})" if old == "float" else "{0} * 1", node)
    return graph.emit("({0} != 0)", node)


def where(graph: Graph, condition: Node, a: Node, b: Node) -> Node:
    """One of two."""
    if condition.value is not None or a is b:
        return a if condition.value or a is b else b
    a, b = _where_it_is(graph, condition, True, a), _where_it_is(graph, condition, False, b)
    return graph.emit(_WHERE, condition, a, b)


_WHERE = "({1} if {0} else {2})"


def _where_it_is(graph: Graph, condition: Node, holds: bool, node: Node) -> Node:
    """A number that is only asked for where a condition holds, or does not: what it is made of need not ask
    again."""

    def chosen(one: Node) -> Node:
        return one.args[1 if holds else 2] if one.text == _WHERE and one.args[0] is condition else one

    args = [chosen(one) for one in node.args]
    if node.text == _WHERE or all(one is other for one, other in zip(args, node.args, strict=True)):
        return chosen(node)
    return graph.emit(node.text, *args, careful=node.careful)


class Arithmetic:
    """Formulas of floats, for the operations that are made of several."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __call__(self, op: str, *args: Node | float) -> Node:
        nodes = [arg if isinstance(arg, Node) else self.graph.literal(float(arg)) for arg in args]
        return one(self.graph, op, nodes)

    def sigmoid(self, x: Node) -> Node:
        return self("reciprocal", self("add", self("exp", self("neg", x)), 1.0))

    def softplus(self, x: Node) -> Node:
        rest = self("log1p", self("exp", self("neg", self("abs", x))))
        return self("add", self("relu", x), rest)

    def normal_cdf(self, x: Node) -> Node:
        share = self("add", self("erf", self("mul", x, math.sqrt(0.5))), 1.0)
        return self("mul", share, 0.5)

    def gelu(self, x: Node) -> Node:
        return self("mul", x, self.normal_cdf(x))

    def gelu_grad(self, x: Node, cotangent: Node) -> Node:
        bell = self("exp", self("mul", self("square", x), -0.5))
        bell = self("mul", self("mul", bell, x), 1 / math.sqrt(2 * math.pi))
        return self("mul", self("add", self.normal_cdf(x), bell), cotangent)

    def tanh_grad(self, y: Node, cotangent: Node) -> Node:
        return self("mul", self("sub", 1.0, self("square", y)), cotangent)

    def sigmoid_grad(self, y: Node, cotangent: Node) -> Node:
        return self("mul", self("mul", self("sub", 1.0, y), y), cotangent)

    def relu_grad(self, y: Node, cotangent: Node) -> Node:
        return self.graph.emit("({1} if {0} > 0.0 else {1} * 0.0)", y, cotangent)

    def sigmoid_cross_entropy(self, x: Node, target: Node) -> Node:
        return self("sub", self.softplus(x), self("mul", x, target))


FORMULAS: dict[str, Callable[..., Node]] = {
    "sigmoid": Arithmetic.sigmoid,
    "softplus": Arithmetic.softplus,
    "gelu": Arithmetic.gelu,
    "gelu_grad": Arithmetic.gelu_grad,
    "tanh_grad": Arithmetic.tanh_grad,
    "sigmoid_grad": Arithmetic.sigmoid_grad,
    "relu_grad": Arithmetic.relu_grad,
    "sigmoid_cross_entropy": Arithmetic.sigmoid_cross_entropy,
}
