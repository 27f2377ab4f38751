"""Where each value of a program lives: lifetimes, sharing, and values written straight into their place.

All is decided before anything runs. A *root* is one allocation. A view shares its source's root; the pieces
of an ``assemble`` are written into the assembled array; an elementwise result may take the place of an input
that is read for the last time; the rest reuse the memory of roots that are no longer needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from dilsctl.engine.kernels import VIEWS, Array, dtype_of
from dilsctl.engine.kernels.slicing import physical_index
from dilsctl.ir import Eqn, Program, Var
from dilsctl.operations.table import OPERATIONS

_ALIGN = 64


def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """An uninitialised array that begins on a cache line."""
    dtype = np.dtype(dtype)
    size = prod(shape) * dtype.itemsize
    raw = np.empty(size + _ALIGN, np.uint8)
    start = -raw.ctypes.data % _ALIGN
    found: Array = raw[start : start + size].view(dtype).reshape(shape)
    return found


@dataclass(slots=True)
class Pool:
    """Memory of dead values, by size. ``total`` counts the bytes ever asked of the system."""

    free: dict[int, list[Array]] = field(default_factory=dict)
    total: int = 0

    def take(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[Array, Array]:
        """(an array of the shape, the raw bytes behind it)."""
        size = -(-max(prod(shape) * dtype.itemsize, 1) // _ALIGN) * _ALIGN
        kept = self.free.get(size)
        if kept:
            raw = kept.pop()
        else:
            raw = aligned((size,), np.uint8)
            self.total += size
        return raw[: prod(shape) * dtype.itemsize].view(dtype).reshape(shape), raw

    def give(self, raw: Array) -> None:
        self.free.setdefault(raw.nbytes, []).append(raw)


@dataclass(slots=True)
class Root:
    """One allocation, and the last equation that reads it."""

    last: int = -1
    raw: Array | None = None
    kept: bool = False  # never given back: inputs, states, outputs, constants
    own: bool = False  # kept for one value alone: what is written once stays written


class Memory:
    """Gives every Var of a program its physical array, in the order of its equations."""

    def __init__(
        self,
        program: Program,
        batch: int,
        real: np.dtype[Any],
        states: dict[Var, Array],
        *,
        rows_first: frozenset[str] = frozenset(),
    ) -> None:
        self.program = program
        self.batch = batch
        self.real = real
        self.pool = Pool()
        self.array: dict[Var, Array] = {}
        self.root: dict[Var, Root] = {}
        self.placed: dict[Var, tuple[Var, Callable[[Array], Array | None]]] = {}
        self.states = set(program.states)
        self.reach: dict[Var, int] = {}  # the last read of a state, through views of it
        self.producer = {out: i for i, eqn in enumerate(program.eqns) for out in eqn.outputs}
        self.static = self._static()
        self.last_read = self._last_reads()
        for name, var in program.inputs.items():
            shape = var.shape
            if var.batched and name in rows_first:
                self._keep(var, np.moveaxis(np.zeros((batch, *shape), self.dtype(var)), 0, -1))
            else:
                self._keep(var, np.zeros(self.physical(var), self.dtype(var)))
        for var in program.states:
            self._keep(var, states[var])
        self._place_updates()
        self._place_pieces()

    # -- facts ------------------------------------------------------------------------------------

    def dtype(self, var: Var) -> np.dtype[Any]:
        return dtype_of(var.type.kind, self.real)

    def physical(self, var: Var) -> tuple[int, ...]:
        """Shape of the Var's array."""
        return (*var.shape, self.batch) if var.batched else var.shape

    def _static(self) -> set[Var]:
        """Values that depend on constants only: computed once, when the program is bound."""
        static: set[Var] = set()
        for eqn in self.program.eqns:
            if not eqn.op.startswith("random_") and all(one in static for one in eqn.inputs):
                static.update(eqn.outputs)
        return static

    def _last_reads(self) -> dict[Var, int]:
        last: dict[Var, int] = {}
        for i, eqn in enumerate(self.program.eqns):
            for one in eqn.inputs:
                last[one] = i
        end = len(self.program.eqns)
        for one in (*self.program.outputs.values(), *self.program.updates.values()):
            last[one] = end
        return last

    def _keep(self, var: Var, array: Array) -> None:
        self.array[var] = array
        self.root[var] = Root(kept=True)

    # -- placing ----------------------------------------------------------------------------------

    def _place_updates(self) -> None:
        """A state's new value is written over the old one, where nothing reads the old one afterwards."""
        reach = self.reach
        views: dict[Var, Var] = {}
        for i, eqn in enumerate(self.program.eqns):
            for one in eqn.inputs:
                base = views.get(one, one)
                reach[base] = i
            if eqn.op in VIEWS and len(eqn.inputs) == 1:
                views[eqn.outputs[0]] = views.get(eqn.inputs[0], eqn.inputs[0])
        for state, new in self.program.updates.items():
            base = views.get(new, new)
            if base is not state:  # another state takes its value when all equations are done
                reach[base] = len(self.program.eqns)
        taken: set[Var] = set()
        for state, new in self.program.updates.items():
            at = self.producer.get(new)
            if at is None or new in taken or new in self.static or self.dtype(new) != self.dtype(state):
                continue
            eqn = self.program.eqns[at]
            safe = OPERATIONS[eqn.op].elementwise and all(
                one.shape == new.shape for one in eqn.inputs if views.get(one, one) is state
            )
            if reach.get(state, -1) < at or (reach.get(state) == at and safe):
                taken.add(new)
                self.placed[new] = (state, lambda whole: whole)

    def _place_pieces(self) -> None:
        """Pieces of an assembled array are computed in place."""
        for eqn in reversed(self.program.eqns):
            if eqn.op != "assemble" or eqn.outputs[0] in self.static:
                continue
            (out,) = eqn.outputs
            after = self._old_until(out)
            for piece, index in zip(eqn.inputs, eqn.param("index"), strict=True):
                if self.producer.get(piece, -1) <= after or piece.batched != out.batched:
                    continue
                if self.dtype(piece) != self.dtype(out):
                    continue
                where = physical_index(index, out.batched)
                self._place(piece, out, lambda whole, where=where: whole[where])  # type: ignore[misc]

    def _old_until(self, var: Var) -> int:
        """Where ``var`` is (part of) a state's new value: the last equation that reads the old one."""
        while var in self.placed:
            var = self.placed[var][0]
        return self.reach.get(var, -1) if var in self.states else -1

    def _place(self, piece: Var, parent: Var, part: Callable[[Array], Array | None]) -> None:
        at = self.producer.get(piece)
        if at is None or piece in self.placed or piece in self.static or piece in self.array:
            return
        eqn = self.program.eqns[at]
        if eqn.op == "reshape":
            (source,) = eqn.inputs
            shape = self.physical(source)

            def reshaped(whole: Array) -> Array | None:
                found = part(whole)
                if found is None:
                    return None
                again = found.reshape(shape)
                return again if np.may_share_memory(again, found) else None

            self._place(source, parent, reshaped)
            return
        if eqn.op in VIEWS:
            return
        self.placed[piece] = (parent, part)

    # -- giving out arrays ------------------------------------------------------------------------

    def output(self, at: int, eqn: Eqn, var: Var) -> Array:
        """The array that equation ``at`` writes ``var`` into."""
        if var in self.array:  # its pieces came first
            return self.array[var]
        placed = self._in_place(var)
        if placed is not None:
            return placed
        if OPERATIONS[eqn.op].elementwise and var not in self.static:
            for one in eqn.inputs:
                root = self.root[one]
                same = self.array[one].shape == self.physical(var) and self.array[one].dtype == self.dtype(
                    var
                )
                owns = root.raw is not None and root.raw.nbytes - self.array[one].nbytes < _ALIGN
                alone = all(
                    self.root[two] is not root or self.array[two] is self.array[one] for two in eqn.inputs
                )
                if same and owns and alone and not root.kept and root.last <= at and self._private(one):
                    self.array[var] = self.array[one]
                    self.root[var] = root
                    self._extend(var)
                    return self.array[one]
        return self._fresh(var, self.last_read.get(var, at))

    def _private(self, var: Var) -> bool:
        flags = self.array[var].flags
        return flags.c_contiguous and flags.writeable and var not in self.static

    def _in_place(self, var: Var) -> Array | None:
        """The part of another array that ``var`` is computed in, where there is one."""
        if var not in self.placed:
            return None
        parent, part = self.placed[var]
        whole = self.array.get(parent)
        if whole is None:
            whole = self._in_place(parent)
        if whole is None:
            whole = self._fresh(parent, self.last_read.get(parent, len(self.program.eqns)))
        found = part(whole)
        if found is None or found.shape != self.physical(var):
            return None
        self.array[var] = found
        self.root[var] = self.root[parent]
        self._extend(var)
        return found

    def _fresh(self, var: Var, last: int) -> Array:
        root = Root(last=last)
        if var in self.static or self._holds_static(var) or last >= len(self.program.eqns):
            root.kept = root.own = True
            self.array[var] = aligned(self.physical(var), self.dtype(var))
            self.pool.total += self.array[var].nbytes
        else:
            self.array[var], root.raw = self.pool.take(self.physical(var), self.dtype(var))
        self.root[var] = root
        return self.array[var]

    def _holds_static(self, var: Var) -> bool:
        """Is part of this array written only once, when the program is bound?"""
        eqn = self.program.eqns[self.producer[var]]
        return eqn.op == "assemble" and any(one in self.static for one in eqn.inputs)

    def share(self, var: Var, source: Var, array: Array) -> None:
        """``var`` is a view of ``source``."""
        self.array[var] = array
        self.root[var] = self.root[source]
        self._extend(var)

    def _extend(self, var: Var) -> None:
        root = self.root[var]
        root.last = max(root.last, self.last_read.get(var, -1))

    def release(self, at: int, eqn: Eqn) -> None:
        """Give back the memory of what equation ``at`` was the last to read."""
        for one in (*eqn.inputs, *eqn.outputs):
            root = self.root[one]
            if not root.kept and root.raw is not None and root.last <= at:
                self.pool.give(root.raw)
                root.raw, root.kept = None, True
