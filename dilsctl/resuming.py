"""Going on with a run: is it still the same one, and putting its states back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.checkpoints import Checkpoint, Position
from dilsctl.diagnostics import Problem

Array = npt.NDArray[Any]

_MOST = 5


def check_same_run(then: Position, now: Position, learner: Any, checkpoint: Checkpoint) -> list[str]:
    """Raise Problem: run-changed where a run can't go on as it was. Returns what is worth telling.

    Whether the diagram's text is the same is for ``RunFolder.check_diagram`` to say, which knows it.
    """
    differ = _differences("state", checkpoint.states, learner.states)
    differ += _differences("array of the optimiser", checkpoint.moments, learner.moments)
    for name in ("seed", "batch"):
        if getattr(then, name) != getattr(now, name):
            differ.append(f"the {name} was {getattr(then, name)}, and now is {getattr(now, name)}")
    if then.data and now.data and then.data != now.data:
        differ.append("the data file has changed")
    if differ:
        message = "the run can't go on, because it is no longer the same: " + "; ".join(differ[:_MOST])
        if len(differ) > _MOST:
            message += f"; and {len(differ) - _MOST} differences more"
        raise Problem.of("run-changed", message, help="put it back as it was, or start a new run")
    notes = []
    bits = "results may differ in their last bits"
    if then.plan != now.plan:
        notes.append(f"the diagram is compiled to another plan than before: {bits}")
    for name, value in now.environment.items():
        if name in then.environment and then.environment[name] != value:
            was = then.environment[name] or "not set"
            notes.append(f"{name} was {was}, and now is {value}: {bits}")
    return notes


def _differences(what: str, then: Mapping[str, Array], now: Mapping[str, Array]) -> list[str]:
    found = []
    for name in sorted({*then, *now}):
        if name not in then:
            found.append(f"{what} '{name}' is new")
        elif name not in now:
            found.append(f"{what} '{name}' is gone")
        elif then[name].shape != now[name].shape:
            found.append(
                f"{what} '{name}' had the shape {_shape(then[name])}, and now has {_shape(now[name])}"
            )
        elif then[name].dtype != now[name].dtype:
            found.append(f"{what} '{name}' was {then[name].dtype}, and now is {now[name].dtype}")
    return found


def _shape(array: Array) -> str:
    return " x ".join(map(str, array.shape)) or "scalar"


def restore(learner: Any, checkpoint: Checkpoint) -> None:
    """Put the states and the optimiser's arrays back. Those must fit: see ``check_same_run``."""
    for live, kept in ((learner.states, checkpoint.states), (learner.moments, checkpoint.moments)):
        for name, value in kept.items():
            np.copyto(live[name], value)


def restore_states(learner: Any, checkpoint: Checkpoint) -> None:
    """Put the states alone back, for a learner that measures or predicts. Raises Problem: run-changed."""
    differ = _differences("state", checkpoint.states, learner.states)
    if differ:
        message = "the checkpoint is of another diagram: " + "; ".join(differ[:_MOST])
        raise Problem.of("run-changed", message)
    for name, value in checkpoint.states.items():
        np.copyto(learner.states[name], value)
