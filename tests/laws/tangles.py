"""Random feed-through wirings, with and without loops: every input is driven by whatever comes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .diagrams import Body, as_text
from .expressions import Choose

LENGTH = 3
Ports = dict[str, bool]  # whether each port is a vector of LENGTH, not a scalar


class Tangle:
    """A document whose boxes pass values on: ``text``."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.define: Body = {}
        self.made: list[tuple[str, Ports, Ports]] = []
        self.main = self._box(choose.number(1, 3))[0]

    @property
    def text(self) -> str:
        return as_text({"dils": 1, "define": self.define, "main": self.main})

    def __repr__(self) -> str:
        return "\n" + self.text

    def _box(self, level: int) -> tuple[str, Ports, Ports]:
        choose = self.choose
        inputs = {f"x{k}": choose.chance(60) for k in range(choose.number(1, 2))}
        outputs = {f"y{k}": choose.chance(60) for k in range(choose.number(1, 2))}
        body: Body = {"in": _types(inputs), "out": _types(outputs), "wires": []}
        sources = dict(inputs)
        if level > 0:
            sources |= self._interior(body, inputs, level)
        for name, vector in outputs.items():
            body["wires"] += self._drive(name, vector, sources)
        made = (f"box{len(self.made)}", inputs, outputs)
        self.define[made[0]] = body
        self.made.append(made)
        return made

    def _interior(self, body: Body, inputs: Ports, level: int) -> Ports:
        choose = self.choose
        sources: Ports = {}
        children: list[tuple[str, Ports, int | None]] = []
        body["boxes"] = {}
        for k in range(choose.number(1, 3)):
            known = choose.chance(40) and self.made
            inner, given, shown = choose.one(self.made) if known else self._box(level - 1)
            count = LENGTH if choose.chance(45) else None
            body["boxes"][f"b{k}"] = inner if count is None else {"box": inner, "count": count}
            children.append((f"b{k}", given, count))
            for port, vector in shown.items():
                sources.update(_shown(f"b{k}", port, vector, count))
        for name, given, count in children:
            for port, vector in given.items():
                body["wires"] += self._tell(name, port, vector, count, {**inputs, **sources})
        return sources

    def _tell(self, name: str, port: str, vector: bool, count: int | None, sources: Ports) -> list[str]:
        """Drive an interior input; of a counted box element by element, or all alike."""
        if count is None:
            return self._drive(f"{name}.{port}", vector, sources)
        if self.choose.chance(30):
            return [f"{self._value(vector, sources)} -> {name}.{port}"]
        found = []
        for k in self.choose.shuffled(list(range(count))):
            found.append(f"{self._value(vector, sources)} -> {name}[{k}].{port}")
        return found

    def _drive(self, target: str, vector: bool, sources: Ports) -> list[str]:
        if vector and self.choose.chance(40):
            return [f"{self._value(False, sources)} -> {target}[{k}]" for k in range(LENGTH)]
        return [f"{self._value(vector, sources)} -> {target}"]

    def _value(self, vector: bool, sources: Ports) -> str:
        """An expression that reads one source or two, or none."""
        choose = self.choose
        if choose.chance(30):
            return "1" if not vector else f"zeros({LENGTH})"
        one = self._read(vector, sources)
        return f"{one} + {self._read(vector, sources)}" if choose.chance(25) else one

    def _read(self, vector: bool, sources: Ports) -> str:
        choose = self.choose
        fitting = [name for name, is_vector in sources.items() if is_vector == vector]
        vectors = [name for name, is_vector in sources.items() if is_vector]
        scalars = [name for name, is_vector in sources.items() if not is_vector]
        if not vector:
            if vectors and (not scalars or choose.chance(50)):
                name = choose.one(vectors)
                forms = ["{}[0]", "{}[1]", "{}[-1]", "sum({})", "{}[1:] @ ones(2)", "max({}[:2])"]
                return choose.one(forms).format(name)
            return choose.one(scalars) if scalars else "1"
        if scalars and choose.chance(30):
            k = choose.number(0, 2)
            return choose.one(["broadcast({}, 3)", "stack({}, {}, {})"]).format(*[choose.one(scalars)] * 3)
        if not fitting:
            return f"zeros({LENGTH})"
        name, k = choose.one(fitting), choose.number(0, LENGTH - 1)
        forms = [
            *("{0}", "-{0}", "{0}[::-1]", "{0}[[0, 0, 1]]"),
            *("concat(zeros(1), {0}[:-1])", "concat({0}[1:], zeros(1))"),
            *("roll({0}, 1)", "softmax({0})", "eye(3) @ {0}", "transpose(reshape({0}, 3, 1))[0]"),
            *("broadcast({0}[None, :], 2, 3)[1]", "outer({0}, {0})[{1}]", "sum(outer({0}, ones(2)), axis=1)"),
        ]
        return choose.one(forms).format(name, k)


def _types(ports: Ports) -> dict[str, str]:
    return {name: f"real {LENGTH}" if vector else "real" for name, vector in ports.items()}


def _shown(name: str, port: str, vector: bool, count: int | None) -> Ports:
    if count is None:
        return {f"{name}.{port}": vector}
    found = {f"{name}[{k}].{port}": vector for k in range(count)}
    if not vector:
        found[f"{name}.{port}"] = True
    return found


@st.composite
def tangles(draw: Any) -> Tangle:
    """A document that is without errors, but perhaps for algebraic loops."""
    return Tangle(Choose(draw))
