"""The fused mean cross entropy against SciPy, and against the equations that it replaces."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from dilsctl.engine.kernels import KERNELS, Context
from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations import Builder
from dilsctl.operations.softmax import emit_mean_cross_entropy


@pytest.mark.parametrize("classes", [1, 3, 10, 32, 33, 80])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_loss_and_gradient(classes: int, order: str, scale: float) -> None:
    """For few and many classes, any layout of the targets, and logits whose exponentials overflow."""
    random = np.random.default_rng(classes)
    batch = 7
    logits = random.normal(size=(classes, batch)) * scale
    target = np.asarray(random.dirichlet(np.ones(classes), size=batch).T, order=order)
    eqns: list[Eqn] = []
    z = Var(Type("real", (classes,)), True)
    t = Var(Type("simplex", (classes,), classes), True)
    emit_mean_cross_entropy(Builder(eqns), z, t)
    mean, gradient = np.full((), 77.0), np.full((classes, batch), 77.0)
    steps = KERNELS["mean_cross_entropy"](eqns[0], [logits.copy(), target], [mean, gradient], Context())
    for _ in range(2):
        for step in steps:
            step()
    log_p = scipy.special.log_softmax(logits, axis=0)
    np.testing.assert_allclose(mean, -(target * log_p).sum(0).mean(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(gradient, (np.exp(log_p) - target) / batch, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("classes", [3, 40])
def test_in_place(classes: int) -> None:
    """The gradient may be written over the logits."""
    random = np.random.default_rng(1)
    logits = random.normal(size=(classes, 5))
    target = np.eye(classes)[:, random.integers(0, classes, 5)].copy()
    eqns: list[Eqn] = []
    emit_mean_cross_entropy(
        Builder(eqns), Var(Type("real", (classes,)), True), Var(Type("simplex", (classes,), classes), True)
    )
    array, mean = logits.copy(), np.zeros(())
    for step in KERNELS["mean_cross_entropy"](eqns[0], [array, target], [mean, array], Context()):
        step()
    expected = (scipy.special.softmax(logits, axis=0) - target) / 5
    np.testing.assert_allclose(array, expected, rtol=1e-11, atol=1e-14)
