"""Facts about a diagram, on one made by hand."""

import json
from pathlib import Path

from dilsctl import api
from dilsctl.diagram import Box, Child, Diagram, Initial, Port, State
from dilsctl.inspect import describe, inspect_json, inspect_text, members
from dilsctl.ir import Type, Var

REAL = Type("real", (3,))


def port(name: str) -> Port:
    return Port(name, REAL, None, Var(REAL, True, name))


def box(
    name: str, children: dict[str, Child] | None = None, learned: bool | None = None, hole: bool = False
) -> Box:
    states = {}
    if learned is not None:
        type = Type("real", (3, 2))
        states["weight"] = State("weight", type, Initial("glorot"), () if learned else None, None, Var(type))
    return Box(
        name=name, inputs={"x": port("x")}, outputs={"y": port("y")}, states=states, children=children or {},
        element={}, eqns=(), readout={"y": Var(REAL)}, dispatch={}, losses=(), lets={}, hole=hole,
    )  # fmt: skip


def child(name: str, *boxes: Box, count: int | None = None) -> Child:
    return Child(name, boxes, count, {}, {})


def network() -> Diagram:
    cell = box("cell", learned=True)
    layer = box(
        "layer", {"cell": child("cell", cell, count=10), "fixed": child("fixed", box("table", learned=False))}
    )
    main = box(
        "main",
        {"a": child("a", layer), "b": child("b", layer), "gap": child("gap", box("expert", hole=True))},
    )
    return Diagram("net", main)


def test_totals_count_every_copy() -> None:
    sums = describe(network()).sums
    assert (sums.boxes, sums.learned, sums.constant, sums.depth) == (1 + 2 * 12 + 1, 2 * 60, 2 * 6, 2)
    assert sums.wires == 26


def test_equal_neighbours_are_told_together() -> None:
    assert [(one.name, one.copies) for one in members(network().main)] == [("a … b", 2), ("gap", 1)]


def test_elements_with_boxes_of_their_own() -> None:
    cell, other = box("cell", learned=True), box("other")
    main = box("main", {"c": child("c", cell, other, cell, count=3)})
    many = box("many", {"c": child("c", *[cell, cell, other] * 6, count=18)})
    assert [one.name for one in members(many)] == [
        "c[0:2, 3:5, 6:8, 9:11, …]",
        "c[2, 5, 8, 11, …]",
    ]
    assert [(one.name, one.box.name, one.copies) for one in members(main)] == [
        ("c[0, 2]", "cell", 2),
        ("c[1]", "other", 1),
    ]
    assert describe(Diagram("net", main)).sums.learned == 12


def test_text() -> None:
    text = inspect_text(describe(network(), imports=("std/nn",)))
    assert (
        text.splitlines()[0] == "net: 26 boxes, 26 wires, 120 learned numbers, 12 constant numbers, depth 2"
    )
    for words in (
        "imports: std/nn",
        "holes: gap",
        "a … b: layer × 2 · 60 learned each",
        "gap: expert (hole)",
        "cell × 10 · 6 learned each",
        "state weight: real 3 2 = glorot (learned)",
    ):
        assert words in text


def test_json_tells_a_shared_box_once() -> None:
    told = json.loads(json.dumps(inspect_json(describe(network()))))
    assert told["learned"] == 120 and told["main"] == 0
    assert [one["name"] for one in told["definitions"]].count("cell") == 1
    layer = next(one for one in told["definitions"] if one["name"] == "layer")
    assert layer["interior"][0] == {"name": "cell", "box": layer["interior"][0]["box"], "copies": 10}


def test_a_diagram_of_doubling_boxes_is_linear() -> None:
    inner = box("leaf", learned=True)
    for level in range(60):
        inner = box(f"level{level}", {"a": child("a", inner), "b": child("b", inner, count=1)})
    facts = describe(Diagram("deep", inner))
    assert facts.sums.learned == 6 * 2**60
    assert len(inspect_text(facts).splitlines()) < 400
    assert len(inspect_json(facts)["definitions"]) == 61


def test_what_data_fills_a_hole_with_is_no_state() -> None:
    loaded = api.load(Path(__file__).parents[1] / "examples" / "figures" / "figure-1.yaml")
    text = inspect_text(loaded.inspect())
    assert "0 constant numbers, 4 moving numbers" in text
    assert "data first" in text and "state first" not in text
