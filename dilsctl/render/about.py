"""What a picture says of a box, a port or a wire where there is room for it: tooltips, and readers of
screens."""

from __future__ import annotations

from collections.abc import Sequence

from dilsctl.diagnostics import SourceSpan
from dilsctl.diagram import Box, State, data_fills
from dilsctl.ir import Var

MOST_LINES = 16


def place(span: SourceSpan | None) -> str:
    """``file:line``, or nothing."""
    return f"{span.file.name}:{span.line}" if span is not None else ""


def about_box(name: str, box: Box, count: int | None, names: Sequence[str] = ()) -> str:
    """Name, definition, documentation, states, and where it is written. names: of the definitions in an array
    of boxes that differ, of which only the ports are told: members tell the rest."""
    head = name if name == box.name and not names else f"{name}: {', '.join(names) or box.name}"
    hole = " (a hole)" if box.hole else " (a hole that data fills)" if data_fills(box) else ""
    lines = [head + (f" × {count:,}" if count is not None else "") + hole]
    if box.doc and not names:
        lines.append(" ".join(box.doc.split()))
    lines += [f"in {one}: {port.type}" for one, port in box.inputs.items()]
    lines += [f"out {one}: {port.type}" for one, port in box.outputs.items()]
    if not names:
        lines += [about_state(box, one) for one in box.states.values()]
    lines += [f"share {one.name}: {one.type}" for one in box.shared.values() if not one.private]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"and {len(lines) - MOST_LINES + 1} more"]
    if not names and (where := place(box.span)):
        lines.append(where)
    return "\n".join(lines)


def about_state(box: Box, state: State) -> str:
    """Name, type and law of a state."""
    kinds = {law.kind for law in box.laws if law.target is state.var}
    answers = {one.kind for one in box.metrics if one.target is state.var}
    words = (
        ("learned", state.learn is not None),
        ("flows", "rate" in kinds),
        ("clocked", bool(kinds)),
        ("descends the potential", "descend" in answers),
        ("conserves the potential", "conserve" in answers),
        ("constant", True),
    )
    return f"state {state.name}: {state.type} ({next(word for word, holds in words if holds)})"


def moved(box: Box) -> set[Var]:
    """The states and shared variables that a law of the box, or its potential, moves."""
    return {law.target for law in box.laws} | {metric.target for metric in box.metrics}
