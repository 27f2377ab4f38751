"""Lints: what is valid, and yet hardly what was meant. One rule a file.

A rule has a code, says why, and has a bad and a good example, which are tests. ``RULES`` is the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

from dilsctl.diagnostics import Diagnostic, Severity
from dilsctl.rules import (
    bad_suppression,
    constant_peer,
    dead_gradient,
    double_softmax,
    flow_split,
    forgotten_weight,
    idle_box,
    idle_horizon,
    lost_trust,
    one_draw,
    open_holes,
    saturated_start,
    silent_feedback,
    too_wide,
    unreachable_mode,
    unreached_state,
    unset_state,
    unused_import,
    unused_let,
    unused_output,
    unused_suppression,
)
from dilsctl.rules.rule import Rule, Subject

_MODULES: tuple[ModuleType, ...] = (
    constant_peer,
    dead_gradient,
    double_softmax,
    forgotten_weight,
    idle_box,
    idle_horizon,
    lost_trust,
    one_draw,
    saturated_start,
    silent_feedback,
    too_wide,
    unreachable_mode,
    unset_state,
    open_holes,
    unused_import,
    unused_let,
    unused_output,
    bad_suppression,
    unused_suppression,
)

ERRORS: dict[str, Rule] = {one.RULE.code: one.RULE for one in (flow_split, unreached_state)}
"""Errors of learning that are explained as lints are, by their codes; they can't be chosen or taken back."""

RULES: dict[str, Rule] = {one.RULE.code: one.RULE for one in _MODULES}
"""Every lint by its code, in the order of the reference page."""

__all__ = ["ERRORS", "RULES", "Rule", "Severity", "Subject", "lint"]


def lint(subject: Subject, wanted: Callable[[str], bool]) -> Iterator[Diagnostic]:
    """The findings of the rules that are wanted, about a diagram without errors."""
    for rule in RULES.values():
        if rule.check is not None and wanted(rule.code):
            yield from rule.check(subject)
