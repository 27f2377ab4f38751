"""The training step: flat states, gradients side by side, and the optimisers' equations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from dilsctl.engine.kernels import Array
from dilsctl.ir import Params, Program, Var
from dilsctl.learning.methods import Method, method_of
from dilsctl.operations.table import Builder
from dilsctl.passes.descend import Descent, descend
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.verify import verify
from tests.laws.support import bind_apart

from .programs import BATCH, Draft

RATE = 0.5


def method(options: Params) -> Method:
    """The method that the options of a state name: plain descent, where they name none."""
    return method_of({dict(options).get("by", "sgd"): {"rate": RATE}})


def quadratic(**by: str) -> Program:
    """The loss is half of the sum of (s - x)² over states p (2,), q () and r (2,), of which r is unread."""
    draft = Draft()
    p = draft.state("p", 2, learn={"by": by.get("p", "sgd")})
    q = draft.state("q", learn={"by": by.get("q", "sgd")})
    draft.state("r", 2, learn={"by": by.get("r", "sgd")})
    fixed = draft.state("fixed", 2)
    off = draft.emit("sub", draft.emit("add", p, draft.emit("sub", q, fixed)), draft.input("x", 2))
    squares = draft.emit("sum", draft.emit("mul", off, off), axes=(-1,))
    return draft.program(loss=draft.emit("mul", squares, draft.constant(0.5)), also=off)


def step(
    descent: Descent, start: dict[Var, Array], x: Array, number: int = 1
) -> tuple[dict[Var, Array], float]:
    """The states after one step from these, and the loss before it."""
    states = {var: value.copy() for var, value in start.items()}
    bound = bind_apart(descent.program, BATCH, states, real=np.float64)
    bound.inputs["x"][...] = x
    for k, group in enumerate(descent.groups):
        for name, value in group.method.scalars(RATE, number).items():
            bound.inputs[f"method{k}.{name}"][...] = value
    bound.run()
    return states, float(bound.outputs["loss"])


def starts(descent: Descent) -> dict[Var, Array]:
    rng = np.random.default_rng(4)
    moments = {group.moments for group in descent.groups}
    return {
        var: np.zeros(var.shape) if var in moments else rng.normal(size=var.shape)
        for var in descent.program.states
    }


def test_plain_descent() -> None:
    """All states in one array; one that the loss does not reach stays as it is."""
    program = quadratic()
    descent = descend(program, method)
    verify(descent.program)
    (group,) = descent.groups
    assert [(var.name, at) for var, at in group.offsets.items()] == [("p", 0), ("q", 2), ("r", 3)]
    assert group.parameter.shape == (5,) and group.moments is None
    assert descent.program.outputs.keys() == {"loss"} and not descent.program.outputs["loss"].batched
    assert descent.program.updates.keys() == {group.parameter}
    assert descent.program.slots.keys() == {"fixed"}
    x = np.random.default_rng(5).normal(size=(2, BATCH))
    start = starts(descent)
    after, loss = step(descent, start, x)
    flat, (fixed,) = start[group.parameter], [start[var] for var in start if var.name == "fixed"]
    off = flat[:2, None] + flat[2] - fixed[:, None] - x
    gradient = np.concatenate([off.mean(axis=1), [off.sum(axis=0).mean()], np.zeros(2)])
    assert loss == pytest.approx((off**2).sum(axis=0).mean() / 2, rel=1e-13)
    np.testing.assert_allclose(after[group.parameter], flat - RATE * gradient, rtol=1e-13)


def test_states_that_move_alike_are_one_group() -> None:
    descent = descend(quadratic(q="momentum"), method)
    first, second = descent.groups
    assert [var.name for var in first.offsets] == ["p", "r"]
    assert [var.name for var in second.offsets] == ["q"]
    assert list(first.offsets.values()) == [0, 2] and list(second.offsets.values()) == [0]
    assert first.moments is None and second.moments is not None and second.moments.shape == (1, 1)
    assert {"method0.rate", "method1.rate"} <= descent.program.inputs.keys()


@pytest.mark.parametrize("name", ["momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"])
def test_a_group_alone_moves_as_among_others(name: str) -> None:
    """Moments have a row each, and the states of another group do not matter."""
    alone = descend(quadratic(p=name, q=name, r=name), method)
    apart = descend(quadratic(p=name, q=name), method)
    x = np.random.default_rng(5).normal(size=(2, BATCH))
    start = starts(alone)
    parameter, moments = alone.groups[0].parameter, alone.groups[0].moments
    assert moments is not None and moments.shape == (len(alone.groups[0].method.moments), 5)
    other = starts(apart)
    for var in other:
        if var is apart.groups[0].parameter:
            other[var] = start[parameter][:3]
        elif var.name == "fixed":
            other[var] = next(value for one, value in start.items() if one.name == "fixed")
    for number in (1, 2, 3):
        start, first = step(alone, start, x, number)
        other, second = step(apart, other, x, number)
        assert first == pytest.approx(second, rel=1e-12)
    np.testing.assert_allclose(start[parameter][:3], other[apart.groups[0].parameter], rtol=1e-12)
    assert apart.groups[0].moments is not None
    np.testing.assert_allclose(start[moments][:, :3], other[apart.groups[0].moments], rtol=1e-12)


def test_two_moments_move_together() -> None:
    """Both rows of adam's moments are scaled and added to in one equation each, each by its own number."""
    descent = descend(quadratic(p="adam", q="adam", r="adam"), method)
    (group,) = descent.groups
    assert group.moments is not None
    eqns = drop_dead(descent.program).eqns
    made = Counter(eqn.op for eqn in eqns if eqn.outputs[0].shape == group.moments.shape)
    assert made == {"assemble": 1, "mul": 1, "add": 1}
    x = np.random.default_rng(5).normal(size=(2, BATCH))
    states = starts(descent)
    fixed = next(value for var, value in states.items() if var.name == "fixed")
    mean, square, flat = np.zeros(5), np.zeros(5), states[group.parameter].copy()
    for number in (1, 2, 3):
        off = flat[:2, None] + flat[2] - fixed[:, None] - x
        gradient = np.concatenate([off.mean(axis=1), [off.sum(axis=0).mean()], np.zeros(2)])
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        root = np.sqrt(square / (1 - 0.999**number))
        flat = flat - RATE * mean / (1 - 0.9**number) / (root + 1e-8)
        states, _ = step(descent, states, x, number)
        sums = [mean / 0.1, square / 0.001]  # as they are kept: the factors are in the rate
        np.testing.assert_allclose(states[group.moments], sums, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(states[group.parameter], flat, rtol=1e-10)


def test_the_whole_gradient_is_clipped_before_any_method() -> None:
    seen: list[tuple[int, ...]] = []

    def clip(builder: Builder, flat: Sequence[Var]) -> list[Var]:
        seen.extend(one.shape for one in flat)
        return [builder.emit("mul", (one, builder.constant(0.0, one.type))) for one in flat]

    descent = descend(quadratic(q="momentum"), method, clip)
    assert seen == [(4,), (1,)]
    start = starts(descent)
    after, _ = step(descent, start, np.ones((2, BATCH)))
    for group in descent.groups:
        np.testing.assert_array_equal(after[group.parameter], start[group.parameter])


def test_a_loss_for_all_is_its_own_mean() -> None:
    draft = Draft()
    s = draft.state("s", learn={})
    descent = descend(draft.program(loss=draft.emit("mul", s, s)), method)
    (group,) = descent.groups
    states: dict[Var, Any] = {group.parameter: np.array([3.0])}
    bound = bind_apart(descent.program, BATCH, states, real=np.float64)
    bound.inputs["method0.rate"][...] = 0.25
    bound.run()
    assert bound.outputs["loss"] == 9.0 and states[group.parameter] == [1.5]
