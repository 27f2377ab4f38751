"""Filling holes is substitution: associative, and a box that only passes on is its unit."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from .diagrams import Body, Maker, Options, as_text
from .expressions import Choose
from .support import compiled, laws, random_inputs, random_states, same_bits, values

BATCH = 2


class Nest:
    """An innermost box and two composites around it, each with a hole of the same interface."""

    def __init__(self, choose: Choose, maker: Maker) -> None:
        self.inner = maker.definition(1)
        self.maker = maker
        self.middle = self._around(choose, "middle")
        self.outer = self._around(choose, "outer")

    def __repr__(self) -> str:
        return self.document(self.filled(self.outer, self.filled(self.middle, self.inner.name)))

    def _interface(self) -> Body:
        found: Body = {"out": {port: type.text() for port, type in self.inner.outputs.items()}}
        if self.inner.inputs:
            found["in"] = {port: type.text() for port, type in self.inner.inputs.items()}
        return found

    def _around(self, choose: Choose, name: str) -> Body:
        """A box with a hole ``h``, which it tells and shows something made of its own inputs and state."""
        body = self._interface()
        body["boxes"] = {"h": "hole"}
        body["state"] = {f"s_{name}": "real = 1"}
        body["wires"] = []
        for port, type in self.inner.inputs.items():
            changed = type.kind == "real" and choose.chance(50)
            body["wires"].append(
                f"clip({port} + s_{name}, -9, 9) -> h.{port}" if changed else f"{port} -> h.{port}"
            )
        for port, type in self.inner.outputs.items():
            changed = type.kind == "real" and choose.chance(50)
            body["wires"].append(
                f"clip(h.{port} - s_{name}, -9, 9) -> {port}" if changed else f"h.{port} -> {port}"
            )
        return body

    def passing(self) -> Body:
        return {
            **self._interface(),
            "boxes": {"h": "hole"},
            "wires": [f"{port} -> h.{port}" for port in self.inner.inputs]
            + [f"h.{port} -> {port}" for port in self.inner.outputs],
        }

    def document(self, main: Body | str, **more: Body) -> str:
        define = {one.name: copy.deepcopy(one.body) for one in self.maker.made}
        define |= {"hole": self._interface(), "middle": self.middle, "outer": self.outer}
        return as_text({"dils": 1, "define": {**copy.deepcopy(define), **more}, "main": main})

    def filled(self, around: Body, filling: Any) -> Body:
        """A composite with its hole replaced."""
        body = copy.deepcopy(around)
        body["boxes"]["h"] = filling
        return body


def box_with(name: str, filling: str) -> Body:
    return {"box": name, "with": {"h": filling}}


@st.composite
def nests(draw: Any) -> Nest:
    choose = Choose(draw)
    return Nest(choose, Maker(choose, Options(style="whole", levels=1)))


@laws(20)
@given(nests(), st.integers(0, 10**6))
def test_associative_and_unital(nest: Nest, seed: int) -> None:
    inner = nest.inner.name
    by_hand = nest.document(nest.filled(nest.outer, nest.filled(nest.middle, inner)))
    inside_first = nest.document(box_with("outer", "half"), half=nest.filled(nest.middle, inner))
    outside_first = nest.document({"box": "half", "with": {"filling": inner}}, half=_with_param(nest))
    compared = [compiled(text, optimise=False) for text in (by_hand, inside_first, outside_first)]
    rng = np.random.default_rng(seed)
    states = random_states(compared[0], rng, whole=True)
    inputs = random_inputs(compared[0].inputs, rng, BATCH, whole=True)
    expected = values(compared[0], states, inputs, BATCH)
    for one in compared[1:]:
        assert one.states.keys() == states.keys()
        same_bits(values(one, states, inputs, BATCH), expected)
    _unit(nest, seed)


def _with_param(nest: Nest) -> Body:
    """The outer composite with the middle one in its hole, whose hole is a parameter."""
    return {
        **nest.filled(nest.outer, {"box": "middle", "with": {"h": "filling"}}),
        "params": {"filling": "hole"},
    }


def _unit(nest: Nest, seed: int) -> None:
    """A box that passes on, around a box or inside one, changes no value."""
    inner = nest.inner.name
    plain = compiled(nest.document(nest.filled(nest.outer, inner)))
    inside = compiled(nest.document(nest.filled(nest.outer, nest.filled(nest.passing(), inner))))
    around = compiled(nest.document(nest.filled(nest.passing(), nest.filled(nest.outer, inner))))
    rng = np.random.default_rng(seed)
    states = random_states(plain, rng, whole=True)
    inputs = random_inputs(plain.inputs, rng, BATCH, whole=True)
    expected = values(plain, states, inputs, BATCH)
    below = {path.replace("h.", "h.h.", 1): value for path, value in states.items()}
    same_bits(values(inside, below, inputs, BATCH), expected)
    below = {f"h.{path}": value for path, value in states.items()}
    same_bits(values(around, below, inputs, BATCH), expected)
