"""How a document is written does not matter: order of declaration, one more level of nesting, one box beside
another."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.engine.kernels import Array
from dilsctl.ir import Program, Var

from .diagrams import Body, Document, Maker, Options, as_text, documents, shuffled, wrapped
from .expressions import Choose
from .support import compiled, laws, random_inputs, random_states, same_bits, values

BATCH = 3


@st.composite
def reordered(draw: Any, options: Options) -> tuple[Document, str]:
    """A document, and the text of the same one with everything declared in another order."""
    choose = Choose(draw)
    document = Maker(choose, options).document()
    return document, as_text(shuffled(document.root, choose))


@laws(40)
@given(reordered(Options(style="smooth", draws=True)), st.integers(0, 10**6))
def test_order_of_declaration(both: tuple[Document, str], seed: int) -> None:
    """The same plan, so the same values, and the same random draws."""
    document, text = both
    rng = np.random.default_rng(seed)
    for optimise in (False, True):
        first, second = compiled(document.text, optimise=optimise), compiled(text, optimise=optimise)
        assert _equations(first.program) == _equations(second.program)
        states = random_states(first, rng, whole=False)
        inputs = random_inputs(first.inputs, rng, BATCH, whole=False)
        same_bits(
            values(first, states, inputs, BATCH, seed=seed), values(second, states, inputs, BATCH, seed=seed)
        )


def _equations(program: Program) -> list[Any]:
    """The equations in order, without names and places."""
    number: dict[Var, int] = {}
    for _, var in sorted(program.inputs.items()):
        number[var] = len(number)
    found = []
    for eqn in program.eqns:
        reads = [(number.setdefault(one, len(number)), one.type, one.batched) for one in eqn.inputs]
        for out in eqn.outputs:
            number[out] = len(number)
        found.append((eqn.op, eqn.params, reads, [out.type for out in eqn.outputs]))
    return found


@laws(25)
@given(documents(Options(style="smooth")), st.integers(0, 10**6))
def test_one_more_level(document: Document, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for optimise in (False, True):
        plain = compiled(document.text, optimise=optimise)
        nested = compiled(as_text(wrapped(document)), optimise=optimise)
        states = random_states(plain, rng, whole=False)
        inputs = random_inputs(plain.inputs, rng, BATCH, whole=False)
        inside = {f"inner.{path}": value for path, value in states.items()}
        same_bits(values(plain, states, inputs, BATCH), values(nested, inside, inputs, BATCH))


def _side_by_side(documents: dict[str, Document]) -> str:
    """A box in which the main boxes of documents stand next to each other, with their ports as its own."""
    root: Body = {"dils": 1, "define": {}, "main": "both"}
    both: Body = {"in": {}, "out": {}, "boxes": {}, "wires": []}
    for name, document in documents.items():
        inner = _renamed(document, name)
        root["define"].update(inner["define"])
        both["boxes"][name] = inner["main"]
        for port, type in document.inputs.items():
            both["in"][f"{name}_{port}"] = type.text()
            both["wires"].append(f"{name}_{port} -> {name}.{port}")
        for port, type in document.outputs.items():
            both["out"][f"{name}_{port}"] = type.text()
            both["wires"].append(f"{name}.{port} -> {name}_{port}")
    root["define"]["both"] = both
    return as_text(root)


def _renamed(document: Document, name: str) -> Body:
    """The document with other names for its definitions."""
    root = copy.deepcopy(document.root)

    def box(body: Body) -> Body:
        for key, spec in body.get("boxes", {}).items():
            body["boxes"][key] = f"{name}_{spec}" if isinstance(spec, str) else inner(spec)
        return body

    def inner(spec: Body) -> Body:
        if "box" not in spec:
            return box(spec)
        spec["box"] = f"{name}_{spec['box']}" if isinstance(spec["box"], str) else box(spec["box"])
        return spec

    root["define"] = {f"{name}_{key}": box(body) for key, body in root["define"].items()}
    root["main"] = f"{name}_{root['main']}"
    return root


@laws(20)
@given(
    documents(Options(style="smooth", levels=2, losses=False)),
    documents(Options(style="smooth", levels=2, losses=False)),
    st.integers(0, 10**6),
)
def test_parallel_boxes(one: Document, other: Document, seed: int) -> None:
    """Two boxes side by side commute, and each shows what it shows alone."""
    rng = np.random.default_rng(seed)
    together = compiled(_side_by_side({"a": one, "b": other}))
    swapped = compiled(_side_by_side({"b": other, "a": one}))
    states = random_states(together, rng, whole=False)
    inputs = random_inputs(together.inputs, rng, BATCH, whole=False)
    found = values(together, states, inputs, BATCH)
    same_bits(found, values(swapped, states, inputs, BATCH))
    for name, document in (("a", one), ("b", other)):
        alone = compiled(document.text)
        expected = values(alone, _within(states, f"{name}."), _within(inputs, f"{name}_"), BATCH)
        for port, value in expected.items():
            inside = found[f"port.{name}_{port.removeprefix('port.')}"]
            np.testing.assert_allclose(inside, value, rtol=1e-11, atol=1e-13)


def _within(values: dict[str, Array], prefix: str) -> dict[str, Array]:
    return {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
