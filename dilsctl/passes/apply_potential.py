"""The potential becomes laws of motion, written out as equations.

Its gradient is found by the reverse pass over all boxes at once. With the energy H = Φ + ½ p · M⁻¹ p, a state
q that conserves it moves by dq/dt = ∂H/∂p, and its momentum by dp/dt = -∂H/∂q, besides any rate of its own;
a state x that descends it takes x - step · M⁻¹ ∂Φ/∂x at every tick. An element of which no box says a mass
has an infinite one: it stays where it is, and its momentum is what pushed it.

Source: Spivak, dynamic algebra potentials; Hairer, Lubich, Wanner, Geometric Numerical Integration (2006),
I.1, for the equations of Hamilton.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dilsctl.answering import Answer, masked
from dilsctl.ir import REAL, Eqn, Program, Var
from dilsctl.operations.rules import add, mul, scale, sub
from dilsctl.operations.table import Builder
from dilsctl.passes.batch import differing
from dilsctl.passes.differentiate import gradients


def apply_potential(program: Program, potentials: Sequence[Var], answers: Mapping[Var, Answer]) -> Program:
    """The program with rates and updates for the states that answer the potential, the sum of
    ``potentials``. Its equations are in order."""
    if not answers:
        return program
    eqns = list(program.eqns)
    builder = Builder(eqns)
    updates, rates = dict(program.updates), dict(program.rates)
    momenta = {state: one.momentum for state, one in answers.items() if one.momentum is not None}
    wanted = [*answers, *momenta.values()]
    slopes = _slopes(builder, potentials, wanted)
    for state in _pooled(program, potentials, wanted):
        if state in slopes:
            slopes[state] = builder.emit("batch_mean", (slopes[state],))
    for state, answer in answers.items():
        builder.span = answer.metrics[0].span if answer.metrics else None
        momentum, slope = answer.momentum, slopes.get(state)
        if momentum is None:
            if slope is not None:
                moved = masked(builder, answer, _divided(builder, slope, answer.value))
                moved = moved if answer.step == 1 else scale(builder, moved, answer.step)
                updates[state] = sub(builder, updates.get(state, state), moved)
            continue
        velocity = _divided(builder, momentum, answer.value)
        drift, push = _by_mass(builder, momentum, velocity, answer, momenta)
        for other, by in push.items():
            slopes[other] = by if other not in slopes else add(builder, slopes[other], by)
        if momentum in slopes:
            drift = add(builder, drift, slopes[momentum])
        rates[state] = masked(builder, answer, drift)
    for state, momentum in momenta.items():
        builder.span = answers[state].metrics[0].span
        slope = slopes.get(state)
        force = builder.constant(0.0, momentum.type) if slope is None else builder.emit("neg", (slope,))
        rates[momentum] = add(builder, force, rates[momentum]) if momentum in rates else force
    return replace(program, eqns=tuple(eqns), updates=updates, rates=rates)


def _slopes(builder: Builder, potentials: Sequence[Var], wanted: Sequence[Var]) -> dict[Var, Var]:
    """The gradient of the sum of the potentials by each of ``wanted`` that it depends on."""
    if not potentials:
        return {}
    total = potentials[0]
    for one in potentials[1:]:
        total = builder.emit("add", (total, one))
    found = gradients(builder, list(builder.eqns), total, wanted)
    return {var: slope for var, slope in zip(wanted, found, strict=True) if slope is not None}


def _pooled(program: Program, potentials: Sequence[Var], wanted: Sequence[Var]) -> list[Var]:
    """The kept states among these whose potentials read what differs from example to example only inside of
    ``pool``: so what acts on them is a mean as well."""
    kept = [state for state in wanted if state in program.kept]
    if not kept:
        return []
    differs = differing(program, {*wanted, *program.updates, *program.rates})
    apart = [term for term in potentials if term in differs]
    return [state for state in kept if not any(_depends(program.eqns, term, {state}) for term in apart)]


def _divided(builder: Builder, value: Var, metric: Var | None) -> Var:
    """``value`` divided by a mass or metric."""
    if metric is None:
        return value
    if metric.rank > value.rank:
        return builder.emit("solve", (metric, value))
    return builder.emit("div", (value, metric))


def _by_mass(
    builder: Builder, momentum: Var, velocity: Var, answer: Answer, momenta: Mapping[Var, Var]
) -> tuple[Var, dict[Var, Var]]:
    """(∂T/∂p, and ∂T/∂ of all that the mass depends on), of the kinetic energy T = ½ p · M⁻¹ p."""
    wanted = [*momenta, *momenta.values()]
    if answer.value is None or not _depends(builder.eqns, answer.value, set(wanted)):
        return velocity, {}
    product = mul(builder, momentum, velocity)
    if product.rank:
        product = builder.emit("sum", (product,), axes=tuple(range(-product.rank, 0)))
    energy = mul(builder, builder.constant(0.5, REAL), product)
    found = gradients(builder, list(builder.eqns), energy, wanted)
    by = {var: one for var, one in zip(wanted, found, strict=True) if one is not None}
    return by.pop(momentum, velocity), by


def _depends(eqns: Sequence[Eqn], var: Var, on: set[Var]) -> bool:
    needed = {var}
    for eqn in reversed(eqns):
        if not needed.isdisjoint(eqn.outputs):
            needed.update(eqn.inputs)
    return not needed.isdisjoint(on)
