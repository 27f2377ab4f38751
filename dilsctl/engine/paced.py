"""Steps of training number by number, with the numbers that the methods give for each step."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Protocol

from dilsctl.engine.kernels import Array
from dilsctl.engine.scalar import Steps
from dilsctl.ir import Program, Var
from dilsctl.passes.descend import Group


class Rates(Protocol):
    """The learning rates of a run (``dilsctl.learning.schedules.Rates``)."""

    def of(self, rate: Hashable) -> Callable[[int], float]: ...


class Paced:
    """``program`` for batches of ``batch``; ``groups``: what its methods move, in their order."""

    def __init__(
        self, program: Program, batch: int, arrays: Mapping[Var, Array], groups: Sequence[Group], rates: Rates
    ) -> None:
        self.batch = batch
        self._held: dict[str, float] = {}
        self._changing: list[tuple[str, Callable[[float, int], dict[str, float]], Any]] = []
        for number, group in enumerate(groups):
            rate, scalars = rates.of(group.method.rate), group.method.scalars
            first = scalars(rate(1), 1)
            if isinstance(group.method.rate, int | float) and first == scalars(rate(2), 2):
                self._held |= {f"method{number}.{name}": float(value) for name, value in first.items()}
            else:
                self._changing.append((f"method{number}.", scalars, rate))
        self.steps = Steps(program, batch, arrays, self._held.keys() & program.inputs.keys())

    def run(self, rows: Mapping[str, Array], first: int, count: int) -> dict[str, Array]:
        """``count`` steps; ``first`` is the number of the first, from 1. ``rows``: by input, rows first.
        Gives what each step shows, by name: steps first."""
        numbers: dict[str, list[float]] = {}
        for prefix, scalars, rate in self._changing:
            for step in range(first, first + count):
                for name, value in scalars(rate(step), step).items():
                    numbers.setdefault(prefix + name, []).append(float(value))
        return self.steps.run(rows, numbers, self._held, count)
