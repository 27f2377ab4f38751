"""An output of an interior box that nothing reads."""

from dilsctl.rules.rule import Rule

RULE = Rule(
    code="unused-output",
    title="an interior output that nothing reads",
    why="Whatever an interior box shows is there to be read by a wire. An output that no wire, let or law "
    "reads is a wire that was forgotten, or a box that is left over.",
    bad="""\
dils: 1
define:
  split:
    in: {x: real}
    out: {whole: real, rest: real}
    wires:
      - floor(x) -> whole
      - x - floor(x) -> rest
main:
  in: {x: real}
  out: {y: real}
  boxes: {split: split}
  wires:
    - x -> split.x
    - split.whole -> y
""",
    good="""\
dils: 1
define:
  split:
    in: {x: real}
    out: {whole: real, rest: real}
    wires:
      - floor(x) -> whole
      - x - floor(x) -> rest
main:
  in: {x: real}
  out: {y: real, rest: real}
  boxes: {split: split}
  wires:
    - x -> split.x
    - split.whole -> y
    - split.rest -> rest
""",
)
