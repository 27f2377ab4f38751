"""The memory plan against a binding in which every value has memory of its own.

Fresh memory is filled with garbage, and programs run several times with other inputs, so that a value that is
read too early, overwritten too soon or left over from a run before shows. Small whole numbers make the
comparison exact: a sum may depend on how its terms lie in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dilsctl.engine.memory
from dilsctl.engine.bind import bind
from dilsctl.engine.kernels import Array
from dilsctl.engine.learner import Learner
from dilsctl.ir import Program, Var
from dilsctl.learning.methods import method_of
from tests.laws.diagrams import Document, Options, documents
from tests.laws.expressions import Choose
from tests.laws.support import (
    Machine,
    bind_apart,
    compiled,
    laws,
    random_inputs,
    random_states,
    same_bits,
)

BATCHES = st.sampled_from([1, 2, 3])
TICKS = 3
OPTIMISERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")


@pytest.fixture(autouse=True, scope="module")
def garbage() -> Iterator[None]:
    """Fresh memory is not zero."""
    plain = dilsctl.engine.memory.aligned

    def dirty(shape: tuple[int, ...], dtype: Any) -> Array:
        found = plain(shape, dtype)
        found.reshape(-1).view(np.uint8).fill(0xFF)
        return found

    dilsctl.engine.memory.aligned = dirty
    yield
    dilsctl.engine.memory.aligned = plain


def run_both(program: Program, states: dict[str, Array], inputs: list[dict[str, Array]], batch: int) -> None:
    """The same outputs and states after every run."""
    planned = Machine(program, batch, states, binding=bind)
    apart = Machine(program, batch, states, binding=bind_apart)
    for one in inputs:
        same_bits(planned.run(one), apart.run(one))
        same_bits(planned.states, apart.states)


@laws(50)
@given(documents(Options(style="whole", draws=True)), st.booleans(), BATCHES, st.integers(0, 10**6))
def test_programs(document: Document, optimise: bool, batch: int, seed: int) -> None:
    one = compiled(document.text, optimise=optimise)
    rng = np.random.default_rng(seed)
    inputs = [random_inputs(one.inputs, rng, batch, whole=True) for _ in range(TICKS)]
    run_both(one.program, random_states(one, rng, whole=True), inputs, batch)


@st.composite
def with_updates(draw: Any) -> tuple[Document, Program, Any]:
    """A program in which states take the values of variables of their type: of others, too, or of views."""
    document = draw(documents(Options(style="whole", levels=2)))
    choose = Choose(draw)
    one = compiled(document.text, optimise=choose.chance(50))
    program = one.program
    known = [*program.states, *(out for eqn in program.eqns for out in eqn.outputs)]
    updates: dict[Var, Var] = {}
    for state in program.states:
        fitting = [var for var in known if not var.batched and var.type == state.type]
        if choose.chance(80):
            updates[state] = choose.one(fitting[::-1])
    return document, replace(program, updates=updates), one


@laws(50)
@given(with_updates(), BATCHES, st.integers(0, 10**6))
def test_states_move_at_once(made: tuple[Document, Program, Any], batch: int, seed: int) -> None:
    _, program, one = made
    rng = np.random.default_rng(seed)
    inputs = [random_inputs(one.inputs, rng, batch, whole=True) for _ in range(TICKS)]
    run_both(program, random_states(one, rng, whole=True), inputs, batch)


def test_the_loss_is_that_of_before_the_step() -> None:
    """Also where it is nothing but a learned number."""
    box = "{out: {y: real}, state: {w: real = 3}, learn: [w], loss: w, wires: [w -> y]}"
    text = f"dils: 1\ndefine:\n  m: {box}\nmain: m"
    method = method_of({"sgd": {"rate": 0.5}})
    learner = Learner(compiled(text), lambda options: method, precision="float64")
    staged = learner.stage({})
    assert staged.rows == 0
    assert learner.descent is not None
    states = learner.descent.program.states
    bound = bind(
        learner.descent.program,
        1,
        {var: np.array([3.0]) for var in states},
        real=float,
    )
    for array in bound.inputs.values():
        array[...] = 0.5
    bound.run()
    assert float(bound.outputs["loss"]) == 3.0
