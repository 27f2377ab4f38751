"""The document of an unfolded diagram: its managers as definitions, and a simulation that goes over the data
as training does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dilsctl.diagnostics import Problem
from dilsctl.diagram import Diagram
from dilsctl.documents import LoadedDocument
from dilsctl.flat_document import moved, plain
from dilsctl.ir import Params
from dilsctl.learning.methods import Method, method_of
from dilsctl.objective import read_objective
from dilsctl.recursion import deep_calls
from dilsctl.unfolding.cut import cut
from dilsctl.unfolding.descent import Length
from dilsctl.unfolding.levels import Manager, free, managers, nest
from dilsctl.unfolding.write import Border, Plan, Shown, Writing, hole_body


@dataclass(frozen=True, slots=True)
class Unfolded:
    """An unfolded diagram as a ``document``. ``states``: for each state of the original, by path, its path
    there; ``moments``: the paths of those that its optimiser keeps; ``wires``: for each output of a box, by
    path, that of the manager that shows it."""

    document: dict[str, Any]
    states: dict[str, str]
    moments: dict[str, list[str]]
    wires: dict[str, str]


def unfolded_document(
    document: LoadedDocument,
    diagram: Diagram,
    *,
    length: Callable[[], Length],
    folder: Path | None = None,
) -> Unfolded:
    """The document whose main box is ``diagram``, the main box of ``document``, unfolded.

    length: finds how long training is, where a rate depends on it. folder: where the new file will be, if
    not beside the old one. Raises Problem: not-unfolded, and those of flattening.
    """
    with deep_calls():
        return _unfolded(document, diagram, length, folder)


def _unfolded(
    document: LoadedDocument, diagram: Diagram, length: Callable[[], Length], folder: Path | None
) -> Unfolded:
    train = document.document.train
    if train is not None:
        _refuse_training(document)
    objective = read_objective(document.root)
    divided = cut(diagram, objective)
    root = nest(divided)
    optimiser, decay = (train.optimiser, train.decay) if train is not None else ("adam", 0.0)

    def method(options: Params) -> Method:
        return method_of(optimiser, decay, dict(options))

    plan = Plan.of(divided, method, length)
    used = {one.name for one in managers(root)}
    root.name = free(diagram.main.name or "network", used)
    outputs: dict[str, Shown] = {}
    ports = {name[5:]: var for name, var in divided.ends.items() if name.startswith("port.")}
    for name, var in ports.items():
        outputs[name] = Shown(var)
    taken = {*outputs, *divided.targets, *(one.name for one in root.inside)}
    outputs[free("loss", taken)] = Shown(divided.ends["loss"], True)
    for name, var in divided.ends.items():
        if name.startswith("metric."):
            outputs[free(name[7:], taken)] = Shown(var, True)
    bodies: dict[str, Any] = {}
    holes: dict[str, Any] = {}
    borders: dict[Manager, Border] = {}
    states: dict[str, str] = {}
    moments: dict[str, list[str]] = {}
    wires: dict[str, str] = {}
    paths = {root: ""}
    for one in managers(root):
        paths |= {inside: f"{paths[one]}{inside.name}." for inside in one.inside}
    for one in reversed(managers(root)):
        if one.hole:
            holes[one.name], borders[one] = hole_body(one, plan)
            continue
        writing = Writing(one, {inside: borders[inside] for inside in one.inside}, plan)
        inputs = {name: str(var.type) for name, var in divided.targets.items()} if one.root else {}
        body = bodies[one.name] = writing.run(inputs, outputs if one.root else {})
        if "boxes" in body:
            body["boxes"] = {name: holes.get(name, name) for name in body["boxes"]}
        borders[one] = writing.border
        for wire in one.own:
            wires[f"{wire.box}.{wire.port}"] = f"{paths[one]}{writing.border.shows[wire]}"
        for var in one.states:
            own = divided.states[var].path
            states[own] = f"{paths[one]}{writing.names[var]}"
            kept = [name for name, of in writing.moments.items() if of == writing.names[var]]
            moments[own] = [f"{paths[one]}{name}" for name in kept]
    found: dict[str, Any] = {"dils": 1}
    name = document.document.name or diagram.name
    found["name"] = f"{name}-unfolded"
    found["doc"] = f"{name}, unfolded: to simulate this is to train it. One tick is one batch."
    found["define"] = dict(reversed(bodies.items()))
    found["main"] = root.name
    if train is not None:
        found["simulate"] = _simulated(document, diagram, folder)
    return Unfolded(found, states, moments, wires)


def _refuse_training(document: LoadedDocument) -> None:
    """What of a train block has no place in an unfolded diagram."""
    train = document.document.train
    assert train is not None
    if train.ticks != 1:
        message = "episodes of many ticks can't be unfolded: one tick is one step of training"
        help = "train for one tick: ticks: 1"
        raise Problem.of("not-unfolded", message, document.span("train", "ticks"), help=help)
    if train.clip is not None:
        message = "a limit of the whole gradient can't be unfolded: no level sees all of it"
        raise Problem.of("not-unfolded", message, document.span("train", "clip"), help="take 'clip' out")


def _simulated(document: LoadedDocument, diagram: Diagram, folder: Path | None) -> dict[str, Any]:
    """The simulate block that goes over the data as the train block says."""
    train: Any = plain(document.root["train"])
    block = document.document.train
    assert block is not None
    own = document.path.parent if document.path is not None else Path()
    found: dict[str, Any] = {}
    if isinstance(train.get("data"), dict) and "file" in train["data"]:
        found |= {"epochs": block.epochs, "batch": block.batch}
        data = {key: one for key, one in train["data"].items() if key != "targets"}
        data["inputs"] = {**data.get("inputs", {}), **train["data"].get("targets", {})}
        if data.get("standardise") is True:
            inputs = diagram.main.inputs
            data["standardise"] = [
                name for name in data["inputs"] if name in inputs and inputs[name].type.kind == "real"
            ]
        if block.shuffle:
            data["shuffle"] = True
        found["data"] = data
    found["precision"] = block.precision
    if block.seed:
        found["seed"] = block.seed
    return dict(moved(found, own, folder))
