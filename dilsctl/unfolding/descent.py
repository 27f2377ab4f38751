"""How a learned state descends, as laws of the language: the optimiser with its moments, and the rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dilsctl.learning.methods import Method
from dilsctl.learning.schedules import Rate

Free = Callable[[str], str]  # a name that nothing else in the box has


@dataclass(slots=True)
class Laws:
    """Parts of a box: what some of its states descend by. ``moments``, of the states' shapes, begin at 0."""

    params: dict[str, Any] = field(default_factory=dict)
    moments: dict[str, str] = field(default_factory=dict)  # name -> the state that it is of
    lets: dict[str, str] = field(default_factory=dict)
    next: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Length:
    """How long training is, which rates may depend on: ``steps`` an epoch, and ``epochs``."""

    steps: int
    epochs: float


class Descent:
    """Writes the laws of one box. States that move by one method share its parameters."""

    def __init__(self, free: Free, length: Callable[[], Length]) -> None:
        self.free = free
        self.length = length
        self.laws = Laws()
        self._given: dict[tuple[Method, str], str] = {}
        self._lets: dict[str, str] = {}

    def add(self, state: str, method: Method, gradient: str) -> None:
        """The laws of one state. ``gradient``: its mean over the batch, as an expression."""
        laws, options = self.laws, dict(method.options)

        def option(name: str) -> str:
            return self._param(method, name, options[name])

        def moment(name: str, law: Callable[[str], str]) -> str:
            old, new = self.free(f"{state}_{name}"), self.free(f"new_{state}_{name}")
            laws.moments[old] = state
            laws.lets[new] = law(old)
            laws.next[old] = new
            return new

        rate = self._rate(method)
        name = method.name
        if method.decay:
            gradient = f"{gradient} + {self._param(method, 'decay', method.decay)} * {state}"
        if name == "sgd":
            laws.next[state] = f"{state} - {rate} * {_factor(gradient)}"
            return
        g = self.free(f"d{state}")
        laws.lets[g] = gradient
        if name in ("momentum", "nesterov"):
            keep = option("momentum")
            new = moment("velocity", lambda old: f"{keep} * {old} + {g}")
            way = new if name == "momentum" else f"({keep} * {new} + {g})"
            laws.next[state] = f"{state} - {rate} * {way}"
        elif name == "adagrad":
            new = moment("square", lambda old: f"{old} + {g} ** 2")
            laws.next[state] = f"{state} - {rate} * {g} / (sqrt({new}) + {option('epsilon')})"
        elif name == "rmsprop":
            keep = option("smoothing")
            new = moment("square", lambda old: f"{keep} * {old} + (1 - {keep}) * {g} ** 2")
            laws.next[state] = f"{state} - {rate} * {g} / (sqrt({new}) + {option('epsilon')})"
        else:  # adam, adamw
            first, second, step = option("beta1"), option("beta2"), self._step()
            mean = moment("mean", lambda old: f"{first} * {old} + (1 - {first}) * {g}")
            square = moment("square", lambda old: f"{second} * {old} + (1 - {second}) * {g} ** 2")
            top = f"{mean} / (1 - {first} ** {step})"
            root = f"sqrt({square} / (1 - {second} ** {step}))"
            way = f"({top}) / ({root} + {option('epsilon')})"
            if name == "adamw":
                way = f"({way} + {option('decay')} * {state})"
            laws.next[state] = f"{state} - {rate} * {way}"

    def _param(self, method: Method, name: str, value: Any) -> str:
        known = self._given.get((method, name))
        if known is None:
            known = self._given[method, name] = self.free(name)
            self.laws.params[known] = value
        return known

    def _let(self, name: str, text: str) -> str:
        """A let that several states may read."""
        if text not in self._lets:
            self._lets[text] = self.free(name)
            self.laws.lets[self._lets[text]] = text
        return self._lets[text]

    def _step(self) -> str:
        """The number of the step, from 1."""
        return self._let("step", "t / dt + 1")

    def _rate(self, method: Method) -> str:
        if not isinstance(method.rate, tuple):
            return self._param(method, "rate", method.rate)
        return self._let("rate", self._schedule(method, method.rate, "t / dt", self.length()))

    def _schedule(self, method: Method, rate: Rate, passed: str, length: Length, of: str = "") -> str:
        """A rate as an expression. ``passed``: the steps before this one; ``of``: what its options are called
        after, within another schedule."""
        if not isinstance(rate, tuple):
            return self._param(method, f"{of}rate", rate)
        name, options = rate[0], dict(rate[1])
        steps = self._param(method, "epoch_steps", length.steps)

        def option(key: str) -> str:
            return self._param(method, f"{of}{key}", options[key])

        epochs = f"({passed}) / {steps}"
        if name == "warmup":
            warm = max(1, round(options["epochs"] * length.steps))
            rest = max(length.epochs - warm / length.steps, 0.0)
            lines = self._param(method, "warm_steps", warm)
            after = Length(length.steps, rest)
            start = self._schedule(method, options["then"], "0", after, "then_")
            then = self._schedule(method, options["then"], f"maximum({passed} - {lines}, 0)", after, "then_")
            up = f"({start}) * ({passed} + 1) / ({lines} + 1)"
            return f"{up} if {passed} < {lines} else {then}"
        if name == "step":
            return f"{option('start')} * {option('factor')} ** floor({epochs} / {option('every')} + 1e-9)"
        if name == "exponential":
            return f"{option('start')} * {option('factor')} ** ({epochs})"
        start, end = option("start"), option("end")
        if length.epochs <= 0:
            return end
        part = f"minimum({epochs} / {self._param(method, of + 'epochs', length.epochs)}, 1)"
        if name == "linear":
            return f"{start} + ({end} - {start}) * {part}"
        return f"{end} + ({start} - {end}) / 2 * (1 + cos({math.pi!r} * {part}))"


def _factor(text: str) -> str:
    """An expression as a factor of a product."""
    import ast

    return text if isinstance(ast.parse(text, mode="eval").body, ast.Call | ast.Name) else f"({text})"
