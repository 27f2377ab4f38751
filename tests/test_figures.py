"""The figures of the article: diagrams from files alone, each of its kind, whose checks hold."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from dilsctl import api

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "examples" / "figures"
KINDS = {
    "figure-1": "DNN",
    "figure-2": "DNN",
    "figure-3": "DNN",
    "figure-4": "DILS",
    "figure-5": "IDS",
    "figure-6": "IDS",
    **{f"network-{number}": "DNN" for number in (1, 2, 3, 4)},
}


def test_every_figure_is_there() -> None:
    assert {path.stem for path in FIGURES.glob("*.yaml")} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_figure(name: str) -> None:
    path = FIGURES / f"{name}.yaml"
    assert [one.message for one in api.validate(path)] == []
    loaded = api.load(path)
    assert loaded.name == name and loaded.document.document.doc
    assert loaded.inspect().kind.name == KINDS[name]
    results = api.test(path)
    assert results and [one.facts() for one in results if not one.passed] == []


def test_unfolded_ones_are_what_unfold_writes() -> None:
    for path, text in runpy.run_path(str(ROOT / "examples" / "generate_unfolded.py"))["files"]():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run examples/generate_unfolded.py"


def test_neurons_are_boxes_around_boxes() -> None:
    main = api.load(FIGURES / "figure-2.yaml").diagram.main
    (top,) = (one.box for one in main.children.values())
    assert set(top.children) == {"left", "right"}
    for child in top.children.values():
        assert len(child.box.children) == 2
        assert all(port.feedback == "y" for port in child.box.inputs.values())


def test_layers_are_one_box_in_another() -> None:
    box, depth = api.load(FIGURES / "figure-3.yaml").diagram.main, 0
    while box.children:
        (child,) = box.children.values()
        box, depth = child.box, depth + 1
    assert depth == 4


def test_peers_talk_around_no_manager() -> None:
    kind = api.load(ROOT / "examples" / "peers.yaml").inspect().kind
    assert kind.name == "DILS"
    assert {(one.source, one.target) for one in kind.peers} == {
        ("first.says", "second.hears"), ("second.says", "third.hears"), ("third.says", "fourth.hears")
    }  # fmt: skip
