"""An import that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dilsctl.diagnostics import Diagnostic
from dilsctl.removal import removal
from dilsctl.rules.rule import Rule, Subject, warning


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A word ``alias.NAME`` anywhere in the file counts as a use."""
    uses: Any = subject.document.root.get("use")
    if not uses:
        return
    seen: set[str] = set()
    stack: list[Any] = [value for key, value in subject.document.root.items() if key != "use"]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
        elif isinstance(value, str) and "." in value:
            seen.add(value.partition(".")[0])
    for alias in uses:
        if alias not in seen:
            message = f"nothing of '{alias}' ({uses[alias]}) is used"
            fix = removal(subject.document.root, ("use", alias), f"take '{alias}' out of 'use'")
            yield from warning(RULE.code, message, uses.key_span(alias), help="take it out of 'use'", fix=fix)


RULE = Rule(
    code="unused-import",
    title="an import that nothing uses",
    why="An import that is not used is read and checked with every run, and a reader looks for what it is "
    "for.",
    bad="""\
dils: 1
use: {nn: std/nn, logic: std/logic}
main:
  in: {x: real 4}
  out: {y: real 2}
  boxes:
    layer: {box: nn.dense, with: {units: 2}}
  wires:
    - x -> layer.x
    - layer.y -> y
""",
    good="""\
dils: 1
use: {nn: std/nn}
main:
  in: {x: real 4}
  out: {y: real 2}
  boxes:
    layer: {box: nn.dense, with: {units: 2}}
  wires:
    - x -> layer.x
    - layer.y -> y
""",
    check=check,
)
