"""A tiny executor for tests: fresh arrays for every equation, kernels bound and run in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dilsctl.engine.kernels import KERNELS, Array, Context, dtype_of
from dilsctl.ir import REAL, Eqn, Type, Var
from dilsctl.operations import OPERATIONS, Builder

BATCH = 3
EXAMPLES = np.array([4, 9, 2], np.int64)


def context(seed: int = 1) -> Context:
    return Context(seed, np.zeros((), np.int64), np.zeros((), np.int64), EXAMPLES.copy())


def physical_shape(var: Var, batch: int = BATCH) -> tuple[int, ...]:
    return (*var.shape, batch) if var.batched else var.shape


def run(
    eqns: Iterable[Eqn], given: Mapping[Var, Array], dtype: Any = np.float64, ctx: Context | None = None
) -> dict[Var, Array]:
    """The value of every Var. Outputs start as garbage; all steps run twice, so that no kernel may rely
    on what a run left behind."""
    values = dict(given)
    ctx = ctx or context()
    for eqn in eqns:
        outs = []
        for out in eqn.outputs:
            values[out] = np.full(physical_shape(out, len(ctx.examples)), 77, dtype_of(out.type.kind, dtype))
            outs.append(values[out])
        steps = KERNELS[eqn.op](eqn, [values[one] for one in eqn.inputs], outs, ctx)
        with np.errstate(all="ignore"):
            for _ in range(2):
                for step in steps:
                    step()
    return values


def random_value(var: Var, rng: np.random.Generator, dtype: Any = np.float64) -> Array:
    """A value of the Var's type, away from kinks at 0."""
    shape = physical_shape(var)
    kind = var.type.kind
    if kind == "bool":
        return rng.random(shape) < 0.5
    if kind in ("int", "class"):
        return rng.integers(0, var.type.classes or 5, shape)
    value = rng.normal(size=shape)
    value = np.asarray(value + np.where(value < 0, -0.1, 0.1))
    if kind == "simplex":
        value = np.exp(value)
        value = value / value.sum(axis=-2 if var.batched else -1, keepdims=True)
    return value.astype(dtype)


def gradients(
    eqns: Sequence[Eqn], output: Var, cotangent: Var, inputs: Sequence[Var], builder: Builder
) -> list[Var | None]:
    """Reverse mode over ``eqns``, written out in ``builder``; checks shape and batch of each cotangent."""
    found: dict[Var, Var] = {output: cotangent}
    for eqn in reversed(eqns):
        cotangents = tuple(found.get(one) for one in eqn.outputs)
        rule = OPERATIONS[eqn.op].reverse
        if rule is None or all(one is None for one in cotangents):
            continue
        for var, part in zip(eqn.inputs, rule(builder, eqn, cotangents), strict=True):
            if part is None:
                continue
            assert part.shape == var.shape, (eqn.op, part.shape, var.shape)
            assert part.batched == var.batched, (eqn.op, part.batched, var.batched)
            found[var] = builder.emit("add", (found[var], part)) if var in found else part
    return [found.get(one) for one in inputs]


def check_gradient(
    eqns: Sequence[Eqn], output: Var, given: Mapping[Var, Array], wanted: Sequence[Var], tol: float = 1e-6
) -> None:
    """Every reverse rule on the way from ``wanted`` to ``output``, against central differences."""
    rng = np.random.default_rng(5)
    builder = Builder([])
    cotangent = Var(Type("real", output.shape), output.batched)
    weight = rng.normal(size=physical_shape(output))
    found = gradients(eqns, output, cotangent, wanted, builder)
    values = run([*eqns, *builder.eqns], {**given, cotangent: weight})
    step = 1e-6

    def objective(changed: Mapping[Var, Array]) -> float:
        return float(np.sum(run(eqns, changed)[output] * weight))

    for var, gradient in zip(wanted, found, strict=True):
        assert gradient is not None, "no gradient"
        numeric = np.zeros(given[var].shape)
        flat = numeric.reshape(-1)
        for n in range(flat.size):
            parts = []
            for sign in (1, -1):
                moved = given[var].copy()
                moved.reshape(-1)[n] += sign * step
                parts.append(objective({**given, var: moved}))
            flat[n] = (parts[0] - parts[1]) / (2 * step)
        np.testing.assert_allclose(values[gradient], numeric, rtol=tol, atol=tol)


def check_stack(eqns: Sequence[Eqn], inputs: Sequence[Var], mapped: Sequence[bool], length: int = 2) -> None:
    """One equation stacked against a loop over its members."""
    (eqn,) = eqns
    rng = np.random.default_rng(6)
    builder = Builder([])
    led = [
        Var(one.type.with_shape((length, *one.shape)), one.batched) if is_led else one
        for one, is_led in zip(inputs, mapped, strict=True)
    ]
    given = {one: random_value(one, rng) for one in led}
    outs = OPERATIONS[eqn.op].stack(builder, eqn, tuple(led), tuple(mapped), length)
    values = run(builder.eqns, given)
    for member in range(length):
        single = {
            old: given[new][member] if is_led else given[new]
            for old, new, is_led in zip(inputs, led, mapped, strict=True)
        }
        expected = run(eqns, single)
        for new, old in zip(outs, eqn.outputs, strict=True):
            assert new.type == old.type.with_shape((length, *old.shape)), (new.type, old.type)
            assert new.batched == old.batched
            np.testing.assert_allclose(values[new][member], expected[old], rtol=1e-12, atol=1e-12)


def real(*shape: int, batched: bool = False) -> Var:
    return Var(REAL.with_shape(shape), batched)
