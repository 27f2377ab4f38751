"""A method: an optimiser with its options, rate and weight decay. What a learned state moves by.

Methods are hashable, so that states which move alike can be put together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dilsctl.diagnostics import Problem, did_you_mean
from dilsctl.ir import Var
from dilsctl.learning.optimisers import OPTIMISERS, Optimiser, Scalars, Vars, emit_decay
from dilsctl.learning.schedules import Rate, choice, rate_of
from dilsctl.operations.table import Builder


@dataclass(frozen=True)
class Method:
    """``decay`` is added to the gradient (L2), but for adamw, whose option ``decay`` acts beside it."""

    name: str
    options: tuple[tuple[str, float], ...]
    rate: Rate
    decay: float = 0.0

    @cached_property
    def optimiser(self) -> Optimiser:
        return OPTIMISERS[self.name]

    @cached_property
    def _given(self) -> dict[str, float]:
        return dict(self.options)

    @property
    def moments(self) -> tuple[str, ...]:
        """Names of the arrays that it keeps between steps."""
        return self.optimiser.moments

    @property
    def scalar_names(self) -> tuple[str, ...]:
        return self.optimiser.scalar_names

    @cached_property
    def scalars(self) -> Scalars:
        """A function of the rate and the step, counted from 1: what the equations take for that step."""
        return self.optimiser.scalars(self._given)

    def emit(
        self, builder: Builder, parameter: Var, gradient: Var, moments: Vars, scalars: Vars
    ) -> tuple[Var, dict[str, Var]]:
        """Emit one step: the new parameter and the new moments. Arrays (n,); scalars () and not batched."""
        gradient = emit_decay(builder, parameter, gradient, self.decay)
        return self.optimiser.emit(builder, self._given, parameter, gradient, moments, scalars)


def method_of(optimiser: Any, decay: float = 0.0, own: Mapping[str, Any] | None = None) -> Method:
    """The method of a ``train`` block, changed by a state's own options (``optimiser``, ``rate``, ``decay``).

    ``optimiser`` is a name, ``{name: options}``, or a model of these. For adamw, a ``decay`` of the train
    block that is not 0 (and one of the state, whatever it is) stands for the option of that name.
    Raises Problem: unknown-optimiser, bad-option, bad-rate.
    """
    own = own or {}
    if own.get("optimiser") is not None:
        optimiser = own["optimiser"]
    try:
        name, given = choice(optimiser)
    except (ValueError, TypeError) as error:
        message = f"an optimiser is a name or {{name: options}}, not {optimiser!r}"
        raise Problem.of("unknown-optimiser", message) from error
    if name not in OPTIMISERS:
        help = did_you_mean(name, OPTIMISERS) or f"the optimisers are {', '.join(OPTIMISERS)}"
        raise Problem.of("unknown-optimiser", f"there is no optimiser '{name}'", help=help)
    found = OPTIMISERS[name]
    rate = given.pop("rate", None)
    rate = own["rate"] if own.get("rate") is not None else found.rate if rate is None else rate
    own_decay = own.get("decay")
    if "decay" in found.options:
        if own_decay is not None or decay:
            given["decay"] = decay if own_decay is None else own_decay
        decay = 0.0
    elif own_decay is not None:
        decay = own_decay
    return Method(name, _options(found, given), rate_of(rate), _checked("decay", decay, False))


def _options(optimiser: Optimiser, given: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    for key in given:
        if key not in optimiser.options:
            known = ["rate", *optimiser.options]
            help = did_you_mean(key, known) or f"it has {', '.join(known)}"
            raise Problem.of("bad-option", f"'{optimiser.name}' has no option '{key}'", help=help)
    return tuple(
        (key, _checked(key, given.get(key, option.default), option.fraction))
        for key, option in optimiser.options.items()
    )


def _checked(name: str, value: Any, fraction: bool) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0 or (fraction and value >= 1):
        wanted = "a number from 0 to 1, and less than 1" if fraction else "a number, and not negative"
        raise Problem.of("bad-option", f"'{name}' must be {wanted}: {value!r}")
    return float(value)
