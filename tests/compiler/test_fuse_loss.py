"""The mean cross entropy and its gradient are one equation, where nothing reads what lies between."""

from __future__ import annotations

from typing import Any

import pytest

from dilsctl.ir import Program, Var
from dilsctl.passes.differentiate import gradients
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.passes.fuse_loss import fuse_loss

from .programs import Draft, only, ops, same_results


def fused(program: Program) -> Program:
    found = fuse_loss(program)
    same_results(program, found)
    return drop_dead(found)


def trained(what: str = "", *shape: int, batched: bool = True) -> Program:
    """The mean loss of a layer, and its gradient by the weights; ``what`` is shown as well, or is so."""
    draft = Draft()
    w = draft.state("w", *shape, 4, 3)
    spec = "ij,j->i" if not shape else "gij,j->gi"
    logits = draft.emit("contract", w, draft.input("x", 3), spec=spec)
    target = draft.input("t", *shape, 4, kind="simplex", classes=4, batched=batched)
    loss, p = draft.builder.emit_all("cross_entropy", (logits, target))
    shown: dict[str, Var] = {"loss": loss, "p": p}
    if shape:
        loss = draft.emit("sum", loss, axes=(-1,))
    if what == "weighted":
        loss = draft.emit("mul", loss, draft.input("weight"))
    mean = draft.emit("batch_mean", loss, batched=False)
    if what == "twice":
        mean = draft.emit("mul", mean, draft.constant(2.0))
    (gradient,) = gradients(draft.builder, list(draft.builder.eqns), mean, [w])
    assert gradient is not None
    difference = next(eqn for eqn in draft.builder.eqns if eqn.op == "sub").outputs[0]
    shown["difference"] = difference
    outputs = {"mean": mean, "gradient": gradient}
    return draft.program(**outputs, **({"shown": shown[what]} if what in shown else {}))


def test_fused() -> None:
    found = fused(trained())
    assert ops(found) == ["contract", "mean_cross_entropy", "contract"]
    assert only(found, "mean_cross_entropy").outputs[0] is found.outputs["mean"]


@pytest.mark.parametrize("what", ["loss", "p", "difference", "weighted", "twice"])
def test_not_where_more_is_asked(what: str) -> None:
    """The loss of each example, the softmax or the difference are read; or the gradient is another's."""
    program = trained(what)
    assert fuse_loss(program) is program


@pytest.mark.parametrize("options", [{"shape": (2,)}, {"batched": False}], ids=str)
def test_not_for_many_or_for_one_target(options: dict[str, Any]) -> None:
    program = trained("", *options.pop("shape", ()), **options)
    assert fuse_loss(program) is program


def test_not_without_a_gradient() -> None:
    draft = Draft()
    logits, target = draft.input("z", 4), draft.input("t", 4, kind="simplex", classes=4)
    loss, _ = draft.builder.emit_all("cross_entropy", (logits, target))
    program = draft.program(mean=draft.emit("batch_mean", loss, batched=False))
    assert fuse_loss(program) is program


def test_two_losses_are_fused_each() -> None:
    draft = Draft()
    target = draft.input("t", 4, kind="simplex", classes=4)
    states = [draft.state(path, 4) for path in "pq"]
    parts = []
    for state in states:
        logits = draft.emit("mul", state, draft.input(f"x{state.name}", 4))
        loss, _ = draft.builder.emit_all("cross_entropy", (logits, target))
        parts.append(draft.emit("batch_mean", loss, batched=False))
    total = draft.emit("add", *parts)
    found = gradients(draft.builder, list(draft.builder.eqns), total, states)
    outputs = {one.name: gradient for one, gradient in zip(states, found, strict=True) if gradient}
    assert ops(fused(draft.program(total=total, **outputs))).count("mean_cross_entropy") == 2


@pytest.mark.parametrize(("share", "fits"), [(1.0, True), (2.0, False)])
def test_the_gradient_is_that_of_the_mean(share: float, fits: bool) -> None:
    """Not a multiple of it."""
    draft = Draft()
    logits, target = draft.input("z", 4), draft.input("t", 4, kind="simplex", classes=4)
    loss, p = draft.builder.emit_all("cross_entropy", (logits, target))
    mean = draft.emit("batch_mean", loss, batched=False)
    each = draft.emit("reshape", draft.emit("batch_spread", draft.constant(share), batched=True), shape=(1,))
    program = draft.program(mean=mean, gradient=draft.emit("mul", draft.emit("sub", p, target), each))
    assert ("mean_cross_entropy" in ops(fused(program))) == fits
