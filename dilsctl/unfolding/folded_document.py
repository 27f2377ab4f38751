"""The document of a folded diagram, and the check that unfolding it gives the diagram that was folded."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dilsctl.course import Course
from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.diagram import Diagram
from dilsctl.documents import LoadedDocument
from dilsctl.dump import dump
from dilsctl.feeding import filled, hole_outputs, sources
from dilsctl.flat_document import moved, plain
from dilsctl.ir import Type
from dilsctl.recursion import deep_calls
from dilsctl.siblings import WirePlaces
from dilsctl.unfolding.fold import Folded, fold
from dilsctl.unfolding.nested import Place, wire_span
from dilsctl.unfolding.same import Names, differences

if TYPE_CHECKING:
    from dilsctl.loaded import LoadedDiagram

Going = Callable[[int | None], Course]


def checked_fold(
    document: LoadedDocument,
    diagram: Diagram,
    course: Going,
    again: Callable[[str], LoadedDiagram],
    folder: Path | None = None,
    sampled: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The document of a folded diagram, which unfolds to that diagram. ``again`` reads a text as a diagram;
    ``sampled`` is called where only numbers show that; for the rest see ``folded_document``. Raises Problem:
    not-folded."""
    found = folded_document(document, diagram, course, folder)
    folded = found.folded
    try:
        unfolded = again(dump(found.document)).unfold()
    except Problem as problem:  # its place is one in the folded file, which nobody sees
        message = f"the network that this would be can't be: {problem.diagnostics[0].message}"
        raise Problem.of("not-folded", message, diagram.main.span) from None
    other = again(dump(unfolded.document)).whole
    assert other is not None
    states = {_path(place): unfolded.states[path] for place, path in folded.states.items()}
    for place, mine in folded.moments.items():
        theirs = unfolded.moments[folded.states[place]]
        states |= {_path(one): there for one, there in zip(mine, theirs, strict=True)}
    told = {path.rpartition(".")[2]: path for path in hole_outputs(other.main)}
    inputs = {_path(place): told[name] for place, name in folded.inputs.items() if name in told}
    inputs |= {name: name for name in diagram.main.inputs}
    outputs = {name: name for name in diagram.main.outputs if name in other.main.outputs}
    shown = {_path(place): unfolded.wires[port] for place, port in folded.wires.items()}
    differ = differences(filled(diagram), filled(other), Names(states, inputs, outputs, shown), sampled)
    if differ:
        raise complaint(diagram, differ)
    return found.document


def _path(place: Place) -> str:
    return f"{place[0]}.{place[1]}" if place[0] else place[1]


@dataclass(frozen=True, slots=True)
class FoldedDocument:
    """A folded diagram as a ``document``, and how its parts were called."""

    document: dict[str, Any]
    folded: Folded


def folded_document(
    document: LoadedDocument, diagram: Diagram, course: Going, folder: Path | None = None
) -> FoldedDocument:
    """The document whose main box is ``diagram``, the main box of ``document`` with its holes, folded.

    course: gives how it is simulated, for so many ticks if not for as many as it says. folder: where the
    new file will be, if not beside the old one. Raises Problem: not-folded.
    """
    with deep_calls():
        folded = fold(diagram, lambda: _steps(course(1)))
    root: Any = plain(document.root)
    name = str(root.get("name") or diagram.name).removesuffix("-unfolded")
    found: dict[str, Any] = {"dils": 1, "name": name}
    found["doc"] = f"{name}, folded from its interaction diagram."
    found["define"] = folded.define
    found["main"] = folded.main
    found["train"] = moved(
        _train(document, diagram, root.get("simulate") or {}, folded, course), _own(document), folder
    )
    return FoldedDocument(found, folded)


def _own(document: LoadedDocument) -> Path:
    return document.path.parent if document.path is not None else Path()


def _train(
    document: LoadedDocument, diagram: Diagram, simulate: Any, folded: Folded, course: Going
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    data = dict(simulate.get("data") or {})
    if data:
        names = {name: _renamed(path, folded) for name, path in sources(document, diagram).items()}
        given = data.pop("inputs")
        targets = {name: one for name, one in given.items() if name in diagram.main.inputs}
        data["inputs"] = {names[name]: one for name, one in given.items() if name not in targets}
        if targets:
            data["targets"] = targets
        if data.get("standardise"):
            every = list(names) if data["standardise"] is True else data["standardise"]
            data["standardise"] = [names.get(one, one) for one in every if one not in targets]
        if data.get("scale"):
            data["scale"] = {names.get(one, one): by for one, by in data["scale"].items()}
        order = ("file", "inputs", "targets", "scale", "standardise", "split")
        found["data"] = {
            key: data[key] for key in (*order, *data) if key in data and key not in ("shuffle", "part")
        }
    else:
        main = diagram.main.inputs
        holes = {folded.inputs[place]: type for place, type in folded.types.items()}
        found["data"] = {"inputs": {name: _columns(name, type) for name, type in holes.items()}}
        if main:
            found["data"]["targets"] = {name: _columns(name, port.type) for name, port in main.items()}
    if folded.loss:
        found["loss"] = folded.loss
    if folded.metrics:
        found["metrics"] = folded.metrics
    found["optimiser"] = folded.optimiser
    if folded.decay:
        found["decay"] = folded.decay
    found |= _passes(document, simulate, course)
    if not data.get("shuffle", False):
        found["shuffle"] = False
    if data.get("part", "train") != "train":
        message = f"it goes over the part '{data['part']}': only what goes over 'train' is a training"
        span = document.span("simulate", "data", "part")
        raise Problem.of("not-folded", message, span, help="take 'part' out")
    found["precision"] = simulate.get("precision", "float64")
    return found


def _passes(document: LoadedDocument, simulate: Any, course: Going) -> dict[str, Any]:
    """The batch, epochs and seed of a training that goes over the rows as the simulation does."""
    found = {key: simulate[key] for key in ("batch", "epochs", "seed") if simulate.get(key) is not None}
    if not simulate.get("data"):
        return found
    found = {"batch": 1, **found}
    if simulate.get("until") is None:
        return found
    whole = course(None)
    steps = _steps(whole)
    epochs, rest = divmod(whole.ticks, steps)
    if rest or not epochs or (epochs > 1 and whole.batches is None):
        message = f"it ends after {whole.ticks} ticks, and once over the rows takes {steps}"
        say = f"simulate: {{epochs: {epochs + bool(rest)}, batch: {found['batch']}}}"
        help = f"a training is of whole epochs: {say}"
        span = document.span("simulate", *(["until"] if "until" in simulate else []))
        raise Problem.of("not-folded", message, span, help=help)
    return found | {"epochs": epochs}


def _steps(course: Course) -> int:
    """The ticks of an epoch."""
    if course.batches is not None:
        return course.batches.steps
    return len(next(iter(course.given.values()), [0]))


def _columns(name: str, type: Type) -> str:
    """The columns that a table would have, where nothing names any."""
    return f"{name}0..{name}{type.size - 1}" if type.shape else name


def _renamed(path: str, folded: Folded) -> str:
    place = path.rpartition(".")
    return folded.inputs.get((place[0], place[2]), path)


def complaint(diagram: Diagram, differ: dict[str, float | None]) -> Problem:
    """What to raise where unfolding does not give back the diagram: what differs, the outermost first, and
    what a box is told before what comes of it."""
    first, *others = sorted(differ, key=lambda one: (one.count("."), not one.startswith("d ")))
    told, path, times = first.startswith("d "), first.removeprefix("d "), differ[first]
    if times is not None and math.isnan(times):
        what = f"what '{path}' is told" if told else f"'{path}'"
        message = f"{what} can't be compared: at no random states that were tried was it a finite number"
        return Problem.of("not-folded", message, _span(diagram, path, told))
    if told:
        much = "is not" if times is None else f"is {times:.4g} times"
        message = f"what '{path}' is told {much} what the reverse pass of the network says"
    elif path in diagram.main.outputs:
        message = f"'{path}' does not show what the network does"
    else:
        message = f"'{path}' does not move as its optimiser says"
    if others:
        names = list(dict.fromkeys(one.removeprefix("d ") for one in others))
        more = f", and {len(names) - 5} more" if len(names) > 5 else ""
        verb = "differ" if len(names) > 1 else "differs"
        message += f"; {', '.join(names[:5])}{more} {verb} too"
    help = "only what unfold could have written can be folded"
    if told and times is not None and path.count(".") == 1:
        help = "the loss that is shown and what is told must belong together: scale both, or the rates"
    return Problem.of("not-folded", message, _span(diagram, path, told), help=help)


def _span(diagram: Diagram, path: str, told: bool) -> SourceSpan | None:
    """Where a law, a port, or the wire that answers it is written."""
    around = box = diagram.main
    *steps, last = path.split(".")
    for step in steps:
        if step in box.children:
            around, box = box, box.children[step].box
    if told:
        port = next((one.name for one in box.inputs.values() if one.feedback == last), "")
        return wire_span(around, steps[-1], port) or box.span
    for law in box.laws:
        if law.target.name == last and law.span is not None:
            return law.span
    if not steps and last in box.outputs:
        wires = WirePlaces(box).wires.get((None, last), [])
        return wires[0].span if wires else box.outputs[last].span
    return box.span
