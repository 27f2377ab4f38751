"""A counted box is its elements, written out one by one."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.engine.kernels import Array

from .diagrams import Body, Definition, Maker, Options, as_text
from .expressions import Choose, Typed
from .support import (
    advanced,
    compiled,
    laws,
    random_inputs,
    random_row,
    random_start,
    random_states,
    running,
    same_bits,
    single_states,
    values,
)

BATCH = 2


class Forms:
    """One box array, counted and listed. ``shared`` are the inputs that tell all elements the same."""

    def __init__(self, choose: Choose, maker: Maker) -> None:
        inner = maker.definition(choose.number(0, 2))
        self.count = count = choose.number(1, 4)
        self.shared = {port for port in inner.inputs if choose.chance(40)}
        self.chain = self._chain(inner) if choose.chance(60) and count > 1 else None
        numbers = {param: [choose.number(-2, 2) for _ in range(count)] for param in inner.params}
        by_index = {param: choose.one(["index", "2 - index"]) for param in inner.params if choose.chance(40)}
        for param, text in by_index.items():
            numbers[param] = [k if text == "index" else 2 - k for k in range(count)]
        each = {param: row for param, row in numbers.items() if param not in by_index}
        counted: Body = {"box": inner.name, "count": count, "with": by_index, "each": each}
        listed = {
            f"b{k}": {"box": inner.name, "with": {param: row[k] for param, row in numbers.items()}}
            for k in range(count)
        }
        self.joins = {
            port: choose.one(["leave", "all", "each"])
            for port, share in inner.shares.items()
            if not share.lone  # as a part of an array it would have to add
        }
        self.counted = self._document(maker, inner, {"b": counted}, self._wires(inner, "b[{}]"))
        self.listed = self._document(maker, inner, listed, self._wires(inner, "b{}"))

    def _chain(self, inner: Definition) -> tuple[str, str] | None:
        """An output that feeds the input of the next element."""
        found = [(o, i) for o, a in inner.outputs.items() for i, b in inner.inputs.items() if a == b]
        return found[0] if found and found[0][1] not in self.shared | inner.named else None

    def _wires(self, inner: Definition, name: str) -> list[str]:
        wires = []
        for k in range(self.count):
            one = name.format(k)
            for port in inner.inputs:
                source = port if port in self.shared else f"{port}[{k}]"
                if self.chain is not None and port == self.chain[1] and k > 0:
                    source = f"{name.format(k - 1)}.{self.chain[0]}"
                wires.append(f"{source} -> {one}.{port}")
            wires += [f"{one}.{port} -> {port}[{k}]" for port in inner.outputs]
        if "[" in name:  # the array is wired as a whole where all elements are treated alike
            wires = [one for one in wires if not self._whole(one, inner)]
            wires += [f"{port} -> b.{port}" for port in inner.inputs if self._all_alike(port)]
            wires += [f"b.{port} -> {port}" for port in inner.outputs]
        return wires

    def _all_alike(self, port: str) -> bool:
        return self.chain is None or port != self.chain[1]

    def _whole(self, wire: str, inner: Definition) -> bool:
        target = wire.rpartition(" -> ")[2]
        port = target.rpartition(".")[2]
        return "." not in target or self._all_alike(port)

    def _document(self, maker: Maker, inner: Definition, boxes: Body, wires: list[str]) -> str:
        def text(port: str, type: Typed) -> str:
            return type.text() if port in self.shared else type.led(self.count).text()

        main: Body = {"boxes": boxes, "wires": wires}
        if inner.inputs:
            main["in"] = {port: text(port, type) for port, type in inner.inputs.items()}
        for port, how in self.joins.items():
            if how == "leave":
                continue
            name, type = f"j_{port}", inner.shares[port].type
            main.setdefault("share", {})[name] = (
                f"{(type.led(self.count) if how == 'each' else type).text()} = 1"
            )
            joins = main.setdefault("join", {})
            if "b" in boxes:
                joins[name] = [f"b.{port}"]
            elif how == "all":
                joins[name] = [f"b{k}.{port}" for k in range(self.count)]
            else:
                joins.update({f"{name}[{k}]": [f"b{k}.{port}"] for k in range(self.count)})
        main["out"] = {port: type.led(self.count).text() for port, type in inner.outputs.items()}
        define = {one.name: copy.deepcopy(one.body) for one in maker.made}
        return as_text({"dils": 1, "define": {**define, "main": main}, "main": "main"})

    def listed_states(self, states: dict[str, Array]) -> dict[str, Array]:
        """The same values by the paths of the listed form."""
        found: dict[str, Array] = {}
        for path, value in states.items():
            if path.startswith("j_"):
                found[path] = value
                continue
            if path.startswith("b["):  # elaborated element by element
                found[path.replace("[", "", 1).replace("]", "", 1)] = value
                continue
            for k in range(self.count):
                found[path.replace("b.", f"b{k}.", 1)] = value[k]
        return found


@st.composite
def forms(draw: Any, options: Options) -> Forms:
    choose = Choose(draw)
    return Forms(choose, Maker(choose, options))


@laws(30)
@given(forms(Options(style="whole")), st.booleans(), st.integers(0, 10**6))
def test_counted_is_listed(both: Forms, optimise: bool, seed: int) -> None:
    counted = compiled(both.counted, optimise=optimise)
    listed = compiled(both.listed, optimise=optimise)
    rng = np.random.default_rng(seed)
    states = random_states(counted, rng, whole=True)
    inputs = random_inputs(counted.inputs, rng, BATCH, whole=True)
    same_bits(
        values(counted, states, inputs, BATCH), values(listed, both.listed_states(states), inputs, BATCH)
    )


@laws(30)
@given(
    forms(Options(style="whole", moving=True, learned=False, losses=False)),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_counted_moves_as_listed(both: Forms, optimise: bool, seed: int) -> None:
    """Copies share one variable, or have a part each of an array, whichever way they are written."""
    counted = running(both.counted, dt=6.0, optimise=optimise)
    listed = running(both.listed, dt=6.0, optimise=optimise)
    rng = np.random.default_rng(seed)
    random_start(counted, rng, whole=True)
    begun = both.listed_states(single_states(counted))
    assert begun.keys() == listed.states.keys()
    for path, view in listed.states.items():
        view[...] = begun[path][..., None] if listed.per_run[path] else begun[path]
    for _ in range(3):
        row = {name: value[..., None] for name, value in random_row(counted, rng, whole=True).items()}
        same_bits(advanced(counted, row), advanced(listed, row))
        same_bits(both.listed_states(single_states(counted)), single_states(listed))
