"""Parameter sweeps: many values of a parameter or of an initial state, as runs side by side."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dilsctl.diagnostics import Problem, SourceFile, SourceSpan
from dilsctl.trace import Array

MOST_RUNS = 1_000_000


@dataclass(frozen=True, slots=True)
class Sweep:
    """Values of one name: ``params.NAME``, or the path of a state."""

    name: str
    values: tuple[float, ...]


def parse_sweep(text: str) -> Sweep:
    """Read ``params.beta=0.1:0.9:50`` or ``params.beta=0.1,0.5,0.9``. Raises Problem: bad-override."""
    name, equals, tail = text.partition("=")
    file = SourceFile("--sweep", text)
    where = SourceSpan(file, len(name) + 1 if equals else 0, max(len(text), 1))
    try:
        if not name.strip() or not equals:
            raise ValueError
        if ":" in tail:
            low, high, number = tail.split(":")
            count = int(number)
            if not 1 <= count <= 1_000_000:
                raise ValueError
            values = tuple(np.linspace(float(low), float(high), count).tolist())
        else:
            values = tuple(float(one) for one in tail.split(","))
        if not np.isfinite(values).all():
            raise ValueError
    except ValueError:
        help = "write NAME=FROM:TO:N or NAME=A,B,C, as in params.beta=0.1:0.9:50"
        raise Problem.of("bad-override", f"'{text}' is no sweep", where, help=help) from None
    return Sweep(name.strip(), values)


def columns_of(sweeps: Sequence[Sweep], runs: int) -> dict[str, Array]:
    """For each name its value in every run: all combinations, the last name moving fastest, each ``runs``
    times."""
    names = [one.name for one in sweeps]
    if len(set(names)) < len(names):
        raise Problem.of("bad-override", f"the same name is swept twice: {', '.join(names)}")
    total = runs * math.prod(len(one.values) for one in sweeps)
    if total > MOST_RUNS:
        help = "fewer values, or fewer runs"
        raise Problem.of("too-large", f"{total} runs; at most {MOST_RUNS} can be", help=help)
    rows = list(itertools.product(*(one.values for one in sweeps)))
    table = np.repeat(np.array(rows, float).reshape(len(rows), len(sweeps)), runs, axis=0)
    return {one.name: table[:, number] for number, one in enumerate(sweeps)}


def joined(parts: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Arrays of several simulations, their runs side by side."""
    return {name: np.concatenate([one[name] for one in parts], axis=-1) for name in parts[0]}
