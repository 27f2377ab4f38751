"""Data in holes: a hole whose outputs the simulate block speaks of is filled by what it says.

What such a hole shows is an input of the whole, named by path (``output.hidden.data.pixels``); what it is
told goes nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Box, Diagram, Initial, State, data_fills, holes

if TYPE_CHECKING:
    from dilsctl.documents import LoadedDocument

MOST_HOLES = 10_000


def fed(document: LoadedDocument, diagram: Diagram) -> Diagram:
    """The diagram of a document with those holes filled that its simulate block gives values to.

    Raises Problem: unknown-port where a name is none of an input or of a hole's output, or of several;
    missing-input where a hole is only partly given.
    """
    given = _given(document)
    if not given or diagram.main.hole or not holes(diagram.main):
        return diagram
    names = sources(document, diagram)
    paths = {path.rpartition(".")[0] for name, path in names.items() if name not in diagram.main.inputs}
    main = diagram.main
    for path in paths:
        main = _filled(main, path.split("."), path, set(names.values()), given)
    return replace(diagram, main=main)


def filled(diagram: Diagram) -> Diagram:
    """The diagram with every hole filled by data, whatever the document says."""
    main = diagram.main
    outputs = hole_outputs(main)
    for path in dict.fromkeys(one.rpartition(".")[0] for one in outputs):
        main = _filled(main, path.split("."), path, set(outputs), {})
    return replace(diagram, main=main)


def sources(document: LoadedDocument, diagram: Diagram) -> dict[str, str]:
    """For each name that the simulate block gives a value to the input of the whole that it means: one of the
    main box, or the output of a hole by path. Of a diagram with holes, or filled already."""
    found: dict[str, str] = {}
    main, outputs = diagram.main, hole_outputs(diagram.main)
    for name, span in _given(document).items():
        if name in main.inputs:
            found[name] = name
            continue
        paths = [path for path in outputs if path == name or path.rpartition(".")[2] == name]
        if len(paths) == 1:
            found[name] = paths[0]
        elif paths:
            message = f"'{name}' is shown by several holes: {', '.join(paths[:4])}"
            raise Problem.of("unknown-port", message, span, help="name it by its whole path")
        else:
            help = did_you_mean(name, [*main.inputs, *outputs])
            message = f"the main box has no input '{name}', and no hole in it shows one"
            raise Problem.of("unknown-port", message, span, help=help)
    return found


def _given(document: LoadedDocument) -> dict[str, SourceSpan]:
    """The names that the simulate block gives values to, and where."""
    simulate: Any = document.root.get("simulate") or {}
    found: dict[str, SourceSpan] = {}
    data: Any = simulate.get("data") or {}
    blocks: list[Any] = [data.get("inputs") or {}, simulate.get("inputs") or {}]
    for block in blocks:
        found |= {name: block.key_span(name) for name in block}
    return found


def hole_outputs(main: Box) -> list[str]:
    """The outputs of holes, and of those that are filled by data, by path."""
    found: list[str] = []
    holding = _holding(main)
    stack: list[tuple[str, Box]] = [("", main)]
    while stack:
        path, box = stack.pop()
        for name, child in box.children.items():
            many = child.count is not None and len(child.boxes) > 1
            for number, inside in enumerate(child.boxes):
                where = f"{path}{name}[{number}]" if many else f"{path}{name}"
                if _is_source(inside):
                    found += [f"{where}.{port}" for port in inside.outputs]
                elif inside in holding:
                    stack.append((f"{where}.", inside))
        if len(found) > MOST_HOLES:
            message = f"more than {MOST_HOLES} holes; data can't be given to so many"
            raise Problem.of("too-large", message, main.span)
    return found


def _is_source(box: Box) -> bool:
    return box.hole or data_fills(box)


def _holding(main: Box) -> set[Box]:
    """The boxes that have holes somewhere inside."""
    known: dict[Box, bool] = {}
    stack = [main]
    while stack:
        box = stack[-1]
        inside = [one for child in box.children.values() for one in child.boxes]
        waiting = [one for one in inside if one not in known]
        if waiting:
            stack.extend(waiting)
            continue
        known[box] = _is_source(box) or any(known[one] for one in inside)
        stack.pop()
    return {box for box, holds in known.items() if holds}


def _filled(box: Box, steps: Sequence[str], path: str, wanted: set[str], given: dict[str, SourceSpan]) -> Box:
    """The box with the hole at the end of some steps filled."""
    if not steps:
        missing = [name for name in box.outputs if f"{path}.{name}" not in wanted]
        if missing:
            span = next(iter(given.values()))
            message = f"nothing is said of '{missing[0]}', which the hole '{path}' shows as well"
            help = "give all that the hole shows, or fill it by dilsctl compose"
            raise Problem.of("missing-input", message, span, help=help)
        states = {
            name: State(name, port.type, Initial(), None, port.span, port.var, source=True)
            for name, port in box.outputs.items()
        }
        return replace(
            box, hole=False, states=states, readout={name: one.var for name, one in states.items()}
        )
    name, bracket, rest = steps[0].partition("[")
    child = box.children[name]
    number = int(rest[:-1]) if bracket else 0
    boxes = list(child.boxes)
    boxes[number] = _filled(boxes[number], steps[1:], path, wanted, given)
    return replace(box, children={**box.children, name: replace(child, boxes=tuple(boxes))})
