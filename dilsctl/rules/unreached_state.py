"""A learned state that no gradient of the loss reaches: an error, found by ``dilsctl.reach``."""

from dilsctl.diagnostics import Severity
from dilsctl.rules.rule import Rule

RULE = Rule(
    code="unreached-state",
    title="a learned state on which the loss does not depend, or only in ways that pass no gradient",
    why="What is listed under 'learn' moves by the gradient of the loss. Where the loss does not depend on "
    "it, or only through functions without a derivative (a comparison, argmax, floor, stop), there is no "
    "gradient, and training would never move it: a wire is missing, or the state is not for learning.",
    bad="""\
dils: 1
main:
  in: {x: real 4}
  out: {y: real}
  state:
    weight: real 4 = glorot
    spare: real 4 = glorot
    level: real = 0
  learn: [weight, spare, level]
  wires:
    - weight @ x * real(x[0] > level) -> y
train:
  data: {file: a.csv, inputs: {x: a..d}, targets: {wanted: e}}
  loss: mse(y, wanted)
""",
    good="""\
dils: 1
main:
  in: {x: real 4}
  out: {y: real}
  state:
    weight: real 4 = glorot
    spare: real 4 = glorot
    level: real = 0
  learn: [weight, spare, level]
  wires:
    - (weight + spare) @ x * sigmoid(x[0] - level) -> y
train:
  data: {file: a.csv, inputs: {x: a..d}, targets: {wanted: e}}
  loss: mse(y, wanted)
""",
    severity=Severity.ERROR,
)
