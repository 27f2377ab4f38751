"""Potentials on random diagrams: what a plan makes of them is what differences of their energy say."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from .diagrams import Body, as_text
from .energy import Energetic
from .expressions import Choose, Source, Typed, Writer, real
from .support import diagram_of, laws, running, same_bits, single_states


class System:
    """Bodies with energies of their own, that are told what their neighbours show, and energies between
    variables that they share; nested two deep. ``coupled``: energies and masses mix places and momenta."""

    def __init__(self, choose: Choose, *, coupled: bool) -> None:
        self.choose, self.coupled = choose, coupled
        outer: Body = {"boxes": {}, "wires": [], "join": {}}
        define: Body = {}
        before = ""
        for number in range(choose.number(1, 2)):
            shape = choose.one([(), (2,)])
            count = choose.one([None, None, 2])
            use: Body = {"box": f"body{number}", **({"count": count} if count else {})}
            define[f"body{number}"] = self._body(Typed("real", shape))
            outer["boxes"][f"b{number}"] = use
            shown = f"b{number}.y" + ("[0]" if count else "")
            outer["wires"].append(f"sin({before or shown}) + cos(t) -> b{number}.push")
            before = shown
        if choose.chance(70):
            self._chain(outer, define)
        define["main"] = {"boxes": {"inner": outer}}
        self.text = as_text({"dils": 1, "define": define, "main": "main"})

    def __repr__(self) -> str:
        return self.text

    def _answer(self, body: Body, name: str, type: Typed, *, descends: bool) -> None:
        """One of the laws, with a mass of one of its forms."""
        choose = self.choose
        forms = ["2", "0.5 + exp(0.3 * t)"]
        if type.array == (2,):
            forms += ["[1, 3]", "[[2, 0.5], [0.5, 1]]", "[[2 + sin(t), 0.5], [0.5, 1]]"]
        if self.coupled or descends:
            forms += [f"1.5 + sin({name})"]
            if type.array == (2,):
                forms += [f"[[3 + cos({name}[0]), 0.5], [0.5, 2 + sin({name}[1])]]"]
        mass = choose.one(forms)
        if descends:
            options = {"step": 0.2, **({"metric": mass} if choose.chance(70) else {})}
            body.setdefault("learn", {})[name] = options
        else:
            body.setdefault("conserve", {})[name] = mass
            if choose.chance(30):
                body.setdefault("rate", {})[f"{name}.momentum"] = f"-0.3 * {name}.momentum"

    def _body(self, type: Typed) -> Body:
        sources = [Source("a", type), Source("push", real()), Source("t", real())]
        write = Writer(self.choose, "smooth", sources, sums=True)
        terms = [
            f"0.5 * sum(0 * a + ({write.expression(type)[0]}))",
            "sum((a - push) ** 2) + 0.1 * sum(sin(a))",
        ]
        body: Body = {
            "in": {"push": "real"},
            "out": {"y": "real"},
            "state": {"a": f"{type.text()} = 0.5"},
            "potential": terms[: self.choose.number(1, 2)] if self.choose.chance(70) else terms[1],
            "wires": ["sum(sin(a)) -> y"],
        }
        descends = self.choose.chance(35)
        self._answer(body, "a", type, descends=descends)
        if self.coupled and not descends and self.choose.chance(40):
            body["potential"] = "0.3 * sum(sin(a) * a.momentum) + sum(a ** 2)"
        return body

    def _chain(self, outer: Body, define: Body) -> None:
        """A variable of several elements, of which bodies and springs share parts."""
        n = self.choose.number(2, 3)
        define["node"] = {"params": {"mass": 1}, "share": {"q": "real"}}
        self._answer(define["node"], "q", Typed("real", ()), descends=self.choose.chance(35))
        define["spring"] = {
            "share": {"left": "real", "right": "real"},
            "potential": "0.7 * (right - left) ** 2 + 0.1 * cos(right)",
        }
        ends = self.choose.one([0, 1, 2])
        outer["share"] = {"x": f"real {n + ends}"}
        outer["boxes"] |= {
            "node": {"box": "node", "count": n},
            "spring": {"box": "spring", "count": n + ends - 1},
        }
        outer["join"] = {
            f"x[{min(ends, 1)}:{n + min(ends, 1)}]": ["node.q"],
            "x[:-1]": ["spring.left"],
            "x[1:]": ["spring.right"],
        }
        if self.choose.chance(50):
            outer["boxes"]["extra"] = "node"
            outer["join"]["x[1]"] = ["extra.q"]


@st.composite
def systems(draw: Any, *, coupled: bool = False) -> System:
    return System(Choose(draw), coupled=coupled)


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
