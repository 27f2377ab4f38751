"""Which element of its inputs an element of an equation is, where the equation only moves values."""

from __future__ import annotations

import numpy as np

from dilsctl.ir import Eqn, Var

from .instances import Place

ALONG_AXES = {
    *("sum", "mean", "prod", "max", "min", "any", "all", "logsumexp"),
    *("argmax", "argmin", "argsort", "softmax", "log_softmax"),
}


def moved(eqn: Eqn, place: Place) -> tuple[int, Place] | None:
    """For an equation that only moves values: (which input, which of its elements) is at ``place``."""
    out = eqn.outputs[0]
    if eqn.op == "assemble":
        for number, index in enumerate(eqn.param("index")):
            lead = len(place) - len(index)
            source: list[int] = list(place[:lead])
            for at, entry in zip(place[lead:], index, strict=True):
                inside = range(entry, entry + 1) if isinstance(entry, int) else range(*entry)
                if at not in inside:
                    break
                if not isinstance(entry, int):
                    source.append(inside.index(at))
            else:
                return number, tuple(source)
        raise AssertionError("an element that no part covers")
    if eqn.op == "constant" or not eqn.inputs:
        return None
    x = eqn.inputs[0]
    if eqn.op == "slice":
        index = eqn.param("index")
        rest = iter(place[x.rank - len(index) :])
        part = [entry if isinstance(entry, int) else range(*entry)[next(rest)] for entry in index]
        return 0, (*place[: x.rank - len(index)], *part)
    if eqn.op == "broadcast":
        return 0, aligned(x, place)
    if eqn.op == "reshape":
        if not out.type.size:
            return None
        flat = int(np.ravel_multi_index(place, out.shape)) if place else 0
        return 0, tuple(int(one) for one in np.unravel_index(flat, x.shape)) if x.shape else ()
    if eqn.op == "transpose":
        perm = eqn.param("perm")
        lead = x.rank - len(perm)
        found = list(place)
        for at, axis in zip(place[lead:], perm, strict=True):
            found[x.rank + axis] = at
        return 0, tuple(found)
    if eqn.op == "gather":
        indices, axis = np.asarray(eqn.param("indices")), x.rank + eqn.param("axis")
        number = int(indices[place[axis : axis + indices.ndim]])
        return 0, (*place[:axis], number, *place[axis + indices.ndim :])
    if eqn.op == "roll":
        axis = x.rank + eqn.param("axis")
        number = (place[axis] - eqn.param("shift")) % x.shape[axis]
        return 0, (*place[:axis], number, *place[axis + 1 :])
    return None


def aligned(var: Var, place: Place) -> Place:
    """The element of an operand that broadcasting brings to ``place``."""
    own = place[len(place) - var.rank :]
    return tuple(0 if length == 1 else at for length, at in zip(var.shape, own, strict=True))
