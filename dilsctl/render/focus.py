"""The path of boxes that are opened, and no others."""

from __future__ import annotations

import itertools

from dilsctl.diagnostics import Problem
from dilsctl.diagram import Box
from dilsctl.places import box_at
from dilsctl.render.members import kinds


def opened(main: Box, focus: tuple[str, ...]) -> tuple[str, ...]:
    """The nodes to open: of an array of boxes that are drawn one by one, a member is a node of its own.
    Raises Problem: unknown-box."""
    if not focus:
        return ()
    kind = kinds(main)
    found: list[str] = []
    box = main
    for number, step in enumerate(focus):
        inner = box_at(box, step, ".".join(focus[:number]) or main.name)
        name, bracket, index = step.partition("[")
        boxes = box.children[name].boxes
        found.append(name)
        if any(kind[one] != kind[other] for one, other in itertools.pairwise(boxes)):
            if bracket:
                found.append(bracket + index)
            elif number + 1 < len(focus):
                message = f"'{'.'.join(focus[: number + 1])}' is an array of boxes that differ"
                members = [f"{name}[{at}]" for at in range(len(boxes))][:3]
                help = f"say which of them to open: {', '.join(members)}{', …' if len(boxes) > 3 else ''}"
                raise Problem.of("unknown-box", message, box.children[name].span, help=help)
        box = inner
    return tuple(found)
