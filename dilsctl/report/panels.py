"""What of a trace is drawn, and what goes together: panels of curves, of signals, and fields over time.

Numbers whose ranges are alike share a panel, so that none is a flat line beside another. Truths are signals,
one above the other as a logic analyser shows them; of an ensemble, the share of runs in which they hold. An
array of more than a few elements is a field: its elements by time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dilsctl.ir import Type
from dilsctl.trace import Array, Trace, columns, elements

FEW = 6  # curves of a panel, and elements up to which an array is drawn as curves
FEW_SIGNALS = 16
_ALIKE = 0.1  # the part of a panel's height that each of its curves fills at least


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A number over time. values: (T, runs), or (T, 1) for what is one curve for all runs.

    source: the value that it is of. stepped: it jumps, and has no values between its own.
    """

    name: str
    source: str
    values: Array
    stepped: bool


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves on one pair of axes."""

    curves: tuple[Curve, ...]

    @property
    def title(self) -> str:
        return ", ".join(one.name for one in self.curves)


@dataclass(frozen=True, slots=True)
class Signals:
    """Truths, one above the other."""

    curves: tuple[Curve, ...]

    @property
    def title(self) -> str:
        return ", ".join(one.name for one in self.curves)


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """An array over time, values (T, elements), of one run. ``note`` says which, where there are several."""

    name: str
    type: Type
    values: Array
    note: str

    @property
    def title(self) -> str:
        return f"{self.name}{self.note}"


Panel = Curves | Signals | Field


def panels(trace: Trace) -> list[Panel]:
    """The panels of a trace, in the order of its values."""
    found: list[Panel] = []
    scalars: list[Curve] = []
    signals: list[Curve] = []
    shares: list[Curve] = []
    for name, array in trace.values.items():
        type = trace.types[name]
        truths = type.kind == "bool"
        single = Trace(trace.times, {name: array}, trace.types, trace.runs)
        if not type.size or not len(trace.times):
            continue
        if type.size > (FEW_SIGNALS if truths else FEW):
            found.append(_field(trace, name))
            continue
        curves = [Curve(heading, name, one, jumps(type)) for heading, one in columns(single).items()]
        if trace.runs > 1 and truths and not trace.sweep:
            part = [one.values.mean(axis=1, keepdims=True) for one in curves]
            shares += [
                Curve(f"share {one.name}", name, p, False) for one, p in zip(curves, part, strict=True)
            ]
        elif trace.runs > 1:
            found += [Curves((one,)) for one in curves]
        elif truths:
            signals += curves
        elif type.shape:
            found.append(Curves(tuple(curves)))
        else:
            scalars += curves
    found += [Curves(tuple(one)) for one in grouped(scalars)]
    found += [Curves(tuple(shares[at : at + FEW])) for at in range(0, len(shares), FEW)]
    found += [Signals(tuple(signals[at : at + FEW_SIGNALS])) for at in range(0, len(signals), FEW_SIGNALS)]
    order = {name: at for at, name in enumerate(trace.values)}
    return sorted(found, key=lambda one: order[one.name if isinstance(one, Field) else one.curves[0].source])


def jumps(type: Type) -> bool:
    """Whether a value of this type has none between two of its own."""
    return type.kind not in ("real", "simplex")


def end_of(trace: Trace, panels: Iterable[Panel]) -> float:
    """When a drawing ends. Where something jumps, its last value lasts as long as the one before."""
    first, *others = trace.times[::-1][:2].tolist()
    lasting = any(
        jumps(one.type) if isinstance(one, Field) else any(curve.stepped for curve in one.curves)
        for one in panels
    )
    return float(first + (first - others[0] if others else 1)) if lasting else float(first)


def _field(trace: Trace, name: str) -> Field:
    note = ""
    if trace.several:
        told = [f"{one} = {values[0]:.4g}" for one, values in trace.sweep.items()]
        note = f" ({', '.join([*told, *([f'run 0 of {trace.runs:,}'] if trace.runs > 1 else [])])})"
    return Field(name, trace.types[name], elements(trace, name)[..., 0], note)


def grouped(curves: Iterable[Curve]) -> list[list[Curve]]:
    """Curves that go together, each with the first group that it is like in range."""
    groups: list[list[Curve]] = []
    for curve in curves:
        for group in groups:
            if len(group) < FEW and _alike([*group, curve]):
                group.append(curve)
                break
        else:
            groups.append([curve])
    return groups


def _alike(curves: Sequence[Curve]) -> bool:
    """Whether each can be read: it fills a part of the height, or it is constant and told from zero."""
    ranges = [limits(one.values) for one in curves]
    height = max(high for _, high in ranges) - min(low for low, _ in ranges)
    return all((high - low or abs(low) or height) >= _ALIKE * height for low, high in ranges)


def shown_parameter(trace: Trace) -> str:
    """Of what was swept, the first that really has more than one value; empty if nothing was swept."""
    several = (name for name, values in trace.sweep.items() if len(np.unique(values)) > 1)
    return next(several, next(iter(trace.sweep), ""))


def limits(values: Array) -> tuple[float, float]:
    """The least and the greatest finite value; (0, 0) where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def thinned(times: Array, values: Array, buckets: int) -> tuple[Array, Array]:
    """A curve (T,) with fewer points and the same look: the least and the greatest value of each bucket."""
    length = len(values)
    if length <= 2 * buckets:
        return times, values
    size = -(-length // buckets)
    whole = length // size * size
    blocks = values[:whole].reshape(-1, size)
    start = np.arange(len(blocks)) * size
    chosen = np.concatenate(
        [
            start + blocks.argmin(axis=1),
            start + blocks.argmax(axis=1),
            [0, length - 1],
            *([whole + values[whole:].argmin(), whole + values[whole:].argmax()] if whole < length else []),
        ],
        axis=None,
    )
    chosen = np.unique(chosen)
    return times[chosen], values[chosen]


def steps(times: Array, values: Array, end: float) -> tuple[Array, Array]:
    """The corners of a curve (T,) that keeps each value until the next one, and the last until ``end``."""
    return np.append(np.repeat(times, 2)[1:], end), np.repeat(values, 2)


def chosen_runs(runs: int, most: int) -> Array:
    """At most ``most`` runs, evenly among all; the first and the last are among them."""
    return np.unique(np.linspace(0, runs - 1, min(runs, most)).round().astype(int))
