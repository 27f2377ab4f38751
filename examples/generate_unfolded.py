"""Writes examples/peers.yaml and the first four figures: networks, unfolded, two of them with peer wires.

python examples/generate_unfolded.py
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dilsctl import api
from dilsctl.diagnostics import SourceFile
from dilsctl.dump import dump
from dilsctl.formatting import format_text

HERE = Path(__file__).resolve().parent

FIGURES = {
    1: "Figure 1: one neuron, unfolded. Each of its wires is an interior box that shows x and is told how x "
    "should change. The neuron is the pattern around them, and the pattern learns.",
    2: "Figure 2: several neurons, unfolded. What was composed from left to right is nested: what feeds a "
    "neuron is inside of it.",
    3: "Figure 3: a layered network, unfolded. Every neuron of a layer is wired to all of the next, so a "
    "level is one manager around one interior box that shows all of its wires.",
    4: "Figure 4: an unfolded network with peer wires. Each tower says to the next what it makes of what it "
    "sees.",
}

TRAINED: dict[int, dict[str, Any]] = {  # what `dilsctl train` comes to, in float64
    1: {"neuron.bias": 0.58439},
    2: {"top.bias": 0.53041, "top.left.bias": -0.16604, "top.right.bias": 0.24001},
    3: {"last.bias": [-0.16273, 0.11113, 0.05159]},
}

PEERS = (
    "The network of [towers](towers.yaml), unfolded, with peer wires: each tower says what it makes of its "
    "quarter of the digit, and the next one hears it, through weights of its own that learn as all others "
    "do. To simulate this is to train it. So the towers are no longer blind to each other."
)


def with_peers(document: dict[str, Any], towers: Sequence[str], manager: str) -> dict[str, Any]:
    """An unfolded document with a wire from each of some towers, inside one manager, to the next."""
    document = copy.deepcopy(document)
    boxes = document["define"]
    for number, name in enumerate(towers):
        box = boxes[name]
        (shown,) = (one for one in box["let"] if one.endswith("_shown"))
        if number + 1 < len(towers):
            box["out"]["says"] = box["out"]["y"]
            box["wires"].append(f"{shown} -> says")
        if number == 0:
            continue
        type = f"real {_length(box['out']['y'])} {_length(boxes[towers[number - 1]]['out']['y'])}"
        box["in"]["hears"] = boxes[towers[number - 1]]["out"]["y"]
        box["state"]["ear"] = {"type": type, "init": "normal(0, 0.1)", "keep": True}
        box["state"]["ear_velocity"] = {"type": type, "keep": True}
        box["let"][shown] = box["let"][shown].replace(" + bias", " + ear @ hears + bias")
        box["let"]["new_ear_velocity"] = "momentum * ear_velocity + pool(outer(change, hears))"
        box["next"]["ear_velocity"] = "new_ear_velocity"
        box["next"]["ear"] = "ear - rate * new_ear_velocity"
        boxes[manager]["wires"].append(f"{towers[number - 1]}.says -> {name}.hears")
    return document


def _length(type: str) -> str:
    return type.partition(" ")[2]


def files() -> Iterator[tuple[Path, str]]:
    """Each file, and what is in it."""
    for number, doc in FIGURES.items():
        document = api.load(HERE / "figures" / f"network-{number}.yaml").unfold().document
        if number == 4:
            document = with_peers(document, ("first", "second", "third"), "vote")
        document["checks"] = [_as_trained(TRAINED[number])] if number in TRAINED else [_learns(190)]
        yield HERE / "figures" / f"figure-{number}.yaml", _text(document, f"figure-{number}", doc, "../..")
    towers = ("first", "second", "third", "fourth")
    document = with_peers(api.load(HERE / "towers.yaml").unfold().document, towers, "vote")
    document["checks"] = [_learns(900)]
    yield HERE / "peers.yaml", _text(document, "peers", PEERS, "..")


def _learns(ticks: int) -> dict[str, Any]:
    """A check that the loss of the last batch is small, after some ticks."""
    expected = {"loss": {"at": ticks, "is": 0.1, "within": 0.1}}
    return {"name": "learns", "simulate": {"until": ticks}, "expect": expected}


def _as_trained(biases: dict[str, Any]) -> dict[str, Any]:
    """A check that the biases become those of the network that is trained, which is another computation."""
    expected = {path: {"at": 190, "is": value, "within": 1e-4} for path, value in biases.items()}
    return {"name": "learns what the network learns", "simulate": {"until": 190}, "expect": expected}


def _text(document: dict[str, Any], name: str, doc: str, root: str) -> str:
    found = {**document, "name": name, "doc": doc}
    text = f"# yaml-language-server: $schema={root}/schemas/dils-1.schema.json\n{dump(found)}"
    return format_text(SourceFile(name, text))


if __name__ == "__main__":
    for path, text in files():
        path.write_text(text, encoding="utf-8")
