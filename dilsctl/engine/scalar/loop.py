"""A program that is run number by number, many times in one call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from dilsctl.engine.kernels import Array, dtype_of
from dilsctl.engine.scalar.numbers import RAISED
from dilsctl.engine.scalar.program import Numbers, flat, translate
from dilsctl.engine.scalar.source import Loop, compiled, written
from dilsctl.ir import Program, Var

_TRIES = 3  # times that something is raised, after which only the careful way is taken

State = tuple[Any, ...]  # all numbers of all states


class Turns:
    """``program`` for batches of ``batch``, turn after turn.

    ``held``: inputs that stay as they are within a call. ``shown``: names of outputs to show at each turn.
    ``given``: the other inputs, in the order in which ``run`` takes them.
    """

    def __init__(
        self,
        program: Program,
        batch: int,
        *,
        held: Collection[str] = (),
        shown: Sequence[str] | None = None,
        states_shown: Mapping[str, tuple[Var, Any]] | None = None,
    ) -> None:
        """``states_shown``: by name, a state and an index of its array, shown after the outputs."""
        self.numbers: Numbers = translate(program, batch, held)
        names = list(program.outputs) if shown is None else list(shown)
        found = {name: (self.numbers.outputs[name], program.outputs[name]) for name in names}
        for name, (var, index) in (states_shown or {}).items():
            found[name] = np.asarray(self.numbers.states[var][index], object), var
        self.given = tuple(self.numbers.given)
        self.held = tuple(self.numbers.held)
        self._shown = flat([array for array, _ in found.values()])
        self._parts: dict[str, tuple[int, int, tuple[int, ...], Any]] = {}
        end = 0
        for name, (array, var) in found.items():
            dtype = dtype_of(var.type.kind, np.float64)
            self._parts[name] = (end, end + array.size, array.shape, dtype)
            end += array.size
        self._fast: Loop | None = None
        self._careful: Loop | None = None
        self._raised = 0

    def source(self, careful: bool = False) -> str:
        """The Python that runs."""
        return written(self.numbers, self._shown, careful)

    def run(
        self, state: State, given: Sequence[Sequence[Any]], held: Sequence[Any], count: int
    ) -> tuple[State, list[tuple[Any, ...]]]:
        """``count`` turns from ``state``: the state after them, and what was shown at each.

        ``given``: for each input its values turn by turn, numbers, or flat lists of them. ``held``: the
        numbers of all held inputs."""
        if self._raised < _TRIES:
            if self._fast is None:
                self._fast = compiled(self.source())
            try:
                return self._turn(self._fast, state, given, held, count)
            except RAISED:
                self._raised += 1
        if self._careful is None:
            self._careful = compiled(self.source(careful=True))
        return self._turn(self._careful, state, given, held, count)

    def _turn(
        self, loop: Loop, state: State, given: Sequence[Sequence[Any]], held: Sequence[Any], count: int
    ) -> tuple[State, list[tuple[Any, ...]]]:
        rows: list[tuple[Any, ...]] = []
        if not given:
            turns: Any = range(count)
        else:
            turns = given[0] if len(given) == 1 else zip(*given, strict=True)
        return loop(state, turns, held, rows.append), rows

    def columns(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, Array]:
        """What was shown, by name: turns first, then as the engine's arrays."""
        every = list(zip(*rows, strict=True))
        found = {}
        for name, (begin, end, shape, dtype) in self._parts.items():
            values = np.array(every[begin:end], dtype)
            found[name] = values[0] if not shape else values.T.reshape(len(rows), *shape)
        return found


class Store:
    """The arrays of a program's states, as numbers and back."""

    def __init__(self, states: Sequence[Array]) -> None:
        self.arrays = list(states)
        self.ends = np.cumsum([0, *(one.size for one in self.arrays)]).tolist()

    def read(self) -> State:
        """All numbers now."""
        found: list[Any] = []
        for array in self.arrays:
            found += array.ravel().tolist()
        return tuple(found)

    def write(self, state: State) -> None:
        """Put numbers into the arrays."""
        for array, begin, end in zip(self.arrays, self.ends, self.ends[1:], strict=False):
            if end - begin == 1:
                array[...] = state[begin]
            else:
                array[...] = np.array(state[begin:end], array.dtype).reshape(array.shape)


def column(array: Array) -> list[Any]:
    """The values of an input turn by turn. ``array``: turns first, then the shape of the engine's array."""
    flat_ = array.reshape(len(array), -1)
    found: list[Any] = (flat_[:, 0] if flat_.shape[1] == 1 else flat_).tolist()
    return found
