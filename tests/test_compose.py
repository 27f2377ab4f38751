"""Substitution into holes, as files: what is composed is valid, and means what it was composed of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilsctl import api
from dilsctl.compose import compose, read_fill
from dilsctl.diagnostics import Problem
from dilsctl.documents import LoadedDocument
from dilsctl.merging import identity

from .laws.diagrams import Maker, Options
from .laws.expressions import Choose
from .laws.support import compiled, laws, random_inputs, random_states, same_bits, values
from .laws.test_substitution import BATCH, Nest

OUTER = """
dils: 1
name: outer
use: {nn: std/nn}
define:
  worker: {in: {x: real 4}, out: {y: real 4}}
  frame:
    in: {x: real 4}
    out: {y: real 4}
    boxes: {inner: worker}
    wires: [x -> inner.x, inner.y -> y]
  team:
    params: {member: worker}
    in: {x: real 4}
    out: {y: real 4}
    boxes: {one: {box: member}}
    wires: [x -> one.x, one.y -> y]
  main:
    in: {x: real 4}
    out: {y: real 4}
    boxes: {first: nn.residual, second: frame, third: {box: worker, count: 2}, fourth: frame, fifth: team}
    wires:
      - x -> first.x
      - first.y -> second.x
      - second.y -> third.x
      - third[0].y + third[1].y -> fourth.x
      - fourth.y -> fifth.x
      - fifth.y -> y
main: main
"""

INNER = """
dils: 1
use: {layers: std/nn, other: other}
define:
  frame:
    in: {x: real 4}
    out: {y: real 4}
    boxes: {a: {box: layers.dense, with: {units: 4, activation: tanh}}, b: other.double}
    wires: [x -> a.x, a.y -> b.x, b.y -> y]
  wide: {in: {x: real 4, z: real}, out: {y: real 5}, wires: ["concat(x, z) -> y"]}
  around:
    in: {x: real 4}
    out: {y: real 4}
    boxes: {deep: {in: {x: real 4}, out: {y: real 4}}}
    wires: [x -> deep.x, deep.y -> y]
main: frame
"""

OTHER = """
dils: 1
define:
  double: {in: {x: real 4}, out: {y: real 4}, wires: [2 * x -> y]}
main: {box: double}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub").mkdir()
    for name, text in (("outer", OUTER), ("sub/inner", INNER), ("sub/other", OTHER)):
        (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def composed(outer: str, *fills: str, folder: Path | None = None) -> str:
    loaded = api.load(outer)
    known: dict[object, LoadedDocument] = {identity(loaded.document): loaded.document}
    return compose(loaded, [read_fill(one, known) for one in fills], folder)


ALL = (
    "first.inner=sub/inner.yaml", "second.inner=sub/other.yaml:double", "third=sub/inner.yaml,sub/other.yaml",
    "fourth.inner=std/nn:bottleneck", "fifth.one=sub/other.yaml",
)  # fmt: skip


def test_every_kind_of_hole(folder: Path) -> None:
    text = composed("outer.yaml", *ALL)
    Path("whole.yaml").write_text(text)
    whole = api.load("whole.yaml")
    for line in (
        "use: {nn: std/nn, other: sub/other.yaml}",
        "      first: {box: nn.residual, with: {inner: frame_2}}",
        "      second: {box: frame, with: {inner: double}}",
        "      fourth: {box: frame, with: {inner: nn.bottleneck}}",
        "      a: {box: nn.dense, with: {units: 4, activation: tanh}}",
        "main: {box: main, with: {third: [frame_2, double]}}",
    ):
        assert line in text, text
    by_hand = OUTER.replace("{box: worker, count: 2}", "worker").replace(
        "third[0].y + third[1].y", "2 * third.y"
    )
    assert by_hand != OUTER and whole.predict({"x": np.ones((2, 4))})["y"].shape == (2, 4)


def test_one_after_the_other_is_all_at_once(folder: Path) -> None:
    text = composed("outer.yaml", *ALL)
    for number, fill in enumerate(ALL):
        Path(f"step{number + 1}.yaml").write_text(
            composed("outer.yaml" if not number else f"step{number}.yaml", fill)
        )
    rows = {"x": np.linspace(-1, 1, 8).reshape(2, 4)}
    Path("whole.yaml").write_text(text)
    expected = api.load("whole.yaml").predict(rows)["y"]
    np.testing.assert_array_equal(api.load("step5.yaml").predict(rows)["y"], expected)


def test_a_hole_of_what_fills_a_hole(folder: Path) -> None:
    text = composed(
        "outer.yaml",
        *ALL[:1],
        "second.inner=sub/inner.yaml:around",
        "second.inner.deep=sub/other.yaml",
        *ALL[2:],
    )
    assert "second: {box: frame, with: {inner: {box: around, with: {deep: double}}}}" in text


def test_elsewhere_what_cannot_be_imported_comes_along(folder: Path) -> None:
    (folder / "out").mkdir()
    text = composed("outer.yaml", *ALL, folder=folder / "out")
    assert "use: {nn: std/nn}" in text and "other" not in text
    (folder / "out" / "whole.yaml").write_text(text)
    assert api.validate(folder / "out" / "whole.yaml").ok


def test_a_definition_that_others_use_is_not_changed(folder: Path) -> None:
    text = OUTER.replace("boxes: {inner: worker}", "boxes: {inner: {box: box2}}").replace(
        "  team:",
        "  box2: {in: {x: real 4}, out: {y: real 4}, boxes: {h: worker}, wires: [x -> h.x, h.y -> y]}\n"
        "  team:",
    )
    Path("outer.yaml").write_text(text)
    found = composed("outer.yaml", "second.inner.h=sub/other.yaml")
    assert "second: frame_filled" in found and "fourth: frame," not in found and "fourth: frame" in found
    assert "inner: {box: box2, with: {h: double}}" in found and "inner: {box: box2}" in found


@pytest.mark.parametrize(
    ("fill", "code", "words"),
    [
        ("sixth=sub/inner.yaml", "bad-hole", "its holes: "),
        ("first=sub/inner.yaml", "bad-hole", "has an interior"),
        ("third=sub/nothing.yaml", "file-not-found", ""),
        ("third=sub/inner.yaml:nothing", "unknown-box", ""),
        ("third=sub/inner.yaml,sub/inner.yaml,sub/inner.yaml", "bad-count", ""),
        ("third", "bad-hole", "HOLE=FILE"),
    ],
)
def test_refusals(folder: Path, fill: str, code: str, words: str) -> None:
    with pytest.raises(Problem) as found:
        composed("outer.yaml", fill)
    (one,) = found.value.diagnostics
    assert one.code == code and words in f"{one.message} {one.help}"


def test_a_mismatch_points_at_both_files(folder: Path) -> None:
    with pytest.raises(Problem) as found:
        composed("outer.yaml", "third=sub/inner.yaml:wide")
    (one,) = found.value.diagnostics
    assert one.code == "hole-mismatch" and one.primary is not None
    assert {label.span.file.name for label in (one.primary, *one.related)} == {"outer.yaml", "sub/inner.yaml"}


# -- laws ---------------------------------------------------------------------------------------------


@st.composite
def still_nests(draw: Any) -> Nest:
    """Nests of boxes that learn nothing: what is learned must reach a loss, which is of the whole."""
    choose = Choose(draw)
    return Nest(choose, Maker(choose, Options(style="whole", levels=1, learned=False, losses=False)))


@laws(5)
@given(still_nests(), st.integers(0, 10**6))
def test_associative_and_unital(tmp_path_factory: pytest.TempPathFactory, nest: Nest, seed: int) -> None:
    folder = tmp_path_factory.mktemp("nest")
    inner = nest.inner.name

    def write(name: str, text: str) -> str:
        (folder / f"{name}.yaml").write_text(text)
        return str(folder / f"{name}.yaml")

    outer, middle = write("outer", nest.document("outer")), write("middle", nest.document("middle"))
    innermost = f"{middle}:{inner}"
    unit = write("unit", nest.document("passing", passing=nest.passing()))
    inside = write("inside", composed(middle, f"h={innermost}"))
    outside = write("outside", composed(outer, f"h={middle}"))
    first = composed(outer, f"h={inside}")
    second = composed(outside, f"h.h={innermost}")
    by_hand = nest.document(nest.filled(nest.outer, nest.filled(nest.middle, inner)))
    compared = [compiled(text, optimise=False) for text in (by_hand, first, second)]
    rng = np.random.default_rng(seed)
    states = random_states(compared[0], rng, whole=True)
    inputs = random_inputs(compared[0].inputs, rng, BATCH, whole=True)
    expected = values(compared[0], states, inputs, BATCH)
    for one in compared[1:]:
        assert one.states.keys() == states.keys()
        same_bits(values(one, states, inputs, BATCH), expected)
    around = compiled(composed(unit, f"h={write('whole', first)}"), optimise=False)
    moved = {f"h.{path}": value for path, value in states.items()}
    same_bits(values(around, moved, inputs, BATCH), expected)
