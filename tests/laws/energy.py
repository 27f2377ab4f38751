"""The slow, obvious meaning of a potential: an energy is a number, and a gradient is how it changes.

The energy H = Φ + ½ p · M⁻¹ p of a diagram is computed by asking every box for its potentials and masses, and
it is differentiated by differences of five points. So nothing here knows how gradients are computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dilsctl.diagram import Metric
from dilsctl.engine.kernels import Array

from .instances import Instance, lives, part
from .interpreter import Interpreter
from .meaning import Meaning, States, _name

STEP = 1e-3


@dataclass(eq=False)
class Mass:
    """What all boxes together say of a state: a matrix over its elements, and which of them are moved."""

    kind: str
    step: float
    matrix: Array
    moved: Array

    def divide(self, value: Array) -> Array:
        """The value divided by the mass; zero for what is not moved."""
        found = np.zeros(value.size)
        held = self.moved
        found[held] = np.linalg.solve(self.matrix[np.ix_(held, held)], value.ravel()[held])
        return found.reshape(value.shape)


class Energetic(Meaning):
    """A diagram as time goes on, with potentials."""

    def _clocked(self, now: Interpreter) -> States:
        found = super()._clocked(now)
        for path, mass in self._masses(now).items():
            if mass.kind == "descend":
                old = self.states[path]
                slope = self._slope({}, 0, path, kinetic=False)
                found[path] = found.get(path, old) - mass.step * mass.divide(slope)
        return found

    def _rates(self, values: States, at: float) -> States:
        found = super()._rates(values, at)
        for path, mass in self._masses(self._settled({**self.states, **values}, at)).items():
            if mass.kind != "conserve":
                continue
            momentum = f"{path}.momentum"
            moved = mass.moved.reshape(self.states[path].shape)
            found[path] = np.where(moved, self._slope(values, at, momentum), 0.0)
            force = -self._slope(values, at, path)
            found[momentum] = found[momentum] + force if momentum in found else force
        return found

    # -- energy -----------------------------------------------------------------------------------

    def energy(self, values: States, at: float, *, kinetic: bool = True) -> float:
        """The energy of the whole diagram, where some states have other values."""
        states = {**self.states, **values}
        now = self._settled(states, at)
        total = sum(float(now.complete(box, term)) for box in _boxes(now.root) for term in box.box.potentials)
        for path, mass in self._masses(now).items() if kinetic else ():
            if mass.kind == "conserve":
                momentum = states[f"{path}.momentum"]
                total += float(np.sum(momentum * mass.divide(momentum))) / 2
        return total

    def _slope(self, values: States, at: float, path: str, *, kinetic: bool = True) -> Array:
        """How the energy changes with each element of a state."""
        here = np.array({**self.states, **values}[path], float)
        slope = np.zeros(here.shape)
        for place in np.ndindex(here.shape):
            for weight, shift in ((8, 1), (-8, -1), (-1, 2), (1, -2)):
                there = here.copy()
                there[place] += shift * STEP
                slope[place] += weight * self.energy({**values, path: there}, at, kinetic=kinetic)
        return slope / (12 * STEP)

    # -- masses -----------------------------------------------------------------------------------

    def _masses(self, now: Interpreter) -> dict[str, Mass]:
        """The mass or metric of every state that answers the potential."""
        found: dict[str, Mass] = {}
        said: dict[str, Array] = {}
        for box in _boxes(now.root):
            for metric in box.box.metrics:
                path, places = self._places(box, metric)
                size = self.states[path].size
                mass = found.setdefault(
                    path, Mass(metric.kind, metric.step, np.zeros((size, size)), np.zeros(size, bool))
                )
                spoken = said.setdefault(path, np.zeros(size, bool))
                mass.moved[places.ravel()] = True
                if metric.value is None:
                    continue
                spoken[places.ravel()] = True
                value = now.complete(box, metric.value)
                if value.ndim == places.ndim:
                    mass.matrix[places, places] += value
                    continue
                for row in np.ndindex(places.shape[:-1]):
                    mass.matrix[np.ix_(places[row], places[row])] += value[row]
        for path, mass in found.items():
            alone = np.flatnonzero(~said[path])
            mass.matrix[alone, alone] = 1
        return found

    def _places(self, box: Instance, metric: Metric) -> tuple[str, Array]:
        """The state that a metric speaks of, and the numbers of its elements."""
        path, chain = lives(box, _name(box.box, metric.target))
        numbers = np.arange(self.states[path].size).reshape(self.states[path].shape)
        index = tuple(one if isinstance(one, int) else slice(*one) for one in metric.index)
        return path, np.asarray(part(numbers, chain)[(*index, ...)])


def _boxes(root: Instance) -> Iterator[Instance]:
    yield root
    for child in root.all_children():
        yield from _boxes(child)
