"""Which elements of what a pattern tells depend on which boxes of an array, where known zeros cut the way.

A pattern may read all boxes of an array at once and yet let each hear only some of them: through a mask, or
through couplings that are zero. To find out, a shadow of the equations is run: numbers above 0 where a value
depends on what is asked about. Products with a zero that is known beforehand give 0; moved values stay as
they are; what a function makes of its arguments depends on all of them, element by element where it works so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from dilsctl.diagram import Box
from dilsctl.engine.bind import bind
from dilsctl.engine.kernels import Array
from dilsctl.ir import REAL, Eqn, Program, Var
from dilsctl.operations.rules import broadcast
from dilsctl.operations.table import OPERATIONS, Builder

MOVES = {"slice", "reshape", "transpose", "broadcast", "assemble", "roll", "copy"}
MOST_ELEMENTS = 20_000_000  # of one shadow; of larger ones it is taken that all depends on all


def influence(box: Box, var: Var, sources: Mapping[Var, Array], zero: Collection[Var] = ()) -> Array | None:
    """Whether each element of ``var`` depends on each of several things, bool (*shape, things).

    sources: variables of the box, and which of their elements are of which thing, bool (*shape, things).
    zero: states whose values are all zero. None where it would take too much memory to find out.
    """
    count = next(iter(sources.values())).shape[-1]
    shadows = _Shadows(sources, set(zero))
    for eqn in _needed(box, var):
        if any(one.type.size * count > MOST_ELEMENTS for one in eqn.outputs):
            return None
        shadows.add(eqn)
    found = shadows.depends.get(var)
    if found is None:
        return np.zeros((*var.shape, count), bool)
    program = Program(
        {str(number): one for number, one in enumerate(shadows.inputs.values())},
        (),
        {"found": found},
        tuple(shadows.eqns),
    )
    bound = bind(program, count, {}, real=np.float64)
    for number, source in enumerate(shadows.inputs):
        bound.inputs[str(number)][...] = sources[source]
    bound.run()
    return np.asarray(bound.outputs["found"] > 0)


def _needed(box: Box, var: Var) -> list[Eqn]:
    """The equations that a variable needs, in order."""
    wanted, found = {var}, []
    for eqn in reversed(box.eqns):
        if any(out in wanted for out in eqn.outputs):
            wanted.update(eqn.inputs)
            found.append(eqn)
    return found[::-1]


class _Shadows:
    """Equations over the shadows of variables: ``depends``, above 0 where an element depends on what is asked
    about (batched, one example for each), and ``present``, 0 where an element is known to be zero."""

    def __init__(self, sources: Mapping[Var, Array], zero: set[Var]) -> None:
        self.eqns: list[Eqn] = []
        self.builder = Builder(self.eqns)
        self.inputs = {one: Var(REAL.with_shape(one.shape), True) for one in sources}
        self.depends: dict[Var, Var] = dict(self.inputs)
        self.present: dict[Var, Var] = {}
        self.known: set[Var] = set()
        self.zero = zero

    def add(self, eqn: Eqn) -> None:
        """The shadows of an equation's outputs."""
        if all(one in self.known for one in eqn.inputs) and not eqn.op.startswith("random_"):
            self.known.update(eqn.outputs)
            self.eqns.append(eqn)
            return
        reached = [number for number, one in enumerate(eqn.inputs) if one in self.depends]
        for out in eqn.outputs:
            self.present[out] = self._present(eqn, out)
            if reached:
                self.depends[out] = self._depends(eqn, out, reached)

    def _presence(self, var: Var) -> Var:
        """Where a variable may be something else than 0."""
        if var not in self.present:
            builder, shape = self.builder, REAL.with_shape(var.shape)
            if var in self.known:
                there = var
                if var.type.kind != "bool":
                    there = builder.emit("ne", (var, builder.constant(0, REAL)))
                self.present[var] = builder.emit("cast", (there,), kind="real")
            else:
                self.present[var] = builder.constant(0.0 if var in self.zero else 1.0, shape)
        return self.present[var]

    def _present(self, eqn: Eqn, out: Var) -> Var:
        if eqn.op in MOVES:
            return self._moved(eqn, [self._presence(one) for one in eqn.inputs])
        if eqn.op in ("mul", "contract"):
            return self._bounded(self._again(eqn, [self._presence(one) for one in eqn.inputs]))
        return self.builder.constant(1.0, REAL.with_shape(out.shape))

    def _depends(self, eqn: Eqn, out: Var, reached: list[int]) -> Var:
        builder = self.builder
        if eqn.op in MOVES:
            nothing = [builder.constant(0.0, REAL.with_shape(one.shape)) for one in eqn.inputs]
            given = [self.depends.get(one, nothing[number]) for number, one in enumerate(eqn.inputs)]
            return self._moved(eqn, given)
        if eqn.op in ("mul", "contract"):
            parts = []
            for number in reached:
                given = [self._presence(one) for one in eqn.inputs]
                given[number] = self.depends[eqn.inputs[number]]
                parts.append(self._again(eqn, given))
        elif OPERATIONS[eqn.op].elementwise or eqn.op == "cast":
            parts = [self.depends[eqn.inputs[number]] for number in reached]
        else:
            parts = [self._all_of(self.depends[eqn.inputs[number]]) for number in reached]
        total = parts[0]
        for one in parts[1:]:
            total = builder.emit("add", (total, one))
        return broadcast(builder, self._bounded(total), out.shape)

    def _all_of(self, var: Var) -> Var:
        axes = tuple(range(-var.rank, 0))
        return self.builder.emit("sum", (var,), axes=axes) if axes else var

    def _again(self, eqn: Eqn, given: list[Var]) -> Var:
        (found,) = self.builder.again(eqn, given)
        return found

    def _moved(self, eqn: Eqn, given: list[Var]) -> Var:
        params: dict[str, Any] = dict(eqn.params)
        if "type" in params:
            params["type"] = REAL.with_shape(params["type"].shape)
        (found,) = self.builder.emit_all(eqn.op, given, **params)
        return found

    def _bounded(self, var: Var) -> Var:
        """No more than 1, so that long chains do not overflow."""
        return self.builder.emit("minimum", (var, self.builder.constant(1.0, REAL)))
