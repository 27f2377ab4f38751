"""Algebraic loops as findings: every port on the way, in order of flow, and the wires that lead there."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from dilsctl.diagnostics import MOST_LABELS, Diagnostic, Label, Problem, Report, SourceSpan, shown_circle
from dilsctl.diagram import Box
from dilsctl.elaborate.wires import Key, Wire, WireTexts, read_wires
from dilsctl.elaborate.wiring import region

Passed = tuple[str, tuple[int, ...]]  # a port's path, and the place of the element where it is one of several

_HELP = "take one of these wires out, or compute its value from what does not depend on it"


@dataclass(frozen=True, slots=True)
class _Stop:
    """A port on a loop. ``depth``: how many boxes it is inside of; ``wires``: what drives it."""

    name: str
    depth: int
    wires: tuple[SourceSpan, ...]


def loop_finding(main: Box, ports: Sequence[Passed]) -> Diagnostic:
    """The finding ``algebraic-loop``. ``ports`` are those on the loop, in order of flow.

    The story begins at the outermost wire, the first of these in the file.
    """
    stops = [_stop(main, path, place) for path, place in dict.fromkeys(ports)]
    if not stops:
        message = "these boxes depend on one another within one tick"
        return Diagnostic("algebraic-loop", message, Label(main.span) if main.span else None, help=_HELP)
    first = min(range(len(stops)), key=lambda i: _order(stops[i]))
    stops = stops[first:] + stops[:first]
    circle = shown_circle([one.name for one in stops])
    message = f"these ports depend on one another within one tick: {circle}"
    told: dict[SourceSpan, list[str]] = {}
    for one in stops:
        for span in one.wires:
            told.setdefault(span, []).append(one.name)
    labels = [Label(span, ", ".join(dict.fromkeys(names))) for span, names in told.items()]
    if not labels:
        return Diagnostic("algebraic-loop", message, Label(main.span) if main.span else None, help=_HELP)
    return Diagnostic("algebraic-loop", message, labels[0], tuple(labels[1:MOST_LABELS]), _HELP)


def _order(stop: _Stop) -> tuple[int, int, str]:
    return stop.depth, min((span.start for span in stop.wires), default=0), stop.name


def _stop(main: Box, path: str, place: tuple[int, ...]) -> _Stop:
    """The port at a path of interior boxes; ``place`` has a number for each counted box, then of the port."""
    *steps, port = path.split(".")
    around, inside = main, main
    shown = []
    rest = list(place)
    child = None
    for step in steps:
        name, _, number = step.partition("[")
        around, child = inside, inside.children[name]
        element = int(number.rstrip("]")) if number else rest.pop(0) if child.count and rest else None
        shown.append(name if element is None else f"{name}[{element}]")
        inside = child.boxes[element if element is not None and element < len(child.boxes) else 0]
    text = ".".join([*shown, port]) + (f"[{', '.join(map(str, rest))}]" if rest else "")
    if child is None:
        return _Stop(text, 0, ())
    if port in inside.inputs:
        elements = place[len(place) - len(rest) - 1 :] if child.count and place else tuple(rest)
        count = (child.count,) if child.count else ()
        wires = _driving(around, (child.name, port), elements, (*count, *inside.inputs[port].type.shape))
        return _Stop(text, len(steps) - 1, wires)
    shape = inside.outputs[port].type.shape
    return _Stop(text, len(steps), _driving(inside, (None, port), tuple(rest), shape))


def _driving(box: Box, key: Key, place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[SourceSpan, ...]:
    """The wires of a box that drive an element of a target."""
    if box.written is None:
        return ()
    wires = read_wires(WireTexts(box.written), Report(), lambda key: None)
    return tuple(one.span for one in wires if one.key == key and _covers(one, place, shape))


def _covers(wire: Wire, place: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """May a wire drive the element at ``place``? Only an index of plain numbers tells that it does not."""
    items = [*wire.target[1], *wire.target[3]]
    if wire.target[3] and not wire.target[1] and wire.target[0] is not None and len(shape) > len(items):
        return True
    try:
        index = region(tuple(_number(one) for one in items), shape, wire.span)
    except (Problem, ValueError):
        return True
    return all(
        at in range(*one) if isinstance(one, tuple) else at == one
        for at, one in zip(place, index, strict=False)
    )


def _number(item: ast.expr | int | None) -> int | slice | None:
    """An index as written, where it is made of plain numbers. Raises ValueError."""
    if item is None or isinstance(item, int):
        return item
    if isinstance(item, ast.Slice):
        return slice(*(_number(one) for one in (item.lower, item.upper, item.step)))
    value = ast.literal_eval(item)
    if not isinstance(value, int):
        raise ValueError
    return value
