"""How strong the wires of a diagram are: the factors with which patterns take what boxes show.

In ``coupling @ cell.s`` or ``softmax(log_trust) @ worker.p`` a value that a box computes of its own state
alone meets what interior boxes show, or what the box is told. That value is the weight of these wires, with
all that is done to it before: a mask, a softmax. Its axes that are as long as an array of boxes on either end
tell wires apart; over the others (components of what is told) the norm is taken. Where no axis is as long as
an array, every number is a wire of its own. A box's modes are weights as well: 1 where the mode holds.

The sign of a wire is that of the sum of its numbers, and the sign of a weight that of their mean, where they
are real numbers; simplices and truth values have none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dilsctl.diagram import Box, Diagram
from dilsctl.engine.bind import Bound, bind
from dilsctl.engine.kernels import Array
from dilsctl.ir import Program, Var
from dilsctl.kind import paths_of
from dilsctl.weighing import MOST_WIRES, Weighing, inner_weights, needed, weighings

MOST_WEIGHTS = 200


@dataclass(frozen=True, slots=True)
class Weight:
    """The weight of some wires of the box at ``path`` (empty for the main box).

    name: of the value, for people. sources, targets: the ports between which the wires go. shape: of the
    strengths. axes: for each of its axes the array of boxes that it counts, with ``->`` before it where the
    wires lead to these boxes and ``<-`` where they come from them; ``mode`` for modes; else empty. signed:
    whether its numbers may be less than 0.
    """

    path: str
    name: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    shape: tuple[int, ...]
    axes: tuple[str, ...]
    signed: bool = False

    @property
    def title(self) -> str:
        """The name with the path of the box."""
        return f"{self.path}.{self.name}" if self.path else self.name

    def wire(self, at: int) -> str:
        """The name of a wire, by its place in a row."""
        place = np.unravel_index(at, self.shape) if self.shape else ()
        ends = {}
        for axis, length in zip(self.axes, place, strict=True):
            ends[axis] = int(length)
        told = [f"{axis[2:]}[{number}]" for axis, number in ends.items() if axis.startswith("->")]
        heard = [f"{axis[2:]}[{number}]" for axis, number in ends.items() if axis.startswith("<-")]
        if len(self.axes) == 2 and len(told) == len(heard) == 1:
            return f"{heard[0]} -> {told[0]}"
        if len(self.axes) == 1 and (told or heard):
            return heard[0] if heard else f"-> {told[0]}"
        if self.axes[-1:] == ("mode",):
            return self.targets[ends["mode"]]
        return f"{self.name}[{','.join(str(int(one)) for one in place)}]" if place else self.name

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "path": self.path,
            "name": self.name,
            "sources": list(self.sources),
            "targets": list(self.targets),
            "shape": list(self.shape),
            "axes": list(self.axes),
            "signed": self.signed,
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Weight:
        """What ``facts`` wrote."""
        return cls(
            str(facts["path"]), str(facts["name"]), tuple(facts["sources"]), tuple(facts["targets"]),
            tuple(int(one) for one in facts["shape"]), tuple(facts["axes"]),
            bool(facts.get("signed")),
        )  # fmt: skip


class Gauge:
    """Measures the wires of a diagram from its states.

    ``weights``: what is measured. ``read`` takes states by path, as a learner or a record has them.
    """

    def __init__(self, diagram: Diagram) -> None:
        self.weights: list[Weight] = []
        self._meters: list[_Meter] = []
        for box, paths in paths_of(diagram.main).items():
            if not box.children and not box.modes:
                continue
            for found in weighings(box):
                for path in paths:
                    meter = _Meter(path, box, found, _lead(diagram.main, path))
                    if math.prod(meter.weight.shape) > MOST_WIRES:
                        continue
                    if len(self.weights) >= MOST_WEIGHTS:
                        return
                    while any(one.title == meter.weight.title for one in self.weights):
                        meter.weight = replace(meter.weight, name=f"{meter.weight.name}'")
                    self.weights.append(meter.weight)
                    self._meters.append(meter)

    @property
    def states(self) -> set[str]:
        """The paths of the states that it reads."""
        return {path for meter in self._meters for path in meter.paths.values()}

    def line(self, epoch: int, states: Mapping[str, Array]) -> dict[str, Any]:
        """What a run folder keeps of them: of those with a sign also the sign of each, and the mean."""
        with np.errstate(all="ignore"):
            found = {meter.weight: meter.measure(states) for meter in self._known(states)}
        signed = {weight.title: one for weight, one in found.items() if weight.signed}
        return {
            "epoch": epoch,
            "strengths": {
                weight.title: [float(f"{value:.5g}") for value in one.strengths]
                for weight, one in found.items()
            },
            "signs": {
                title: "".join("+" if value > 0 else "-" if value < 0 else "0" for value in one.sums)
                for title, one in signed.items()
            },
            "means": {title: float(f"{one.mean:.5g}") for title, one in signed.items()},
        }

    def read(self, states: Mapping[str, Array]) -> dict[str, Array]:
        """The strength of every wire, by the weight's title; flat. What lacks a state is left out."""
        return {meter.weight.title: meter.measure(states).strengths for meter in self._known(states)}

    def _known(self, states: Mapping[str, Array]) -> list[_Meter]:
        return [one for one in self._meters if all(path in states for path in one.paths.values())]


def unwatched(diagram: Diagram) -> list[str]:
    """The weights within boxes that have no interior boxes, by path: no gauge reads them."""
    found = []
    for box, paths in paths_of(diagram.main).items():
        names = inner_weights(box)
        found += [f"{path}{name}" for path in paths for name in names]
    return sorted(found)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A weight's numbers: for each wire the norm of its own (or the one that it has, without its sign), their
    sum, and the mean of all."""

    strengths: Array
    sums: Array
    mean: float


class _Meter:
    """Computes one weight of the box at one path."""

    def __init__(self, path: str, box: Box, found: Weighing, lead: tuple[int, ...]) -> None:
        self.kept, self.vars, self.lead = found.kept, found.vars, lead
        self.paths = {var: f"{path}{name}" for var, name in found.reads.items()}
        self.weight = Weight(
            path.rstrip("."), found.name, found.sources, found.targets,
            (*lead, *found.shape), (*[""] * len(lead), *found.axes),
            found.axes[-1:] != ("mode",) and found.vars[0].type.kind == "real",
        )  # fmt: skip
        self.program = Program(
            {},
            tuple(found.reads),
            {str(n): var for n, var in enumerate(found.vars)},
            needed(box, found.vars),
        )
        self.bound: Bound | None = None
        self.arrays: dict[Var, Array] = {}

    def measure(self, states: Mapping[str, Array]) -> Measured:
        if self.bound is None:
            from dilsctl.engine.kernels import dtype_of

            real = np.dtype(np.float64)
            self.arrays = {
                var: np.zeros(var.shape, dtype_of(var.type.kind, real)) for var in self.program.states
            }
            self.bound = bind(self.program, 1, self.arrays, real=real)
        values = [self._one(states, place) for place in np.ndindex(self.lead)]
        rest = tuple(axis for axis in range(values[0].ndim) if axis not in self.kept)
        return Measured(
            np.array([_strengths(one, rest) for one in values]).ravel(),
            np.array([one.sum(axis=rest) for one in values]).ravel(),
            float(np.mean(values)),
        )

    def _one(self, states: Mapping[str, Array], place: tuple[int, ...]) -> Array:
        """The numbers of one element, where the box is in arrays of boxes."""
        assert self.bound is not None
        for var, array in self.arrays.items():
            array[...] = np.asarray(states[self.paths[var]])[place]
        self.bound.run()
        values = [np.asarray(self.bound.outputs[str(n)], float) for n in range(len(self.vars))]
        return np.array(values if self.weight.axes[-1:] == ("mode",) else values[0], float)


def _lead(main: Box, path: str) -> tuple[int, ...]:
    """The lengths of the arrays of equal boxes on the way to a path."""
    box, found = main, []
    for step in path.split(".")[:-1]:
        name, _, number = step.partition("[")
        child = box.children[name]
        if number:
            box = child.boxes[int(number.rstrip("]"))]
        else:
            box = child.box
            if child.count is not None:
                found.append(child.count)
    return tuple(found)


def _strengths(value: Array, rest: tuple[int, ...]) -> Array:
    """Norms over the axes that do not tell wires apart."""
    return np.abs(value) if not rest else np.sqrt(np.square(value).sum(axis=rest))
