"""Learning rates as functions of time.

A rate is written as a number or as one schedule, ``{cosine: {start: 0.01}}``. Time is counted in epochs that
have passed, parts of one included, so that a schedule means the same for every batch size. All are pure
functions of the step, so a run that goes on after a stop has the rates of one that never stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dilsctl.diagnostics import Problem, did_you_mean

Rate = float | tuple[str, tuple[tuple[str, Any], ...]]  # a number, or a schedule's name and options
Curve = Callable[[float], float]  # epochs that have passed → rate


@dataclass(frozen=True, slots=True)
class Schedule:
    """A shape that a rate takes. ``options`` has the defaults; None marks one that must be given.

    curve: (options, epochs of the run) to the rate as a function of the epochs that have passed.
    """

    name: str
    options: dict[str, float | None]
    curve: Callable[[Mapping[str, Any], float], Curve]
    doc: str


def _cosine(options: Mapping[str, Any], epochs: float) -> Curve:
    end, half, cos = options["end"], (options["start"] - options["end"]) * 0.5, math.cos
    if epochs <= 0:
        return lambda passed: end
    turn = math.pi / epochs
    return lambda passed: end + half * (1.0 + cos(turn * passed)) if passed < epochs else end


def _linear(options: Mapping[str, Any], epochs: float) -> Curve:
    start, end = options["start"], options["end"]
    if epochs <= 0:
        return lambda passed: end
    slope = (end - start) / epochs
    return lambda passed: start + slope * passed if passed < epochs else end


def _step(options: Mapping[str, Any], epochs: float) -> Curve:
    start, factor, every = options["start"], options["factor"], options["every"]
    # A step is a whole number of batches: what is left of passed / every after rounding must not count.
    return lambda passed: start * factor ** math.floor(passed / every + 1e-9)


def _exponential(options: Mapping[str, Any], epochs: float) -> Curve:
    start, factor = options["start"], options["factor"]
    return lambda passed: start * factor**passed


SCHEDULES: dict[str, Schedule] = {
    one.name: one
    for one in (
        Schedule("cosine", {"start": None, "end": 0.0}, _cosine, "half a cosine from start to end"),
        Schedule("linear", {"start": None, "end": 0.0}, _linear, "a line from start to end"),
        Schedule(
            "step",
            {"start": None, "factor": 0.1, "every": None},
            _step,
            "start, times factor for each ``every`` epochs that have passed",
        ),
        Schedule(
            "exponential",
            {"start": None, "factor": None},
            _exponential,
            "start, times factor for each epoch that has passed; falls a little at every step",
        ),
    )
}


def choice(value: Any) -> tuple[str, dict[str, Any]]:
    """The name and options of what is written ``name`` or ``{name: options}``, or of a model of that.

    Raises ValueError.
    """
    if isinstance(value, str):
        return value, {}
    if isinstance(value, Mapping):
        if len(value) != 1:
            raise ValueError(f"exactly one name was expected, not {len(value)}")
        ((name, options),) = value.items()
    elif hasattr(value, "choice"):
        name, options = value.choice
    else:
        name, options = value[0] if isinstance(value, tuple) and len(value) == 1 else value  # frozen
    return str(name), dict(options or ())


def rate_of(value: Any) -> Rate:
    """A rate in its hashable form, from a number, ``{name: options}``, or a model of that.

    Raises Problem: bad-rate.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not (value >= 0 and math.isfinite(value)):
            raise Problem.of("bad-rate", f"a learning rate must not be negative, and finite: {value}")
        return float(value)
    try:
        name, given = choice(value)
    except (ValueError, TypeError) as error:
        raise Problem.of("bad-rate", f"this is neither a number nor a schedule: {value!r}") from error
    if name == "warmup":
        _known(name, given, ("epochs", "then"))
        _needed(name, given, ("epochs", "then"))
        return name, (("epochs", float(given["epochs"])), ("then", rate_of(given["then"])))
    if name not in SCHEDULES:
        names = [*SCHEDULES, "warmup"]
        help = did_you_mean(name, names) or f"the schedules are {', '.join(names)}"
        raise Problem.of("bad-rate", f"there is no schedule '{name}'", help=help)
    options = SCHEDULES[name].options
    _known(name, given, options)
    _needed(name, given, [key for key, default in options.items() if default is None])
    return name, tuple((key, given.get(key, default)) for key, default in options.items())


def _known(name: str, given: Iterable[str], known: Iterable[str]) -> None:
    for key in given:
        if key not in known:
            help = did_you_mean(key, known) or f"it has {', '.join(known)}"
            raise Problem.of("bad-rate", f"the schedule '{name}' has no '{key}'", help=help)


def _needed(name: str, given: Iterable[str], needed: Iterable[str]) -> None:
    for key in needed:
        if key not in given:
            raise Problem.of("bad-rate", f"the schedule '{name}' needs '{key}'")


def rate_function(rate: Rate, steps_per_epoch: int, epochs: float) -> Callable[[int], float]:
    """The rate of each step (counted from 1) of a run of ``epochs`` epochs."""
    if not isinstance(rate, tuple):
        return lambda step: rate
    name, pairs = rate
    options = dict(pairs)
    if name == "warmup":
        return _warmup(options["epochs"], options["then"], steps_per_epoch, epochs)
    curve = SCHEDULES[name].curve(options, epochs)
    return lambda step: curve((step - 1) / steps_per_epoch)


def _warmup(length: float, then: Rate, steps_per_epoch: int, epochs: float) -> Callable[[int], float]:
    """A line from above 0, so that no step is wasted, to the start of the next rate."""
    steps = max(1, round(length * steps_per_epoch))
    inner = rate_function(then, steps_per_epoch, max(epochs - steps / steps_per_epoch, 0.0))
    start = inner(1)

    def rate(step: int) -> float:
        return start * step / (steps + 1) if step <= steps else inner(step - steps)

    return rate


@dataclass(frozen=True)
class Rates:
    """The rates of a run. Called with a step (counted from 1), gives the rate of the ``train`` block.

    ``of(rate)`` is the same for another rate: that of a state with options of its own.
    """

    rate: Rate
    steps_per_epoch: int
    epochs: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "_own", rate_function(self.rate, self.steps_per_epoch, self.epochs))

    def __call__(self, step: int) -> float:
        return self._own(step)  # type: ignore[attr-defined, no-any-return]

    def of(self, rate: Hashable) -> Callable[[int], float]:
        """The function for another rate (as ``rate_of`` gives it)."""
        return _cached(rate, self.steps_per_epoch, self.epochs)


@lru_cache(maxsize=256)
def _cached(rate: Any, steps_per_epoch: int, epochs: float) -> Callable[[int], float]:
    return rate_function(rate, steps_per_epoch, epochs)
