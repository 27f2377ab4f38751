"""What the writers write."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given

import dilsctl
from dilsctl.diagnostics import Problem
from dilsctl.render.draw import Artist
from dilsctl.render.figures import Drawing
from dilsctl.render.outline import Options
from dilsctl.render.paper import UNITS
from dilsctl.render.stamp import untouched

from ..laws import diagrams
from ..laws.support import diagram_of, laws
from .checks import check

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def artist(name: str, **options: object) -> Artist:
    return dilsctl.load(ROOT / "examples" / f"{name}.yaml").artist(None, Options(**options))  # type: ignore[arg-type]


@laws(5)
@given(diagrams.documents(diagrams.Options(moving=True, levels=2)))
def test_random_diagrams(document: diagrams.Document) -> None:
    """Every view of them keeps the laws of the layout, and every format can be written."""
    diagram = diagram_of(document.text)
    for options in (Options(view="flat"), Options(view="layers"), Options(backward=True), Options(laws=True)):
        check(Drawing(UNITS).figure(Artist(diagram, "x", options).picture().root))
    drawn = Artist(diagram, "<&>\x00", Options())
    ElementTree.fromstring(drawn.file("svg"))
    for kind in ("html", "dot", "mmd", "tex", "txt"):
        assert drawn.file(kind)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_png_and_pdf(tmp_path: Path, theme: str) -> None:
    drawn = artist("or-gate")
    png, pdf = drawn.file("png", theme), drawn.file("pdf", theme)  # type: ignore[arg-type]
    assert png.startswith(b"\x89PNG") and pdf.startswith(b"%PDF")
    assert png == drawn.file("png", theme) and pdf == drawn.file("pdf", theme)  # type: ignore[arg-type]
    for data, name in ((png, "x.png"), (pdf, "x.pdf")):
        path = tmp_path / name
        path.write_bytes(data)
        assert untouched(path)
        path.write_bytes(data.replace(b"dilsctl", b"dilsctk", 1))
        assert not untouched(path)


def test_letters_of_a_png_are_drawn() -> None:
    """A picture with its text is not the one without: fonts were found."""
    from dilsctl.render.raster import png

    text = artist("or-gate").file("svg").decode()
    assert png(text, 400, 300) != png(re.sub(r"<text.*?</text>", "", text), 400, 300)


def test_graphviz_reads_it() -> None:
    program = shutil.which("dot")
    if program is None:
        pytest.skip("no Graphviz")
    for name, word in (("control-loop", "controller"), ("lotka-volterra", "predation"), ("skip", "concat")):
        written = artist(name).file("dot")
        done = subprocess.run([program, "-Tsvg"], input=written, capture_output=True, check=True)
        assert word in done.stdout.decode()


def test_the_flat_view_has_the_same_ends() -> None:
    """Without frames, the wires between the innermost boxes are those through the borders."""
    root = artist("or-gate", view="flat").picture().root
    assert root.inside is not None
    nodes = root.inside.nodes
    assert [one.label for one in nodes] == ["left.gate", "right.gate", "join"]

    def end(place: tuple[int, int]) -> str:
        number, at = place
        return (
            nodes[number].name + "." + nodes[number].pins[at].name if number >= 0 else f"border {number} {at}"
        )

    assert sorted((end(one.source), end(one.target)) for one in root.inside.wires) == [
        ("border -1 0", "left.gate.a"), ("border -1 0", "left.gate.b"),
        ("border -1 1", "right.gate.a"), ("border -1 1", "right.gate.b"),
        ("join.y", "border -2 0"), ("left.gate.y", "join.a"), ("right.gate.y", "join.b"),
    ]  # fmt: skip


def test_the_flat_view_opens_one_path() -> None:
    """Without frames too ``focus`` opens the boxes on it and no others; an array there keeps its frame."""

    def labels(name: str, *focus: str) -> dict[str, bool]:
        root = artist(name, view="flat", focus=focus).picture().root
        assert root.inside is not None
        return {one.name: one.inside is not None for one in root.inside.nodes if one.shape == "box"}

    boxes = ["schedule", "loop.sensor", "loop.controller"]
    assert set(labels("control-loop", "loop")) == {*boxes, "loop.plant"}
    assert set(labels("control-loop", "loop", "plant")) == {*boxes, "loop.plant.heater", "loop.plant.oven"}
    assert labels("experts", "committee") == {"committee.expert": False}
    assert labels("experts", "committee", "expert") == {"committee.expert": True}
    check(Drawing(UNITS).figure(artist("experts", view="flat", focus=("committee", "expert")).picture().root))


def test_a_long_path_keeps_its_end() -> None:
    text = artist("control-loop", view="flat").text(150)
    assert "…nt.heater" in text and "loop.plant.heater" in artist("control-loop", view="flat").text(300)


def test_every_wire_of_reals_is_doubled() -> None:
    root = artist("digits", backward=True).picture().root
    assert root.inside is not None
    forward = [one for one in root.inside.wires if "backward" not in one.looks]
    backward = [one for one in root.inside.wires if "backward" in one.looks]
    assert len(forward) == len(backward) == 3
    assert [pin.label for pin in root.pins] == ["pixels", "Δpixels", "logits", "Δlogits"]


def test_text_that_is_code_elsewhere(tmp_path: Path) -> None:
    """Names are harmless by the language, documentation is anything."""
    path = tmp_path / "x.yaml"
    path.write_text(
        "dils: 1\nname: x\nmain:\n  doc: '</script><script>alert(1)</script>]]> \\end{document} $x$'\n"
        "  in: {a: real}\n  out: {b: real}\n  wires:\n    - 2 * a -> b\n"
    )
    drawn = dilsctl.load(path).artist()
    page = drawn.file("html").decode()
    assert "<script>alert" not in page and page.count("</script>") == 2
    ElementTree.fromstring(drawn.file("svg"))


def test_a_picture_that_would_be_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two boxes of two boxes of two boxes: drawn as deep as can be, and refused where all are wanted."""
    path = tmp_path / "x.yaml"
    both = "boxes: {{one: {0}, two: {0}}}, out: {{y: real}}, wires: [one.y + two.y -> y]"
    inner = "".join(f"  b{at}: {{{both.format(f'b{at - 1}')}}}\n" for at in range(1, 13))
    path.write_text(
        f"dils: 1\nname: x\ndefine:\n  b0: {{out: {{y: real}}, wires: [1 -> y]}}\n{inner}main: b12\n"
    )
    loaded = dilsctl.load(path)
    assert len(loaded.artist().file("svg")) < 200_000
    monkeypatch.setattr("dilsctl.render.draw.MOST_BOXES", 5000)
    with pytest.raises(Problem, match="8,191 boxes") as caught:
        loaded.artist(None, Options(depth=100))
    assert caught.value.diagnostics[0].code == "too-large"


def test_a_long_list_of_different_boxes_is_shortened(tmp_path: Path) -> None:
    names = [f"b{at}" for at in range(300)]
    define = "".join(f"  {one}: {{out: {{y: real}}, wires: [{at} -> y]}}\n" for at, one in enumerate(names))
    boxes = ", ".join(f"{one}: {one}" for one in names)
    wires = "".join(f"      - {one}.y -> y[{at}]\n" for at, one in enumerate(names))
    path = tmp_path / "x.yaml"
    around = f"    out: {{y: real 300}}\n    boxes: {{{boxes}}}\n    wires:\n{wires}"
    path.write_text(f"dils: 1\nname: x\ndefine:\n{define}  all:\n{around}main: all\n")
    figure = Drawing(UNITS).figure(dilsctl.load(path).artist().picture().root)
    check(figure)
    assert any("181 more" in part.node.note for _, _, part in figure.parts)
    check(Drawing(UNITS).figure(dilsctl.load(path).artist(None, Options(most=None)).picture().root))
