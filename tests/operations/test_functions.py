"""Functions, operators and indexing of the expression language, against NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.signal
import scipy.special

from dilsctl.ir import Type, Var
from dilsctl.operations import Builder, OperationError
from dilsctl.operations.functions import FUNCTIONS, as_var, binary, index, select, unary

from .run import check_gradient, random_value, run

Value = Any


def real(*shape: int) -> Type:
    return Type("real", shape)


def evaluate(build: Callable[..., Value], *types: Type, seed: int = 0) -> tuple[Any, list[Any], Type]:
    """The value of ``build(builder, *vars)`` on random inputs, the inputs, and its type."""
    rng = np.random.default_rng(seed)
    inputs = [Var(one) for one in types]
    given = {one: random_value(one, rng) for one in inputs}
    builder = Builder([])
    out = as_var(builder, build(builder, *inputs))
    return run(builder.eqns, given)[out], [given[one] for one in inputs], out.type


def call(name: str, *static: Value, **keywords: Value) -> Callable[..., Value]:
    return lambda builder, *vars: FUNCTIONS[name].build(builder, *vars, *static, **keywords)


E = scipy.special
CALLS: list[tuple[str, Callable[..., Value], tuple[Type, ...], Callable[..., Any]]] = [
    ("exp", call("exp"), (real(3),), np.exp),
    (
        "log",
        lambda b, x: FUNCTIONS["log"].build(b, binary(b, "*", x, x)),
        (real(3),),
        lambda x: np.log(x * x),
    ),
    (
        "log1p",
        lambda b, x: FUNCTIONS["log1p"].build(b, binary(b, "*", x, x)),
        (real(3),),
        lambda x: np.log1p(x * x),
    ),
    ("sqrt", lambda b, x: FUNCTIONS["sqrt"].build(b, binary(b, "*", x, x)), (real(3),), abs),
    ("square", call("square"), (real(3),), lambda x: x**2),
    ("tanh", call("tanh"), (real(3),), np.tanh),
    ("sigmoid", call("sigmoid"), (real(3),), E.expit),
    ("relu", call("relu"), (real(3),), lambda x: np.clip(x, 0, None)),
    ("gelu", call("gelu"), (real(3),), lambda x: x * E.ndtr(x)),
    ("softplus", call("softplus"), (real(3),), lambda x: np.logaddexp(0, x)),
    ("silu", call("silu"), (real(3),), lambda x: x * E.expit(x)),
    ("leaky_relu", call("leaky_relu"), (real(3),), lambda x: np.where(x > 0, x, 0.01 * x)),
    ("sin", call("sin"), (real(3),), np.sin),
    ("cos", call("cos"), (real(3),), np.cos),
    ("tan", call("tan"), (real(3),), np.tan),
    ("arctan", call("arctan"), (real(3),), np.arctan),
    ("arctan2", call("arctan2"), (real(3), real(3)), np.arctan2),
    ("abs", call("abs"), (real(3),), np.abs),
    ("sign", call("sign"), (real(3),), np.sign),
    ("floor", call("floor"), (real(3),), np.floor),
    ("ceil", call("ceil"), (real(3),), np.ceil),
    ("round", call("round"), (real(3),), np.round),
    ("clip", call("clip", -0.5, 0.5), (real(5),), lambda x: np.clip(x, -0.5, 0.5)),
    ("minimum", call("minimum", 0), (real(3),), lambda x: np.minimum(x, 0)),
    ("maximum", call("maximum", 0), (real(3),), lambda x: np.maximum(x, 0)),
    ("where", call("where"), (Type("bool", (3,)), real(3), real()), np.where),
    ("identity", call("identity"), (real(3),), lambda x: x),
    ("stop", call("stop"), (real(3),), lambda x: x),
    ("real", call("real"), (Type("bool", (3,)),), lambda x: x.astype(float)),
    ("int", call("int"), (real(5),), np.trunc),
    ("sum", call("sum"), (real(2, 3),), np.sum),
    ("sum", call("sum", axis=0), (real(2, 3),), lambda x: x.sum(0)),
    ("mean", call("mean", (0, -1)), (real(2, 3, 2),), lambda x: x.mean((0, 2))),
    ("prod", call("prod", 1), (real(2, 3),), lambda x: x.prod(1)),
    ("max", call("max", -1), (real(2, 3),), lambda x: x.max(1)),
    ("min", call("min"), (real(2, 3),), np.min),
    ("logsumexp", call("logsumexp", 0), (real(2, 3),), lambda x: E.logsumexp(x, axis=0)),
    ("any", call("any"), (Type("bool", (3,)),), np.any),
    ("all", call("all", 0), (Type("bool", (2, 3)),), lambda x: x.all(0)),
    ("argmax", call("argmax"), (real(2, 3),), np.argmax),
    ("argmin", call("argmin", axis=0), (real(2, 3),), lambda x: x.argmin(0)),
    ("sort", call("sort"), (real(2, 4),), np.sort),
    ("sort", call("sort", axis=0), (real(4, 2),), lambda x: np.sort(x, axis=0)),
    ("sort", call("sort", 1), (real(2, 3, 2),), lambda x: np.sort(x, axis=1)),
    ("argsort", call("argsort"), (real(2, 4),), np.argsort),
    ("argsort", call("argsort", axis=0), (real(4, 2),), lambda x: np.argsort(x, axis=0)),
    ("argsort", call("argsort"), (Type("bool", (6,)),), lambda x: np.argsort(x, kind="stable")),
    ("top_k", call("top_k", 2), (real(5),), lambda x: np.sort(x)[::-1][:2]),
    ("top_k", call("top_k", 3, axis=0), (real(5, 2),), lambda x: np.sort(x, axis=0)[::-1][:3]),
    ("in_top_k", call("in_top_k", 2), (real(2, 5),), lambda x: x >= np.sort(x)[:, [-2]]),
    ("in_top_k", call("in_top_k", 1, axis=-2), (real(3, 4),), lambda x: x == x.max(0)),
    ("norm", call("norm", axis=1), (real(2, 3),), lambda x: np.linalg.norm(x, axis=1)),
    ("var", call("var"), (real(2, 3),), np.var),
    ("std", call("std", axis=0), (real(2, 3),), lambda x: x.std(0)),
    ("matmul", call("matmul"), (real(2, 3), real(3, 4)), np.matmul),
    ("dot", call("dot"), (real(2, 3), real(2, 3)), np.vdot),
    ("solve", call("solve"), (real(3, 3), real(3)), lambda a, b: np.linalg.inv(a) @ b),
    ("solve", call("solve"), (real(3, 3), real(2, 3)), lambda a, b: b @ np.linalg.inv(a).T),
    ("outer", call("outer"), (real(2), real(3)), np.outer),
    ("outer", call("outer"), (real(2, 2), real(3)), np.multiply.outer),
    (
        "einsum",
        lambda b, x, y: FUNCTIONS["einsum"].build(b, "ij, jk -> k", x, y),
        (real(2, 3), real(3, 4)),
        lambda x, y: np.einsum("ij,jk->k", x, y),
    ),
    ("conv", call("conv"), (real(1, 7), real(1, 1, 3)), lambda x, k: _conv1(x, k)),
    ("conv1d", call("conv1d"), (real(2, 7), real(3, 2, 3)), lambda x, k: _conv1(x, k)),
    ("conv1d", call("conv1d", 2, 1), (real(2, 7), real(3, 2, 3)), lambda x, k: _conv1(_pad(x, 1), k)[:, ::2]),
    ("conv2d", call("conv2d"), (real(2, 5, 4), real(3, 2, 3, 2)), lambda x, k: _conv2(x, k)),
    (
        "conv2d",
        call("conv2d", padding="same"),
        (real(2, 5, 4), real(3, 2, 3, 3)),
        lambda x, k: _conv2(np.pad(x, ((0, 0), (1, 1), (1, 1))), k),
    ),
    ("max_pool", call("max_pool", 2), (real(2, 4, 6),), lambda x: x.reshape(2, 2, 2, 3, 2).max((2, 4))),
    ("mean_pool", call("mean_pool", 2), (real(2, 4, 6),), lambda x: x.reshape(2, 2, 2, 3, 2).mean((2, 4))),
    ("max_pool1d", call("max_pool1d", 3), (real(2, 6),), lambda x: x.reshape(2, 2, 3).max(2)),
    ("max_pool1d", call("max_pool1d", 3, 1, "same"), (real(1, 5),), lambda x: _slide(x, np.max)),
    ("max_pool2d", call("max_pool2d", (1, 2)), (real(2, 2, 4),), lambda x: x.reshape(2, 2, 2, 2).max(3)),
    ("avg_pool1d", call("avg_pool1d", 3), (real(2, 6),), lambda x: x.reshape(2, 2, 3).mean(2)),
    ("avg_pool1d", call("avg_pool1d", 3, 1, "same"), (real(1, 5),), lambda x: _slide(x, np.mean)),
    ("avg_pool2d", call("avg_pool2d", 3, 3, 1), (real(1, 4, 4),), lambda x: _corners(x)),
    ("softmax", call("softmax"), (real(2, 3),), lambda x: E.softmax(x, -1)),
    ("log_softmax", call("log_softmax", axis=0), (real(2, 3),), lambda x: E.log_softmax(x, 0)),
    (
        "normalise",
        lambda b, x: FUNCTIONS["normalise"].build(b, binary(b, "*", x, x)),
        (real(2, 3),),
        lambda x: x**2 / (x**2).sum(1, keepdims=True),
    ),
    ("one_hot", call("one_hot"), (Type("class", (2,), 4),), lambda i: np.eye(4)[i]),
    ("one_hot", call("one_hot", 6), (Type("int", (2,)),), lambda i: np.eye(6)[i]),
    ("concat", call("concat"), (real(2), real(), real(3)), lambda a, b, c: np.r_[a, b, c]),
    ("concat", call("concat", axis=1), (real(2, 1), real(2, 2)), lambda a, b: np.hstack([a, b])),
    ("stack", call("stack"), (real(2), real(2)), lambda a, b: np.stack([a, b])),
    ("stack", call("stack", axis=-1), (real(2, 3), real(2, 3)), lambda a, b: np.stack([a, b], -1)),
    ("reshape", call("reshape", 3, -1), (real(2, 3),), lambda x: x.reshape(3, 2)),
    ("reshape", call("reshape", -1), (real(2, 3),), np.ravel),
    ("transpose", call("transpose"), (real(2, 3, 4),), np.transpose),
    ("transpose", call("transpose", (1, 0, -1)), (real(2, 3, 4),), lambda x: x.swapaxes(0, 1)),
    ("roll", call("roll", 1), (real(2, 3),), lambda x: np.roll(x, 1, -1)),
    ("roll", call("roll", -1, axis=0), (real(3, 2),), lambda x: np.roll(x, -1, 0)),
    (
        "sum_at",
        call("sum_at", (2, 0, 2, 2), 4),
        (real(4),),
        lambda x: np.array([x[1], 0, x[0] + x[2] + x[3], 0]),
    ),
    (
        "sum_at",
        call("sum_at", (1, 0, 1), 2, axis=1),
        (real(2, 3),),
        lambda x: np.stack([x[:, 1], x[:, 0] + x[:, 2]], axis=1),
    ),
    ("pool", call("pool"), (real(3),), lambda x: x),
    ("take", call("take"), (real(4, 2), Type("class", (3,), 4)), lambda x, i: x[i]),
    ("take", call("take", (0, 2), axis=1), (real(2, 3),), lambda x: x[:, [0, 2]]),
    ("broadcast", call("broadcast", 2, 3), (real(3),), lambda x: np.stack([x, x])),
    ("zeros", call("zeros", 2, 3), (), lambda: np.zeros((2, 3))),
    ("ones", call("ones", 2), (), lambda: np.ones(2)),
    ("arange", call("arange", 4), (), lambda: np.arange(4)),
    ("arange", call("arange", 1, 8, 3), (), lambda: np.arange(1, 8, 3)),
    ("eye", call("eye", 3), (), lambda: np.eye(3)),
    ("linspace", call("linspace", 0, 1, 5), (), lambda: np.linspace(0, 1, 5)),
    ("mse", call("mse"), (real(2, 3), real(2, 3)), lambda y, t: ((y - t) ** 2).mean()),
    ("mae", call("mae"), (real(3), real(3)), lambda y, t: np.abs(y - t).mean()),
    ("huber", call("huber", 0.7), (real(9), real(9)), lambda y, t: E.huber(0.7, y - t).mean()),
    (
        "cross_entropy",
        call("cross_entropy"),
        (real(2, 4), Type("class", (2,), 4)),
        lambda x, t: -np.mean([E.log_softmax(row)[n] for row, n in zip(x, t, strict=True)]),
    ),
    (
        "cross_entropy",
        call("cross_entropy"),
        (real(4), Type("simplex", (4,), 4)),
        lambda x, t: -(t * E.log_softmax(x)).sum(),
    ),
    (
        "cross_entropy",
        call("cross_entropy"),
        (Type("simplex", (4,), 4), Type("class", (), 4)),
        lambda p, t: -np.log(p[t]),
    ),
    (
        "binary_cross_entropy",
        call("binary_cross_entropy"),
        (real(3), Type("bool", (3,))),
        lambda x, t: -np.where(t, E.log_expit(x), E.log_expit(-x)).mean(),
    ),
]


def _pad(x: Any, width: int) -> Any:
    return np.pad(x, ((0, 0), (width, width)))


def _conv1(x: Any, k: Any) -> Any:
    return np.stack([sum(np.correlate(x[c], one[c], "valid") for c in range(len(x))) for one in k])


def _conv2(x: Any, k: Any) -> Any:
    parts = [
        np.sum([scipy.signal.correlate2d(x[c], one[c], "valid") for c in range(len(x))], axis=0) for one in k
    ]
    return np.stack(parts)


def _slide(x: Any, function: Any) -> Any:
    return np.array([[function(row[max(n - 1, 0) : n + 2]) for n in range(len(row))] for row in x])


def _corners(x: Any) -> Any:
    """Mean pooling of 4 by 4 with windows of 3, stride 3, padding 1: four corners of 2 by 2 real elements."""
    return x[:, [0, 1, 2, 3]].reshape(1, 2, 2, 2, 2).mean((2, 4))


@pytest.mark.parametrize(("name", "build", "types", "expected"), CALLS, ids=[one[0] for one in CALLS])
def test_function(
    name: str, build: Callable[..., Value], types: tuple[Type, ...], expected: Callable[..., Any]
) -> None:
    for seed in range(3):
        found, given, type_ = evaluate(build, *types, seed=seed)
        assert found.shape == type_.shape
        np.testing.assert_allclose(found, expected(*given), rtol=1e-10, atol=1e-12)


def test_every_function_is_covered() -> None:
    assert {one[0] for one in CALLS} | {"normal", "uniform", "bernoulli"} == set(FUNCTIONS)


NO_GRADIENT = {
    *("sign", "floor", "ceil", "round", "int", "any", "all", "argmax", "argmin", "one_hot", "stop"),
    *("argsort", "in_top_k"),
}
SMOOTH = [one for one in CALLS if one[0] not in NO_GRADIENT and any(t.kind == "real" for t in one[2])]


@pytest.mark.parametrize(("name", "build", "types", "expected"), SMOOTH, ids=[one[0] for one in SMOOTH])
def test_gradient(name: str, build: Callable[..., Value], types: tuple[Type, ...], expected: Any) -> None:
    rng = np.random.default_rng(7)
    inputs = [Var(one, batched=number == 0) for number, one in enumerate(types)]
    given = {one: random_value(one, rng) for one in inputs}
    builder = Builder([])
    out = build(builder, *inputs)
    if builder.eqns:
        check_gradient(builder.eqns, out, given, [one for one in inputs if one.type.kind == "real"], 1e-5)


OPERATORS: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("kinds", [("real", "real"), ("int", "int"), ("int", "real"), ("real", "int")])
def test_binary(symbol: str, kinds: tuple[Any, Any]) -> None:
    types = [Type(one, (4,)) for one in kinds]
    found, (a, b), type_ = evaluate(lambda bld, x, y: binary(bld, symbol, x, binary(bld, "+", y, 1)), *types)
    np.testing.assert_allclose(found, OPERATORS[symbol](a, b + 1), rtol=1e-12)
    comparison = symbol[0] in "=!<>"
    whole = kinds == ("int", "int") and symbol != "/"
    assert type_.kind == ("bool" if comparison else "int" if whole else "real")


@pytest.mark.parametrize("power", [-2, -1, 0, 0.5, 1, 2, 3, 2.5])
def test_power(power: float) -> None:
    def build(b: Builder, x: Var) -> Var:
        return binary(b, "**", binary(b, "*", x, x), power)

    found, (x,), _ = evaluate(build, real(3))
    np.testing.assert_allclose(found, (x * x) ** power, rtol=1e-12)


@pytest.mark.parametrize(
    "shapes",
    [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((5, 2, 3), (5, 3, 4)),
        ((5, 2, 3), (3,)),
    ],
)
def test_matrix_product(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    found, (a, b), _ = evaluate(lambda bld, x, y: binary(bld, "@", x, y), *(real(*one) for one in shapes))
    np.testing.assert_allclose(found, a @ b, rtol=1e-12)


def test_logic_and_choice() -> None:
    boolean = Type("bool", (6,))
    for symbol, expected in (("and", np.logical_and), ("or", np.logical_or)):
        found, (a, b), _ = evaluate(lambda bld, x, y, s=symbol: binary(bld, s, x, y), boolean, boolean)
        np.testing.assert_array_equal(found, expected(a, b))
    found, (a,), _ = evaluate(lambda bld, x: unary(bld, "not", x), boolean)
    np.testing.assert_array_equal(found, ~a)
    found, (a,), type_ = evaluate(lambda bld, x: select(bld, x, 1, 0), boolean)
    np.testing.assert_array_equal(found, a * 1)
    assert type_.kind == "int"
    found, (a, x), _ = evaluate(lambda bld, c, x: select(bld, c, unary(bld, "-", x), 2), boolean, real())
    np.testing.assert_array_equal(found, np.where(a, -x, 2))


ITEMS: list[Any] = [
    (0,),
    (-1,),
    (slice(None),),
    (slice(1, None),),
    (slice(None, -1), 2),
    (slice(None, None, -1),),
    (slice(None, None, -2), slice(3, 0, -1)),
    (slice(3, 1),),
    (Ellipsis, 1),
    (None, 1),
    (slice(None), None),
    (Ellipsis, None),
    (1, None, slice(0, 2), 3),
    ((2, 0, -1),),
    (slice(1, 3), (0, 1)),
    (1, 2, 3),
    (slice(0, 4, 2), slice(-2, None), slice(None, None, -1)),
]


@pytest.mark.parametrize("items", ITEMS, ids=str)
def test_index(items: Any) -> None:
    found, (x,), type_ = evaluate(lambda b, x: index(b, x, items), real(4, 3, 4))
    plain = tuple(list(one) if isinstance(one, tuple) else one for one in items)
    assert type_.shape == x[plain].shape
    np.testing.assert_array_equal(found, x[plain])


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
def test_computed_index(place: int, shape: tuple[int, ...]) -> None:
    items: list[Any] = [slice(1, None), None, slice(None, None, -1)]

    def build(b: Builder, x: Var, i: Var) -> Var:
        return index(b, x, tuple([*items[:place], i, *items[place:]]))

    found, (x, i), _ = evaluate(build, real(5, 5, 5), Type("class", shape, 4))
    np.testing.assert_array_equal(found, x[tuple([*items[:place], i, *items[place:]])])


def test_index_of_simplexes_keeps_the_kind() -> None:
    _, _, type_ = evaluate(lambda b, p: index(b, p, (0,)), Type("simplex", (2, 3), 3))
    assert type_ == Type("simplex", (3,), 3)
    _, _, type_ = evaluate(lambda b, p: index(b, p, (Ellipsis, 0)), Type("simplex", (2, 3), 3))
    assert type_ == Type("real", (2,))


def test_kinds() -> None:
    """What functions do to kinds, beyond numbers."""
    builder = Builder([])
    p, parts = Var(Type("simplex", (3,), 3)), Var(Type("simplex", (3, 4), 4))
    x, c, b, n = Var(real(2, 5)), Var(Type("class", (), 7)), Var(Type("bool", (3,))), Var(Type("int", (3,)))
    call_ = {name: one.build for name, one in FUNCTIONS.items()}
    assert binary(builder, "@", p, parts).type == Type("simplex", (4,), 4)
    assert call_["softmax"](builder, x).type == Type("simplex", (2, 5), 5)
    assert call_["softmax"](builder, x, axis=0).type == real(2, 5)
    assert call_["normalise"](builder, x).type == Type("simplex", (2, 5), 5)
    assert call_["argmax"](builder, x, axis=-1).type == Type("class", (2,), 5)
    assert call_["argmax"](builder, x).type == Type("class", (), 10)
    assert call_["one_hot"](builder, c).type == Type("simplex", (7,), 7)
    assert call_["mean"](builder, parts, axis=0).type == Type("simplex", (4,), 4)
    assert call_["mean"](builder, b).type == real()
    assert call_["sum"](builder, b).type == real()
    assert call_["sum"](builder, n).type == Type("int")
    assert call_["stack"](builder, p, p).type == Type("simplex", (2, 3), 3)
    assert call_["concat"](builder, p, p).type == real(6)
    assert binary(builder, "+", b, b).type == real(3)
    assert binary(builder, "*", p, 2).type == real(3)
    assert binary(builder, "+", c, 1).type == Type("int")
    assert binary(builder, "==", c, 3).type == Type("bool")
    assert select(builder, True, p, p).type == Type("simplex", (3,), 3)
    assert select(builder, b, p, p).type == real(3)
    assert select(builder, True, c, c).type == Type("class", (), 7)


def test_functions_of_numbers_are_numbers() -> None:
    builder = Builder([])
    call_ = {name: one.build for name, one in FUNCTIONS.items()}
    assert call_["sqrt"](builder, 16) == 4
    assert call_["maximum"](builder, 2, 3) == 3
    assert call_["floor"](builder, 2.5) == 2
    assert call_["int"](builder, 2.5) == 2
    assert not builder.eqns


def test_lists_become_arrays() -> None:
    found, (x, y), _ = evaluate(lambda b, x, y: as_var(b, (x, 2, y)), real(), real())
    np.testing.assert_array_equal(found, [x, 2, y])
    found, (x,), _ = evaluate(lambda b, x: as_var(b, ((x, 1), (0, x))), real())
    np.testing.assert_array_equal(found, [[x, 1], [0, x]])
    found, (x,), _ = evaluate(lambda b, x: binary(b, "*", x, (1, 2, 3)), real(3))
    np.testing.assert_array_equal(found, x * [1, 2, 3])


def test_gradient_of_norm_at_zero_is_zero() -> None:
    for name in ("norm", "std"):
        x, builder = Var(real(3)), Builder([])
        out = FUNCTIONS[name].build(builder, x)
        check_zero(builder, out, x)


def check_zero(builder: Builder, out: Var, x: Var) -> None:
    from .run import gradients

    back = Builder([])
    ct = Var(Type("real"))
    (gradient,) = gradients(builder.eqns, out, ct, [x], back)
    assert gradient is not None
    values = run([*builder.eqns, *back.eqns], {x: np.zeros(3), ct: np.array(1.0)})
    np.testing.assert_array_equal(values[gradient], np.zeros(3))


def test_cross_entropy_of_a_zero_probability_is_finite() -> None:
    p, t, builder = Var(Type("simplex", (2,), 2)), Var(Type("class", (), 2)), Builder([])
    out = FUNCTIONS["cross_entropy"].build(builder, p, t)
    value = run(builder.eqns, {p: np.array([1.0, 0.0]), t: np.array(1)})[out]
    np.testing.assert_allclose(value, -np.log(1e-12))


def test_stop_stops() -> None:
    from .run import gradients

    x, builder = Var(real(3)), Builder([])
    out = binary(builder, "*", x, FUNCTIONS["stop"].build(builder, x))
    ct = Var(real(3))
    back = Builder([])
    (gradient,) = gradients(builder.eqns, out, ct, [x], back)
    assert gradient is not None
    value = np.array([1.0, 2.0, 3.0])
    found = run([*builder.eqns, *back.eqns], {x: value, ct: np.ones(3)})[gradient]
    np.testing.assert_array_equal(found, value)


B = Builder([])
X, P, C, TRUTH = Var(real(2, 3)), Var(Type("simplex", (3,), 3)), Var(Type("class", (), 4)), Var(Type("bool"))
V = Var(real(3))
REFUSED: list[tuple[str, Callable[[], Value], str]] = [
    ("shapes", lambda: binary(B, "+", X, Var(real(4))), "cannot combine the shapes 2 x 3 and 4"),
    ("product", lambda: binary(B, "@", X, Var(real(2))), "lengths 3 and 2 differ"),
    ("product", lambda: binary(B, "@", X, 2), "not a scalar"),
    ("logic", lambda: binary(B, "and", V, TRUTH), "'and' needs bool"),
    ("choice", lambda: select(B, V, 1, 2), "condition of a choice must be bool"),
    ("class", lambda: binary(B, "==", C, Var(Type("class", (), 5))), "compares a class 4 with a class 5"),
    ("word", lambda: binary(B, "+", V, "relu"), "'relu' is a word"),
    ("ragged", lambda: as_var(B, ((1, 2), (3,))), "different lengths"),
    ("bound", lambda: index(B, X, (2,)), "index 2 is outside an axis of length 2"),
    ("bound", lambda: index(B, X, (0, -4)), "index -4 is outside"),
    ("rank", lambda: index(B, V, (0, 0)), "2 indices for a value of shape 3"),
    ("mask", lambda: index(B, V, (TRUTH,)), "a bool is no index"),
    ("real", lambda: index(B, V, (Var(real()),)), "must be an int or a class"),
    ("classes", lambda: index(B, V, (C,)), "a class 4 cannot index an axis of length 3"),
    ("two", lambda: index(B, X, (C, C)), "only one index"),
    ("missing", lambda: FUNCTIONS["exp"].build(B), "'exp' needs 'x'"),
    ("many", lambda: FUNCTIONS["exp"].build(B, V, V), "takes 1 value, not 2"),
    ("keyword", lambda: FUNCTIONS["sum"].build(B, V, axes=0), "has no argument 'axes'"),
    ("twice", lambda: FUNCTIONS["sum"].build(B, V, 0, axis=0), "given 'axis' twice"),
    ("axis", lambda: FUNCTIONS["sum"].build(B, V, axis=1), "there is no axis 1"),
    ("axis", lambda: FUNCTIONS["max"].build(B, V, V), "axis must be a whole number"),
    ("any", lambda: FUNCTIONS["any"].build(B, V), "'any' needs bool"),
    ("einsum", lambda: FUNCTIONS["einsum"].build(B, "ij,j", X, V), "has no '->'"),
    ("einsum", lambda: FUNCTIONS["einsum"].build(B, "ii->i", X), "repeats a label"),
    ("einsum", lambda: FUNCTIONS["einsum"].build(B, "ij,i->j", X, V), "do not fit"),
    ("einsum", lambda: FUNCTIONS["einsum"].build(B, "i->k", V), "is in no operand"),
    ("dot", lambda: FUNCTIONS["dot"].build(B, X, V), "values of one shape"),
    ("solve", lambda: FUNCTIONS["solve"].build(B, X, V), "square matrix"),
    ("solve", lambda: FUNCTIONS["solve"].build(B, V, V), "a matrix and a vector"),
    ("reshape", lambda: FUNCTIONS["reshape"].build(B, X, 4, -1), "do not divide by 4"),
    ("reshape", lambda: FUNCTIONS["reshape"].build(B, X, 5), "cannot take shape 5"),
    ("concat", lambda: FUNCTIONS["concat"].build(B, X, V), "cannot join the shapes"),
    ("stack", lambda: FUNCTIONS["stack"].build(B, X, V), "values of one shape"),
    ("one_hot", lambda: FUNCTIONS["one_hot"].build(B, V, 3), "needs an int or a class"),
    ("conv", lambda: FUNCTIONS["conv2d"].build(B, X, Var(real(1, 1, 2, 2))), "(channels, height, width)"),
    ("conv", lambda: FUNCTIONS["conv1d"].build(B, X, Var(real(1, 3, 2))), "is for 3 channels"),
    ("conv", lambda: FUNCTIONS["conv1d"].build(B, X, Var(real(1, 2, 4))), "does not fit a length of 3"),
    ("padding", lambda: FUNCTIONS["max_pool1d"].build(B, X, 2, padding="full"), "no padding 'full'"),
    ("truth", lambda: FUNCTIONS["cross_entropy"].build(B, V, C), "3 classes"),
    ("truth", lambda: FUNCTIONS["cross_entropy"].build(B, V, Var(real())), "the truth has shape scalar"),
    ("loss", lambda: FUNCTIONS["mse"].build(B, V, C), "compares numbers, not a class"),
    ("loss", lambda: FUNCTIONS["mse"].build(B, X, V), "values of one shape"),
    ("delta", lambda: FUNCTIONS["huber"].build(B, V, V, -1), "positive"),
    ("coin", lambda: FUNCTIONS["bernoulli"].build(B, 2, key="k"), "not a probability"),
    ("broadcast", lambda: FUNCTIONS["broadcast"].build(B, X, 3), "cannot be repeated"),
]


@pytest.mark.parametrize(("name", "attempt", "message"), REFUSED, ids=[f"{n}-{m}" for n, _, m in REFUSED])
def test_refused(name: str, attempt: Callable[[], Value], message: str) -> None:
    with pytest.raises(OperationError) as caught:
        attempt()
    assert message in caught.value.message


def test_numbers_and_lists_known_beforehand_stay_known() -> None:
    builder = Builder([])
    assert FUNCTIONS["log"].build(builder, 1) == 0
    assert FUNCTIONS["square"].build(builder, ((1, 2), (3, 4))) == ((1, 4), (9, 16))
    assert builder.eqns == []
    for wrong in (("log", (1, 0)), ("exp", 1e4)):
        with pytest.raises(OperationError, match="not defined at"):
            FUNCTIONS[wrong[0]].build(builder, wrong[1])
