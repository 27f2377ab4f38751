"""The arrays that live on: states by path, as views of what the programs work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dilsctl.engine.kernels import Array, dtype_of
from dilsctl.engine.kernels.initial import initial
from dilsctl.engine.memory import aligned
from dilsctl.ir import Index, Slot, Var
from dilsctl.lower import FlatState, source_of
from dilsctl.passes.descend import Group, own_states


def numpy_index(index: Index) -> tuple[Any, ...]:
    """An index of leading axes, for NumPy; it gives a view even of a single element."""
    return (*(one if isinstance(one, int) else slice(*one) for one in index), ...)


def state_views(slots: Mapping[str, Slot], arrays: Mapping[Var, Array]) -> dict[str, Array]:
    """For each state path a live view of its part of a state array."""
    return {path: arrays[slot.var][numpy_index(slot.index)] for path, slot in slots.items()}


def allocate(variables: tuple[Var, ...], real: Any) -> dict[Var, Array]:
    """A zero array for each state Var."""
    found = {}
    for var in variables:
        found[var] = aligned(var.shape, dtype_of(var.type.kind, np.dtype(real)))
        found[var].fill(0)
    return found


def allocate_groups(groups: Sequence[Group], real: Any) -> tuple[dict[Var, Array], dict[str, Array]]:
    """Arrays of what is learned: (the flat states, the moments, and each learned state as a view of them; the
    moments by name)."""
    arrays = allocate(own_states(groups), real)
    moments = {}
    for i, group in enumerate(groups):
        if group.moments is not None:
            moments[f"method{i}"] = arrays[group.moments]
        for state, offset in group.offsets.items():
            flat = arrays[group.parameter][offset : offset + state.type.size]
            arrays[state] = flat.reshape(state.shape)
    return arrays, moments


def initialise(
    views: Mapping[str, Array],
    states: Mapping[str, FlatState],
    seed: int,
    known: Mapping[str, Array] | None = None,
) -> None:
    """Give every state its initial value. A draw depends on the seed, the path and the element only.
    ``known``: all states, where only some are to begin."""
    late = {}
    for path, view in views.items():
        flat = states[path]
        if flat.state.initial.rule == "state":
            late[path] = view
        elif flat.state.initial.rule:
            view[...] = drawn(flat, seed)
        else:
            view[...] = np.asarray(flat.state.initial.value, view.dtype)
    for path, view in late.items():
        view[...] = (known or views)[source_of(states[path])]


def drawn(flat: FlatState, seed: int, run: int = 0) -> Array:
    """What a state with a rule begins with; runs side by side draw each its own."""
    first, path, stacks = flat.state.initial, flat.path, len(flat.lead)
    if first.drawn is not None:
        own = path[: len(path) - len(flat.state.name)]
        path = first.drawn[0][1:] if first.drawn[0].startswith("/") else own + first.drawn[0]
        stacks += first.drawn[1]
    path = f"{path}#{run}" if run else path
    return initial(first.rule, first.arguments, flat.var.type, seed, path, stacks)
