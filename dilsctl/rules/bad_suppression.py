"""A comment that means to take a finding back, and can't."""

from dilsctl.rules.rule import Rule

RULE = Rule(
    code="bad-suppression",
    title="a comment 'dils: ignore' that can't take anything back",
    why="A comment takes back warnings and notes by their code. Without a code, with one that there is not, "
    "or with that of an error, it does nothing. Errors make a diagram mean nothing, so no comment helps.",
    bad="""\
dils: 1
main:
  in: {x: real}
  out: {y: real}
  let:
    triple: 3 * x  # dils: ignore
    double: 2 * x  # dils: ignore[unread-let]
  wires:
    - double + triple -> y
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
