"""A main box that has holes."""

from dilsctl.diagnostics import Severity
from dilsctl.rules.rule import Rule

RULE = Rule(
    code="open-holes",
    title="a main box that has holes",
    why="A diagram with holes is an operation that waits for boxes. It can be checked and composed, but it "
    "does not run. That may be what it is for, so this is a note.",
    bad="""\
dils: 1
main:
  in: {x: real}
  out: {y: real}
  boxes:
    inner: {in: {x: real}, out: {y: real}}
  wires:
    - x -> inner.x
    - x + inner.y -> y
""",
    good="""\
dils: 1
define:
  residual:
    in: {x: real}
    out: {y: real}
    boxes:
      inner: {in: {x: real}, out: {y: real}}
    wires:
      - x -> inner.x
      - x + inner.y -> y
  double:
    in: {x: real}
    out: {y: real}
    wires:
      - 2 * x -> y
main: {box: residual, with: {inner: double}}
""",
    severity=Severity.NOTE,
)
