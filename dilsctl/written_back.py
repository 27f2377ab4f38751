"""Equations written back as expressions of the language: for every operation the text that means it."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

from dilsctl.diagnostics import Problem
from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.contract import parse_spec
from dilsctl.operations.functions.operators import matmul
from dilsctl.operations.table import Builder, OperationError
from dilsctl.written_arrays import Piece, assembled, index_text, selected
from dilsctl.written_values import Value, at_run_time, call, hidden, literal, short, whole

_BINARY: dict[str, type[ast.operator]] = {
    "add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "div": ast.Div,
    "mod": ast.Mod, "floor_div": ast.FloorDiv, "pow": ast.Pow,
}  # fmt: skip
_COMPARE: dict[str, type[ast.cmpop]] = {
    "eq": ast.Eq, "ne": ast.NotEq, "xor": ast.NotEq,
    "lt": ast.Lt, "le": ast.LtE, "gt": ast.Gt, "ge": ast.GtE,
}  # fmt: skip
_PLAIN = {
    "exp", "log", "log1p", "sqrt", "tanh", "sigmoid", "relu", "gelu", "softplus", "sin", "cos", "tan",
    "arctan", "abs", "sign", "floor", "ceil", "round", "minimum", "maximum", "arctan2", "stop", "solve",
}  # fmt: skip
_REDUCTIONS = {"sum", "mean", "prod", "max", "min", "logsumexp", "any", "all"}
_ALONG = {"softmax", "log_softmax", "argsort", "argmax", "argmin"}


class Writer:
    """Writes equations. ``producer`` finds the equation of a variable, for those that only mean something
    together."""

    def __init__(self, producer: dict[Var, Eqn], values: dict[Var, Value]) -> None:
        self.producer = producer
        self.values = values

    def write(self, eqn: Eqn) -> tuple[ast.expr, bool]:
        """The expression of an equation's first output, and whether it is a literal. Raises Problem:
        not-flat."""
        if any(one not in self.values for one in eqn.inputs):
            return self._of_windows(eqn), False
        given = [self.values[one] for one in eqn.inputs]
        if eqn.op in _BINARY or eqn.op in _COMPARE:
            return self._binary(eqn, given)
        if eqn.op in _PLAIN:
            return call(eqn.op, *(one.node for one in at_run_time(given))), False
        if eqn.op in _REDUCTIONS:
            return self._reduction(eqn, given[0])
        if eqn.op in _ALONG:
            default = eqn.op in ("softmax", "log_softmax", "argsort") or given[0].type.shape[1:] == ()
            axis = {} if default and eqn.param("axis") == -1 else {"axis": whole(eqn.param("axis"))}
            return call(eqn.op, given[0].node, **axis), False
        method = getattr(self, f"_{eqn.op}", None)
        if method is None:
            raise self.refused(eqn)
        return method(eqn, given), False

    def refused(self, eqn: Eqn) -> Problem:
        """What to raise where no expression means an equation."""
        message = f"no expression of one box means this: '{eqn.op}' of an array of boxes"
        return Problem.of("not-flat", message, eqn.span)

    # -- element by element -----------------------------------------------------------------------

    def _binary(self, eqn: Eqn, given: Sequence[Value]) -> tuple[ast.expr, bool]:
        left, right = at_run_time(given)
        if eqn.op == "pow" and right.number:
            right = hidden(right)
        elif not left.number and left.type.kind == "real":
            right = short(right)
        elif not right.number and right.type.kind == "real":
            left = short(left)
        if eqn.op in _COMPARE:
            return ast.Compare(left.node, [_COMPARE[eqn.op]()], [right.node]), False
        return ast.BinOp(left.node, _BINARY[eqn.op](), right.node), False

    def _square(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return ast.BinOp(at_run_time(given)[0].node, ast.Pow(), whole(2))

    def _reciprocal(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return ast.BinOp(at_run_time(given)[0].node, ast.Pow(), whole(-1))

    def _and(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return ast.BoolOp(ast.And(), [one.node for one in at_run_time(given)])

    def _or(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return ast.BoolOp(ast.Or(), [one.node for one in at_run_time(given)])

    def _not(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return ast.UnaryOp(ast.Not(), at_run_time(given)[0].node)

    def _neg(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return ast.UnaryOp(ast.USub(), at_run_time(given)[0].node)

    def _where(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        condition, a, b = given
        if condition.static:
            return call("where", condition.node, a.node, b.node)
        if not a.number and a.type.kind == "real":
            b = short(b)
        elif not b.number and b.type.kind == "real":
            a = short(a)
        return ast.IfExp(condition.node, a.node, b.node)

    def _cast(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        (x,) = given
        kind = eqn.param("kind")
        if kind in ("real", "int"):
            return call(kind, hidden(x).node if x.number else x.node)
        if kind == "bool":
            return ast.Compare(x.node, [ast.NotEq()], [whole(0)])
        pooled = self.producer.get(eqn.inputs[0])
        if pooled is not None and pooled.op == "batch_mean":
            return call("pool", self.values[pooled.inputs[0]].node)
        if pooled is not None and pooled.op == "div":
            return call("normalise", self.values[pooled.inputs[0]].node)
        return call("normalise", x.node)

    def _batch_mean(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return call("pool", given[0].node)

    # -- products and reductions ------------------------------------------------------------------

    def _reduction(self, eqn: Eqn, x: Value) -> tuple[ast.expr, bool]:
        axes: tuple[int, ...] = eqn.param("axes")
        if eqn.op == "mean":
            loss = self._loss(eqn)
            if loss is not None:
                return loss, False
        if len(axes) == len(x.type.shape):
            return call(eqn.op, x.node), False
        shown = whole(axes[0]) if len(axes) == 1 else ast.List([whole(one) for one in axes])
        return call(eqn.op, x.node, axis=shown), False

    def _loss(self, eqn: Eqn) -> ast.expr | None:
        """A loss that is a mean over all rows at once."""
        made = self.producer.get(eqn.inputs[0])
        if made is None or len(eqn.param("axes")) != eqn.inputs[0].rank:
            return None
        names = {"cross_entropy": "cross_entropy", "sigmoid_cross_entropy": "binary_cross_entropy"}
        if made.op not in names:
            return None
        return call(names[made.op], *(self.values[one].node for one in made.inputs))

    def _cross_entropy(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        scores, truth = given
        if len(scores.type.shape) == 1:
            return call("cross_entropy", scores.node, truth.node)
        product = ast.BinOp(truth.node, ast.Mult(), call("log_softmax", scores.node))
        return ast.UnaryOp(ast.USub(), call("sum", product, axis=whole(-1)))

    def _sigmoid_cross_entropy(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        logit, truth = given
        if not logit.type.shape:
            return call("binary_cross_entropy", logit.node, truth.node)
        product = ast.BinOp(logit.node, ast.Mult(), truth.node)
        return ast.BinOp(call("softplus", logit.node), ast.Sub(), product)

    def _contract(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        spec: str = eqn.param("spec")
        nodes = [one.node for one in given]
        if len(given) == 2 and _canonical(spec) == _of_matmul(*(one.type for one in given)):
            return ast.BinOp(nodes[0], ast.MatMult(), nodes[1])
        return call("einsum", ast.Constant(_canonical(spec)), *nodes)

    # -- windows ----------------------------------------------------------------------------------

    def _of_windows(self, eqn: Eqn) -> ast.expr:
        """Windows by themselves can't be told in the language; a convolution can, and the mean of each."""
        made = self.producer.get(eqn.inputs[-1])
        if eqn.op == "contract" and made is not None and made.op == "patches":
            return self._convolution(eqn, made)
        windows = self.producer.get(made.inputs[0]) if made is not None and made.op == "reshape" else None
        if eqn.op != "mean" or windows is None or windows.op != "patches":
            raise self.refused(eqn)
        kernel, (x,) = windows.param("kernel"), windows.inputs
        padded = any(sum(pair) for pair in windows.param("padding"))
        shape = (x.shape[0], math.prod(kernel), *windows.outputs[0].shape[1:])
        if padded or x.rank != len(kernel) + 1 or eqn.inputs[0].shape != shape:
            raise self.refused(eqn)
        size = ast.List([whole(one) for one in kernel])
        return call("mean_pool", self.values[x].node, size, **_steps(windows, 0))

    def _convolution(self, eqn: Eqn, windows: Eqn) -> ast.expr:
        rows = self.producer.get(eqn.inputs[0])
        places = "yx"[: len(windows.param("kernel"))]
        if eqn.param("spec") != f"ok,k{places}->o{places}" or len(windows.inputs[0].shape) != len(places) + 1:
            raise self.refused(eqn)
        kernel = rows.inputs[0] if rows is not None and rows.op == "reshape" else eqn.inputs[0]
        if len(kernel.shape) != len(places) + 2:
            raise self.refused(eqn)
        nodes = [self.values[windows.inputs[0]].node, self.values[kernel].node]
        return call("conv", *nodes, **_steps(windows, 1))

    def _max_pool(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        (x,) = given
        if len(x.type.shape) != len(eqn.param("kernel")) + 1:
            raise self.refused(eqn)
        size = ast.List([whole(one) for one in eqn.param("kernel")])
        return call("max_pool", x.node, size, **_steps(eqn, 0))

    # -- draws ------------------------------------------------------------------------------------

    def _random_normal(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return _draw("normal", eqn)

    def _random_uniform(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return _draw("uniform", eqn)

    def _random_bernoulli(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        (p,) = given
        shape = ast.List([whole(one) for one in p.type.shape])
        return call("bernoulli", p.node, shape=shape, key=ast.Constant(eqn.param("key")))

    # -- arrays -----------------------------------------------------------------------------------

    def _copy(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return given[0].node

    def _one_hot(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return call("one_hot", given[0].node, whole(eqn.param("classes")))

    def _broadcast(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return call("broadcast", given[0].node, *(whole(one) for one in eqn.param("shape")))

    def _reshape(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        (x,), shape = given, eqn.param("shape")
        items: list[ast.expr] = []
        rest = list(x.type.shape)
        for length in shape:  # as it was, with new axes of length 1
            if rest and length == rest[0]:
                rest.pop(0)
                items.append(ast.Slice())
            elif length == 1:
                items.append(ast.Constant(None))
            else:
                break
        if not rest and len(items) == len(shape) and x.type.shape:
            while items and isinstance(items[-1], ast.Slice):
                items.pop()
            return index_text(x.node, items)
        return call("reshape", x.node, *(whole(length) for length in shape))

    def _transpose(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        (x,), perm = given, eqn.param("perm")
        rank = len(x.type.shape)
        lead = rank - len(perm)
        if not lead and perm == tuple(range(-1, -rank - 1, -1)):
            return call("transpose", x.node)
        axes = [*range(lead), *(rank + axis for axis in perm)]
        return call("transpose", x.node, ast.List([whole(one) for one in axes]))

    def _roll(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        axis = {} if eqn.param("axis") == -1 else {"axis": whole(eqn.param("axis"))}
        return call("roll", given[0].node, whole(eqn.param("shift")), **axis)

    def _slice(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        return selected(given[0].node, eqn.param("index"), given[0].type.shape)

    def _gather(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        (x,) = given
        axis = len(x.type.shape) + eqn.param("axis")
        places = literal(eqn.param("indices"), Type("int"))
        return index_text(x.node, [*[ast.Slice()] * axis, places])

    def _scatter(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        places = literal(eqn.param("indices"), Type("int"))
        return call("sum_at", given[0].node, places, whole(eqn.param("size")), axis=whole(eqn.param("axis")))

    def _take(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        x, places = given
        lead, axis = eqn.param("lead", 0), len(x.type.shape) + eqn.param("axis")
        if not lead:
            return index_text(x.node, [*[ast.Slice()] * axis, places.node])
        if axis != lead:
            raise self.refused(eqn)
        own, length = x.type.shape[:lead], x.type.shape[lead]  # each element picks from what is its own
        total = math.prod(own)
        flat = call("reshape", x.node, *(whole(one) for one in (total * length, *x.type.shape[lead + 1 :])))
        starts = call("reshape", call("arange", whole(0), whole(total * length), whole(length)),
                      *(whole(one) for one in own))  # fmt: skip
        starts = index_text(
            starts, [*[ast.Slice()] * lead, *[ast.Constant(None)] * (len(places.type.shape) - lead)]
        )
        near = call("clip", places.node, whole(0), whole(length - 1))
        return ast.Subscript(flat, ast.BinOp(starts, ast.Add(), near))

    def _assemble(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        shape = eqn.outputs[0].shape
        pieces = []
        for index, var, one in zip(eqn.param("index"), eqn.inputs, given, strict=True):
            led = self.producer.get(var)
            if led is not None and led.op == "reshape" and var.shape == (1, *led.inputs[0].shape):
                first = index[0][0] if len(index) == len(shape) and isinstance(index[0], tuple) else None
                if first is not None and led.inputs[0] in self.values:  # an axis made to join along
                    one, index = self.values[led.inputs[0]], (first, *index[1:])
            pieces.append(Piece.of(index, one.node, one.type.shape, shape))
        return assembled(pieces, shape)

    def _pad_slice(self, eqn: Eqn, given: Sequence[Value]) -> ast.expr:
        type = eqn.outputs[0].type
        piece = Piece.of(eqn.param("index"), given[0].node, given[0].type.shape, type.shape)
        return assembled([piece], type.shape, type.kind == "int")


def _steps(eqn: Eqn, default: int) -> dict[str, ast.expr]:
    """``stride`` and ``padding`` of windows, where they are not what is taken without them."""
    found: dict[str, ast.expr] = {}
    stride, kernel = eqn.param("stride"), eqn.param("kernel")
    if stride != ((1,) * len(kernel) if default else kernel):
        found["stride"] = ast.List([whole(one) for one in stride])
    padding = eqn.param("padding")
    if any(before or after for before, after in padding):
        if any(before != after for before, after in padding):
            found["padding"] = ast.Constant("same")
        else:
            found["padding"] = ast.List([whole(before) for before, _ in padding])
    return found


def _draw(name: str, eqn: Eqn) -> ast.expr:
    shape = ast.List([whole(one) for one in eqn.param("shape")])
    return call(name, shape=shape, key=ast.Constant(eqn.param("key")))


def _canonical(spec: str) -> str:
    """The labels of a contraction as i, j, k …, in the order in which they appear."""
    names: dict[str, str] = {}
    letters = "ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZABCDEFGH"
    operands, out = parse_spec(spec)
    for label in "".join(operands):
        names.setdefault(label, letters[len(names)])
    texts = ["".join(names[label] for label in one) for one in (*operands, out)]
    return f"{','.join(texts[:-1])}->{texts[-1]}"


def _of_matmul(a: Type, b: Type) -> str:
    """The contraction that ``a @ b`` is; empty if it is none."""
    eqns: list[Eqn] = []
    try:
        matmul(Builder(eqns), Var(a), Var(b))
    except OperationError:
        return ""
    return _canonical(eqns[-1].param("spec")) if len(eqns) == 1 and eqns[-1].op == "contract" else ""
