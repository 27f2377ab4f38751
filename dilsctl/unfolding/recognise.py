"""Which optimiser a law is: the inverse of ``dilsctl.unfolding.descent``, by the form of its equations.

A pattern is a nested tuple, ``("sub", "x", ("mul", "rate", "g"))``. A word stands for a variable, the same
one wherever it stands; ``"rate:"`` with a colon for a number known beforehand. Sums and products match in
both orders.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dilsctl.ir import CLOCK, Eqn, Var
from dilsctl.learning.optimisers import OPTIMISERS

Pattern = Any
Binds = dict[str, Any]

_STEP = ("add", ("div", "t", "dt"), 1.0)
_MEAN = ("div", "mean", ("sub", 1.0, ("pow", "beta1:", _STEP)))
_ROOT = ("add", ("sqrt", ("div", "square", ("sub", 1.0, ("pow", "beta2:", _STEP)))), "epsilon:")
_DECAYED = ("add", ("div", _MEAN, _ROOT), ("mul", "decay:", "x"))
_OVER_ROOT = ("div", ("mul", "rate", "g"), ("add", ("sqrt", "square"), "epsilon:"))
_SUM = ("add", ("mul", "momentum:", "velocity_before"), "g")

_METHODS: tuple[tuple[str, Pattern, dict[str, Pattern]], ...] = (
    ("momentum", ("sub", "x", ("mul", "rate", "velocity")), {"velocity": _SUM}),
    (
        "nesterov",
        ("sub", "x", ("mul", "rate", ("add", ("mul", "momentum:", "velocity"), "g"))),
        {"velocity": _SUM},
    ),
    ("adamw", ("sub", "x", ("mul", "rate", _DECAYED)), {}),
    ("adam", ("sub", "x", ("div", ("mul", "rate", _MEAN), _ROOT)), {}),
    (
        "rmsprop",
        ("sub", "x", _OVER_ROOT),
        {"square": ("add", ("mul", "smoothing:", "square_before"), ("mul", "rest:", ("square", "g")))},
    ),
    ("adagrad", ("sub", "x", _OVER_ROOT), {"square": ("add", "square_before", ("square", "g"))}),
    ("sgd", ("sub", "x", ("mul", "rate", "g")), {}),
)
_MEANS = {
    "mean": ("add", ("mul", "beta1:", "mean_before"), ("mul", "rest1:", "g")),
    "square": ("add", ("mul", "beta2:", "square_before"), ("mul", "rest2:", ("square", "g"))),
}
_SWAPPED = frozenset({"add", "mul"})


@dataclass(frozen=True, slots=True)
class Found:
    """A law that was recognised. ``optimiser`` is as the train block has it; ``moments``: the states that it
    keeps; ``gradient``: what it descends by, before decay."""

    optimiser: dict[str, Any]
    decay: float
    moments: tuple[Var, ...]
    gradient: Var


@dataclass(slots=True)
class Laws:
    """The laws of a box. ``next``: state -> its value after the tick."""

    producer: Mapping[Var, Eqn]
    next: Mapping[Var, Var]
    steps: Callable[[], int]  # ticks an epoch

    def recognise(self, state: Var) -> Found | None:
        """How a state descends; None where its law is of no optimiser."""
        for name, law, moments in _METHODS:
            rules = {**moments, **(_MEANS if name in ("adam", "adamw") else {})}
            for binds in self._match(law, self.next[state], {"x": state}):
                found = self._moments(rules, binds)
                if found is None:
                    continue
                result = self._found(name, found, state)
                if result is not None:
                    return result
        return None

    def _moments(self, rules: Mapping[str, Pattern], binds: Binds) -> Binds | None:
        """The new moments must be what their states take, and be made as the rules say."""
        every = [binds]
        for name, rule in rules.items():
            every = [
                two
                for one in every
                for two in self._match(rule, one[name], one)
                if self.next.get(two[f"{name}_before"]) is one[name]
            ]
        return every[0] if every else None

    def _found(self, name: str, binds: Binds, state: Var) -> Found | None:
        for rest, keep in (("rest", "smoothing"), ("rest1", "beta1"), ("rest2", "beta2")):
            if rest in binds and not math.isclose(binds[rest], 1 - binds[keep], rel_tol=1e-9):
                return None
        rate = self._rate(binds["rate"])
        gradient, decay = binds["g"], 0.0
        for one in self._match(("add", "g", ("mul", "l2:", "x")), gradient, {"x": state}):
            gradient, decay = one["g"], one["l2"]
        if rate is None or not self._pooled(gradient):
            return None
        options = {key: binds[key] for key in OPTIMISERS[name].options}
        moments = tuple(value for key, value in binds.items() if key.endswith("_before"))
        return Found({name: {"rate": rate, **options}}, decay, moments, gradient)

    def _pooled(self, var: Var) -> bool:
        eqn = self.producer.get(var)
        return eqn is not None and eqn.op == "batch_mean"

    # -- rates ------------------------------------------------------------------------------------

    def _rate(self, var: Var) -> Any:
        """A rate, or a schedule, as the train block has it."""
        number = self._number(var)
        return number if number is not None else self._schedule(var, ("div", "t", "dt"))

    def _schedule(self, var: Var, passed: Pattern) -> Any:
        epochs = ("div", passed, "steps:")
        part = ("minimum", ("div", epochs, "epochs:"), 1.0)
        cosine = ("add", "end:", ("mul", "half:", ("add", 1.0, ("cos", ("mul", math.pi, part)))))
        for one in self._match(cosine, var, {}):
            return {"cosine": _options(start=one["end"] + 2 * one["half"], end=one["end"])}
        for one in self._match(("add", "start:", ("mul", "slope:", part)), var, {}):
            return {"linear": _options(start=one["start"], end=one["start"] + one["slope"])}
        every = ("floor", ("add", ("div", epochs, "every:"), 1e-9))
        for one in self._match(("mul", "start:", ("pow", "factor:", every)), var, {}):
            return {"step": _options(start=one["start"], factor=one["factor"], every=one["every"])}
        for one in self._match(("mul", "start:", ("pow", "factor:", epochs)), var, {}):
            return {"exponential": _options(start=one["start"], factor=one["factor"])}
        up = ("div", ("mul", "first", ("add", passed, 1.0)), "more:")
        for one in self._match(("where", ("lt", passed, "warm:"), up, "then"), var, {}):
            after = ("maximum", ("sub", passed, one["warm"]), 0.0)
            number = self._number(one["then"])
            then = number if number is not None else self._schedule(one["then"], after)
            return None if then is None else {"warmup": {"epochs": one["warm"] / self.steps(), "then": then}}
        return None

    # -- patterns ---------------------------------------------------------------------------------

    def _number(self, var: Var) -> float | None:
        eqn = self.producer.get(var)
        while eqn is not None and eqn.op in ("cast", "broadcast", "reshape"):
            eqn = self.producer.get(eqn.inputs[0])
        if eqn is None or eqn.op != "constant":
            return None
        value = eqn.param("value")
        return None if isinstance(value, tuple | bool) else float(value)

    def _match(self, pattern: Pattern, var: Var, binds: Binds) -> Iterator[Binds]:
        """Every way in which a variable is of a form, with what the words of the form then are."""
        if isinstance(pattern, float | int):
            number = self._number(var)
            if number is not None and math.isclose(number, pattern, rel_tol=1e-12, abs_tol=1e-300):
                yield binds
            return
        if isinstance(pattern, str):
            yield from self._word(pattern, var, binds)
            return
        eqn = self.producer.get(var)
        while eqn is not None and eqn.op in ("cast", "broadcast") and pattern[0] != eqn.op:
            eqn = self.producer.get(eqn.inputs[0])
        if eqn is None or eqn.op != pattern[0] or len(eqn.inputs) != len(pattern) - 1:
            return
        orders = [eqn.inputs]
        if eqn.op in _SWAPPED:
            orders.append(eqn.inputs[::-1])
        for inputs in orders:
            yield from self._all(list(zip(pattern[1:], inputs, strict=True)), binds)

    def _all(self, pairs: list[tuple[Pattern, Var]], binds: Binds) -> Iterator[Binds]:
        if not pairs:
            yield binds
            return
        for one in self._match(*pairs[0], binds):
            yield from self._all(pairs[1:], one)

    def _word(self, word: str, var: Var, binds: Binds) -> Iterator[Binds]:
        if word in ("t", "dt"):
            if var is CLOCK[word]:
                yield binds
            return
        if not word.endswith(":"):
            if word not in binds:
                yield {**binds, word: var}
            elif binds[word] is var:
                yield binds
            return
        number, name = self._number(var), word[:-1]
        if number is None:
            return
        if name not in binds:
            yield {**binds, name: number}
        elif math.isclose(binds[name], number, rel_tol=1e-12):
            yield binds


def _options(**given: float) -> dict[str, float]:
    found = {name: _neat(value) for name, value in given.items()}
    return {name: int(value) if name == "every" else value for name, value in found.items()}


def _neat(number: float) -> float:
    """A number without what rounding added to it."""
    return float(f"{number:.12g}")
