"""Flattening time is exact: the flat plan before optimisation makes of the states what the interpreter does.

Whole numbers stay whole where a tick has the right length, so that no sum is rounded.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from .diagrams import Document, Options, documents
from .meaning import Meaning, beginning
from .support import advanced, diagram_of, laws, random_row, random_start, running, same_bits, single_states

TICKS = 4
WHOLE = [("euler", 1, 1.0), ("midpoint", 1, 2.0), ("rk4", 1, 6.0), ("euler", 3, 3.0), ("rk4", 2, 12.0)]


def follow(document: Document, seed: int, how: tuple[str, int, float], *, whole: bool, exact: bool) -> None:
    """Both go on from the same states, with the same inputs."""
    method, steps, dt = how
    run = running(document.text, method=method, steps=steps, dt=dt, optimise=False, seed=seed)
    rng = np.random.default_rng(seed)
    random_start(run, rng, whole=whole)
    meant = Meaning(
        diagram_of(document.text), single_states(run), method=method, steps=steps, dt=dt, seed=seed
    )
    for _ in range(TICKS):
        inputs = random_row(run, rng, whole=whole)
        expected = meant.advance(inputs)
        shown = advanced(run, {name: value[..., None] for name, value in inputs.items()})
        found = {**{f"port {name}": value[..., 0] for name, value in shown.items()}, **single_states(run)}
        wanted = {**{f"port {name}": value for name, value in expected.items()}, **meant.states}
        if exact:
            same_bits(found, wanted)
        else:
            assert found.keys() == wanted.keys()
            for name, value in wanted.items():
                np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-11, err_msg=name)


@laws(45)
@given(
    documents(
        Options(style="whole", levels=3, draws=True, moving=True, learned=False, losses=False, modes=True)
    ),
    st.integers(0, 10**6),
    st.sampled_from(WHOLE),
)
def test_bit_for_bit(document: Document, seed: int, how: tuple[str, int, float]) -> None:
    """All kinds of values, operations and laws, with numbers whose sums are exact."""
    follow(document, seed, how, whole=True, exact=True)


@laws(30)
@given(
    documents(Options(style="whole", sums=False, moving=True, learned=False, losses=False, modes=True)),
    st.integers(0, 10**6),
    st.sampled_from([("rk4", 1, 0.1), ("midpoint", 2, 0.3), ("rk4", 2, 0.1), ("euler", 1, 0.7)]),
)
def test_rounded_numbers_bit_for_bit(document: Document, seed: int, how: tuple[str, int, float]) -> None:
    """Any numbers, where no operation may add its terms in another order."""
    follow(document, seed, how, whole=False, exact=True)


@laws(15)
@given(
    documents(Options(style="smooth", moving=True, learned=False, losses=False, modes=True)),
    st.integers(0, 10**6),
    st.sampled_from([("rk4", 1, 0.1), ("midpoint", 2, 0.3)]),
)
def test_smooth_functions(document: Document, seed: int, how: tuple[str, int, float]) -> None:
    """Copies of a box multiply stacks of matrices where the meaning multiplies one by one; so sums round."""
    follow(document, seed, how, whole=False, exact=False)


@laws(30)
@given(documents(Options(style="whole", moving=True, losses=False, modes=True)))
def test_where_states_begin(document: Document) -> None:
    """Of variables that are one, the outermost initial value counts."""
    run = running(document.text)
    meant = beginning(diagram_of(document.text))
    found = single_states(run)
    assert found.keys() == meant.keys()
    states = run.motion.states.items()
    drawn = {path for path, one in states if one.state.initial.rule and one.state.type.kind == "real"}
    for path in found.keys() - drawn:
        np.testing.assert_array_equal(found[path], meant[path], err_msg=path)
