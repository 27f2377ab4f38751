"""Where the boxes on a path are used, for findings about what is deep inside a diagram."""

from __future__ import annotations

from dilsctl.diagnostics import Label, SourceSpan
from dilsctl.diagram import Box, Child


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
