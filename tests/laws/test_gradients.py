"""A training step moves learned states down the true gradient: whole programs against central differences."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.engine.kernels import Array
from dilsctl.engine.learner import Learner
from dilsctl.learning.methods import method_of
from dilsctl.learning.schedules import Rates, rate_of

from .diagrams import Document, Options, documents
from .support import Machine, compiled, laws, random_inputs, random_states

BATCH = 3
STEP = 1e-5


def smooth_loss(document: Document) -> str:
    """Something smooth of every real output."""
    ports = [
        name for name, type in document.outputs.items() if type.kind == "real" and name not in document.when
    ]
    return " + ".join(f"sum(tanh(0.7 * {name}))" for name in ports)


def steps_of(learner: Learner, inputs: dict[str, Array]) -> dict[str, Array]:
    """What one step of plain descent with rate 1 takes off each learned state: the gradient."""
    assert learner.descent is not None
    before = {path: view.astype(float) for path, view in learner.states.items()}
    staged = learner.stage(inputs)
    learner.run_epoch(staged, np.arange(BATCH), BATCH, Rates(rate_of(1.0), 1, 1), 1, 0)
    return {path: before[path] - view for path, view in learner.states.items()}


def differences(machine: Machine, path: str, inputs: dict[str, Array]) -> Array:
    """Central differences of the mean loss by every element of a state."""
    view = machine.states[path]
    found = np.zeros(view.shape)
    for place in np.ndindex(view.shape):
        kept = float(view[place])
        sides = []
        for sign in (1, -1):
            view[place] = kept + sign * STEP
            sides.append(float(machine.run(inputs)["loss"].mean()))
        view[place] = kept
        found[place] = (sides[0] - sides[1]) / (2 * STEP)
    return found


@laws(40)
@given(documents(Options(style="smooth", modes=True)), st.integers(0, 10**6))
def test_gradient_of_a_whole_program(document: Document, seed: int) -> None:
    loss = smooth_loss(document)
    optimised = compiled(document.text, loss=loss)
    program = optimised.program
    if "loss" not in program.outputs or not program.learned:
        return
    flat = compiled(document.text, optimise=False, loss=loss)
    rng = np.random.default_rng(seed)
    states = random_states(flat, rng, whole=False)
    inputs = random_inputs(flat.inputs, rng, BATCH, whole=False)
    learner = Learner(optimised, lambda options: method_of({"sgd": {"rate": 1.0}}), precision="float64")
    for path, view in learner.states.items():
        view[...] = states[path]
    found = steps_of(learner, inputs)
    machine = Machine(flat.program, BATCH, states)
    for path, one in flat.states.items():
        if one.state.learn is None:
            assert not found[path].any(), path
        else:
            expected = differences(machine, path, inputs)
            np.testing.assert_allclose(found[path], expected, rtol=1e-6, atol=1e-8, err_msg=path)
