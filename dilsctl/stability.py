"""When numbers run away: which step of an epoch it was, what was not finite first, and what may help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.diagnostics import Problem

Array = npt.NDArray[Any]

_FAR = 1000.0  # times the loss of the initial states, or times 1


def divergence(loss: float, start: float, epoch: int, rate: float) -> str:
    """What to say about a finite loss that is far above ``start``, that of the initial states; or nothing."""
    if not loss > _FAR * max(abs(start), 1.0):
        return ""
    return (
        f"the loss runs away: it is {loss:.3g} in epoch {epoch}, and was {start:.3g} before training; "
        f"try a smaller rate (it was {rate:.3g}), or bound the gradient with clip: 1.0"
    )


def first_not_finite(arrays: Mapping[str, Array]) -> str:
    """The name of the first array with a NaN or an infinity, or an empty string."""
    for name, value in arrays.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            return name
    return ""


def find_fault(
    learner: Any,
    staged: Any,
    order: Array,
    batch: int,
    rates: Any,
    first_step: int,
    epoch: int,
    before: tuple[Mapping[str, Array], Mapping[str, Array]],
) -> Problem:
    """The error for an epoch that went wrong: it is run again, step by step, from the arrays before it.

    The learner is left as it was before the epoch.
    """
    _put(learner, before)
    rate, largest = float(rates(first_step)), _largest(learner.states)
    found, at_once = "", False
    for number, start in enumerate(range(0, len(order), batch)):
        step = first_step + number
        rate, largest = float(rates(step)), _largest(learner.states)
        loss = learner.run_epoch(staged, order[start : start + batch], batch, rates, step, epoch)
        state = first_not_finite(learner.states)
        if not np.isfinite(loss) or state:
            what = f"the loss is {loss}" if not np.isfinite(loss) else f"the loss was {loss:.6g}"
            after = f", and after it the state '{state}' is not finite" if state else ""
            found, at_once = f"{what} at step {step} (epoch {epoch}){after}", step == 1
            break
    _put(learner, before)
    message = found or f"the loss of epoch {epoch} is not finite, though that of each of its steps is"
    path, size = largest
    if path:
        message += f"; before it, the largest value of all states was {size:.3g}, in '{path}'"
    if at_once:
        help = (
            "it was so from the first step: look for log(0), a division by 0 or sqrt at 0 in the loss, and "
            "for very large values in the data (standardise or scale them)"
        )
    else:
        help = f"try a smaller rate (it was {rate:.3g}), or bound the gradient with clip: 1.0"
    return Problem.of("not-finite", message, help=help)


def _largest(states: Mapping[str, Array]) -> tuple[str, float]:
    """The path of the state with the value of largest size, and that size."""
    best, size = "", -1.0
    for path, value in states.items():
        if value.dtype.kind == "f" and value.size:
            own = float(np.abs(value).max())
            if own > size:
                best, size = path, own
    return best, size


def _put(learner: Any, arrays: tuple[Mapping[str, Array], Mapping[str, Array]]) -> None:
    for live, kept in zip((learner.states, learner.moments), arrays, strict=True):
        for name, value in kept.items():
            live[name][...] = value
