"""An expression that YAML's flow style takes apart: an error, found as the text is read."""

from dilsctl.diagnostics import Severity
from dilsctl.rules.rule import Rule

RULE = Rule(
    code="flow-split",
    title="an expression that YAML's flow style takes apart",
    why="Within [ ] and { } YAML splits at every comma, and takes a bracket for a list of its own: an "
    "expression such as sum(x, axis=0) then comes in pieces. One item a line, or quotes, keep it whole.",
    bad="""\
dils: 1
main:
  in: {x: real 3 4}
  out: {y: real 4}
  wires: [sum(x, axis=0) -> y]
""",
    good="""\
dils: 1
main:
  in: {x: real 3 4}
  out: {y: real 4}
  wires:
    - sum(x, axis=0) -> y
""",
    severity=Severity.ERROR,
)
