"""Potentials on random diagrams: what a plan makes of them is what differences of their energy say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.diagnostics import Problem

from .energy import Energetic
from .support import diagram_of, laws, running, same_bits, single_states
from .systems import System, systems


def follow(system: System, seed: int, method: str, ticks: int) -> None:
    flat, optimised = (
        running(system.text, method=method, dt=0.1, optimise=optimise) for optimise in (False, True)
    )
    rng = np.random.default_rng(seed)
    for path in sorted(flat.states):
        start = rng.normal(scale=0.7, size=flat.states[path].shape)
        flat.states[path][...] = start
        optimised.states[path][...] = start
    states = single_states(flat)
    meant = Energetic(
        diagram_of(system.text), states, method=method, dt=0.1,
        velocities=tuple(path for path in states if path.endswith(".momentum")),
    )  # fmt: skip
    for _ in range(ticks):
        flat.advance()
        optimised.advance()
        meant.advance({})
    for path, value in meant.states.items():
        np.testing.assert_allclose(single_states(flat)[path], value, rtol=1e-8, atol=1e-9, err_msg=path)
    for path, value in single_states(flat).items():
        found = single_states(optimised)[path]
        np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-13, err_msg=path)


@laws(15)
@given(systems(), st.integers(0, 10**6), st.sampled_from(["symplectic", "leapfrog"]))
def test_where_places_and_momenta_are_apart(system: System, seed: int, method: str) -> None:
    follow(system, seed, method, 2)


@laws(15)
@given(systems(coupled=True), st.integers(0, 10**6), st.sampled_from(["euler", "midpoint"]))
def test_where_they_are_not(system: System, seed: int, method: str) -> None:
    """Masses that change with the places, and energies that read momenta: still the equations of Hamilton."""
    follow(system, seed, method, 1)


BATCH = """
dils: 1
main:
  in: {x: real}
  state:
    q: real = 1
    w: {type: real, init: 1, keep: true}
  conserve: {q: 2}
  learn: {w: {step: 0.1}}
  potential:
    - (q - x) ** 2 * exp(0.1 * q)
    - POTENTIAL
"""


def test_runs_have_places_and_momenta_of_their_own() -> None:
    text = BATCH.replace("POTENTIAL", "w ** 2")
    x = np.array([0.5, -1.0, 2.0])
    together = running(text, method="leapfrog", dt=0.1, runs=3)
    alone = [running(text, method="leapfrog", dt=0.1) for _ in x]
    for _ in range(5):
        together.advance({"x": x})
        for number, run in enumerate(alone):
            run.advance({"x": x[number : number + 1]})
    for number, run in enumerate(alone):
        same_bits(single_states(together, number), single_states(run))


def test_a_kept_state_descends_the_mean() -> None:
    x = np.array([1.0, 2.0, 6.0])
    for potential, slope in (
        ("pool((w - x) ** 2)", 2 * (1 - 3)),
        ("w ** 2 + pool(w * x) ** 2", 2 + 2 * 3 * 3),
    ):
        run = running(BATCH.replace("POTENTIAL", potential), method="leapfrog", runs=3)
        run.advance({"x": x})
        assert float(run.states["w"]) == pytest.approx(1 - 0.1 * slope)
    with pytest.raises(Problem, match="share the kept state 'w'"):
        running(BATCH.replace("POTENTIAL", "(w - x) ** 2"), method="leapfrog", runs=3)


REORDERED = """
dils: 1
define:
  BOXES
main: main
"""
PARTS = {
    "node": "{share: {q: real}, conserve: {q: 2}}",
    "heavy": "{share: {q: real}, conserve: {q: {mass: 3, momentum: 0.5}}, potential: cos(q)}",
    "spring": "{share: {a: real, b: real}, potential: 0.3 * (a - b) ** 2}",
    "main": "{share: {x: real 2 = 1, y: real = 0.25}, boxes: {m: node, h: heavy, s: spring, r: spring}, "
    "join: {'x[0]': [m.q, s.a], 'x[1]': [h.q, r.b], y: [s.b, r.a]}, conserve: {y: 1.5}}",
}


def test_the_order_of_declaration_is_nothing() -> None:
    """Not of definitions; of a sum, the order is that of paths."""

    def moved(names: list[str]) -> dict[str, Any]:
        text = REORDERED.replace("BOXES", "\n  ".join(f"{name}: {PARTS[name]}" for name in names))
        run = running(text, method="symplectic", dt=0.1)
        for _ in range(5):
            run.advance()
        return single_states(run)

    same_bits(moved(list(PARTS)), moved(list(reversed(PARTS))))
