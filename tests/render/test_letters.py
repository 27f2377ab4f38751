"""Letters that a picture's font does not have are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from dilsctl.cli import main
from dilsctl.render.glyphs import letters_of, without_glyph
from dilsctl.render.raster import BOLD, REGULAR, missing_letters
from dilsctl.render.shapes import Shape, Text

TEXT = """
dils: 1
name: net
define:
  layer:
    in: {入: real}
    out: {出: real}
    wires: [2 * 入 -> 出]
main:
  in: {α: real}
  out: {out: real}
  boxes: {最初: layer}
  wires: [α -> 最初.入, 最初.出 -> out]
"""


def shapes(text: str) -> list[Shape]:
    return [Text(0, 0, one, 10, "#000000") for one in text.split()]


@pytest.mark.parametrize("font", [REGULAR, BOLD], ids=lambda one: one.stem)
def test_the_letters_of_a_font(font: Path) -> None:
    """As fontTools reads them; and those that pictures themselves write are all there."""
    known = letters_of(font)
    assert {*range(32, 127), *map(ord, "×…Δθ·−äß")} <= known
    assert not {ord("最"), 0x10FFFD} & known
    tools = pytest.importorskip("fontTools.ttLib")
    assert known == set(tools.TTFont(str(font)).getBestCmap())


def test_each_letter_is_told_once() -> None:
    assert without_glyph(shapes("最x 初最 y\u200d"), REGULAR) == "最初"


def test_a_note_names_them_and_the_way_out(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    pytest.importorskip("reportlab")
    path = tmp_path / "net.yaml"
    path.write_text(TEXT, encoding="utf-8")

    def notes(ending: str) -> str:
        result = CliRunner().invoke(main, ["render", str(path), "-o", str(tmp_path / f"x.{ending}")])
        assert result.exit_code == 0 and (tmp_path / f"x.{ending}").exists()
        return result.stderr

    for letter in "最初入出":
        assert letter in notes("pdf")
    assert "α" not in notes("pdf") and "write .svg or .html" in notes("pdf")
    assert notes("svg") == notes("html") == ""


def test_a_png_takes_letters_of_the_system() -> None:
    """So only those are told that no font of it has; here one for private use."""
    pytest.importorskip("resvg_py")
    assert missing_letters(shapes("abc äöü"), "png") == []
    (note,) = missing_letters(shapes("a\U000f1234b"), "png")
    assert note.code == "no-letters" and "\U000f1234:" in note.message and "install a font" in note.help
