"""Euler commutes with composition; a run that is stopped and taken up again is one that never stopped."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.diagram import Diagram
from dilsctl.engine.kernels import Array
from dilsctl.engine.running import Running
from dilsctl.motion import compile_motion

from .diagrams import Document, Options, documents
from .interpreter import Interpreter
from .support import (
    advanced,
    diagram_of,
    laws,
    random_row,
    random_start,
    running,
    same_bits,
    single_states,
)

MOVING = Options(style="whole", moving=True, learned=False, losses=False)
DRAWING = Options(style="whole", moving=True, learned=False, losses=False, draws=True)


@laws(30)
@given(documents(MOVING), st.integers(0, 10**6))
def test_euler_commutes_with_composition(document: Document, seed: int) -> None:
    """One step of a whole moves the states inside a part as a step of the part alone does, told the same."""
    whole = running(document.text, method="euler", optimise=False)
    random_start(whole, np.random.default_rng(seed), whole=True)
    whole.tick = 5
    old = single_states(whole)
    row = random_row(whole, np.random.default_rng(seed), whole=True)
    diagram = diagram_of(document.text)
    settled = Interpreter(diagram, row, old, clock={"t": 5.0, "dt": 1.0, "tick": 5})
    told = {
        key: settled.complete(settled.root, value) for key, value in diagram.main.dispatch.items()
    }  # fmt: skip
    advanced(whole, {name: value[..., None] for name, value in row.items()})
    new = single_states(whole)
    for name, child in diagram.main.children.items():
        if child.count is not None:
            continue
        part = Running(compile_motion(Diagram(name, child.box), "euler", optimise=False))
        part.tick = 5
        joined = {
            one.port: old.get(one.variable, np.zeros(0))[_index(one.index)]
            for one in diagram.main.links
            if one.child == name
        }
        for path, view in part.states.items():
            value = joined[path] if path in joined else old[f"{name}.{path}"]
            view[...] = value[..., None] if part.per_run[path] else value
        advanced(part, {port: told[name, port][..., None] for port in child.box.inputs})
        found = {path: value for path, value in single_states(part).items() if path not in joined}
        same_bits(found, {path: new[f"{name}.{path}"] for path in found})


def _index(index: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(one if isinstance(one, int) else slice(*one) for one in index)  # type: ignore[misc]


@laws(25)
@given(documents(DRAWING), st.booleans(), st.integers(0, 10**6), st.integers(1, 4))
def test_a_run_taken_up_again(document: Document, optimise: bool, seed: int, stop: int) -> None:
    """Bit for bit, draws included, for two runs side by side."""

    def made() -> Running:
        return running(document.text, dt=0.1, runs=2, seed=seed, optimise=optimise)

    rng = np.random.default_rng(seed)
    first = made()
    random_start(first, rng, whole=False)
    rows = [random_row(first, rng, whole=False) for _ in range(5)]
    shown: dict[str, Array] = {}
    kept = first.copy()
    for number, row in enumerate(rows):
        if number == stop:
            kept = first.copy()
        shown = advanced(first, {name: value[..., None] for name, value in row.items()})
    second = made()
    second.restore(kept, stop)
    again: dict[str, Array] = {}
    for row in rows[stop:]:
        again = advanced(second, {name: value[..., None] for name, value in row.items()})
    same_bits(shown, again)
    same_bits(first.copy(), second.copy())
