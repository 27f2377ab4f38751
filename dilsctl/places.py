"""Where the boxes on a path are used, for findings about what is deep inside a diagram."""

from __future__ import annotations

import re

from dilsctl.diagnostics import Label, Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Box, Child

_STEP = re.compile(r"([^\[\]]+)(?:\[(\d{1,9})\])?")


def box_at(box: Box, step: str, called: str) -> Box:
    """The interior box that one step of a path leads to: ``name``, or ``name[k]`` of an array. called: what
    the box around is called where there is none. Raises Problem: unknown-box."""
    parts = _STEP.fullmatch(step)
    child = box.children.get(parts[1]) if parts is not None else None
    if parts is None or child is None:
        help = did_you_mean(step.partition("[")[0], list(box.children))
        raise Problem.of("unknown-box", f"'{called}' has no interior box '{step}'", box.span, help=help)
    if parts[2] is None:
        return child.box
    if child.count is None or int(parts[2]) >= child.count:
        many = f"has {child.count} boxes" if child.count is not None else "is one box, not an array"
        help = f"they are counted from 0: {parts[1]}[0]" if child.count else f"leave out [{parts[2]}]"
        raise Problem.of("unknown-box", f"there is no '{step}': '{parts[1]}' {many}", child.span, help=help)
    return child.boxes[int(parts[2]) % len(child.boxes)]


def children_on(main: Box, path: str) -> list[Child]:
    """The interior boxes on a path like ``a.b[2].state``; its last step may be a state or a port."""
    found: list[Child] = []
    box = main
    for step in path.split("."):
        name, _, number = step.partition("[")
        child = box.children.get(name)
        if child is None:
            break
        found.append(child)
        at = int(number.rstrip("]")) if number else 0
        box = child.boxes[at if at < len(child.boxes) else 0]
    return found


def use_labels(main: Box, path: str) -> list[Label]:
    """Where the boxes on a path are used, the innermost first."""
    found = [Label(one.span, f"used here as '{one.name}'") for one in children_on(main, path) if one.span]
    return found[::-1]


def nearest(spans: list[SourceSpan], main: Box) -> SourceSpan | None:
    """The first of these places that is in the main box's own file, or else the first."""
    file = main.span.file if main.span is not None else None
    return next((one for one in spans if one.file is file), spans[0] if spans else None)
