"""A small diagram run number by number moves as NumPy moves it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.engine import running as engine
from dilsctl.engine.running import Running
from dilsctl.engine.scalar import supported

from .diagrams import Document, Options, documents
from .support import advanced, laws, random_row, random_start, running, same_bits, single_states
from .ticks import SMOOTH, TICKS, WHOLE, within_rounding


def both(text: str, method: str, steps: int, dt: float, runs: int = 1) -> tuple[Running, Running] | None:
    """By NumPy, and number by number, however large; None where it has what only NumPy can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "suits", lambda program, batch, real: False)
        numpy = running(text, method=method, steps=steps, dt=dt, runs=runs)
        if not supported(numpy.motion.tick, runs):
            return None
        patch.setattr(engine, "suits", lambda program, batch, real: True)
        return numpy, running(text, method=method, steps=steps, dt=dt, runs=runs)


@laws(40)
@given(
    documents(Options(style="whole", moving=True, learned=False, losses=False, modes=True)),
    st.integers(0, 10**6),
    st.sampled_from(WHOLE),
    st.sampled_from([1, 3]),
)
def test_exact_arithmetic_is_the_same_bit_for_bit(
    document: Document, seed: int, how: tuple[str, int, float], runs: int
) -> None:
    method, steps, dt = how
    pair = both(document.text, method, steps, dt, runs)
    if pair is None:
        return
    for run in pair:
        random_start(run, np.random.default_rng(seed), whole=True)
    rng = np.random.default_rng(seed)
    for _ in range(TICKS):
        inputs = {name: value[..., None] for name, value in random_row(pair[0], rng, whole=True).items()}
        same_bits(*(advanced(run, inputs) for run in pair))
        for number in range(runs):
            same_bits(*(single_states(run, number) for run in pair))


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
    pair = both(document.text, method, steps, dt)
    if pair is None:
        return
    plain = running(document.text, method=method, steps=steps, dt=dt, optimise=False)
    within_rounding(plain, pair[1], seed, dt)
