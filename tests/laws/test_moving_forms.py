"""How a moving diagram is written does not matter: order, nesting, boxes in place. Runs are independent."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.engine.kernels import Array
from dilsctl.engine.running import Running
from dilsctl.plan_text import canonical_text

from .diagrams import Body, Document, Maker, Options, as_text, documents, shuffled, wrapped
from .expressions import Choose
from .support import advanced, laws, random_array, random_row, random_start, running, same_bits, single_states

TICKS = 3
MOVING = Options(style="whole", moving=True, learned=False, losses=False)
ROUNDED = Options(style="whole", moving=True, learned=False, losses=False, sums=False)


def went(run: Running, seed: int, *, whole: bool = True) -> dict[str, Array]:
    """The states and what was last shown after some ticks from where it stands, all runs told the same."""
    rng = np.random.default_rng(seed)
    shown: dict[str, Array] = {}
    for _ in range(TICKS):
        row = random_row(run, rng, whole=whole)
        shown = advanced(run, {name: value[..., None] for name, value in row.items()})
    return {**{f"port {name}": value for name, value in shown.items()}, **run.copy()}


def start(run: Running, seed: int, *, whole: bool = True) -> dict[str, Array]:
    random_start(run, np.random.default_rng(seed), whole=whole)
    return single_states(run)


def put(run: Running, states: dict[str, Array]) -> None:
    """One run's states, into every run."""
    assert run.states.keys() == states.keys()
    for path, view in run.states.items():
        view[...] = states[path][..., None] if run.per_run[path] else states[path]


@st.composite
def reordered(draw: Any, options: Options) -> tuple[Document, str]:
    """A document, and the text of the same one with everything declared in another order."""
    choose = Choose(draw)
    document = Maker(choose, options).document()
    return document, as_text(shuffled(document.root, choose))


def plan(run: Running) -> str:
    """What runs at a tick; the order of ports is that of the file, and means nothing."""
    tick = run.motion.tick
    inputs, outputs = (dict(sorted(one.items())) for one in (tick.inputs, tick.outputs))
    return canonical_text(replace(tick, inputs=inputs, outputs=outputs))


@laws(25)
@given(reordered(ROUNDED), st.booleans(), st.integers(0, 10**6))
def test_order_of_declaration(both: tuple[Document, str], optimise: bool, seed: int) -> None:
    document, text = both
    first = running(document.text, dt=0.1, optimise=optimise, seed=seed)
    second = running(text, dt=0.1, optimise=optimise, seed=seed)
    assert plan(first) == plan(second)
    put(second, start(first, seed, whole=False))
    same_bits(went(first, seed, whole=False), went(second, seed, whole=False))


@laws(20)
@given(documents(ROUNDED), st.booleans(), st.integers(0, 10**6))
def test_one_more_level(document: Document, optimise: bool, seed: int) -> None:
    plain = running(document.text, dt=0.1, optimise=optimise)
    nested = running(as_text(wrapped(document)), dt=0.1, optimise=optimise)
    put(nested, {f"inner.{path}": one for path, one in start(plain, seed, whole=False).items()})
    expected = {
        name if name.startswith("port ") else f"inner.{name}": value
        for name, value in went(plain, seed, whole=False).items()
    }
    same_bits(went(nested, seed, whole=False), expected)


def in_place(root: Body) -> Body:
    """The document with every definition written where it is used."""
    define = root["define"]

    def body(box: Body) -> Body:
        found = copy.deepcopy(box)
        for name, spec in found.get("boxes", {}).items():
            found["boxes"][name] = placed(spec)
        return found

    def placed(spec: Any) -> Any:
        if isinstance(spec, str):
            return body(define[spec])
        if "box" not in spec:
            return body(spec)
        return {**spec, "box": body(define[spec["box"]] if isinstance(spec["box"], str) else spec["box"])}

    return {"dils": 1, "define": {}, "main": body(define[root["main"]])}


@laws(20)
@given(documents(MOVING), st.booleans(), st.integers(0, 10**6))
def test_a_box_in_place_is_its_definition(document: Document, optimise: bool, seed: int) -> None:
    named = running(document.text, dt=6.0, optimise=optimise)
    placed = running(as_text(in_place(document.root)), dt=6.0, optimise=optimise)
    put(placed, start(named, seed))
    same_bits(went(named, seed), went(placed, seed))


@laws(20)
@given(documents(MOVING), st.booleans(), st.integers(0, 10**6))
def test_runs_side_by_side(document: Document, optimise: bool, seed: int) -> None:
    """A batch of three is three single runs."""
    runs = 3
    together = running(document.text, dt=6.0, optimise=optimise, runs=runs)
    rng = np.random.default_rng(seed)
    random_start(together, rng, whole=True)
    for path in sorted(together.states):
        if together.per_run[path] and not path.endswith(".before"):
            type = together.motion.states[path].var.type
            rows = [random_array(type, rng, whole=True) for _ in range(runs)]
            together.states[path][...] = np.stack(rows, -1)
    each = []
    for number in range(runs):
        alone = running(document.text, dt=6.0, optimise=optimise)
        put(alone, single_states(together, number))
        each.append(alone)
    for _ in range(TICKS):
        told = [random_row(together, rng, whole=True) for _ in range(runs)]
        shown = advanced(together, {name: np.stack([row[name] for row in told], -1) for name in told[0]})
        for number, alone in enumerate(each):
            found = advanced(alone, {name: value[..., None] for name, value in told[number].items()})
            same_bits({name: value[..., number] for name, value in shown.items()},
                      {name: value[..., 0] for name, value in found.items()})  # fmt: skip
            same_bits(single_states(together, number), single_states(alone))
