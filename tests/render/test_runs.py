"""What a run learned, in pictures: strength and sign of wires, activity of boxes; runs that do not fit."""

from __future__ import annotations

import itertools
import json
import math
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result

from dilsctl import load
from dilsctl.cli import main
from dilsctl.render.draw import Artist
from dilsctl.render.figures import Drawing
from dilsctl.render.learned import Learned, Strength, activities, learned, links
from dilsctl.render.letters import width
from dilsctl.render.nets import Nets
from dilsctl.render.outline import Options
from dilsctl.render.paper import RUN_UNITS, UNITS
from dilsctl.render.played import read_run, within
from dilsctl.render.run_painter import RunPainter
from dilsctl.render.shapes import Close, Disc, Line, Open, Rectangle, Text
from dilsctl.render.themes import THEMES
from dilsctl.training import Training

EXAMPLES = Path(__file__).parents[2] / "examples"
SVG = "{http://www.w3.org/2000/svg}"
PAIR = """
dils: 1
name: pair
define:
  cell:
    in: {hears: real}
    out: {y: real}
    state: {y: real = 1}
    next: {y: 0.5 * y + hears}
  couple:
    in: {x: real}
    out: {z: real}
    boxes: {a: cell, b: cell}
    state: {k: real = 0.5, back: real = 0.25}
    learn: [k, back]
    wires:
      - k * b.y + x -> a.hears
      - -(back ** 2) * a.y -> b.hears
      - b.y -> z
main:
  in: {x: real}
  out: {z: real}
  boxes: {couple: couple}
  wires: [x -> couple.x, couple.z -> z]
train:
  data: {file: table.csv, inputs: {x: x}, targets: {truth: t}, split: {validation: 0.25}}
  ticks: 4
  loss: mse(z, truth)
  optimiser: {sgd: {rate: 0.0001}}
  batch: 4
  epochs: 3
  precision: float64
"""
LAYERS = """
dils: 1
name: layers
define:
  unit: {in: {x: real}, out: {y: real}, state: {w: real = 1}, learn: [w], wires: [w * x -> y]}
main:
  in: {x: real}
  out: {z: real}
  boxes: {a: unit, b: unit, c: unit}
  wires: [x -> a.x, x -> b.x, x -> c.x, a.y + b.y + c.y -> z]
"""


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    rows = "".join(f"{0.1 * n},{0.05 * n + 0.3}\n" for n in range(16))
    (tmp_path / "table.csv").write_text("x,t\n" + rows)
    path = tmp_path / "pair.yaml"
    path.write_text(PAIR)
    Training.begin(path, (), tmp_path / "run").train()
    return path


def call(*args: object) -> Result:
    return CliRunner().invoke(main, ["render", *map(str, args)])


def drawn(
    path: Path, run: object = None, **options: object
) -> tuple[Artist, Learned, dict[str, tuple[str, int]]]:
    """What draws, what of the run is drawn, and the wires by what is said of them."""
    artist = load(path).artist(None, Options(**options), run)  # type: ignore[arg-type]
    figure = Drawing(UNITS).figure(artist.picture().root)
    places: dict[str, tuple[str, int]] = {}
    stack = [("", figure.node)]
    while stack:
        around, node = stack.pop()
        for number, wire in enumerate(node.inside.wires if node.inside is not None else ()):
            places[wire.about.split("\n")[0]] = (around, number)
        for one in node.inside.nodes if node.inside is not None else ():
            stack.append((f"{around}.{one.name}" if around else one.name, one))
    return artist, learned(figure, artist.run or {}), places


@pytest.mark.parametrize("view", ["nested", "flat"])
def test_strength_sign_and_activity(pair: Path, view: str) -> None:
    run = read_run(pair.parent / "run")
    _, found, places = drawn(pair, run, view=view, depth=3)
    by_name = {one["name"]: one for one in run["weights"]}
    assert set(by_name) == {"k", "back"}
    for name, text, sign in (("k", "k * b.y", 1), ("back", "-(back", -1)):
        mine = [place for about, place in places.items() if about.startswith(text)]
        assert mine
        share = by_name[name]["means"][-1] / max(by_name[name]["means"])
        for place in mine:
            assert found.wires[place] == Strength(pytest.approx(share), sign)  # type: ignore[arg-type]
    assert places["b.y -> z"] not in found.wires
    lead = "couple."
    active = run["activity"]
    most = max(one for series in active.values() for one in series)
    names = [lead + "a", lead + "b"] + (["couple"] if view == "nested" else [])
    assert found.boxes == pytest.approx({name: active[name][-1] / most for name in names})


def test_the_shapes_say_it(pair: Path) -> None:
    """Two colours, a plus and a minus, bars as long as boxes are active, and a legend of all."""
    run = read_run(pair.parent / "run")
    artist, found, _ = drawn(pair, run, depth=3)
    for theme in ("light", "print"):
        root = ElementTree.fromstring(artist.file("svg", theme))  # type: ignore[arg-type]
        signs = root.findall(f".//{SVG}g[@class='wire']/{SVG}g[@class='sign']")
        strokes = [len(one.findall(f"{SVG}path")) for one in signs]
        assert sorted(set(strokes)) == [1, 2]  # a minus has one, a plus has two
        colours = {one.find(f"{SVG}circle").get("stroke") for one in signs}  # type: ignore[union-attr]
        assert colours == {THEMES[theme].positive, THEMES[theme].negative}
        bars = root.findall(f".//{SVG}g[@class='level']")
        shares = [[float(one.get("width", "")) for one in bar.findall(f"{SVG}rect")] for bar in bars]
        assert sorted(part / whole for whole, part in shares) == pytest.approx(
            sorted(found.boxes.values()), abs=0.01
        )
        words = {one.text for one in root.iter(f"{SVG}text")}
        assert {"positive weight", "negative weight", "how active a box is"} <= words
    plain = load(pair).artist(None, Options(depth=3)).file("svg").decode()
    assert "positive weight" not in plain and 'class="level"' not in plain
    for kind in ("html", "tex", "png", "pdf"):
        assert artist.file(kind) != load(pair).artist(None, Options(depth=3)).file(kind)


def test_signs_stand_clear_and_what_wires_share_has_theirs_if_all_have_it() -> None:
    theme = THEMES["light"]
    picture = load(EXAMPLES / "pendigits.yaml").artist(None, Options()).picture()
    figure = Drawing(UNITS).figure(picture.root)
    assert figure.node.inside is not None
    signs = {number: (1, -1)[number % 2] for number in range(len(figure.node.inside.wires))}
    painter = RunPainter(theme, Learned({("", number): Strength(1, one) for number, one in signs.items()}))
    stack: list[Open] = []
    lines: dict[tuple[int, ...], Line] = {}
    marks: dict[tuple[int, ...], Disc] = {}
    for shape in painter.paint(figure, 0, 0):
        if isinstance(shape, Open):
            stack.append(shape)
        elif isinstance(shape, Close):
            stack.pop()
        elif isinstance(shape, Line) and stack[-1].kind == "wire" and not shape.closed:
            lines[stack[-1].wires] = shape
        elif isinstance(shape, Disc) and stack[-1].kind == "sign":
            marks[stack[-2].wires] = shape
    mixed = 0
    for wires, line in lines.items():
        known = {signs[one] for one in wires}
        mixed += len(known) > 1
        colour = {1: theme.positive, -1: theme.negative}[known.pop()] if len(known) == 1 else None
        assert (line.style.stroke == colour) or (
            colour is None and line.style.stroke not in (theme.positive, theme.negative)
        )
    assert mixed and len(marks) == len(signs)
    for wires, mark in marks.items():
        for others, line in lines.items():
            for (x, y), (ex, ey) in itertools.pairwise(line.points) if others != wires else ():
                beside = max(min(x, ex) - mark.x, mark.x - max(x, ex), 0)
                below = max(min(y, ey) - mark.y, mark.y - max(y, ey), 0)
                assert beside + below > mark.radius, (wires, others)


def test_in_the_terminal(pair: Path, tmp_path: Path) -> None:
    """Strength in tenths after its sign, and in the border of a box how active it is."""
    run = read_run(tmp_path / "run")
    found = learned(Drawing(UNITS).figure(load(pair).artist("couple").picture().root), within(run, "couple"))
    text = call(pair, "couple", "--run", tmp_path / "run", "--width", "100").stdout
    shares = {known.sign: f"{known.share:.1f}".removesuffix(".0") for known in found.wires.values()}
    assert f"⊕{shares[1].removeprefix('0')}" in text and f"⊖{shares[-1].removeprefix('0')}" in text
    for name, share in found.boxes.items():
        (row,) = (at for at, line in enumerate(text.splitlines()) if f"┏ {name}: cell ┓" in line)
        column = text.splitlines()[row].index(f"┏ {name}: cell ┓")
        below = (line[column : column + 2] for line in text.splitlines()[row:] if line[column] == "┗")
        assert next(below) == "┗" + "▁▂▃▄▅▆▇█"[min(7, int(share * 8))]
    assert "⊖ negative weight" in text and ".7, 1: its strength, as part of the most" in text
    assert "how active a box is" in text
    assert "⊕" not in call(pair, "couple", "--width", "100").stdout


def test_boxes_that_are_drawn_as_one(tmp_path: Path) -> None:
    path = tmp_path / "layers.yaml"
    path.write_text(LAYERS)
    run = {"weights": [], "activity": {"a": [1.0, 2.0], "b": [1.0, 3.0], "c": [1.0, 6.0]}}
    figure = Drawing(UNITS).figure(load(path).artist(None, Options(view="layers")).picture().root)
    assert activities(figure, run) == {"a": pytest.approx([1.0, math.sqrt((4 + 9 + 36) / 3)])}


def test_one_box_alone(pair: Path, tmp_path: Path) -> None:
    """Its paths begin with it."""
    run = within(read_run(tmp_path / "run"), "couple")
    assert [one["path"] for one in run["weights"]] == ["", ""] and set(run["activity"]) == {"a", "b"}
    figure = Drawing(UNITS).figure(load(pair).artist("couple").picture().root)
    assert set(activities(figure, run)) == {"a", "b"} and links(figure, run)
    result = call(pair, "couple", "--run", tmp_path / "run", "-o", tmp_path / "x.svg")
    assert result.exit_code == 0 and 'class="sign"' in (tmp_path / "x.svg").read_text()
    result = call(pair, "cell", "--run", tmp_path / "run", "-o", tmp_path / "y.svg")
    assert result.exit_code == 2 and "by its path" in result.stderr


def test_a_run_of_another_diagram_is_refused(pair: Path, tmp_path: Path) -> None:
    other = tmp_path / "layers.yaml"
    other.write_text(LAYERS)
    result = call(other, "--run", tmp_path / "run", "-o", tmp_path / "x.svg")
    assert result.exit_code == 1 and not (tmp_path / "x.svg").exists()
    assert "error[not-its-run]" in result.stderr and "draws its own" in result.stderr
    other.write_text(LAYERS.replace("name: layers", "name: pair"))  # its name alone
    assert call(other, "--run", tmp_path / "run", "-o", tmp_path / "x.svg").exit_code == 1


def test_a_diagram_that_was_edited_or_moved(pair: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    moved = tmp_path / "elsewhere.yaml"
    moved.write_text(PAIR)
    result = call(moved, "--run", run, "-o", tmp_path / "moved.svg")
    assert result.exit_code == 0 and result.stderr == ""
    pair.write_text(PAIR + "# more\n")
    result = call(pair, "--run", run, "-o", tmp_path / "edited.svg")
    assert result.exit_code == 0 and "note[diagram-changed]" in result.stderr
    pictures = [(tmp_path / f"{name}.svg").read_text() for name in ("edited", "moved")]
    assert pictures[0].count('class="sign"') == pictures[1].count('class="sign"') > 0


def test_what_was_not_recorded_is_told(pair: Path, tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "x.svg"
    assert call(pair, "--run", run, "-o", out).stderr == ""
    (run / "activity.jsonl").unlink()
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({key: facts[key] for key in facts if key != "activity"}))
    lines = [json.loads(line) for line in (run / "wires.jsonl").read_text().splitlines()]
    old = [{"epoch": one["epoch"], "strengths": one["strengths"]} for one in lines]
    (run / "wires.jsonl").write_text("".join(json.dumps(one) + "\n" for one in old))
    result = call(pair, "--run", run, "-o", out)  # as of an older version: strengths and no signs
    assert result.exit_code == 0 and "recorded no activity" in result.stderr
    assert "train again" in result.stderr and 'class="sign"' not in out.read_text()
    assert "how strong a wire is" in out.read_text()
    (run / "wires.jsonl").unlink()
    result = call(pair, "--run", run, "-o", out)
    assert result.exit_code == 0 and "recorded no strength of any wire" in result.stderr
    shutil.rmtree(run / "diagram")
    assert "error[bad-run]" in call(pair, "--run", run, "-o", out).stderr


WEIGHT = {"path": "", "name": "k", "sources": [], "targets": [], "shape": [1], "axes": [""]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.json", "[" * 100_000),
        ("run.json", "[]"),
        ("run.json", '{"wires": 3}'),
        ("run.json", json.dumps({"wires": [{**WEIGHT, "shape": [10**12]}]})),
        ("run.json", json.dumps({"wires": [{**WEIGHT, "shape": "x"}]})),
        ("run.json", json.dumps({"wires": [{**WEIGHT, "sources": 1}]})),
        ("run.json", json.dumps({"wires": [{**WEIGHT, "name": None, "path": 2}]})),
        ("run.json", '{"files": ["../../../etc/passwd"]}'),
        ("run.json", '{"files": 3, "main": 4, "file": []}'),
        ("wires.jsonl", '{"epoch": 1, "strengths": []}\n'),
        ("wires.jsonl", '{"epoch": 1, "strengths": {"couple.k": [null]}, "signs": {"couple.k": "+"}}\n'),
        ("activity.jsonl", '{"epoch": 1, "activity": [1]}\n'),
        ("activity.jsonl", '{"epoch": 1, "activity": {"couple": "x", "couple.a": NaN}}\n'),
        ("activity.jsonl", None),
        ("run.json", None),
    ],
)
def test_damaged_runs_are_told_in_words(pair: Path, tmp_path: Path, name: str, content: str | None) -> None:
    path = tmp_path / "run" / name
    path.unlink()
    if content is None:
        path.mkdir()  # no regular file
    else:
        path.write_text(content)
    for out in (["-o", tmp_path / "x.svg"], ["-o", tmp_path / "x.html"], []):
        result = call(pair, "--run", tmp_path / "run", *out)
        assert result.exit_code in (0, 1), result.output
        assert result.exit_code == 0 or "error[" in result.stderr


def test_epochs_between_lines_have_the_line_before(tmp_path: Path) -> None:
    """Logs of several paces, thinned out or not."""
    weight = {
        "path": "", "name": "k", "sources": ["b.y"], "targets": ["a.hears"], "shape": [2], "axes": [""],
    }  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps({"wires": [weight]}))
    epochs = np.arange(0, 11)
    (tmp_path / "metrics.jsonl").write_text("".join(f'{{"epoch": {one}, "loss": 1}}\n' for one in epochs))
    rows = [
        {"epoch": at, "strengths": {"k": [at, 1]}, "signs": {"k": "-+"}, "means": {"k": -at}} for at in (2, 7)
    ]
    (tmp_path / "wires.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    (tmp_path / "activity.jsonl").write_text(
        '{"epoch": 0, "activity": {"a": 1}}\n{"epoch": 9, "activity": {"a": 3}}\n'
    )
    run = read_run(tmp_path)
    assert run["activity"] == {"a": [1] * 9 + [3, 3]}
    assert [row[0] for row in run["weights"][0]["rows"]] == [0, 0, 2, 2, 2, 2, 2, 7, 7, 7, 7]
    assert run["weights"][0]["signed"] == [0, 0, -2, -2, -2, -2, -2, -7, -7, -7, -7]


@pytest.mark.parametrize("depth", [1, 2])
def test_bars_and_thick_wires_leave_type_alone(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "typed.yaml"
    path.write_text(
        "dils: 1\nname: typed\ndefine:\n  gyp:\n    in: {p: real, q: real}\n    out: {y: real, g: real}\n"
        "    state: {m: real = 0}\n    next: {m: p}\n    wires: [q + m -> y, p -> g]\n"
        "  quip:\n    in: {p: real, q: real}\n    out: {g: real}\n"
        "    boxes: {gap: {box: gyp, count: 2}, yap: gyp}\n"
        "    wires: [p -> gap.p, q -> gap.q, sum(gap.y) -> yap.p, q -> yap.q, yap.g -> g]\n"
        "main:\n  in: {p: real, q: real}\n  out: {judging: real, quay: real}\n  boxes: {jump: quip}\n"
        "  wires: [p -> jump.p, q -> jump.q, 2 * jump.g -> judging, 3 * jump.g -> quay]\n"
    )
    figure = Drawing(RUN_UNITS).figure(load(path).artist(None, Options(depth=depth)).picture().root)
    wires = {place: Strength(1.0, 1) for place in Nets(figure).names}
    boxes = dict.fromkeys(("jump", "jump.gap", "jump.yap"), 1.0)
    texts: list[tuple[float, float, float, float, str]] = []
    marks: list[tuple[float, float, float, float]] = []
    boxes_seen: list[Open] = []
    borders: dict[str, Rectangle] = {}
    bars = 0
    for shape in RunPainter(THEMES["light"], Learned(wires, boxes)).paint(figure, 0, 0):
        if isinstance(shape, Open):
            boxes_seen.append(shape)
        elif isinstance(shape, Close):
            boxes_seen.pop()
        elif isinstance(shape, Text):
            wide = width(shape.text, shape.size)
            x = shape.x - {"start": 0, "middle": wide / 2, "end": wide}[shape.anchor]
            texts.append((x, shape.y - 0.7 * shape.size, x + wide, shape.y + 0.21 * shape.size, shape.text))
        elif isinstance(shape, Line) and boxes_seen[-1].kind == "wire" and not shape.closed:
            half = shape.style.width / 2
            for (x, y), (ex, ey) in itertools.pairwise(shape.points):
                marks.append((min(x, ex), min(y, ey) - half, max(x, ex), max(y, ey) + half))
        elif isinstance(shape, Rectangle):
            area = (shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)
            if boxes_seen[-1].kind == "level":
                bars += 1
                marks.append(area)
                inner = borders[boxes_seen[-2].path]
                assert inner.x < area[0] and area[2] < inner.x + inner.width
                assert inner.y < area[1] and area[3] < inner.y + inner.height
            else:
                borders[boxes_seen[-1].path] = shape  # the last one is the innermost
        elif isinstance(shape, Disc) and boxes_seen[-1].kind == "sign":
            far = shape.radius + shape.style.width / 2
            marks.append((shape.x - far, shape.y - far, shape.x + far, shape.y + far))
        elif isinstance(shape, Disc) and boxes_seen[-1].kind == "box":
            far = shape.radius
            if far < 2:  # dots of a closed box
                texts.append((shape.x - far, shape.y - far, shape.x + far, shape.y + far, "…"))
    assert bars == {1: 2, 2: 6}[depth]
    for left, top, right, bottom, text in texts:
        for mark in marks:
            apart = mark[2] <= left or right <= mark[0] or mark[3] <= top or bottom <= mark[1]
            assert apart, f"'{text}' is struck by {mark}"
