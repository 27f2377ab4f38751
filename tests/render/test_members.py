"""Arrays of boxes that differ: every member is drawn, or told."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from click.testing import CliRunner

import dilsctl
from dilsctl.cli import main
from dilsctl.diagnostics import Problem
from dilsctl.render.draw import Artist
from dilsctl.render.figures import Drawing
from dilsctl.render.outline import Options
from dilsctl.render.paper import UNITS
from dilsctl.render.picture import LEFT, Node

from .checks import check
from .drawn import check_drawn

EXAMPLES = Path(__file__).parents[2] / "examples"
MIX = """
dils: 1
name: mix
define:
  seat: {in: {x: real, dy: {type: real, feedback: y}}, out: {y: real}}
  keep:
    in: {x: real, dy: {type: real, feedback: y}}
    out: {y: real}
    state: {m: real = 0, k: real = 0}
    learn: {k: {rate: 0.1}}
    next: {m: k + x + dy}
    wires: [m -> y]
  plain:
    in: {x: real, dy: {type: real, feedback: y}}
    out: {y: real}
    boxes: {a: twice, b: twice}
    wires: [x -> a.x, a.y -> b.x, b.y -> y]
  twice:
    in: {x: real}
    out: {y: real}
    wires: [2 * x -> y]
  pair:
    in: {x: "real 4", e: "real 4"}
    out: {y: real}
    boxes: {seat: {box: seat, count: 4}}
    wires: [x -> seat.x, e -> seat.dy, sum(seat.y) -> y]
  net:
    in: {x: "real 4", e: "real 4"}
    out: {y: real}
    boxes: {p: {box: pair, with: {seat: [plain, plain, keep, plain]}}}
    wires: [x -> p.x, e -> p.e, p.y -> y]
main: net
"""


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    path = tmp_path / "mix.yaml"
    path.write_text(MIX)
    return path


def artist(path: Path, options: Options | None = None) -> Artist:
    return dilsctl.load(path).artist(None, options or Options(depth=100))


def inner(node: Node, *names: str) -> Node:
    for name in names:
        assert node.inside is not None
        node = next(one for one in node.inside.nodes if one.name == name)
    return node


def wires(node: Node) -> set[tuple[str, str]]:
    """Wires as names of nodes and their pins' names or labels."""
    assert node.inside is not None
    inside = node.inside

    def end(place: tuple[int, int]) -> str:
        if place[0] < 0:
            side = "left" if place[0] == LEFT else "right"
            return [pin for pin in node.pins if pin.side == side][place[1]].name
        one = inside.nodes[place[0]]
        pin = one.pins[place[1]]
        return ".".join(word for word in (one.name, pin.name or pin.label) if word)

    return {(end(one.source), end(one.target)) for one in inside.wires}


def test_members_that_differ_are_drawn_one_by_one(mix: Path) -> None:
    seat = inner(artist(mix).picture().root, "p", "seat")
    assert seat.count == 4 and seat.inside is not None
    boxes = [one for one in seat.inside.nodes if one.shape == "box"]
    assert [(one.label, one.count) for one in boxes] == [
        ("[0…1] plain", 2),
        ("[2] keep", None),
        ("[3] plain", None),
    ]
    assert [one.looks for one in boxes] == [frozenset(), frozenset({"stateful", "learned"}), frozenset()]
    assert [one.inside is not None for one in boxes] == [True, False, True]
    assert wires(seat) == {
        ("x", "x[0…1]"), ("x[0…1]", "[0…1].x"), ("x", "x[2]"), ("x[2]", "[2].x"), ("x", "x[3]"),
        ("x[3]", "[3].x"), ("dy", "dy[0…1]"), ("dy[0…1]", "[0…1].dy"), ("dy", "dy[2]"), ("dy[2]", "[2].dy"),
        ("dy", "dy[3]"), ("dy[3]", "[3].dy"), ("[0…1].y", "parts of y.[0…1]"), ("[2].y", "parts of y.[2]"),
        ("[3].y", "parts of y.[3]"), ("parts of y", "y"),
    }  # fmt: skip


def test_what_all_members_are_told_alike_forks(mix: Path) -> None:
    text = mix.read_text().replace("x -> seat.x", "'x[0] -> seat.x'")
    mix.write_text(text)
    seat = inner(artist(mix).picture().root, "p", "seat")
    assert {("x", "[0…1].x"), ("x", "[2].x"), ("x", "[3].x")} < wires(seat)


def test_a_stack_has_the_marks_of_any_member(mix: Path) -> None:
    seat = inner(artist(mix, Options(depth=1)).picture().root, "p")
    assert {"learned", "stateful"} <= seat.looks
    seat = inner(artist(mix, Options(depth=2)).picture().root, "p", "seat")
    assert {"learned", "stateful"} <= seat.looks
    assert seat.closed and seat.note == "plain, keep"
    assert seat.about.splitlines() == [
        "seat: plain, keep × 4", "in x: real", "in dy: real", "out y: real",
    ]  # fmt: skip
    assert not next(pin for pin in seat.pins if pin.name == "x").late  # plain acts at once, keep does not


def test_an_input_of_a_stack_is_late_if_no_member_acts_at_once(mix: Path) -> None:
    still = "  still:\n    in: {x: real, dy: {type: real, feedback: y}}\n    out: {y: real}\n"
    still += "    wires: [1 -> y]\n"
    text = mix.read_text().replace("[plain, plain, keep, plain]", "[keep, keep, still, keep]")
    mix.write_text(text.replace("  plain:\n", still + "  plain:\n"))
    seat = inner(artist(mix).picture().root, "p", "seat")
    assert next(pin for pin in seat.pins if pin.name == "x").late


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("view", ["nested", "layers", "flat"])
def test_such_pictures_hold_what_every_picture_must(
    mix: Path, view: Literal["nested", "layers", "flat"], backward: bool
) -> None:
    for focus in ((), ("p", "seat[0]")):
        depth = None if focus else 100
        options = Options(depth=depth, focus=focus, view=view, backward=backward)
        figure = Drawing(UNITS).figure(artist(mix, options).picture().root)
        check(figure)
        check_drawn(figure)


@pytest.mark.parametrize("kind", ["svg", "html", "dot", "mmd", "tex"])
def test_every_format_names_every_kind_of_member(mix: Path, kind: str) -> None:
    text = artist(mix).file(kind).decode()
    assert "keep" in text and "plain" in text


def test_a_terminal_names_every_kind_of_member(mix: Path) -> None:
    text = artist(mix).text(200)
    assert "[0…1] plain ×2" in text and "[2] keep θ" in text and "[3] plain" in text


def test_members_are_reached_by_their_paths(mix: Path) -> None:
    loaded = dilsctl.load(mix)
    assert loaded.artist("p.seat[2]").outline.main.name == "keep"
    assert loaded.artist("p.seat[1]").outline.main.name == "plain"
    focused = artist(mix, Options(focus=("p", "seat[3]"))).picture().root
    assert inner(focused, "p", "seat", "[3]").inside is not None
    assert inner(focused, "p", "seat", "[0…1]").closed
    stack = artist(mix, Options(focus=("p", "seat[1]", "a"))).picture().root
    assert inner(stack, "p", "seat", "[0…1]").inside is not None


@pytest.mark.parametrize(
    ("path", "message", "help"),
    [
        ("p.seat[4]", "there is no 'seat[4]': 'seat' has 4 boxes", "they are counted from 0: seat[0]"),
        ("p[0]", "there is no 'p[0]': 'p' is one box, not an array", "leave out [0]"),
        ("p.sea", "'p' has no interior box 'sea'", "did you mean 'seat'?"),
        ("p.seat[-1]", "'p' has no interior box 'seat[-1]'", "did you mean 'seat'?"),
    ],
)
def test_paths_that_lead_nowhere_are_refused_in_words(mix: Path, path: str, message: str, help: str) -> None:
    for draw in (
        lambda: dilsctl.load(mix).artist(path),
        lambda: artist(mix, Options(focus=tuple(path.split(".")))),
    ):
        with pytest.raises(Problem) as caught:
            draw()
        assert caught.value.diagnostics[0].message == message
        assert caught.value.diagnostics[0].help == help
        assert caught.value.diagnostics[0].primary is not None


def test_a_path_through_such_an_array_says_which_member(mix: Path) -> None:
    with pytest.raises(Problem, match=r"'p\.seat' is an array of boxes that differ"):
        artist(mix, Options(focus=("p", "seat", "a")))


def test_very_many_different_members_are_shortened(mix: Path) -> None:
    many = ", ".join(["plain", "keep"] * 100)
    text = mix.read_text().replace("[plain, plain, keep, plain]", f"[{many}]")
    mix.write_text(text.replace("count: 4", "count: 200").replace("real 4", "real 200"))
    seat = inner(artist(mix, Options(depth=3)).picture().root, "p", "seat")
    assert seat.inside is not None
    boxes = [one for one in seat.inside.nodes if one.shape == "box"]
    assert len(boxes) == 120 and boxes[-1].note == "81 more"
    seat = inner(artist(mix, Options(depth=3, most=None)).picture().root, "p", "seat")
    assert seat.inside is not None
    assert sum(one.shape == "box" for one in seat.inside.nodes) == 200


def test_the_workers_of_the_phishing_market_are_all_seen() -> None:
    done = CliRunner().invoke(
        main, ["render", str(EXAMPLES / "phishing-market.yaml"), "--all", "--width", "300"]
    )
    assert done.exit_code == 0
    for one in ("[0…2] logistic ×3", "[3] bayes", "[4] unaware"):
        assert one in done.output
