"""Draws and initial values: reproducible, independent of order and stacking, of the right distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats

from dilsctl.engine.kernels import KERNELS, Context
from dilsctl.engine.kernels.initial import fans, initial
from dilsctl.engine.kernels.random import draw_normal, draw_uniform
from dilsctl.ir import REAL, Type, Var
from dilsctl.operations import OPERATIONS, Builder, OperationError
from dilsctl.operations.functions import FUNCTIONS, INITIALISERS, check_initial

from .run import run


def make(seed: int = 1, epoch: int = 0, tick: int = 0, examples: Any = (0,)) -> Context:
    return Context(seed, np.array(epoch), np.array(tick), np.array(examples, np.int64))


def draw(op: str, shape: tuple[int, ...], context: Context, key: str = "a", dtype: Any = np.float64) -> Any:
    builder = Builder([])
    out = builder.emit(op, (), batched=True, key=key, shape=shape)
    return run(builder.eqns, {}, dtype, context)[out]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distributions(dtype: Any) -> None:
    context = make(examples=range(500))
    uniform = draw("random_uniform", (200,), context, dtype=dtype).ravel()
    normal = draw("random_normal", (200,), context, dtype=dtype).ravel()
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert scipy.stats.kstest(uniform, "uniform").pvalue > 1e-3
    assert scipy.stats.kstest(normal, "norm").pvalue > 1e-3
    for values in (uniform, normal):
        grid = values.reshape(200, 500)
        for a, b in ((grid[:-1], grid[1:]), (grid[:, :-1], grid[:, 1:])):
            assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.02


def test_a_draw_depends_on_all_its_counters() -> None:
    base = draw("random_uniform", (3,), make(examples=[5, 6]))
    np.testing.assert_array_equal(base, draw("random_uniform", (3,), make(examples=[5, 6])))
    assert len(np.unique(base)) == base.size
    others = [make(2, examples=[5, 6]), make(epoch=1, examples=[5, 6]), make(tick=1, examples=[5, 6])]
    others.append(make(examples=[7, 8]))
    for context in others:
        assert not np.isin(draw("random_uniform", (3,), context), base).any()
    assert not np.isin(draw("random_uniform", (3,), make(examples=[5, 6]), key="b"), base).any()
    assert not np.isin(
        draw("random_uniform", (3,), make(epoch=1, tick=0)), draw("random_uniform", (3,), make(tick=1))
    )[0].any()


def test_order_of_examples_does_not_matter() -> None:
    forward = draw("random_normal", (2,), make(examples=[1, 2, 3]))
    backward = draw("random_normal", (2,), make(examples=[3, 2, 1]))
    np.testing.assert_array_equal(forward, backward[:, ::-1])


def test_the_context_is_read_at_each_run() -> None:
    context = make(examples=[1, 2])
    builder = Builder([])
    out = builder.emit("random_uniform", (), batched=True, key="k", shape=())
    array = np.zeros(2)
    steps = KERNELS["random_uniform"](builder.eqns[0], [], [array], context)
    for step in steps:
        step()
    first = array.copy()
    context.tick[...] = 1
    context.examples[...] = [3, 4]
    for step in steps:
        step()
    assert (array != first).all()
    np.testing.assert_array_equal(array, draw("random_uniform", (), make(tick=1, examples=[3, 4]), "k"))
    assert out.batched


def test_stacked_draws_differ() -> None:
    builder = Builder([])
    builder.emit("random_normal", (), batched=True, key="k", shape=(2,))
    (out,) = OPERATIONS["random_normal"].stack(builder, builder.eqns[0], (), (), 3)
    value = run(builder.eqns, {})[out]
    assert out.shape == (3, 2)
    assert len(np.unique(value)) == value.size


@pytest.mark.parametrize("mapped", [True, False])
def test_coins(mapped: bool) -> None:
    p = Var(REAL)
    builder = Builder([])
    builder.emit("random_bernoulli", (p,), batched=True, key="k")
    led = Var(REAL.with_shape((4,))) if mapped else p
    back = Builder([])
    (out,) = OPERATIONS["random_bernoulli"].stack(back, builder.eqns[0], (led,), (mapped,), 4)
    context = make(examples=range(4000))
    given = np.array([0.0, 0.25, 0.5, 1.0]) if mapped else np.array(0.25)
    value = run(back.eqns, {led: given}, ctx=context)[out]
    np.testing.assert_allclose(value.mean(-1), np.broadcast_to(given, 4), atol=0.03)
    assert (value[1] != value[2]).any()


def test_functions_of_draws() -> None:
    builder = Builder([])
    normal = FUNCTIONS["normal"].build(builder, 3, 0.5, shape=(5000,), key="n")
    uniform = FUNCTIONS["uniform"].build(builder, -1, 2, shape=(5000,), key="u")
    coin = FUNCTIONS["bernoulli"].build(builder, 0.2, shape=(5000,), key="b")
    mean = Var(REAL.with_shape((2,)))
    around = FUNCTIONS["normal"].build(builder, mean, key="m")
    values = run(builder.eqns, {mean: np.array([1e6, -1e6])})
    assert scipy.stats.kstest(values[normal], "norm", (3, 0.5)).pvalue > 1e-3
    assert scipy.stats.kstest(values[uniform], "uniform", (-1, 3)).pvalue > 1e-3
    assert abs(values[coin].mean() - 0.2) < 0.03
    assert around.shape == (2,)
    np.testing.assert_allclose(values[around], [1e6, -1e6], rtol=1e-4)
    assert all(FUNCTIONS[name].draws for name in ("normal", "uniform", "bernoulli"))


def test_helpers_for_states() -> None:
    index = np.arange(20000)
    assert scipy.stats.kstest(draw_uniform(0, "w", index), "uniform").pvalue > 1e-3
    assert scipy.stats.kstest(draw_normal(0, "w", index), "norm").pvalue > 1e-3
    whole = draw_normal(0, "w", np.arange(3)[:, None], np.arange(4))
    np.testing.assert_array_equal(whole[1], draw_normal(0, "w", 1, np.arange(4)))
    assert draw_uniform(0, "w") != draw_uniform(0, "v") != draw_uniform(1, "v")


@pytest.mark.parametrize("name", [one for one in INITIALISERS if one != "identity"])
def test_initial_values_of_a_stack_are_those_of_its_members(name: str) -> None:
    """Another count changes nothing for the elements that both have."""
    three = initial(name, (), REAL.with_shape((3, 4, 5)), 7, "net.w", 1)
    five = initial(name, (), REAL.with_shape((5, 4, 5)), 7, "net.w", 1)
    np.testing.assert_array_equal(three, five[:3])
    np.testing.assert_array_equal(three, initial(name, (), REAL.with_shape((3, 4, 5)), 7, "net.w", 1))
    if name not in ("zeros", "ones"):
        assert (three[0] != three[1]).all()
        assert (three != initial(name, (), REAL.with_shape((3, 4, 5)), 8, "net.w", 1)).all()
        assert (three != initial(name, (), REAL.with_shape((3, 4, 5)), 7, "net.v", 1)).all()


def test_spread_of_initial_values() -> None:
    shape = REAL.with_shape((200, 300))
    for name, variance in (("glorot", 2 / 500), ("he", 2 / 300), ("lecun", 1 / 300)):
        values = initial(name, (), shape, 0, "w")
        assert abs(values.var() / variance - 1) < 0.03
        assert abs(values.mean()) < 0.001
    assert fans((8, 3, 5, 5)) == (75, 200)
    assert fans((64,)) == (64, 1)
    values = initial("uniform", (2, 3), shape, 0, "w")
    assert values.min() >= 2
    assert values.max() < 3
    values = initial("normal", (5.0, 0.1), shape, 0, "w")
    assert abs(values.mean() - 5) < 0.01
    np.testing.assert_allclose(values.std(), 0.1, rtol=0.02)


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (4, 2, 3)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    values = initial("orthogonal", (2.0,), REAL.with_shape((2, *shape)), 0, "w", 1)
    for one in values:
        flat = one.reshape(shape[0], -1)
        tall = flat if flat.shape[0] >= flat.shape[1] else flat.T
        np.testing.assert_allclose(tall.T @ tall, 4 * np.eye(tall.shape[1]), atol=1e-12)


def test_identity_and_simplex() -> None:
    np.testing.assert_array_equal(
        initial("identity", (), REAL.with_shape((2, 2, 3)), 0, "w", 1)[1], np.eye(2, 3)
    )
    np.testing.assert_array_equal(
        initial("uniform", (), Type("simplex", (2, 4), 4), 0, "w"), np.full((2, 4), 0.25)
    )


@pytest.mark.parametrize(
    ("name", "arguments", "type_", "message"),
    [
        ("glorot", (1,), REAL.with_shape((2,)), "takes no values"),
        ("normal", ("a",), REAL, "takes numbers"),
        ("glorot", (), Type("simplex", (3,), 3), "does not give a simplex"),
        ("normal", (), Type("bool"), "gives real numbers"),
        ("orthogonal", (), REAL.with_shape((3,)), "is for a matrix"),
        ("identity", (), REAL.with_shape((2, 2, 2)), "is for a matrix"),
    ],
)
def test_refused(name: str, arguments: tuple[Any, ...], type_: Type, message: str) -> None:
    with pytest.raises(OperationError) as caught:
        check_initial(name, arguments, type_)
    assert message in caught.value.message


def test_accepted() -> None:
    for name in INITIALISERS:
        check_initial(name, (), REAL.with_shape((2, 2)))
    check_initial("uniform", (), Type("simplex", (3,), 3))
    check_initial("normal", (0, 0.1), REAL)
