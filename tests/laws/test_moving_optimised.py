"""What the passes make of a moving diagram moves as it did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.engine.kernels import Array, Context
from dilsctl.ir import Program, Var

from .bounds import error_bounds
from .diagrams import Document, Options, documents
from .support import (
    advanced,
    bind_apart,
    laws,
    random_row,
    random_start,
    running,
    same_bits,
    single_states,
)

TICKS = 3
WHOLE = [("euler", 1, 1.0), ("midpoint", 1, 2.0), ("rk4", 1, 6.0), ("euler", 3, 3.0), ("rk4", 2, 12.0)]


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
    st.sampled_from([("rk4", 1, 0.1), ("midpoint", 2, 0.3), ("euler", 1, 0.5)]),
)
def test_within_the_rounding_error_of_all_terms(
    document: Document, seed: int, how: tuple[str, int, float]
) -> None:
    """One tick from the same states: twice the bound that a running error analysis gives each new value."""
    method, steps, dt = how
    flat, optimised = (
        running(document.text, method=method, steps=steps, dt=dt, optimise=optimise)
        for optimise in (False, True)
    )
    for run in (flat, optimised):
        random_start(run, np.random.default_rng(seed), whole=False)
    row = random_row(flat, np.random.default_rng(seed), whole=False)
    tick = flat.motion.tick
    moved = {f"state {path}": tick.updates.get(slot.var, slot.var) for path, slot in tick.slots.items()}
    program = replace(tick, outputs={**tick.outputs, **moved}, updates={})
    states = {var: array.copy() for var, array in flat.arrays.items()}
    values = computed(program, states, {**row, "t": np.zeros(()), "dt": np.array(dt), "tick": np.array(0)})
    bounds = error_bounds(program, values)
    shown = advanced(optimised, {name: value[..., None] for name, value in row.items()})
    found = {f"port.{name}": value[..., 0] for name, value in shown.items()}
    found.update({f"state {path}": value for path, value in single_states(optimised).items()})
    for name, var in program.outputs.items():
        expected, bound = values[var].astype(float), bounds[var]
        if var.batched:
            expected, bound = expected[..., 0], bound[..., 0]
        error = np.abs(found[name].astype(float) - expected)
        assert (error <= 2 * np.finfo(float).eps * bound).all(), (
            f"{name}: {error} of {expected}, bound {bound}"
        )


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


def computed(program: Program, states: dict[Var, Array], inputs: dict[str, Array]) -> dict[Var, Array]:
    """The value of every variable, for one run."""
    values: dict[Var, Array] = {}
    bound = bind_apart(program, 1, states, real=np.float64, context=Context(), arrays=values)
    for name, array in bound.inputs.items():
        array[...] = inputs[name][..., None] if program.inputs[name].batched else inputs[name]
    with np.errstate(all="ignore"):
        bound.run()
    return values
