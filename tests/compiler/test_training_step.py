"""The training step of random programs, in float64: its memory plan, and what the passes make of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.compile import Compiled
from dilsctl.engine.bind import bind
from dilsctl.engine.kernels import Array
from dilsctl.engine.learner import Learner
from dilsctl.ir import Program, Type
from dilsctl.learning.methods import method_of
from dilsctl.learning.schedules import Rates
from dilsctl.passes.descend import descend
from tests.laws.diagrams import Document, Options, documents
from tests.laws.support import Machine, bind_apart, compiled, laws, random_array, random_inputs, random_states
from tests.laws.test_gradients import smooth_loss

OPTIMISERS = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]
RATE = 0.1
STEPS = 3


def column(type: Type, rng: np.random.Generator, batch: int) -> Array:
    """A value for each example, batch last."""
    return np.moveaxis(random_array(type, rng, lead=(batch,), whole=False), 0, -1)


@laws(40)
@given(
    documents(Options(style="smooth")),
    st.sampled_from(OPTIMISERS),
    st.sampled_from([1, 2, 3]),
    st.integers(0, 10**6),
)
def test_memory_plan(document: Document, optimiser: str, batch: int, seed: int) -> None:
    """The same steps in planned memory as where every value has memory of its own."""
    one = compiled(document.text, loss=smooth_loss(document))
    if "loss" not in one.program.outputs or not one.program.learned:
        return
    method = method_of({optimiser: {"rate": RATE}})
    learner = Learner(one, lambda options: method, precision="float64", seed=seed)
    assert learner.descent is not None
    program = learner.descent.program
    rng = np.random.default_rng(seed)
    start = {var: np.abs(random_array(var.type, rng, whole=False)) for var in program.states}
    planned, apart = ({var: value.copy() for var, value in start.items()} for _ in range(2))
    first = bind(program, batch, planned, real=np.float64)
    second = bind_apart(program, batch, apart, real=np.float64)
    for step in range(1, STEPS + 1):
        scalars = method.scalars(RATE, step)
        for name, var in program.inputs.items():
            value: Any = scalars.get(name.rpartition(".")[2])
            value = column(var.type, rng, batch) if value is None else value
            for bound in (first, second):
                bound.inputs[name][...] = value
        first.run()
        second.run()
        for name in first.outputs:
            np.testing.assert_allclose(first.outputs[name], second.outputs[name], rtol=1e-9, atol=1e-12)
        for var in program.states:
            np.testing.assert_allclose(planned[var], apart[var], rtol=1e-9, atol=1e-12)


def plain_steps(
    program: Program, method: Any, states: dict[str, Array], inputs: dict[str, Array], batch: int
) -> tuple[dict[str, Array], list[float]]:
    """The learned states after a step for each batch, and the losses: no pass, no plan, no staging."""
    descent = descend(program, lambda options: method)
    machine = Machine(program, batch, states)
    arrays = {var: np.zeros(var.shape) for var in descent.program.states if var not in machine.arrays}
    arrays |= machine.arrays
    (group,) = descent.groups
    for state, offset in group.offsets.items():
        part = arrays[group.parameter][offset : offset + state.type.size]
        part[...] = arrays[state].reshape(-1)
    bound = bind_apart(descent.program, batch, arrays, real=np.float64)
    losses = []
    for step in range(STEPS):
        for name, array in bound.inputs.items():
            if name in inputs:
                rows = inputs[name][step * batch : (step + 1) * batch]
                array[...] = np.moveaxis(rows, 0, -1)
        for name, value in method.scalars(RATE, step + 1).items():
            bound.inputs[f"method0.{name}"][...] = value
        with np.errstate(all="ignore"):
            bound.run()
        losses.append(float(bound.outputs["loss"]))
    for state, offset in group.offsets.items():
        part = arrays[group.parameter][offset : offset + state.type.size]
        machine.arrays[state][...] = part.reshape(state.shape)
    return machine.states, losses


@laws(80)
@given(
    documents(Options(style="smooth")),
    st.sampled_from(OPTIMISERS),
    st.sampled_from([1, 3]),
    st.integers(0, 10**6),
)
def test_passes(document: Document, optimiser: str, batch: int, seed: int) -> None:
    """Stacked, folded, staged, fused and planned, or nothing of these: the same states after some steps."""
    loss = smooth_loss(document)
    flat = compiled(document.text, optimise=False, loss=loss)
    optimised = compiled(document.text, loss=loss)
    if "loss" not in optimised.program.outputs or not optimised.program.learned:
        return
    rng = np.random.default_rng(seed)
    states = random_states(flat, rng, whole=False)
    inputs = random_inputs(flat.inputs, rng, STEPS * batch, whole=False)
    same_steps(flat, optimised, method_of({optimiser: {"rate": RATE}}), states, inputs, batch)


def same_steps(
    flat: Compiled,
    optimised: Compiled,
    method: Any,
    states: dict[str, Array],
    inputs: dict[str, Array],
    batch: int,
) -> Learner:
    """The learner of the optimised program, after it has made the steps that the flat program means."""
    expected, losses = plain_steps(flat.program, method, states, inputs, batch)
    learner = Learner(optimised, lambda options: method, precision="float64")
    for path, view in learner.states.items():
        view[...] = states[path]
    staged = learner.stage(inputs)
    if staged.rows:
        order = np.arange(staged.rows)
        mean = learner.run_epoch(staged, order, batch, Rates(method.rate, STEPS, 1), 1, 0)
        np.testing.assert_allclose(mean, np.mean(losses), rtol=1e-6, atol=1e-8)
        for path, view in learner.states.items():
            np.testing.assert_allclose(view, expected[path], rtol=1e-6, atol=1e-6, err_msg=path)
    return learner


LISTED = """\
dils: 1
define:
  neuron:
    in: {x: real n}
    out: {y: real}
    state: {weight: real n = glorot, bias: real = 0}
    learn: [weight, bias]
    wires: [weight @ x + bias -> y]
  network:
    in: {pixels: real 3, truth: class 2}
    out: {logits: real 2}
    boxes: {h0: neuron, h1: neuron, h2: neuron, h3: neuron, out: {box: neuron, count: 2}}
    wires:
      - pixels / 16 -> h0.x
      - pixels / 16 -> h1.x
      - pixels / 16 -> h2.x
      - pixels / 16 -> h3.x
      - stack(tanh(h0.y), tanh(h1.y), tanh(h2.y), tanh(h3.y)) -> out.x
      - out.y -> logits
main: network
"""


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_passes_of_a_network_listed_neuron_by_neuron(optimiser: str) -> None:
    """Here all passes act: the step is that of two layers, and it is what the diagram means."""
    loss = "cross_entropy(logits, truth)"
    flat, optimised = compiled(LISTED, optimise=False, loss=loss), compiled(LISTED, loss=loss)
    rng = np.random.default_rng(3)
    states = random_states(flat, rng, whole=False)
    inputs = random_inputs(flat.inputs, rng, STEPS * 4, whole=False)
    method = method_of({optimiser: {"rate": RATE}})
    learner = same_steps(flat, optimised, method, states, inputs, 4)
    assert learner.descent is not None
    step = learner.descent.program.eqns
    made = Counter(eqn.op for eqn in step)
    assert made["mean_cross_entropy"] == 1  # fused
    assert made["contract"] == 5  # two products forward, two for the weights, one back through a layer
    assert not any(eqn.op == "div" and eqn.outputs[0].batched for eqn in step)  # staged
    assert sorted(var.shape for var in optimised.program.states) == [(2, 5), (4, 4)]  # stacked and folded
