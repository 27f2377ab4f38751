"""Telling how a training run goes, for those who cannot see a bar: one line an epoch, or one JSON a line.

A display is told ``begin`` once, ``epoch`` after each epoch, and ``end`` once, however the run ends. Values
of an epoch are named by part and measure: ``train.loss``, ``validation.accuracy``. Some displays also want
``step`` now and then within an epoch, and ``note`` for what is worth telling.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol


class Display(Protocol):
    """Somebody who watches a run."""

    def begin(self, epochs: int, done: int = 0) -> None:
        """A run of ``epochs`` epochs begins; ``done`` of them are behind it already."""

    def epoch(self, number: int, values: Mapping[str, float]) -> None:
        """Epoch ``number`` (from 1) is over."""

    def end(self) -> None:
        """The run is over, finished or not."""


class Silent:
    """Watches and says nothing."""

    def begin(self, epochs: int, done: int = 0) -> None:
        pass

    def epoch(self, number: int, values: Mapping[str, float]) -> None:
        pass

    def end(self) -> None:
        pass


class Lines:
    """One plain line an epoch."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write
        self.epochs = 0

    def begin(self, epochs: int, done: int = 0) -> None:
        self.epochs = epochs
        if done:
            self.write(f"resumed after epoch {done}")

    def epoch(self, number: int, values: Mapping[str, float]) -> None:
        at = str(number).rjust(len(str(self.epochs)))
        words = [f"epoch {at}/{self.epochs}"]
        for part, found in by_part(values)[1].items():
            words += [f"{part}.{name} {number_text(value)}" for name, value in found.items()]
        self.write("  ".join(words))

    def note(self, text: str) -> None:
        """Something worth telling."""
        self.write(f"note: {text}")

    def end(self) -> None:
        pass


class JsonLines:
    """One JSON object an epoch."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write

    def begin(self, epochs: int, done: int = 0) -> None:
        pass

    def epoch(self, number: int, values: Mapping[str, float]) -> None:
        told: dict[str, Any] = {
            name: value if math.isfinite(value) else None for name, value in values.items()
        }
        self.write(json.dumps({"event": "epoch", "epoch": number, **told}))

    def note(self, text: str) -> None:
        """Something worth telling."""
        self.write(json.dumps({"event": "note", "text": text}))

    def end(self) -> None:
        pass


def number_text(value: float) -> str:
    """About five digits: 0.1234, 1.0000, 12.346, 1234.6, 1.23e-06."""
    if not math.isfinite(value):
        return str(value)
    if value == 0 or 1e-4 <= abs(value) < 1e5:
        digits = 4 if abs(value) < 10 else 3 if abs(value) < 100 else 2 if abs(value) < 1000 else 1
        return f"{value:.{digits}f}"
    return f"{value:.2e}"


def duration_text(seconds: float) -> str:
    """``48 ms``, ``0.8 s``, ``2 min 05 s``, ``3 h 20 min``."""
    if seconds < 0.1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def by_part(values: Mapping[str, float]) -> tuple[list[str], dict[str, dict[str, float]]]:
    """Flat names as a table: the measures, loss first, and part → measure → value."""
    parts: dict[str, dict[str, float]] = {}
    for name, value in values.items():
        part, _, measure = name.partition(".")
        if measure:
            parts.setdefault(part, {})[measure] = value
    parts = {part: dict(sorted(found.items(), key=_loss_first)) for part, found in parts.items()}
    measures = dict(sorted(((name, 0.0) for found in parts.values() for name in found), key=_loss_first))
    return list(measures), parts


def _loss_first(item: tuple[str, float]) -> bool:
    return item[0] != "loss"


def measures_table(values: Mapping[str, float]) -> tuple[list[str], list[list[str]]]:
    """A header and rows of text: one row a part, one column a measure."""
    measures, parts = by_part(values)
    rows = [
        [part, *(number_text(found[one]) if one in found else "" for one in measures)]
        for part, found in parts.items()
    ]
    return ["", *measures], rows
