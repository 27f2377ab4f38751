"""Random systems that potentials move."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .diagrams import Body, as_text
from .expressions import Choose, Source, Typed, Writer, real


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
