"""Level by level, what elkjs makes of the graphs that dilsctl lays out: crossings and bends of both, counted
alike.

elkjs is the layered layout of the Eclipse Layout Kernel, in JavaScript. It needs node and npm; the package is
put into a folder of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from dilsctl.render.layout import Level, Placed
from dilsctl.render.layout.graph import LEFT, RIGHT

VERSION = "0.12.1"
OPTIONS = {
    "elk.algorithm": "layered",
    "elk.direction": "RIGHT",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.layered.spacing.nodeNodeBetweenLayers": "36",
    "elk.spacing.nodeNode": "24",
    "elk.layered.spacing.edgeNodeBetweenLayers": "18",
    "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
    "elk.spacing.edgeNode": "14",
    "elk.spacing.edgeEdge": "11",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.layered.feedbackEdges": "true",
    "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    "elk.layered.thoroughness": "20",
    "elk.randomSeed": "1",
}
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Count:
    """What a reader of a picture stumbles over."""

    crossings: int
    bends: int

    def __add__(self, other: Count) -> Count:
        return Count(self.crossings + other.crossings, self.bends + other.bends)


def available() -> bool:
    """Are node and npm here?"""
    return shutil.which("node") is not None and shutil.which("npm") is not None


def install(folder: Path) -> None:
    """Put elkjs into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", f"elkjs@{VERSION}"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def run(levels: Iterable[Level], folder: Path) -> list[Any]:
    """The levels as elkjs lays them out, in the folder where it is installed."""
    script = Path(__file__).with_name("elk.mjs")
    graphs = json.dumps([graph(one) for one in levels])
    command = ["node", str(script)]
    done = subprocess.run(command, cwd=folder, input=graphs, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def graph(level: Level) -> dict[str, Any]:
    """A level as elkjs reads it: a node with ports of fixed order around nodes with ports at fixed places.

    A wire that leaves on the left or arrives on the right is given the other way round, which gives it its
    best.
    """
    children = []
    for number, item in enumerate(level.items):
        ports = [
            {
                "id": f"{number}:{at}",
                "x": 0 if pin.side == "left" else item.width,
                "y": pin.at,
                "width": 0,
                "height": 0,
                "layoutOptions": {"elk.port.side": "WEST" if pin.side == "left" else "EAST"},
            }
            for at, pin in enumerate(item.pins)
        ]
        children.append(
            {
                "id": f"n{number}",
                "width": item.width,
                "height": item.height,
                "ports": ports,
                "layoutOptions": {"elk.portConstraints": "FIXED_POS"},
            }
        )
    border = []
    for side, many, name in ((RIGHT, level.right, "EAST"), (LEFT, level.left, "WEST")):
        for at in range(many) if side == RIGHT else reversed(range(many)):
            options = {"elk.port.side": name, "elk.port.index": str(len(border))}
            border.append({"id": f"{side}:{at}", "width": 0, "height": 0, "layoutOptions": options})
    edges = []
    for number, (source, target) in enumerate(level.wires):
        ends = [f"{one[0]}:{one[1]}" for one in (source, target)]
        if _backward(level, source, target):
            ends.reverse()
        edges.append({"id": f"e{number}", "sources": [ends[0]], "targets": [ends[1]]})
    padding = "[top=20,left=20,bottom=20,right=20]"
    options = {**OPTIONS, "elk.portConstraints": "FIXED_ORDER", "elk.padding": padding}
    around = {"id": "around", "ports": border, "children": children, "edges": edges, "layoutOptions": options}
    return {"id": "root", "children": [around], "edges": [], "layoutOptions": OPTIONS}


def _backward(level: Level, source: tuple[int, int], target: tuple[int, int]) -> bool:
    def side(end: tuple[int, int]) -> str:
        if end[0] in (LEFT, RIGHT):
            return "right" if end[0] == LEFT else "left"
        return level.items[end[0]].pins[end[1]].side

    return side(source) == "left" and side(target) == "right"


def lines_of(placed: Any) -> list[Line]:
    """The lines of a graph that elkjs has laid out, by wire."""
    found = []
    for edge in placed["children"][0]["edges"]:
        (section,) = edge["sections"]
        points = [section["startPoint"], *section.get("bendPoints", []), section["endPoint"]]
        found.append(tuple((one["x"], one["y"]) for one in points))
    return found


def count(level: Level, lines: Iterable[Line]) -> Count:
    """Crossings of different nets, each place once, and bends of all wires."""
    lines = list(lines)
    nets = _nets(level)
    flat, upright = set(), set()
    bends = 0
    for net, line in zip(nets, lines, strict=True):
        bends += len(line) - 2
        for (x, y), (ex, ey) in pairwise(line):
            if abs(y - ey) < 0.5:
                flat.add((net, min(x, ex), max(x, ex), y))
            else:
                upright.add((net, x, min(y, ey), max(y, ey)))
    places = {
        (round(x), round(y))
        for net, left, right, y in flat
        for other, x, top, bottom in upright
        if net != other and left + 0.5 < x < right - 0.5 and top + 0.5 < y < bottom - 0.5
    }
    return Count(len(places), bends)


def count_placed(level: Level, placed: Placed) -> Count:
    """The same of what dilsctl made."""
    return count(level, placed.lines)


def _nets(level: Level) -> list[int]:
    net: dict[tuple[int, int], int] = {}
    for number, wire in enumerate(level.wires):
        found = {net[end] for end in wire if end in net}
        net |= {end: number for end, one in net.items() if one in found}
        net |= dict.fromkeys(wire, number)
    return [net[source] for source, _ in level.wires]
