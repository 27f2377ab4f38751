"""What to say of a hole that is left in a diagram that is to run."""

from __future__ import annotations

from dilsctl.diagnostics import Diagnostic, Label
from dilsctl.diagram import Box
from dilsctl.places import children_on, nearest, use_labels


def hole_finding(main: Box, path: str, hole: Box) -> Diagnostic:
    """A hole is filled where the box around it is used, or where that box is given to another one."""
    message = f"'{path}' is a hole: an interface without an interior can't run"
    if hole is main:
        where = Label(hole.span) if hole.span is not None else None
        return Diagnostic("hole-in-run", message, where, (), "put a box in its place")
    uses = use_labels(main, path)
    around = children_on(main, path)[:-1]
    given = around[-1].given if around else None
    places = [one.span for one in uses[1:]] or [one.span for one in uses]
    span = given or nearest(places, main) or hole.span
    related = [one for one in uses if one.span != span]
    if hole.span is not None:
        related.append(Label(hole.span, "the hole"))
    filled = f"with: {{{path.rpartition('.')[2]}: some_box}}"
    help = f"fill it where the box around it is used: {filled}"
    if given is not None:
        help = f"fill it where the box around it is given: {{box: …, {filled}}}"
    return Diagnostic("hole-in-run", message, Label(span) if span is not None else None, tuple(related), help)
