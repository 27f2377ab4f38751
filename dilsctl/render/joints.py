"""On which side of a box its shared variables are drawn: boxes and variables are put in a row, so that lines
run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dilsctl.diagram import Box, Child
from dilsctl.render.grouping import as_written
from dilsctl.render.picture import Side

if TYPE_CHECKING:
    from dilsctl.render.outline import Sides


class Joints:
    """The order in which the interior boxes of a box and the variables that they share are met, from the
    first box on."""

    def __init__(self, box: Box) -> None:
        self.place: dict[tuple[str, str], int] = {}
        self.variable: dict[tuple[str, str], str] = {}
        of_child: dict[str, list[str]] = {}
        of_variable: dict[str, list[str]] = {}
        for link in box.links:
            self.variable[link.child, link.port] = link.variable
            of_child.setdefault(link.child, []).append(link.variable)
            of_variable.setdefault(link.variable, []).append(link.child)
        for first in (name for name in as_written(box) if name in of_child):
            queue = [("box", first)]
            for kind, name in queue:
                if (kind, name) in self.place:
                    continue
                self.place[kind, name] = len(self.place)
                if kind == "box":
                    queue += [("variable", one) for one in of_child[name]]
                else:
                    queue += [("box", one) for one in of_variable[name]]


def sides_of(joints: Joints, child: Child) -> Sides:
    """For each shared variable of an interior box, its side there."""
    found: list[Side | None] = []
    for name in child.box.shared:
        variable = joints.variable.get((child.name, name))
        before = variable is not None and joints.place["variable", variable] < joints.place["box", child.name]
        found.append("left" if before else "right")
    return tuple(found)
