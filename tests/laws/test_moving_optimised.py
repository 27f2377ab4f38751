"""What the passes make of a moving diagram moves as it did."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from .diagrams import Document, Options, documents
from .support import (
    advanced,
    laws,
    random_row,
    random_start,
    running,
    same_bits,
    single_states,
)
from .ticks import SMOOTH, TICKS, WHOLE, within_rounding


@laws(40)
@given(
    documents(Options(style="whole", draws=True, moving=True, learned=False, losses=False, modes=True)),
    st.integers(0, 10**6),
    st.sampled_from(WHOLE),
)
def test_exact_arithmetic_is_the_same_bit_for_bit(
    document: Document, seed: int, how: tuple[str, int, float]
) -> None:
    """With whole numbers no sum is rounded, so no order of summation can be told from another."""
    method, steps, dt = how
    both = [
        running(document.text, method=method, steps=steps, dt=dt, optimise=optimise, seed=seed)
        for optimise in (False, True)
    ]
    for run in both:
        random_start(run, np.random.default_rng(seed), whole=True)
    rng = np.random.default_rng(seed)
    for _ in range(TICKS):
        inputs = {name: value[..., None] for name, value in random_row(both[0], rng, whole=True).items()}
        same_bits(*(advanced(run, inputs) for run in both))
        same_bits(*(single_states(run) for run in both))


@laws(25)
@given(
    documents(Options(style="smooth", moving=True, learned=False, losses=False, modes=True)),
    st.integers(0, 10**6),
    st.sampled_from(SMOOTH),
)
def test_within_the_rounding_error_of_all_terms(
    document: Document, seed: int, how: tuple[str, int, float]
) -> None:
    method, steps, dt = how
    plain, optimised = (
        running(document.text, method=method, steps=steps, dt=dt, optimise=optimise)
        for optimise in (False, True)
    )
    within_rounding(plain, optimised, seed, dt)


TWO_STACKS = """
dils: 1
define:
  body: {state: {x: real = 1}, in: {f: real}, rate: {x: f * x}}
  main:
    state: {u: real = 5, v: real = 7}
    rate: {u: -u, v: -v}
    boxes: {a: body, b: body, c: body, d: body}
    wires: [2 -> a.f, 3 -> b.f, u -> c.f, v -> d.f]
main: main
"""


def test_states_whose_rates_are_in_different_stacks() -> None:
    flat, optimised = (running(TWO_STACKS, dt=0.1, optimise=optimise) for optimise in (False, True))
    for run in (flat, optimised):
        run.advance()
    found = single_states(optimised)
    for path, value in single_states(flat).items():
        np.testing.assert_allclose(found[path], value, rtol=1e-14, err_msg=path)
