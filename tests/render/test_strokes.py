"""Which box-drawing character has which strokes: against the names that Unicode gives them."""

from __future__ import annotations

import itertools
import unicodedata

import pytest

from dilsctl.render.strokes import DOUBLE, HEAVY, LIGHT, stroke


@pytest.mark.parametrize(
    ("arms", "name"),
    [
        ((LIGHT, HEAVY, LIGHT, HEAVY), "VERTICAL LIGHT AND HORIZONTAL HEAVY"),
        ((LIGHT, LIGHT, 0, HEAVY), "LEFT HEAVY AND RIGHT UP LIGHT"),
        ((HEAVY, 0, HEAVY, 0), "HEAVY VERTICAL"),
        ((0, LIGHT, 0, HEAVY), "HEAVY LEFT AND LIGHT RIGHT"),
        ((0, DOUBLE, LIGHT, 0), "DOWN SINGLE AND RIGHT DOUBLE"),
        ((DOUBLE, LIGHT, DOUBLE, LIGHT), "VERTICAL DOUBLE AND HORIZONTAL SINGLE"),
        ((LIGHT, 0, LIGHT, LIGHT), "LIGHT VERTICAL AND LEFT"),
        ((HEAVY, HEAVY, LIGHT, LIGHT), "RIGHT UP HEAVY AND LEFT DOWN LIGHT"),
        ((0, LIGHT, LIGHT, 0), "LIGHT ARC DOWN AND RIGHT"),
    ],
)
def test_strokes_that_there_are(arms: tuple[int, int, int, int], name: str) -> None:
    assert unicodedata.name(stroke(arms)) == f"BOX DRAWINGS {name}"


def test_all_of_light_and_heavy_ones_are_there_and_differ() -> None:
    found = [stroke(arms) for arms in itertools.product((0, LIGHT, HEAVY), repeat=4)]  # type: ignore[arg-type]
    assert len(set(found)) == 81 and found[0] == " "


def test_others_have_the_same_directions() -> None:
    """Where there is no character of these kinds, one with a stroke to each of the same sides stands in."""
    sides = {}
    for arms in itertools.product((0, LIGHT, HEAVY), repeat=4):
        sides[stroke(arms)] = tuple(map(bool, arms))  # type: ignore[arg-type]
    for arms in itertools.product((0, DOUBLE), repeat=4):
        sides.setdefault(stroke(arms), tuple(map(bool, arms)))  # type: ignore[arg-type]
    for arms in itertools.product((0, LIGHT, HEAVY, DOUBLE), repeat=4):
        text = stroke(arms)  # type: ignore[arg-type]
        assert sides.get(text, tuple(map(bool, arms))) == tuple(map(bool, arms)), (arms, text)


def test_dashes() -> None:
    assert [stroke((0, kind, 0, kind), dashed=True) for kind in (LIGHT, HEAVY, DOUBLE)] == ["╌", "╍", "═"]
    assert stroke((0, LIGHT, LIGHT, 0), dashed=True) == "╭"
