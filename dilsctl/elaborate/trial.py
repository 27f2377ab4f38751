"""Definitions that the main box does not use are tried by themselves, so that their mistakes are found too.

Nothing gives their free dimensions a length, so they are tried twice: with lengths that all differ, and with
lengths that are all alike. What is found both times, in the same words, does not depend on the lengths.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from dilsctl.diagnostics import Problem, Report
from dilsctl.diagram import Box, Diagram
from dilsctl.documents import LoadedDocument
from dilsctl.elaborate.definitions import Definition
from dilsctl.elaborate.dimensions import unsolved
from dilsctl.elaborate.elaborator import Elaborator

_TRIALS: tuple[Callable[[], Iterator[int]], ...] = (
    lambda: itertools.cycle((24, 36, 60, 84, 120, 168)),
    lambda: itertools.repeat(240),
)


Trials = tuple[list[Diagram], ...]


def try_definitions(elaborator: Elaborator, document: LoadedDocument, report: Report) -> Trials:
    """Report what is wrong with the definitions of a document that have not been used. For each trial the
    diagrams of those that are sound, without those that others use."""
    define: Any = document.root.get("define") or {}
    unused = [
        one
        for one in (
            elaborator.definitions.of_body(name, define[name], document, define.key_span(name))
            for name in define
        )
        if one not in elaborator.used
    ]
    if not unused:
        return ()
    (first, some), (second, same) = (_try(elaborator, unused, lengths()) for lengths in _TRIALS)
    told = {(one.code, one.where) for one in report.found}
    again = {(one.code, one.message, one.where) for one in second.found}
    for found in first.found:
        if (found.code, found.message, found.where) in again and (found.code, found.where) not in told:
            report.add(found)
    return some, same


def _try(
    elaborator: Elaborator, unused: list[Definition], lengths: Iterator[int]
) -> tuple[Report, list[Diagram]]:
    """The findings of one trial, and the boxes that are sound."""
    trial = Elaborator(Report(), elaborator.definitions)
    boxes: list[Box] = []
    for definition in unused:
        try:
            one = trial.start(definition, {}, {}, definition.span)
            for site in one.inputs.values():
                for dim in unsolved(site.all_dims):
                    dim.target = next(lengths)
            box = trial.finish(one)
            if one.sound and not one.failed:
                boxes.append(box)
        except Problem as problem:
            trial.report.extend(problem.diagnostics)
    inner = {two for one in boxes for child in one.children.values() for two in child.boxes}
    return trial.report, [Diagram(one.name, one, one.span) for one in boxes if one not in inner]
