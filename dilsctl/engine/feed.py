"""Batches: rows of staged data, gathered many batches at a time and copied in one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from dilsctl.engine.kernels import Array
from dilsctl.ir import Program, Var

CHUNK_BYTES = 1 << 21


@dataclass(frozen=True, slots=True, eq=False)
class Staged:
    """A data set as the programs take it: for each input all rows, rows first. ``weights``: how much each row
    counts in means, where that differs: a piece of one long episode by its ticks."""

    arrays: dict[str, Array]
    rows: int
    weights: Array | None = None


@dataclass(slots=True, eq=False)
class Feed:
    """One input of a bound program. ``source`` has all rows, rows first; ``into`` is the bound array, whose
    memory holds rows first if ``rows_first``, else the batch last."""

    source: Array
    into: Array
    rows_first: bool
    _gathered: dict[int, tuple[Array, Array]] = field(default_factory=dict)

    @property
    def target(self) -> Array:
        """The bound array as batches are copied into it: in the order of its memory."""
        return np.moveaxis(self.into, -1, 0) if self.rows_first else self.into

    def batches(self, rows: Array, size: int) -> Array:
        """The batches of ``rows``, one after the other, each in the layout of the target."""
        count = len(rows) // size
        shape = self.source.shape[1:]
        if count not in self._gathered:
            taken = np.empty((len(rows), *shape), self.source.dtype)
            laid = taken.reshape(count, size, *shape)
            if not self.rows_first:
                laid = np.empty((count, *shape, size), self.source.dtype)
            self._gathered[count] = (taken, laid)
        taken, laid = self._gathered[count]
        np.take(self.source, rows, 0, taken, "clip")
        if not self.rows_first:
            np.copyto(laid, np.moveaxis(taken.reshape(count, size, *shape), 1, -1))
        return laid


def in_batches(feeds: Sequence[Feed], rows: Array, size: int) -> Iterator[tuple[Any, ...]]:
    """For each batch of ``size`` rows: (its rows, (bound array, values) for each feed).

    The number of rows is a multiple of ``size``. Values are valid until the next batch is asked for.
    """
    bytes_each = sum(prod(feed.source.shape[1:]) * feed.source.itemsize for feed in feeds) * size
    many = max(1, CHUNK_BYTES // max(bytes_each, 1))
    targets = [feed.target for feed in feeds]
    for start in range(0, len(rows), many * size):
        part = rows[start : start + many * size]
        blocks = [feed.batches(part, size) for feed in feeds]
        for k in range(len(part) // size):
            yield (
                part[k * size : (k + 1) * size],
                *((into, block[k]) for into, block in zip(targets, blocks, strict=True)),
            )


def read_by_products(program: Program) -> frozenset[str]:
    """Inputs that only products read lie rows first: then taking a batch copies whole rows."""
    names: dict[Var, str] = {var: name for name, var in program.inputs.items()}
    fits = dict.fromkeys(names.values(), True)
    for eqn in program.eqns:
        for one in eqn.inputs:
            if one in names and eqn.op != "contract":
                fits[names[one]] = False
    for var in program.outputs.values():
        if var in names:
            fits[names[var]] = False
    return frozenset(name for name, good in fits.items() if good)
