"""A comment that takes no finding back."""

from dilsctl.rules.rule import Rule

RULE = Rule(
    code="unused-suppression",
    title="a comment 'dils: ignore' that takes no finding back",
    why="A comment that takes a finding back says that something is odd, and why it is right. If there is "
    "no such finding any more, the comment misleads, and it would hide the finding if it came back.",
    bad="""\
dils: 1
main:
  in: {x: real}
  out: {y: real}
  let:
    double: 2 * x  # dils: ignore[unused-let] for later
  wires:
    - double -> y
""",
    good="""\
dils: 1
main:
  in: {x: real}
  out: {y: real}
  let:
    triple: 3 * x  # dils: ignore[unused-let] for later
  wires:
    - 2 * x -> y
""",
)
