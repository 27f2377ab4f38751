"""Laws of the layout, on random diagrams and on all examples."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dilsctl
from dilsctl.render import layout
from dilsctl.render.backward import doubled
from dilsctl.render.cells import Words, units
from dilsctl.render.figures import Drawing
from dilsctl.render.flat_view import flat
from dilsctl.render.outline import Options, Outline
from dilsctl.render.paper import UNITS
from dilsctl.render.picture import Inside, Node, Pin, Wire

from ..laws import diagrams
from ..laws.support import diagram_of, laws
from .checks import check
from .drawn import check_drawn

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.yaml"))


@laws(25)
@given(st.one_of(diagrams.documents(), diagrams.documents(diagrams.Options(moving=True))), st.integers(0, 3))
def test_random_diagrams(document: diagrams.Document, depth: int) -> None:
    diagram = diagram_of(document.text)
    picture = Outline(diagram, Options(depth=depth)).picture("x")
    for one in (picture, doubled(picture), flat(picture)):
        figure = Drawing(UNITS).figure(one.root)
        check(figure)
        check_drawn(figure)


@laws(8)
@given(diagrams.documents(diagrams.Options(moving=True)), st.sampled_from(["nested", "layers"]))
def test_random_diagrams_in_cells(document: diagrams.Document, view: str) -> None:
    diagram = diagram_of(document.text)
    picture = Outline(diagram, Options(view=view)).picture("x")  # type: ignore[arg-type]
    Drawing(units(Words())).figure(picture.root)


SEEN = (Options(), Options(backward=True), Options(view="flat"), Options(view="layers", laws=True))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    loaded = dilsctl.load(path)
    if loaded.main is None:
        return
    for options in SEEN:
        figure = Drawing(UNITS).figure(loaded.artist(None, options).picture().root)
        check(figure)
        check_drawn(figure)


def tangle(seed: int, boxes: int = 14, wires: int = 40) -> Node:
    """Boxes with ports on both sides, wired at random: backward, to themselves, to and from the border."""
    random = Random(seed)
    nodes = []
    for number in range(boxes):
        pins = [
            Pin(f"p{at}", "left" if at % 2 else "right", f"p{at}", random.choice([True, False]))
            for at in range(random.randint(1, 6))
        ]
        nodes.append(Node(f"b{number}", random.choice(["box", "box", "function"]), f"b{number}", tuple(pins)))
    border = [
        Pin(f"e{at}", random.choice(["left", "right"]), f"e{at}", True) for at in range(random.randint(0, 5))
    ]
    ends = [(number, at) for number, node in enumerate(nodes) for at in range(len(node.pins))]
    counts = {"left": 0, "right": 0}
    for pin in border:
        ends.append((-1 if pin.side == "left" else -2, counts[pin.side]))
        counts[pin.side] += 1
    pairs = {(random.choice(ends), random.choice(ends)) for _ in range(wires)}
    made = tuple(Wire(one, other) for one, other in sorted(pairs) if one != other)
    return Node("x", "box", "x", tuple(border), inside=Inside(tuple(nodes), made))


@pytest.mark.parametrize("seed", range(60))
def test_tangles(seed: int) -> None:
    """Wires that no diagram would have: the layout holds its laws for any."""
    figure = Drawing(UNITS).figure(tangle(seed, boxes=seed % 15 + 1, wires=seed + 3))
    check(figure)
    check_drawn(figure)


def test_a_large_tangle() -> None:
    check(Drawing(UNITS).figure(tangle(0, boxes=250, wires=300)))


def test_equal_levels_are_laid_out_equally() -> None:
    one, other = (Drawing(UNITS).figure(tangle(3)) for _ in range(2))
    assert (one.width, one.height, one.pins, one.lines) == (
        other.width,
        other.height,
        other.pins,
        other.lines,
    )


def test_a_straight_chain_is_straight() -> None:
    pins = (Pin("x", "left", "x", False), Pin("y", "right", "y", True))
    nodes = tuple(Node(f"n{number}", "box", f"n{number}", pins) for number in range(4))
    wires = [Wire((-1, 0), (0, 0)), *(Wire((at, 1), (at + 1, 0)) for at in range(3)), Wire((3, 1), (-2, 0))]
    figure = Drawing(UNITS).figure(Node("x", "box", "x", pins, inside=Inside(nodes, tuple(wires))))
    assert all(len(line) == 2 for line in figure.lines)


def test_network_simplex_finds_the_least_sum() -> None:
    """Against all assignments, of small random graphs."""
    from itertools import product

    from dilsctl.render.layout.simplex import place

    random = Random(1)
    for _ in range(150):
        count = random.randint(2, 5)
        edges = []
        for _ in range(random.randint(1, 7)):
            tail, head = sorted(random.sample(range(count), 2))
            edges.append((tail, head, random.randint(0, 2), random.randint(0, 5)))

        def cost(places: tuple[int, ...] | list[int]) -> int:
            return sum(weight * (places[head] - places[tail]) for tail, head, _, weight in edges)  # noqa: B023

        found = place(count, edges)
        assert all(found[head] - found[tail] >= least for tail, head, least, _ in edges)
        best = min(
            cost(one)
            for one in product(range(9), repeat=count)
            if all(one[head] - one[tail] >= least for tail, head, least, _ in edges)
        )
        assert cost(found) == best


def test_layout_knows_no_diagram() -> None:
    assert layout.arrange(layout.Level((), 0, 0, ()), layout.Spacing()).lines == ()
