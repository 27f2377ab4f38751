"""Rows of data for the ticks of a simulation: one a tick, or a batch a tick, over and over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dilsctl.data.splits import Rows, epoch_order
from dilsctl.trace import Array


@dataclass(frozen=True, slots=True, eq=False)
class Batches:
    """``columns``: inputs as arrays (rows, *shape). ``rows``: those that are taken, ``size`` of them a tick;
    the last tick of an epoch may have fewer. With ``shuffle`` every epoch has the order that training with
    this ``seed`` has."""

    columns: Mapping[str, Array]
    rows: Rows
    size: int
    seed: int = 0
    shuffle: bool = False

    @property
    def steps(self) -> int:
        """Ticks an epoch."""
        return -(-len(self.rows) // self.size)

    @property
    def rest(self) -> int:
        """Rows of the last tick of an epoch, where it has fewer; else 0."""
        return len(self.rows) % self.size

    def order(self, epoch: int) -> Rows:
        """The rows in the order of an epoch, counted from 1."""
        return epoch_order(self.rows, self.seed, epoch) if self.shuffle else self.rows


class Feed:
    """The values of a tick, from batches; the order of an epoch is made once."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self._epoch = 0
        self._order: Rows = batches.rows

    def at(self, tick: int) -> dict[str, Array]:
        """Inputs of a tick, (*shape, rows)."""
        batches = self.batches
        epoch, step = divmod(tick, batches.steps)
        if self._epoch != epoch + 1:
            self._epoch, self._order = epoch + 1, batches.order(epoch + 1)
        taken = self._order[step * batches.size : (step + 1) * batches.size]
        return {name: np.moveaxis(values[taken], 0, -1) for name, values in batches.columns.items()}
