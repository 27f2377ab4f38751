"""Simulations over batches of rows, and data in holes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dilsctl
from dilsctl.data.splits import epoch_order, split_rows
from dilsctl.diagnostics import Diagnostic, Problem
from dilsctl.kind import kind_of
from dilsctl.loaded import LoadedDiagram
from dilsctl.saved_states import go_on_from, saved
from dilsctl.trace import Trace

ROWS = np.random.default_rng(0).normal(size=(10, 3))

MEAN = """
define:
  source: {in: {back: real}, out: {a: real, b: real 2}}
  inner:
    in: {}
    out: {total: real}
    boxes: {source: source}
    wires:
      - source.a + sum(source.b) -> total
      - source.a -> source.back
  main:
    in: {shift: real}
    out: {mean: real, each: real, seen: real}
    boxes: {inner: inner}
    state: {seen: {type: real, keep: true}}
    wires:
      - pool(inner.total + shift) -> mean
      - inner.total -> each
    next: {seen: seen + pool(inner.total + shift)}
main: main
"""


def load(folder: Path, simulate: str, text: str = MEAN) -> LoadedDiagram:
    lines = ["p,q,r", *(",".join(map(repr, map(float, row))) for row in ROWS)]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = folder / "batches.yaml"
    file.write_text(f"dils: 1\n{text}\nsimulate: {simulate}\n", encoding="utf-8")
    return dilsctl.load(file)


def run(folder: Path, simulate: str, text: str = MEAN, **how: Any) -> Trace:
    return load(folder, simulate, text).simulate(**how)


def refused(folder: Path, simulate: str, text: str = MEAN, **how: Any) -> Diagnostic:
    with pytest.raises(Problem) as caught:
        run(folder, simulate, text, **how)
    return caught.value.diagnostics[0]


def blocks(more: str = "", inputs: str = "a: p, b: [q, r], shift: q") -> str:
    return f"{{{more}, data: {{file: rows.csv, inputs: {{{inputs}}}}}}}"


def totals(rows: Any) -> Any:
    return ROWS[rows].sum(axis=1) + ROWS[rows][:, 1]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 10, 40])
def test_every_row_once_an_epoch(tmp_path: Path, size: int) -> None:
    """The last batch may be smaller; a mean is over the rows that it has."""
    trace = run(tmp_path, blocks(f"epochs: 2, batch: {size}"))
    starts = [*range(0, 10, size)]
    expected = [totals(slice(start, start + size)).mean() for start in (*starts, *starts)]
    assert len(trace.times) == 2 * len(starts) + 1
    np.testing.assert_allclose(trace.values["mean"][:-1, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(trace.values["seen"][-1, 0], sum(expected), rtol=1e-12)
    assert "each" not in trace.values and trace.runs == 1


def test_the_order_is_that_of_training(tmp_path: Path) -> None:
    block = "{seed: 3, epochs: 2, batch: 4, data: {file: rows.csv, shuffle: true, split: {test: 0.2}, "
    trace = run(tmp_path, block + "inputs: {a: p, b: [q, r], shift: q}}}")
    rows = split_rows(10, {"test": 0.2}, 3)["train"]
    expected = []
    for epoch in (1, 2):
        order = epoch_order(rows, 3, epoch)
        expected += [totals(order[:4]).mean(), totals(order[4:]).mean()]
    np.testing.assert_allclose(trace.values["mean"][:-1, 0], expected, rtol=1e-12)


def test_the_part_and_what_is_done_to_it(tmp_path: Path) -> None:
    block = "{epochs: 1, batch: 8, data: {file: rows.csv, part: test, split: {test: last 3}, scale: {a: 2}, "
    trace = run(tmp_path, block + "standardise: [shift], inputs: {a: p, b: [q, r], shift: q}}}")
    shift = (ROWS[7:, 1] - ROWS[:7, 1].mean()) / ROWS[:7, 1].std()
    expected = (2 * ROWS[7:, 0] + ROWS[7:, 1:].sum(axis=1) + shift).mean()
    np.testing.assert_allclose(trace.values["mean"][0, 0], expected, rtol=1e-12)


def test_rows_of_their_own(tmp_path: Path) -> None:
    """What differs from row to row is recorded where it is asked for, and batches are full."""
    trace = run(tmp_path, blocks("epochs: 1, batch: 5, record: [each]"))
    assert trace.runs == 5
    expected = ROWS.sum(axis=1).reshape(2, 5)
    np.testing.assert_allclose(trace.values["each"][:2], expected, rtol=1e-12)
    found = refused(tmp_path, blocks("epochs: 1, batch: 4, record: [each]"))
    assert found.code == "bad-simulation" and "the last batch has only 2 of 4" in found.message


def test_a_state_of_each_row_needs_full_batches(tmp_path: Path) -> None:
    text = MEAN.replace("state: {seen:", "state: {own: real, seen:").replace(
        "next: {", "next: {own: inner.total, "
    )
    assert run(tmp_path, blocks("epochs: 1, batch: 5"), text).runs == 1
    found = refused(tmp_path, blocks("epochs: 1, batch: 4"), text)
    assert "the state 'own' differs from row to row" in found.message


def test_one_row_a_tick_fills_a_hole(tmp_path: Path) -> None:
    trace = run(tmp_path, blocks("until: 12"))
    rows = [*range(10), 9, 9, 9]
    np.testing.assert_allclose(trace.values["each"][:, 0], ROWS[rows].sum(axis=1), rtol=1e-12)


def test_an_expression_fills_a_hole(tmp_path: Path) -> None:
    text = MEAN.replace("    in: {shift: real}\n", "").replace(" + shift", "")
    trace = run(tmp_path, "{until: 3, inputs: {a: t, inner.source.b: '[1, t * t]'}}", text)
    np.testing.assert_allclose(trace.values["each"][:, 0], [1, 3, 7, 13])


def test_holes_of_one_definition(tmp_path: Path) -> None:
    """Each place of a hole is filled by itself, and so is each element of an array."""
    text = """
define:
  source: {out: {a: real}}
  pair:
    out: {y: real 2}
    boxes: {one: source, two: source}
    wires: ["[one.a, two.a] -> y"]
  main:
    out: {y: real 2 2, z: real 3}
    boxes: {left: pair, right: pair, row: {box: source, count: 3}}
    wires: ["stack(left.y, right.y) -> y", row.a -> z]
main: main
"""
    inputs = "left.one.a: 1, left.two.a: 2, right.one.a: 3, right.two.a: t, row.a: '[4, 5, 6]'"
    trace = run(tmp_path, f"{{until: 9, inputs: {{{inputs}}}}}", text)
    np.testing.assert_array_equal(trace.values["y"][9, ..., 0], [[1, 2], [3, 9]])
    np.testing.assert_array_equal(trace.values["z"][9, ..., 0], [4, 5, 6])
    found = refused(tmp_path, "{until: 9, inputs: {a: 1}}", text)
    assert found.code == "unknown-port" and "several holes: " in found.message
    with pytest.raises(Problem) as caught:
        run(tmp_path, "{until: 9, inputs: {left.one.a: 1}}", text)
    assert caught.value.diagnostics[0].code == "hole-in-run"


def test_what_it_says_of_names(tmp_path: Path) -> None:
    found = refused(tmp_path, blocks("epochs: 1, batch: 2", "a: p, shift: q"))
    assert (
        found.code == "missing-input"
        and "nothing is said of 'b', which the hole 'inner.source'" in found.message
    )
    found = refused(tmp_path, blocks("epochs: 1, batch: 2", "aa: p, b: [q, r], shift: q"))
    assert found.code == "unknown-port" and "'aa'" in found.message
    assert found.primary is not None and found.primary.span.line == 23


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("{until: 3, batch: 2, inputs: {a: 1, b: 2, shift: 3}}", "'batch' needs data"),
        (blocks("epochs: 3"), "'epochs' needs a batch"),
        (blocks("batch: 2"), "how long to simulate"),
        (blocks("until: 3").replace("rows.csv", "rows.csv, shuffle: true"), "in the order of the file"),
    ],
)  # fmt: skip
def test_what_goes_together(tmp_path: Path, block: str, message: str) -> None:
    found = refused(tmp_path, block)
    assert found.code == "bad-simulation" and message in found.message


def test_no_other_runs_beside_a_batch(tmp_path: Path) -> None:
    found = refused(tmp_path, blocks("epochs: 1, batch: 2"), runs=3)
    assert found.code == "bad-simulation" and "as many runs as it has rows" in found.message


def test_steps_are_fixed(tmp_path: Path) -> None:
    found = refused(tmp_path, blocks("epochs: 1, batch: 2") + "\ntime: {method: dopri5}")
    assert found.code == "bad-simulation" and "fixed steps" in found.message


def test_a_part_that_is_not_there(tmp_path: Path) -> None:
    block = "{epochs: 1, batch: 2, data: {file: rows.csv, part: test, inputs: {a: p, b: [q, r], shift: q}}}"
    assert refused(tmp_path, block).code == "no-part"


def test_a_filled_hole_is_no_hole(tmp_path: Path) -> None:
    loaded = load(tmp_path, blocks("epochs: 1, batch: 2"))
    assert not [one.code for one in loaded.warnings]
    assert kind_of(loaded.diagram).name != "open"
    assert loaded.whole is not None and kind_of(loaded.whole).name == "open"


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    block = blocks("seed: 1, until: 9, batch: 4").replace("rows.csv", "rows.csv, shuffle: true")
    loaded = load(tmp_path, block)
    whole = loaded.simulate()
    first = load(tmp_path, block.replace("until: 9", "until: 4")).simulation()
    first.run()
    (tmp_path / "state").write_bytes(saved(first))
    second = loaded.simulation()
    go_on_from(second, tmp_path / "state")
    np.testing.assert_array_equal(second.run().final["seen"], whole.final["seen"])
