"""Flattening is exact: the equations of one tick compute what the nested diagram means."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.engine.kernels import Context

from .diagrams import Document, Options, documents
from .interpreter import Interpreter
from .support import compiled, diagram_of, laws, random_inputs, random_states, same_bits, values

EXAMPLE = np.array([7])


@laws(60)
@given(documents(Options(style="whole", levels=4, draws=True, modes=True)), st.integers(0, 10**6))
def test_bit_for_bit(document: Document, seed: int) -> None:
    """All kinds of values and operations, with numbers whose sums are exact."""
    flat = compiled(document.text, optimise=False)
    rng = np.random.default_rng(seed)
    states = random_states(flat, rng, whole=True)
    inputs = random_inputs(flat.inputs, rng, 1, whole=True)
    meant = Interpreter(
        diagram_of(document.text),
        {name: rows[0] for name, rows in inputs.items()},
        states,
        context=Context(seed, examples=EXAMPLE),
    )
    expected = {f"port.{name}": value[None] for name, value in meant.outputs().items()}
    losses = meant.losses()
    if losses:
        expected["loss"] = np.array([sum(float(one) for one in losses)])
    same_bits(values(flat, states, inputs, 1, seed=seed, examples=EXAMPLE), expected)


@laws(30)
@given(documents(Options(style="smooth", levels=4)), st.integers(0, 10**6))
def test_smooth_functions(document: Document, seed: int) -> None:
    """Box arrays multiply stacks of matrices where the meaning multiplies one by one; so sums round."""
    flat = compiled(document.text, optimise=False)
    rng = np.random.default_rng(seed)
    states = random_states(flat, rng, whole=False)
    inputs = random_inputs(flat.inputs, rng, 1, whole=False)
    meant = Interpreter(diagram_of(document.text), {name: rows[0] for name, rows in inputs.items()}, states)
    found = values(flat, states, inputs, 1)
    for name, value in meant.outputs().items():
        np.testing.assert_allclose(found[f"port.{name}"][0], value, rtol=1e-11, atol=1e-13, err_msg=name)
    losses = sum(float(one) for one in meant.losses())
    if "loss" in found:
        np.testing.assert_allclose(found["loss"], losses, rtol=1e-11, atol=1e-13)
