"""Gradients of small programs: which equations there are, and what they compute."""

from __future__ import annotations

import numpy as np
import pytest

from dilsctl.ir import Var
from dilsctl.passes.differentiate import gradients, reached
from tests.operations.run import run

from .programs import Draft, ops


def gradients_of(draft: Draft, scalar: Var, *wanted: Var) -> list[Var | None]:
    return gradients(draft.builder, list(draft.builder.eqns), scalar, wanted)


def check(draft: Draft, scalar: Var, *wanted: Var) -> None:
    """Against central differences."""
    rng = np.random.default_rng(0)
    eqns = list(draft.builder.eqns)
    given = {var: rng.normal(size=var.shape) for var in wanted}
    found = gradients_of(draft, scalar, *wanted)
    shown = run(draft.builder.eqns, given)
    for var, gradient in zip(wanted, found, strict=True):
        assert gradient is not None and gradient.shape == var.shape and not gradient.batched
        for place in np.ndindex(var.shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = given[var].copy()
                moved[place] += step
                sides.append(float(run(eqns, {**given, var: moved})[scalar]))
            slope = (sides[0] - sides[1]) / 2e-5
            assert float(shown[gradient][place]) == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_ways_add() -> None:
    """A value that is read three times, once through another."""
    draft = Draft()
    s, r = draft.state("s", 3), draft.state("r")
    a = draft.emit("tanh", draft.emit("mul", s, r))
    b = draft.emit("mul", draft.emit("add", a, s), a)
    check(draft, draft.emit("sum", b, axes=(-1,)), s, r)


def test_both_outputs_of_an_equation() -> None:
    draft = Draft()
    z, t = draft.state("z", 3), draft.emit("softmax", draft.state("t", 3), axis=-1)
    loss, p = draft.builder.emit_all("cross_entropy", (z, t))
    weighted = draft.emit("contract", p, draft.constant((1.0, -2.0, 3.0), 3), spec="i,i->")
    check(draft, draft.emit("add", loss, weighted), z, draft.slots["t"].var)


def test_no_way_no_gradient() -> None:
    """Beside the scalar, through a comparison, through whole numbers, or after it."""
    draft = Draft()
    s, beside, compared, whole, after = (draft.state(name) for name in ("s", "a", "b", "c", "d"))
    y = draft.emit("tanh", s)
    draft.emit("mul", beside, beside)
    above = draft.emit("cast", draft.emit("gt", compared, s), kind="real")
    steps = draft.emit("cast", draft.emit("cast", whole, kind="int"), kind="real")
    scalar = draft.emit("add", draft.emit("mul", y, above), steps)
    draft.emit("mul", scalar, after)
    mark = len(draft.builder.eqns)
    found = gradients_of(draft, scalar, s, beside, compared, whole, after)
    assert found[0] is not None and found[1:] == [None] * 4
    assert {eqn.op for eqn in draft.builder.eqns[mark:]} == {"constant", "mul", "tanh_grad"}


def test_nothing_is_emitted_for_what_is_not_wanted() -> None:
    draft = Draft()
    x, s = draft.input("x", batched=False), draft.state("s")
    scalar = draft.emit("mul", draft.emit("exp", draft.emit("sin", x)), s)
    before = len(ops(draft.program(y=scalar)))
    (found,) = gradients_of(draft, scalar, s)
    assert found is not None
    assert set(ops(draft.program(y=found))[before:]) == {"mul"}  # the way back ends at exp


def test_the_scalar_by_itself_is_one() -> None:
    draft = Draft()
    s = draft.state("s")
    (found,) = gradients_of(draft, s, s)
    assert found is not None
    assert run(draft.builder.eqns, {s: np.array(3.0)})[found] == 1.0


def test_what_a_gradient_can_reach() -> None:
    draft = Draft()
    s, r, n = draft.state("s"), draft.state("r"), draft.input("n", kind="int")
    a = draft.emit("mul", draft.emit("tanh", s), n)
    b = draft.emit("cast", draft.emit("gt", r, s), kind="real")
    y = draft.emit("add", a, b)
    assert reached(draft.builder.eqns, [y]) == {y, a, b, draft.builder.eqns[0].outputs[0], s}
    assert reached(draft.builder.eqns, [n]) == set()
