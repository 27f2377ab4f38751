"""The figures of the article, drawn: their structure is that of the stored baselines.

What is compared is which boxes are inside of which, what they look like, and which ports wires join, not
where all that stands. A baseline that should change is written anew by ``DILSCTL_WRITE_GOLDEN=1``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import dilsctl
from dilsctl.render.nets import border
from dilsctl.render.outline import Options
from dilsctl.render.picture import LEFT, RIGHT, End, Node

ROOT = Path(__file__).parents[2]
BASELINES = Path(__file__).parent / "baselines"
FIGURES = [
    "figures/figure-1", "figures/figure-2", "figures/figure-3", "figures/figure-4", "figures/figure-5",
    "figures/figure-6", "or-gate", "carry", "lotka-volterra",
]  # fmt: skip


def structure(node: Node) -> dict[str, Any]:
    """A node as data: name, shape, looks, ports, and what is inside, in an order that says nothing."""
    found: dict[str, Any] = {"name": node.name if node.shape in ("box", "state", "junction") else node.label}
    found["shape"] = node.shape
    found["looks"] = sorted(node.looks)
    if node.count is not None:
        found["count"] = node.count
    if node.shape == "box":
        found["ports"] = [f"{pin.side} {pin.name}" for pin in node.pins]
    if node.inside is not None:
        inside = node.inside

        def end(place: End) -> str:
            number, at = place
            if number in (LEFT, RIGHT):
                return node.pins[border(node).index(place)].name
            one = inside.nodes[number]
            name = one.name if one.shape in ("box", "state", "junction") else f"({one.label})"
            return f"{name}.{one.pins[at].name}" if one.pins[at].name else name

        found["inside"] = sorted(
            map(structure, inside.nodes), key=lambda one: json.dumps(one, sort_keys=True)
        )
        found["wires"] = sorted(
            f"{end(one.source)} -> {end(one.target)} {' '.join(sorted(one.looks))}".rstrip()
            for one in inside.wires
        )
    return found


@pytest.mark.parametrize("name", FIGURES)
def test_the_structure_is_that_of_the_baseline(name: str) -> None:
    artist = dilsctl.load(ROOT / "examples" / f"{name}.yaml").artist(None, Options(depth=2))
    found = structure(artist.picture().root)
    path = BASELINES / f"{name.replace('/', '-')}.json"
    if os.environ.get("DILSCTL_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(path.read_text(encoding="utf-8"))


def test_figure_5_by_hand() -> None:
    """The wires of Figure 5, as the article has them."""
    artist = dilsctl.load(ROOT / "examples" / "figures" / "figure-5.yaml").artist(None, Options(depth=1))
    assert structure(artist.picture().root)["wires"] == [
        "a -> left.a", "b -> right.a", "join.y -> y", "left.y -> join.a peer", "right.y -> join.b peer",
    ]  # fmt: skip


def test_figure_6_by_hand() -> None:
    """Figure 6: three boxes that share two variables, and nothing else."""
    artist = dilsctl.load(ROOT / "examples" / "figures" / "figure-6.yaml").artist()
    found = structure(artist.picture().root)
    assert found["wires"] == [
        "foxes -> decline.u peer shared", "foxes -> foxes", "foxes -> predation.predator peer shared",
        "rabbits -> growth.u peer shared", "rabbits -> predation.prey peer shared", "rabbits -> rabbits",
    ]  # fmt: skip
    assert [one["name"] for one in found["inside"] if one["shape"] == "junction"] == ["foxes", "rabbits"]
