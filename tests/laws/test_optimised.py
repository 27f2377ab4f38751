"""What the passes make of a program computes what the program computed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.engine.kernels import Array
from dilsctl.ir import Var

from .bounds import error_bounds
from .diagrams import Document, Options, documents
from .support import Machine, bind_apart, compiled, laws, random_inputs, random_states, same_bits, values

BATCH = 3


@laws(40)
@given(documents(Options(style="whole", draws=True, modes=True)), st.integers(0, 10**6))
def test_exact_arithmetic_is_the_same_bit_for_bit(document: Document, seed: int) -> None:
    """With small whole numbers no sum is rounded, so no order of summation can be told from another."""
    flat, optimised = compiled(document.text, optimise=False), compiled(document.text)
    rng = np.random.default_rng(seed)
    states = random_states(flat, rng, whole=True)
    inputs = random_inputs(flat.inputs, rng, BATCH, whole=True)
    same_bits(
        values(flat, states, inputs, BATCH, seed=seed), values(optimised, states, inputs, BATCH, seed=seed)
    )


@laws(40)
@given(documents(Options(style="smooth", modes=True)), st.integers(0, 10**6))
def test_within_the_rounding_error_of_all_terms(document: Document, seed: int) -> None:
    """Twice the bound that a running error analysis gives each output, for two ways of computing it."""
    flat, optimised = compiled(document.text, optimise=False), compiled(document.text)
    rng = np.random.default_rng(seed)
    states = random_states(flat, rng, whole=False)
    inputs = random_inputs(flat.inputs, rng, BATCH, whole=False)
    arrays: dict[Var, Array] = {}

    def binding(*args: object, **options: object) -> object:
        return bind_apart(*args, **options, arrays=arrays)  # type: ignore[arg-type]

    machine = Machine(flat.program, BATCH, states, binding=binding)  # type: ignore[arg-type]
    machine.run(inputs)
    bounds = error_bounds(flat.program, arrays)
    expected = values(flat, states, inputs, BATCH)
    found = values(optimised, states, inputs, BATCH)
    for name, var in flat.program.outputs.items():
        bound = np.moveaxis(bounds[var], -1, 0) if var.batched else bounds[var]
        error = np.abs(np.asarray(found[name], float) - np.asarray(expected[name], float))
        assert (error <= 2 * np.finfo(float).eps * bound).all(), name
