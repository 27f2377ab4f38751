"""What wires and boxes look like: every fact is seen, and none that does not hold."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Literal

import pytest

import dilsctl
from dilsctl.render.figures import Drawing, Figure
from dilsctl.render.legend import entries
from dilsctl.render.outline import Options
from dilsctl.render.painter import Painter
from dilsctl.render.paper import BAR, UNITS
from dilsctl.render.picture import Node, Wire
from dilsctl.render.shapes import Disc, Line, Open, Rectangle
from dilsctl.render.strands import Strand, strands
from dilsctl.render.themes import THEMES, wire_style
from dilsctl.render.threads import DOT, RING, WING

from .checks import figures

EXAMPLES = Path(__file__).parents[2] / "examples"
THEME = THEMES["light"]


def figure_of(name: str, options: Options | None = None) -> Figure:
    artist = dilsctl.load(EXAMPLES / f"{name}.yaml").artist(None, options or Options())
    return Drawing(UNITS).figure(artist.picture().root)


def strands_of(figure: Figure) -> list[Strand]:
    assert figure.node.inside is not None
    return strands(figure.node.inside.wires, figure.lines)


def from_port(figure: Figure, box: str, port: str) -> list[Wire]:
    assert figure.node.inside is not None
    nodes = figure.node.inside.nodes
    return [
        one
        for one in figure.node.inside.wires
        if one.source[0] >= 0
        and nodes[one.source[0]].name == box
        and nodes[one.source[0]].pins[one.source[1]].name == port
    ]


def to_label(figure: Figure, wire: Wire) -> str:
    assert figure.node.inside is not None
    return figure.node.inside.nodes[wire.target[0]].label if wire.target[0] >= 0 else "out"


def node_of(figure: Figure, name: str) -> Node:
    assert figure.node.inside is not None
    return next(one for one in figure.node.inside.nodes if one.name == name)


def legend_of(figure: Figure) -> set[str]:
    painter = Painter(THEME)
    list(painter.paint(figure, 0, 0))
    return {key for key, _ in entries(painter)}


# -- wires between peers ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "box", "port", "peers"),
    [
        ("kuramoto", "cell", "phase", {"roll(cell.phase, 1)", "roll(cell.phase, -1)"}),
        ("epidemic", "city", "people", {"… @ …"}),
        ("pendigits", "cell", "s", {"einsum(…)"}),
        ("phone-and-towers", "phone", "west", {"in_west"}),
    ],
)
def test_only_uses_that_reach_a_peer_are_peer_wires(name: str, box: str, port: str, peers: set[str]) -> None:
    figure = figure_of(name)
    wires = from_port(figure, box, port)
    assert {to_label(figure, one) for one in wires if "peer" in one.looks} == peers
    assert any("peer" not in one.looks for one in wires)
    (trunk,) = [one for one in strands_of(figure) if len(one.wires) == len(wires) and one.first
                and figure.node.inside and figure.node.inside.wires[one.wires[0]] in wires]  # fmt: skip
    assert trunk.looks == frozenset()


def test_what_goes_through_a_bar_to_a_peer_is_a_peer_wire() -> None:
    (adder,) = [one for one in figures(figure_of("carry", Options(depth=2))) if one.node.name == "adder"]
    looks = {to_label(adder, one): one.looks for one in from_port(adder, "bit", "carry_out")}
    assert looks == {"": frozenset({"peer"}), "[-1]": frozenset()}  # the bar has no name


def test_strands_have_what_all_their_wires_have_in_common() -> None:
    lines = (
        ((0, 0), (10, 0), (10, 20), (30, 20)),
        ((0, 0), (10, 0), (10, 40), (30, 40)),
        ((0, 0), (30, 0)),
    )
    looks = (frozenset({"peer", "late"}), frozenset({"peer"}), frozenset[str]())
    wires = tuple(Wire((0, 0), (at + 1, 0), one) for at, one in enumerate(looks))
    found = {one.points: (one.wires, one.looks, one.goes_on) for one in strands(wires, lines)}
    peer, both = frozenset({"peer"}), frozenset({"peer", "late"})
    assert found == {
        ((0, 0), (10, 0)): ((0, 1, 2), frozenset(), frozenset()),
        ((10, 0), (10, 20)): ((0, 1), peer, frozenset()),
        ((10, 20), (30, 20)): ((0,), both, peer),
        ((10, 20), (10, 40), (30, 40)): ((1,), peer, peer),
        ((10, 0), (30, 0)): ((2,), frozenset(), frozenset()),
    }


def test_every_wire_between_peers_begins_with_a_ring() -> None:
    figure = figure_of("kuramoto")
    begins = [one for one in strands_of(figure) if "peer" in one.looks and "peer" not in one.goes_on]
    kind, rings = "", 0
    for shape in Painter(THEME).paint(figure, 0, 0):
        kind = shape.kind if isinstance(shape, Open) else kind
        rings += isinstance(shape, Disc) and kind == "wire" and shape.style.fill == THEME.paper
    assert rings == len(begins) == 4


@pytest.mark.parametrize("name", ["cart-pole", "control-loop", "cpu"])
@pytest.mark.parametrize("view", ["nested", "layers"])
def test_rings_stand_clear_of_heads_and_forks(name: str, view: Literal["nested", "layers"]) -> None:
    """A leg from a fork to a box that is short has both, and a ring between them."""
    shapes = list(Painter(THEME).paint(figure_of(name, Options(view=view, depth=9)), 0, 0))
    discs = [one for one in shapes if isinstance(one, Disc)]
    rings = [one for one in discs if one.radius == RING]
    assert rings
    heads = [(one.points[0], one.points[1]) for one in shapes if isinstance(one, Line) and one.closed]
    for ring in rings:
        for (x, y), (back, _) in heads:
            along = max(min(x, back) - ring.x, ring.x - max(x, back))
            assert max(along, abs(y - ring.y) - WING) > RING
        for dot in discs:
            far = abs(dot.x - ring.x) + abs(dot.y - ring.y)
            assert dot.radius != DOT or far > RING + DOT


def test_flat_what_a_peer_tells_goes_on_through_a_function() -> None:
    figure = figure_of("control-loop", Options(view="flat"))
    assert figure.node.inside is not None
    nodes = figure.node.inside.nodes
    (function,) = [at for at, one in enumerate(nodes) if one.shape == "function"]
    through = [one for one in figure.node.inside.wires if function in (one.source[0], one.target[0])]
    assert len(through) == 3 and all("peer" in one.looks for one in through)


def test_a_momentum_is_no_link_between_peers() -> None:
    figure = figure_of("heat-and-wave")
    (chain,) = [one for one in figures(figure) if one.node.name == "string"]
    assert "peer" in node_of(chain, "x").looks
    assert "peer" not in node_of(chain, "x.momentum").looks
    assert {"junction", "junction peer"} <= legend_of(figure)


# -- several looks at once ----------------------------------------------------------------------


def test_each_look_of_a_wire_has_something_of_its_own() -> None:
    """Of two wires that differ in one look, however they look besides, something can be told without
    colours: width, dashes, head or ring."""
    every = ("learned", "changing", "late", "peer")
    sets = [frozenset(some) for many in range(5) for some in itertools.combinations(every, many)]

    def seen(looks: frozenset[str]) -> tuple[object, ...]:
        style = wire_style(THEMES["print"], looks)
        return style.width, style.dash, "late" in looks, "peer" in looks  # the head, the ring

    assert len({seen(one) for one in sets}) == len(sets)


def test_a_wire_between_peers_that_is_learned_shows_both() -> None:
    figure = figure_of("pendigits")
    assert figure.node.inside is not None
    nodes = figure.node.inside.nodes
    told = {
        nodes[one.target[0]].pins[one.target[1]].name: one.looks
        for one in figure.node.inside.wires
        if one.target[0] >= 0 and nodes[one.target[0]].name == "cell"
    }
    assert told["push"] == {"learned", "peer", "late"}
    assert told["pen"] == {"learned", "late"}
    assert "wire learned peer" in legend_of(figure)


def test_a_wire_that_can_change_does_so_behind_functions_too() -> None:
    """As ``inspect`` has it: the wire to p of the market reads its state log_trust."""
    (market,) = [one for one in figures(figure_of("market", Options(depth=2))) if one.node.name == "market"]
    assert market.node.inside is not None
    (wire,) = [one for one in market.node.inside.wires if one.about.startswith("weight @ worker.p -> p")]
    assert "changing" in wire.looks


def test_a_law_is_no_wire_that_can_change() -> None:
    figure = figure_of("chicks")
    assert figure.node.inside is not None
    (law,) = [one for one in figure.node.inside.wires if one.about.startswith("next rows")]
    assert law.looks == {"late"}
    assert figure.node.inside.nodes[law.source[0]].looks == frozenset()


# -- boxes --------------------------------------------------------------------------------------


def test_states_under_a_potential_move() -> None:
    figure = figure_of("heat-and-wave")
    for chain in figures(figure):
        if chain.node.name in ("bar", "string"):
            assert "stateful" in node_of(chain, "node").looks
            assert "stateful" not in node_of(chain, "spring").looks
    assert "box stateful" in legend_of(figure)


def fronts(figure: Figure) -> dict[str, list[Rectangle]]:
    """The rectangles of every box, by its path."""
    found: dict[str, list[Rectangle]] = {}
    paths: list[Open] = []
    for shape in Painter(THEME).paint(figure, 0, 0):
        if isinstance(shape, Open):
            paths.append(shape)
        elif isinstance(shape, Rectangle) and paths[-1].kind == "box":
            found.setdefault(paths[-1].path, []).append(shape)
        elif not isinstance(shape, Rectangle) and type(shape).__name__ == "Close":
            paths.pop()
    return found


def test_open_boxes_keep_their_marks() -> None:
    boxes = fronts(figure_of("heat-and-wave"))
    assert len(boxes["bar"]) == 2  # moves
    assert len(boxes["bar.spring"]) == 3  # a stack, nothing moves
    boxes = fronts(figure_of("skip"))
    assert boxes["first"][0].style.fill == THEME.learned_ground
    assert len(boxes["first"]) == 1


def test_the_dots_of_a_closed_box_are_at_its_bottom() -> None:
    figure = figure_of("control-loop", Options(depth=2))
    path, found = "", 0
    edges = {path: (one[0].y, one[0].y + one[0].height) for path, one in fronts(figure).items()}
    for shape in Painter(THEME).paint(figure, 0, 0):
        path = shape.path if isinstance(shape, Open) else path
        if isinstance(shape, Disc) and shape.style.fill == THEME.dim:
            top, bottom = edges[path]
            assert bottom - shape.y < 10 < shape.y - top
            found += 1
    assert found == 9  # three boxes


# -- small things -------------------------------------------------------------------------------


def test_wires_run_up_to_their_bar_and_every_entry_has_a_name() -> None:
    figure = figure_of("digits-listed")
    assert figure.node.inside is not None
    bars = [(x, part) for x, _, part in figure.parts if part.node.shape == "bar"]
    labels = {tuple(pin.label for pin in part.node.pins if pin.side == "left") for _, part in bars}
    assert ("[0]", "[1]", "[2]", "[3 … 62]", "[63]") in labels
    assert all(label for some in labels for label in some)
    edges = {x + part.width - BAR for x, part in bars}
    ends = set()
    wire = False
    for shape in Painter(THEME).paint(figure, 0, 0):
        wire = shape.kind == "wire" if isinstance(shape, Open) else wire
        if wire and (points := getattr(shape, "points", ())) and not getattr(shape, "closed", False):
            ends.add(points[-1][0])
    assert edges <= ends


STEP = 3  # pixels: a step that small is seen as a fault


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("attention", Options()),
        ("phone-and-towers", Options()),
        ("skip", Options(backward=True)),
        ("attention", Options(backward=True)),
        ("kuramoto", Options()),
        ("digits-listed", Options()),
        ("nested-markets", Options()),
    ],
)
def test_wires_make_no_tiny_steps(name: str, options: Options) -> None:
    for one in figures(figure_of(name, options)):
        for line in one.lines:
            for (x, y), (ex, ey) in itertools.pairwise(line):
                assert x != ex or abs(y - ey) > STEP, f"{one.node.name}: a step of {abs(y - ey)} at {x}, {y}"


def test_heads_at_the_outer_border_have_the_colour_of_what_goes_back() -> None:
    figure = figure_of("figures/figure-1", Options(backward=True))
    heads = []
    for shape in Painter(THEME).paint(figure, 0, 0):
        if isinstance(shape, Line) and shape.closed and shape.style.fill == shape.style.stroke:
            heads.append((shape.points[0], shape.style.fill))
    edges = [
        (pin, at) for pin, at in zip(figure.node.pins, figure.pins, strict=True) if pin.shows is not None
    ]
    assert any(pin.backward for pin, _ in edges) and not all(pin.backward for pin, _ in edges)
    for pin, at in edges:
        outside = [
            colour
            for (x, y), colour in heads
            if y == at and (x < 2 if pin.side == "left" else x > figure.width - 2)
        ]
        assert outside and set(outside) == {THEME.backward if pin.backward else THEME.plain}, pin.name


def test_a_hole_that_data_fills_is_dashed_too(tmp_path: Path) -> None:
    path = tmp_path / "fed.yaml"
    path.write_text(
        "dils: 1\nname: fed\ndefine:\n  data: {out: {v: real}}\nmain:\n  out: {y: real}\n"
        "  boxes: {data: data}\n  wires: [2 * data.v -> y]\n"
        "simulate: {until: 3, inputs: {data.v: sin(t)}}\n"
    )
    loaded = dilsctl.load(path)
    assert not loaded.diagram.main.children["data"].box.hole  # it runs
    inside = loaded.artist().picture().root.inside
    assert inside is not None
    data = next(one for one in inside.nodes if one.name == "data")
    assert "hole" in data.looks and "a hole that data fills" in data.about
