"""Processors made of gates, those of examples/cpu.yaml, alone and many side by side.

A processor of the example has its program in a memory that is only read: a constant of the diagram. Here
that memory may be a state that stays as it is, so that programs are initial states, and runs with different
ones go side by side. The gates are those of the example.
"""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from simulate_diagrams import ticking
from simulate_peers import Mover

if TYPE_CHECKING:
    from dilsctl.diagram import Box
    from dilsctl.loaded import LoadedDiagram

CPU = Path(__file__).resolve().parent.parent / "examples" / "cpu.yaml"
ACCUMULATOR = "acc.bit.bit.q"
PORTS = {"pc": "bool 4", "accumulator": "bool 8", "halted": "bool"}


def programs(number: int) -> list[list[int]]:
    """The example's program, and random ones that never halt."""
    draw = random.Random(3)
    first = _document()["define"]["fibonacci"]["boxes"]["cpu"]["with"]["program"]
    return [first, *([draw.randrange(16, 0xB0) for _ in range(16)] for _ in range(number - 1))]


def _document() -> Any:
    found = yaml.safe_load(CPU.read_text(encoding="utf-8"))
    return {key: found[key] for key in ("dils", "use", "define")}


def _load(document: Any) -> LoadedDiagram:
    from dilsctl.loaded import load_diagram

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "processor.yaml"
        path.write_text(json.dumps(document), encoding="utf-8")
        return load_diagram(path, (), Path(folder))


def gates(box: Box, name: str = "nand") -> int:
    """How many boxes of a definition there are in a box, at any depth."""
    found = int(box.name == name)
    for child in box.children.values():
        inside = [gates(one, name) for one in child.boxes]
        found += inside[0] * (child.count or 1) if len(inside) == 1 else sum(inside)
    return found


def alone() -> tuple[Mover, int]:
    """One processor with the example's program, and its number of gates."""
    document = _document()
    loaded = _load({**document, "main": "fibonacci"})
    return ticking(loaded, {}, [f"cpu.{ACCUMULATOR}"]), gates(loaded.diagram.main)


def as_runs(number: int) -> tuple[Mover, int]:
    """Processors with different programs as runs side by side, and their number of gates."""
    document = _document()
    document["define"]["rom"] |= {"state": {"held": "int 16 = words"}, "next": {"held": "held"}}
    document["define"]["rom"]["wires"] = [
        wire.replace("words[", "held[") for wire in document["define"]["rom"]["wires"]
    ]
    loaded = _load({**document, "main": "fibonacci"})
    begin = {"cpu.rom.held": np.array(programs(number)).T}
    return ticking(loaded, begin, [f"cpu.{ACCUMULATOR}"], number), number * gates(loaded.diagram.main)


def as_array(number: int) -> tuple[Mover, int]:
    """Processors with different programs as one counted box, and their number of gates."""
    document = _document()
    document["define"]["main"] = {
        "out": {port: type.replace("bool", f"bool {number}") for port, type in PORTS.items()},
        "boxes": {"cpu": {"box": "cpu", "count": number, "each": {"program": programs(number)}}},
        "wires": [f"cpu.{port} -> {port}" for port in PORTS],
    }
    loaded = _load({**document, "main": "main"})
    mover = ticking(loaded, {}, [f"cpu.{ACCUMULATOR}"])
    return Mover(mover.start, mover.run, lambda: mover.state()[:8]), gates(loaded.diagram.main)
