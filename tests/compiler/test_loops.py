"""Algebraic loops in random wirings: those that are there are found, and no others; the rest runs."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.compile import compile_diagram
from dilsctl.diagnostics import Problem
from dilsctl.diagram import Diagram
from dilsctl.loops import flatten_in_order
from tests.laws.interpreter import AlgebraicLoop, Interpreter
from tests.laws.support import NO_OBJECTIVE, diagram_of, laws, values
from tests.laws.tangles import Tangle, tangles


def meaning(diagram: Diagram, seed: int = 0) -> Interpreter:
    rng = np.random.default_rng(seed)
    ports = sorted(diagram.main.inputs.items())
    return Interpreter(diagram, {name: rng.normal(size=port.type.shape) for name, port in ports}, {})


def has_loop(diagram: Diagram) -> bool:
    """What the definition says: some value needs itself."""
    try:
        meaning(diagram).everything()
    except AlgebraicLoop:
        return True
    return False


def findings(diagram: Diagram) -> list[str]:
    """The messages of the compiler, one for each loop that it found."""
    try:
        flatten_in_order(diagram.main)
    except Problem as problem:
        assert {one.code for one in problem.diagnostics} == {"algebraic-loop"}
        return [one.message for one in problem.diagnostics]
    return []


def hangs(diagram: Diagram, port: str) -> bool:
    """Does what a message names, as ``b0[1].y[2]``, have a value that needs itself?"""
    one = meaning(diagram)
    one.by_element = True
    at = one.root
    *steps, last = re.findall(r"(\w+)((?:\[[\d, ]+\])?)", port)
    for name, number in steps:
        at = at.child(name, int(number[1:-1]) if number else None)
    name, index = last
    place = tuple(map(int, index[1:-1].split(","))) if index else ()
    var = at.box.inputs[name].var if name in at.box.inputs else at.box.readout[name]
    for rest in np.ndindex(var.shape[len(place) :]):
        try:
            one.element(at, var, (*place, *rest))
        except AlgebraicLoop:
            return True
    return False


@laws(120)
@given(tangles())
def test_loops_are_those_of_the_definition(tangle: Tangle) -> None:
    diagram = diagram_of(tangle.text)
    assert bool(findings(diagram)) == has_loop(diagram)


@laws(80)
@given(tangles())
def test_what_is_named_lies_on_a_loop(tangle: Tangle) -> None:
    diagram = diagram_of(tangle.text)
    for message in findings(diagram):
        first, *rest = message.rpartition(": ")[2].split(" -> ")
        assert rest[-1] == first
        for port in rest:
            if not port.endswith(" more)"):
                assert hangs(diagram, port), f"{port} in: {message}"


@laws(150)
@given(tangles(), st.integers(0, 10**6))
def test_without_a_loop_it_runs(tangle: Tangle, seed: int) -> None:
    """Box by box and element by element, or flat and in order: the same values."""
    diagram = diagram_of(tangle.text)
    if has_loop(diagram):
        return
    meant = meaning(diagram, seed)
    expected = {f"port.{name}": value[None] for name, value in meant.outputs().items()}
    inputs = {name: value[None] for name, value in meant.inputs.items()}
    for optimise in (False, True):
        found = values(compile_diagram(diagram, NO_OBJECTIVE, optimise=optimise), {}, inputs, 1)
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)
