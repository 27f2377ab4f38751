"""A let that nothing reads."""

from dilsctl.rules.rule import Rule

RULE = Rule(
    code="unused-let",
    title="a let that nothing reads",
    why="A let gives an expression a name. If nothing reads the name, the expression has no effect: either "
    "it is left over, or a wire that should read it reads something else.",
    bad="""\
dils: 1
main:
  in: {x: real}
  out: {y: real}
  let:
    double: 2 * x
    triple: 3 * x
  wires:
    - double -> y
""",
    good="""\
dils: 1
main:
  in: {x: real}
  out: {y: real}
  let:
    double: 2 * x
  wires:
    - double -> y
""",
)
