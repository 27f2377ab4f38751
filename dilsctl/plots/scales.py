"""From numbers to places on paper: scales, linear or logarithmic, and the ticks that people can read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dilsctl.trace import Array

_DECADES = 2  # that positive numbers span before a logarithm is taken
_NOISE = 1e-12
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Scale:
    """From ``low`` to ``high``. whole: only whole numbers are marked. names: of the marks, where they have
    any; then ``marks`` says where they are."""

    low: float
    high: float
    log: bool = False
    whole: bool = False
    marks: tuple[float, ...] = ()
    names: tuple[str, ...] = ()

    def at(self, values: Array | float) -> Array:
        """Where numbers lie, 0 to 1; NaN for what is not finite, or has no logarithm."""
        found = np.asarray(values, float)
        low, high = self.low, self.high
        with np.errstate(all="ignore"):
            if self.log:
                found, low, high = np.log10(found), math.log10(low), math.log10(high)
            places = (found / 2 - low / 2) / (high / 2 - low / 2)  # halves: their difference is finite
        return np.where(np.isfinite(places), places, np.nan)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """Where there are marks, at most about so many, and what they say."""
        if self.names:
            return list(zip(self.marks, self.names, strict=True))
        if self.log:
            return _log_ticks(self.low, self.high, most)
        step = _step(self.low, self.high, most)
        if self.whole:
            step = max(1.0, step)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        values = [at * step for at in range(first, min(last, first + 50) + 1)]
        texts = (one.replace("-", "−") for one in _texts(values, step))
        return list(zip(values, texts, strict=True))


def scale_of(
    groups: Iterable[Array], *, log: bool = False, whole: bool = False, pad: float = 0.04, zero: bool = False
) -> Scale:
    """A scale on which all finite numbers have room. log: take logarithms if they are positive and span more
    than two decades. zero: it begins at zero."""
    lows, highs = [], []
    for values in groups:
        finite = values[np.isfinite(values)]
        if finite.size:
            lows.append(float(finite.min()))
            highs.append(float(finite.max()))
    if not lows:
        return Scale(0.0, 1.0, whole=whole)
    low, high = min(lows), max(highs)
    if log and low > 0 and high / low > 10**_DECADES:
        room = (high / low) ** pad
        return Scale(max(low / room, 5e-324), min(high * room, 1e308), True)
    if zero:
        low = min(low, 0.0)
    if high / 2 - low / 2 <= _NOISE * max(abs(low), abs(high)):  # equal up to rounding
        room = 0.5 if whole else abs(low) * 0.05 or 0.5
        return Scale(low - room, high + room, whole=whole)
    room = (high / 2 - low / 2) * 2 * pad
    low, high = (low if zero and low == 0 else low - room), high + room
    return Scale(max(low, -1e308), min(high, 1e308), whole=whole)


def exact_scale(values: Array, *, whole: bool = False) -> Scale:
    """From the first of these to the last, as times are; around a single one."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return Scale(0.0, 1.0, whole=whole)
    low, high = float(finite.min()), float(finite.max())
    return Scale(low, high, whole=whole) if low < high else Scale(low - 0.5, high + 0.5, whole=whole)


def rows_scale(names: Sequence[str], below: float) -> Scale:
    """Rows of height 1, from the top, each with a name so far below its top."""
    count = len(names)
    marks = tuple(count - below - at for at in range(count))
    return Scale(0.0, float(count), marks=marks, names=tuple(names))


def _step(low: float, high: float, most: int) -> float:
    """1, 2 or 5 times a power of ten, so that there are at most so many steps."""
    least = (high / max(most, 1)) - (low / max(most, 1))
    if not least > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next((power * one for one in (1, 2, 5) if power * one >= least * 0.999), power * 10)


def _log_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, -(-(last - first + 1) // most))
    powers = range(first, last + 1, every)
    factors = (1, 2, 5) if 3 * len(powers) <= most else (1,)
    values = (
        [10.0**power * one for power in range(first - 1, last + 1) for one in factors]
        if len(factors) > 1
        else [10.0**power for power in powers]
    )
    return [(one, _log_text(one)) for one in values if low <= one <= high]


def _log_text(value: float) -> str:
    power = math.floor(math.log10(value) + 1e-9)
    if -4 <= power <= 5:
        return f"{value:,.{max(0, -power)}f}"
    factor = round(value / 10.0**power)
    return ("" if factor == 1 else f"{factor}×") + "10" + str(power).translate(_SUPERSCRIPT)


def _texts(values: Sequence[float], step: float) -> list[str]:
    """Numbers with the digits that tell them apart."""
    largest = max(map(abs, values), default=0.0)
    if largest and not (step >= 1e-4 and largest < 1e7):
        power = math.floor(math.log10(largest) + 1e-9)
        digits = min(max(0, power - math.floor(math.log10(step) + 1e-9)), 12)
        if digits > 8 and largest < 1e7:  # hardly any difference between large numbers
            return [f"{one:,.{min(12, -math.floor(math.log10(step)))}f}" for one in values]
        end = "×10" + str(power).translate(_SUPERSCRIPT)
        factor = 10.0 ** (power / 2)  # in two steps: 10**308 and more has no reciprocal
        return [f"{one / factor / factor:.{digits}f}{end}" if one else "0" for one in values]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    texts = [f"{one:,.{digits}f}" for one in values]
    return ["0" if float(one.replace(",", "")) == 0 and not digits else one for one in texts]
