"""Symplectic methods on random mechanical systems: what they mean bit for bit; optimised, within rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from .diagrams import Body, as_text
from .expressions import Choose, Source, Typed, Writer, real
from .meaning import Meaning
from .support import diagram_of, laws, running, same_bits, single_states


class Mechanics:
    """Boxes of places ``a`` and speeds ``v``, pushed by what their neighbours show, nested two deep."""

    def __init__(self, choose: Choose) -> None:
        self.velocities: list[str] = []
        outer: Body = {"boxes": {}, "wires": []}
        define: Body = {}
        before = ""
        for number in range(choose.number(1, 2)):
            shape = choose.one([(), (2,)])
            count = choose.one([None, 2, 3])
            define[f"body{number}"] = self._body(choose, Typed("real", shape))
            outer["boxes"][f"b{number}"] = {
                "box": f"body{number}", **({"count": count} if count else {})
            }  # fmt: skip
            shown = f"b{number}.a" + ("[0]" if count else "") + ("[0]" if shape else "")
            outer["wires"].append(f"sin({before or shown}) + cos(t) -> b{number}.push")
            before = shown
            self.velocities.append(f"inner.b{number}.v")
        define["main"] = {"boxes": {"inner": outer}}
        self.text = as_text({"dils": 1, "define": define, "main": "main"})

    def __repr__(self) -> str:
        return self.text

    def _body(self, choose: Choose, type: Typed) -> Body:
        time = Source("t", real())
        places = Writer(choose, "smooth", [Source("v", type), time], sums=False)
        speeds = Writer(choose, "smooth", [Source("a", type), Source("push", real()), time], sums=False)
        return {
            "in": {"push": "real"},
            "state": {"a": f"{type.text()} = 1", "v": f"{type.text()} = 0.5"},
            "out": {"a": type.text()},
            "rate": {
                "a": f"0.5 * ({places.expression(type)[0]})",
                "v": f"-({speeds.expression(type)[0]}) - a",
            },
        }


@st.composite
def mechanics(draw: Any) -> Mechanics:
    return Mechanics(Choose(draw))


@laws(40)
@given(mechanics(), st.sampled_from(["symplectic", "leapfrog"]), st.integers(1, 2))
def test_what_they_mean(system: Mechanics, method: str, steps: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DILSCTL_ENGINE", "numpy")  # whose sine the meaning takes, to the bit
        compare(system, method, steps)


def compare(system: Mechanics, method: str, steps: int) -> None:
    flat, optimised = (
        running(system.text, method=method, dt=0.1, steps=steps, optimise=optimise)
        for optimise in (False, True)
    )
    meant = Meaning(
        diagram_of(system.text), single_states(flat), method=method, dt=0.1, steps=steps,
        velocities=tuple(system.velocities),
    )  # fmt: skip
    for _ in range(3):
        flat.advance()
        optimised.advance()
        meant.advance({})
    same_bits(single_states(flat), meant.states)
    for path, value in single_states(optimised).items():
        np.testing.assert_allclose(value, meant.states[path], rtol=1e-12, atol=1e-14, err_msg=path)
