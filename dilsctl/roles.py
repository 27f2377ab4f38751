"""Who takes part in training: what is trained, who watches, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from dilsctl.learning.schedules import Rates

Array = npt.NDArray[Any]
Steps = Callable[[int], None]


class Learner(Protocol):
    """What is trained: ``dilsctl.engine.learner.Learner``."""

    @property
    def states(self) -> dict[str, Array]: ...
    @property
    def moments(self) -> dict[str, Array]: ...
    @property
    def plan_hash(self) -> str: ...
    @property
    def parameters(self) -> int: ...
    def stage(self, columns: Mapping[str, Array], batch: int = 0) -> Any: ...
    def run_epoch(
        self,
        staged: Any,
        order: Array,
        batch: int,
        rates: Rates,
        first_step: int,
        epoch: int,
        progress: Steps | None = None,
        every: int = 0,
    ) -> float: ...
    def evaluate(self, staged: Any, rows: Array) -> dict[str, float]: ...


class Listener(Protocol):
    """Who watches. It may also have ``step(done, steps)``, told now and then within an epoch, and
    ``note(text)``, for what is worth knowing about a run that goes on."""

    def begin(self, epochs: int, done: int = 0) -> None: ...
    def epoch(self, number: int, values: Mapping[str, float]) -> None: ...
    def end(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Result:
    """What a training run came to.

    values: of the final states, by part and measure (``test.accuracy``). history: for each epoch its number,
    ``step``, ``rate``, ``seconds`` and values. seconds: of all epochs, those before a stop included.
    was_over: it was finished when it was taken up again, so nothing was done.
    """

    epochs: int
    steps: int
    values: dict[str, float]
    history: list[dict[str, Any]]
    best_epoch: int | None = None
    stopped_early: bool = False
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    was_over: bool = False

    def curve(self, name: str) -> list[float]:
        """One value over the epochs."""
        return [one[name] for one in self.history if name in one]
