"""Orders that exist are found, whatever the order in which the elements of an array feed each other."""

from pathlib import Path

import dilsctl

BACKWARDS = """\
dils: 1
define:
  cell: {in: {x: real}, out: {y: real}, wires: [x + 1 -> y]}
  row:
    in: {a: real}
    out: {y: real 3}
    boxes: {cell: {box: cell, count: 3}}
    wires:
      - a -> cell[2].x
      - cell[2].y -> cell[1].x
      - cell[1].y -> cell[0].x
      - cell.y -> y
main: row
"""


def test_single_elements_are_no_loop(tmp_path: Path) -> None:
    path = tmp_path / "row.yaml"
    path.write_text(BACKWARDS)
    shown = dilsctl.load(path).predict({"a": [0.0, 5.0]})
    assert shown["y"].tolist() == [[3, 2, 1], [8, 7, 6]]
