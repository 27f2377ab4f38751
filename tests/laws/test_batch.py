"""A batch of n is n runs of one, and a random draw belongs to its example, whoever else is in the batch."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from .diagrams import Document, Options, documents
from .support import compiled, laws, random_inputs, random_states, values

EXAMPLES = np.array([3, 1, 8])


@laws(25)
@given(documents(Options(style="whole", draws=True, modes=True)), st.booleans(), st.integers(0, 10**6))
def test_bit_for_bit(document: Document, optimise: bool, seed: int) -> None:
    program = compiled(document.text, optimise=optimise)
    rng = np.random.default_rng(seed)
    states = random_states(program, rng, whole=True)
    inputs = random_inputs(program.inputs, rng, len(EXAMPLES), whole=True)
    together = values(program, states, inputs, len(EXAMPLES), seed=seed, examples=EXAMPLES)
    for row in range(len(EXAMPLES)):
        own = {name: value[row : row + 1] for name, value in inputs.items()}
        alone = values(program, states, own, 1, seed=seed, examples=EXAMPLES[row : row + 1])
        for name, value in alone.items():
            np.testing.assert_array_equal(together[name][row], value[0], err_msg=name)


@laws(25)
@given(documents(Options(style="smooth")), st.booleans(), st.integers(0, 10**6))
def test_smooth_functions(document: Document, optimise: bool, seed: int) -> None:
    """A product with one column may sum in another order than a product with many."""
    program = compiled(document.text, optimise=optimise)
    rng = np.random.default_rng(seed)
    states = random_states(program, rng, whole=False)
    inputs = random_inputs(program.inputs, rng, len(EXAMPLES), whole=False)
    together = values(program, states, inputs, len(EXAMPLES))
    for row in range(len(EXAMPLES)):
        alone = values(program, states, {k: v[row : row + 1] for k, v in inputs.items()}, 1)
        for name, value in alone.items():
            np.testing.assert_allclose(together[name][row], value[0], rtol=1e-11, atol=1e-13, err_msg=name)
