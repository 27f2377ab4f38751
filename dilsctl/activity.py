"""How active the boxes of a diagram are: the root mean square of what each shows.

It is taken over some rows of the data, over all elements of its output ports of real numbers, whole numbers,
truth values (0 and 1) and simplices, and over all boxes of an array. Labels of classes have no size, and do
not count. Where rows are episodes, it is of the ticks that answers are of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dilsctl.compile import compile_diagram
from dilsctl.data.dataset import Dataset
from dilsctl.diagnostics import Problem
from dilsctl.diagram import Box, Diagram, Port
from dilsctl.engine.kernels import Array
from dilsctl.engine.learner import Learner
from dilsctl.engine.piecewise import AnyLearner, PiecewiseLearner
from dilsctl.ir import Var
from dilsctl.passes.unroll import LENGTH, Episode

ROWS = 32
MOST_BOXES = 2000
MOST_NUMBERS = 50_000  # that all boxes show for one row
SIZED = ("real", "int", "bool", "simplex")


def rows_of(dataset: Dataset) -> tuple[str, Array]:
    """The rows that activity is measured on: the first of those kept apart, if there are any."""
    part = next((one for one in ("validation", "test") if one in dataset.parts), "train")
    return part, dataset.parts[part][:ROWS]


class Activity:
    """Measures how active boxes are, in a program of its own, for states by path as a learner has them."""

    def __init__(
        self,
        diagram: Diagram,
        episode: Episode | None,
        columns: Mapping[str, Array],
        precision: str,
        seed: int,
    ) -> None:
        """columns: of the rows to measure on, inputs by name, rows first. Raises Problem: too-large."""
        exposed, self.paths = with_all_shown(diagram)
        self.columns = columns
        compiled = compile_diagram(exposed, episode=episode)
        kind = Learner if compiled.pieces is None else PiecewiseLearner
        self.learner = kind(compiled, precision=precision, seed=seed)

    def read(self, states: Mapping[str, Array]) -> dict[str, float]:
        """The activity of every box, by its path."""
        for path, value in self.learner.states.items():
            if path in states:
                value[...] = states[path]
        shown = self.learner.predict(self.columns)
        return {path: _size([shown[port] for port in ports]) for path, ports in self.paths.items()}

    def line(self, epoch: int, states: Mapping[str, Array]) -> dict[str, Any]:
        """What a run folder keeps of it."""
        with np.errstate(all="ignore"):
            found = {path: one for path, one in self.read(states).items() if math.isfinite(one)}
        return {"epoch": epoch, "activity": {path: float(f"{one:.5g}") for path, one in found.items()}}


def activity_of(diagram: Diagram, learner: AnyLearner, dataset: Dataset) -> Activity | None:
    """What measures a diagram that is trained; None where there is too much of it, or nothing."""
    if not diagram.main.children:
        return None
    names = {*diagram.main.inputs, LENGTH}
    rows = rows_of(dataset)[1]
    columns = {name: values[rows] for name, values in dataset.columns.items() if name in names}
    try:
        found = Activity(diagram, learner.compiled.episode, columns, str(learner.real), learner.seed)
    except Problem:  # larger than may be, with all that boxes show
        return None
    return found if found.paths else None


def with_all_shown(diagram: Diagram) -> tuple[Diagram, dict[str, list[str]]]:
    """The diagram with all that its interior boxes show as outputs of the main box, and the names of these
    outputs by the path of the box. Nothing else is changed. Raises Problem: too-large."""
    made: dict[Box, Box] = {}
    stack = [(diagram.main, False)]
    while stack:
        box, ready = stack.pop()
        if box in made:
            continue
        if ready:
            made[box] = _shown_by(box, made)
            continue
        stack.append((box, True))
        stack += [(child.box, False) for child in box.children.values() if len(child.boxes) == 1]
    main = made[diagram.main]
    paths: dict[str, list[str]] = {}
    for name, port in main.outputs.items():
        if "." in name and port.type.kind in SIZED:
            paths.setdefault(name.rpartition(".")[0], []).append(name)
    return Diagram(diagram.name, main, diagram.span), paths


def _shown_by(box: Box, made: Mapping[Box, Box]) -> Box:
    """A box whose outputs are also those of its interior boxes, ``child.port`` for each."""
    if not box.children:
        return box
    children, outputs, readout = {}, dict(box.outputs), dict(box.readout)
    for name, child in box.children.items():
        boxes = child.boxes if len(child.boxes) > 1 else (made[child.box],)
        shown = dict(child.outputs)
        for port, one in boxes[0].outputs.items():
            if port not in shown:
                lead = () if child.count is None else (child.count,)
                shown[port] = Var(one.type.with_shape((*lead, *one.type.shape)))
        children[name] = replace(child, boxes=boxes, outputs=shown)
        for port, var in shown.items():
            outputs[f"{name}.{port}"] = Port(f"{name}.{port}", var.type, None, var)
            readout[f"{name}.{port}"] = var
    total = sum(port.type.size for port in outputs.values())
    if len(outputs) > MOST_BOXES or total > MOST_NUMBERS:
        message = f"all boxes together show {total} numbers at {len(outputs)} ports"
        raise Problem.of("too-large", message, box.span)
    return replace(box, children=children, outputs=outputs, readout=readout)


def _size(values: list[Array]) -> float:
    """The root mean square of some arrays together."""
    flat = [one.ravel().astype(np.float64) for one in values]
    total = sum(float(one @ one) for one in flat)
    return math.sqrt(total / max(1, sum(one.size for one in flat)))
