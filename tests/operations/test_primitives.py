"""Every primitive: its kernel against an independent implementation, its reverse rule against finite
differences, its stacking rule against a loop."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from dilsctl.engine.kernels import KERNELS, VIEWS
from dilsctl.ir import Type, Var
from dilsctl.operations import OPERATIONS, Builder

from .cases import CASES, ELSEWHERE, Case
from .run import BATCH, check_gradient, check_stack, physical_shape, random_value, run


def patterns(case: Case) -> list[tuple[bool, ...]]:
    """Which inputs are batched: none, all, and one of each."""
    count = len(case.types)
    if count > 2:
        alone = [tuple(n == k for n in range(count)) for k in range(count)]
        return [(False,) * count, (True,) * count, *alone]
    return list(itertools.product((False, True), repeat=count))


def setup(case: Case, batched: tuple[bool, ...], seed: int = 0) -> tuple[list[Var], dict[Var, Any]]:
    rng = np.random.default_rng(seed)
    inputs = [Var(one, flag) for one, flag in zip(case.types, batched, strict=True)]
    given = {one: random_value(one, rng) for one in inputs}
    if case.domain:
        given = {k: np.asarray(case.domain(v)) if k.type.kind == "real" else v for k, v in given.items()}
    return inputs, given


RUNS = [(case, flags) for case in CASES for flags in patterns(case)]
IDS = [f"{case}{''.join('-B'[flag] for flag in flags)}" for case, flags in RUNS]


def expected_of(case: Case, inputs: list[Var], given: dict[Var, Any]) -> list[Any]:
    """The reference, example by example, with the batch put last again."""
    if not any(one.batched for one in inputs):
        found = case.reference(*(given[one] for one in inputs))
        return list(found) if isinstance(found, tuple) else [found]
    rows = []
    for n in range(BATCH):
        found = case.reference(*(given[one][..., n] if one.batched else given[one] for one in inputs))
        rows.append(found if isinstance(found, tuple) else (found,))
    return [np.stack([np.asarray(row[k]) for row in rows], axis=-1) for k in range(len(rows[0]))]


def test_every_operation_is_covered() -> None:
    covered = {case.op for case in CASES} | ELSEWHERE
    assert covered == set(OPERATIONS)
    assert set(KERNELS) == set(OPERATIONS)
    assert set(VIEWS) <= set(OPERATIONS)


def test_every_reverse_rule_is_covered() -> None:
    """An operation with a reverse rule has a case that checks it."""
    checked = {case.op for case in CASES if case.gradient}
    refuses = {"prod_others", "max_pool_grad"}
    separately = {"batch_mean", "batch_spread", "relu_grad"}
    for name, operation in OPERATIONS.items():
        if operation.reverse is not None and name not in refuses | separately:
            assert name in checked, name


@pytest.mark.parametrize(("case", "flags"), RUNS, ids=IDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["64", "32"])
def test_kernel(case: Case, flags: tuple[bool, ...], dtype: Any) -> None:
    if dtype == np.float32 and not all(flags):
        return  # one pattern of batches is enough to see that a kernel works in single precision
    inputs, given = setup(case, flags)
    if dtype == np.float32:
        given = {k: v.astype(dtype) if v.dtype == np.float64 else v for k, v in given.items()}
    builder = Builder([])
    outs = builder.emit_all(case.op, inputs, **case.params)
    values = run(builder.eqns, given, dtype)
    tolerance = 1e-12 if dtype == np.float64 else 2e-4
    for out, expected in zip(outs, expected_of(case, inputs, given), strict=True):
        assert values[out].shape == physical_shape(out)
        np.testing.assert_allclose(values[out], expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("case", "flags"), [r for r in RUNS if r[0].op in VIEWS])
def test_view(case: Case, flags: tuple[bool, ...]) -> None:
    inputs, given = setup(case, flags)
    builder = Builder([])
    (out,) = builder.emit_all(case.op, inputs, **case.params)
    found = VIEWS[case.op](builder.eqns[0], given[inputs[0]], BATCH)
    if found is not None:
        assert np.may_share_memory(found, given[inputs[0]])
        np.testing.assert_array_equal(found, run(builder.eqns, given)[out])


ALIASED = [r for r in RUNS if OPERATIONS[r[0].op].elementwise]


@pytest.mark.parametrize(("case", "flags"), ALIASED)
def test_in_place(case: Case, flags: tuple[bool, ...]) -> None:
    """An elementwise output may be the memory of an input of the same shape."""
    inputs, given = setup(case, flags)
    builder = Builder([])
    (out,) = builder.emit_all(case.op, inputs, **case.params)
    expected = run(builder.eqns, given)[out]
    for number, var in enumerate(inputs):
        if (var.shape, var.batched) != (out.shape, out.batched) or given[var].dtype != expected.dtype:
            continue
        arrays = [np.array(given[one]) for one in inputs]
        with np.errstate(all="ignore"):
            for step in KERNELS[case.op](builder.eqns[0], arrays, [arrays[number]], None):  # type: ignore[arg-type]
                step()
        np.testing.assert_array_equal(arrays[number], expected)


SMOOTH = [(case, flags) for case, flags in RUNS if case.gradient]


@pytest.mark.parametrize(
    ("case", "flags"), SMOOTH, ids=[i for i, r in zip(IDS, RUNS, strict=True) if r in SMOOTH]
)
def test_reverse(case: Case, flags: tuple[bool, ...]) -> None:
    inputs, given = setup(case, flags)
    wanted = [one for one in inputs if one.type.kind in ("real", "simplex")]
    builder = Builder([])
    outs = builder.emit_all(case.op, inputs, **case.params)
    if case.op == "cross_entropy":
        wanted = inputs[:1]
    for out in outs:
        check_gradient(builder.eqns, out, given, wanted)


@pytest.mark.parametrize(("case", "flags"), RUNS, ids=IDS)
def test_stack(case: Case, flags: tuple[bool, ...]) -> None:
    inputs, _ = setup(case, flags)
    builder = Builder([])
    builder.emit_all(case.op, inputs, **case.params)
    for mapped in itertools.product((False, True), repeat=len(inputs)):
        check_stack(builder.eqns, inputs, mapped)


SUMMED = [case for case in CASES if case.op in ("contract", "sum_to") and case.gradient]


@pytest.mark.parametrize("case", SUMMED, ids=map(str, SUMMED))
def test_sum_over_the_batch(case: Case) -> None:
    """Emitted unbatched from batched inputs, contract and sum_to sum over the examples."""
    for flags in patterns(case):
        if not any(flags):
            continue
        inputs, given = setup(case, flags)
        builder = Builder([])
        out = builder.emit(case.op, inputs, batched=False, **case.params)
        value = run(builder.eqns, given)[out]
        np.testing.assert_allclose(value, expected_of(case, inputs, given)[0].sum(-1), rtol=1e-12, atol=1e-12)
        check_gradient(builder.eqns, out, given, inputs)
        for mapped in itertools.product((False, True), repeat=len(inputs)):
            check_stack(builder.eqns, inputs, mapped)


def test_broadcast_over_the_batch() -> None:
    x = Var(Type("real", (3,)))
    builder = Builder([])
    out = builder.emit("broadcast", (x,), shape=(2, 3), batched=True)
    given = {x: np.array([1.0, 2.0, 3.0])}
    value = run(builder.eqns, given)[out]
    assert value.shape == (2, 3, BATCH)
    assert (value == given[x][None, :, None]).all()
    view = VIEWS["broadcast"](builder.eqns[0], given[x], BATCH)
    np.testing.assert_array_equal(view, value)
    check_gradient(builder.eqns, out, given, [x])
    check_stack(builder.eqns, [x], [True])


def test_batch_mean_and_spread() -> None:
    rng = np.random.default_rng(0)
    x, z = Var(Type("real", (2,)), True), Var(Type("real", (2,)))
    given = {x: random_value(x, rng), z: random_value(z, rng)}
    builder = Builder([])
    mean = builder.emit("batch_mean", (x,), batched=False)
    np.testing.assert_allclose(run(builder.eqns, given)[mean], [sum(row) / BATCH for row in given[x]])
    check_gradient(builder.eqns, mean, given, [x])
    check_stack(builder.eqns, [x], [True])
    builder = Builder([])
    spread = builder.emit("batch_spread", (z,), batched=True)
    np.testing.assert_allclose(run(builder.eqns, given)[spread].sum(-1), given[z])
    check_gradient(builder.eqns, spread, given, [z])
    check_stack(builder.eqns, [z], [True])


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        (2, Type("real", (2, 2)), [[2.0, 2.0], [2.0, 2.0]]),
        (((1, 2), (3, 4)), Type("real", (2, 2)), [[1.0, 2.0], [3.0, 4.0]]),
        (True, Type("bool"), True),
        (3, Type("class", (2,), 5), [3, 3]),
        ((), Type("real", (0,)), []),
    ],
)
def test_constant(value: Any, type_: Type, expected: Any) -> None:
    builder = Builder([])
    out = builder.constant(value, type_)
    found = run(builder.eqns, {})[out]
    np.testing.assert_array_equal(found, expected)
    (stacked,) = OPERATIONS["constant"].stack(builder, builder.eqns[0], (), (), 2)
    np.testing.assert_array_equal(run(builder.eqns, {})[stacked], [found, found])


def test_max_pool_grad_gives_a_tie_to_the_first() -> None:
    x = Var(Type("real", (1, 4)))
    builder = Builder([])
    params: dict[str, Any] = {"kernel": (2,), "stride": (2,), "padding": ((0, 0),)}
    y = builder.emit("max_pool", (x,), **params)
    ct = Var(Type("real", (1, 2)))
    grad = builder.emit("max_pool_grad", (x, y, ct), **params)
    given = {x: np.array([[0.0, 0.0, 1.0, 2.0]]), ct: np.array([[5.0, 7.0]])}
    np.testing.assert_array_equal(run(builder.eqns, given)[grad], [[5, 0, 0, 7]])


def test_relu_grad_is_linear_in_the_cotangent() -> None:
    y, ct = Var(Type("real", (2, 4)), True), Var(Type("real", (4,)))
    builder = Builder([])
    out = builder.emit("relu_grad", (y, ct))
    rng = np.random.default_rng(3)
    given = {one: random_value(one, rng) for one in (y, ct)}
    check_gradient(builder.eqns, out, given, [ct])


def test_ties_of_max_share_the_gradient() -> None:
    x, builder = Var(Type("real", (4,))), Builder([])
    y = builder.emit("max", (x,), axes=(-1,))
    (grad,) = OPERATIONS["max"].reverse(builder, builder.eqns[0], (y,))  # type: ignore[misc]
    assert grad is not None
    values = run(builder.eqns, {x: np.array([1.0, 6.0, 6.0, 0.0])})
    np.testing.assert_array_equal(values[grad], [0, 3, 3, 0])


def test_prod_of_zeros() -> None:
    x, builder = Var(Type("real", (3,))), Builder([])
    out = builder.emit("prod", (x,), axes=(-1,))
    check_gradient(builder.eqns, out, {x: np.array([2.0, 0.0, 3.0])}, [x])
    check_gradient(builder.eqns, out, {x: np.array([0.0, 0.0, 3.0])}, [x])


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])
def test_large_logits(scale: float) -> None:
    x, t = Var(Type("real", (3,))), Var(Type("simplex", (3,), 3))
    builder = Builder([])
    names = ["softmax", "log_softmax"]
    outs = [builder.emit(one, (x,), axis=-1) for one in names]
    outs.append(builder.emit("logsumexp", (x,), axes=(-1,)))
    outs += builder.emit_all("cross_entropy", (x, t))
    outs.append(builder.emit("sigmoid_cross_entropy", (x, t)))
    outs.append(builder.emit("softplus", (x,)))
    outs.append(builder.emit("sigmoid", (x,)))
    given = {x: np.array([1.0, -1.0, 0.5]) * scale, t: np.array([0.0, 1.0, 0.0])}
    values = run(builder.eqns, given)
    assert all(np.isfinite(values[one]).all() for one in outs)


def test_logsumexp_of_infinities() -> None:
    x, builder = Var(Type("real", (2,))), Builder([])
    out = builder.emit("logsumexp", (x,), axes=(-1,))
    assert run(builder.eqns, {x: np.array([-np.inf, -np.inf])})[out] == -np.inf
    assert run(builder.eqns, {x: np.array([-np.inf, 1.0])})[out] == 1.0
