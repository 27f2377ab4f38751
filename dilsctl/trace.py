"""What a simulation gives: the recorded values over time, for one run or for several side by side.

Runs are the last axis of every array, as batches are elsewhere. A sweep says which value of each swept
parameter belongs to which run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.diagnostics import Problem, did_you_mean
from dilsctl.ir import Type

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The records of a simulation.

    times: (T,). values: by port or state path, (T, *shape, runs), in the order in which they are to be shown.
    types: of the same names. sweep: by parameter, (runs,); empty if nothing was swept. final: the states at
    the end, by path, for whoever goes on from there. Raises ValueError if the shapes do not agree.
    """

    times: Array
    values: Mapping[str, Array]
    types: Mapping[str, Type]
    runs: int = 1
    sweep: Mapping[str, Array] = field(default_factory=dict)
    final: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, array in self.values.items():
            wanted = (len(self.times), *self.types[name].shape, self.runs)
            if array.shape != wanted:
                raise ValueError(f"'{name}' has shape {array.shape}, and {wanted} was expected")
        for name, array in self.sweep.items():
            if array.shape != (self.runs,):
                raise ValueError(f"'{name}' has shape {array.shape}, and {(self.runs,)} was expected")

    @property
    def several(self) -> bool:
        """Whether runs are to be told apart: there are more than one, or something was swept."""
        return self.runs > 1 or bool(self.sweep)


def element_names(name: str, shape: tuple[int, ...]) -> Iterator[str]:
    """``place`` for a number; ``place[0]`` … or ``place[0,0]`` … for the elements of an array."""
    if not shape:
        yield name
        return
    for index in np.ndindex(shape):
        yield f"{name}[{','.join(map(str, index))}]"


def elements(trace: Trace, name: str) -> Array:
    """A value with its elements in a row: (T, elements, runs)."""
    return trace.values[name].reshape(len(trace.times), trace.types[name].size, trace.runs)


def columns(trace: Trace) -> dict[str, Array]:
    """Every element of every value as a column (T, runs), by heading. Views, no copies."""
    found: dict[str, Array] = {}
    for name in trace.values:
        flat = elements(trace, name)
        for at, heading in enumerate(element_names(name, trace.types[name].shape)):
            found[heading] = flat[:, at]
    return found


def percentiles(values: Array, at: tuple[float, ...], axis: int) -> Array:
    """Percentiles over an axis, one row each. NaN where one of the values is NaN."""
    with np.errstate(invalid="ignore"):  # inf - inf
        found: Array = np.percentile(values.astype(float), at, axis=axis)
    return found


def column(trace: Trace, text: str) -> Array:
    """The column (T, runs) of a recorded number, ``rabbits`` or ``place[0]``.

    Raises Problem: unknown-column.
    """
    name, at = find_element(trace.types, text)
    return elements(trace, name)[:, at]


def find_element(types: Mapping[str, Type], text: str) -> tuple[str, int]:
    """The value that a number is of, and which of its elements it is, in a row.

    types: of what is recorded. Raises Problem: unknown-column.
    """
    heading = text.replace(" ", "")
    for name, type in types.items():
        if not heading.startswith(name):
            continue
        for at, one in enumerate(element_names(name, type.shape)):
            if one == heading:
                return name, at
        if heading == name:
            message = f"'{name}' is an array, '{type}', and one number is wanted"
            first = next(element_names(name, type.shape), "")
            raise Problem.of("unknown-column", message, help=f"name one of its elements, as '{first}'")
    known = f"recorded: {', '.join(list(types)[:20])}"
    more = f"{known}; an output or a state is, if simulate: {{record: [{text}, …]}} names it"
    help = did_you_mean(heading.partition("[")[0], types) or more
    raise Problem.of("unknown-column", f"there is no recorded number '{text}'", help=help)
