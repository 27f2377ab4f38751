"""The table of an ablation, as text."""

from __future__ import annotations

import math

from dilsctl.ablate import TITLES, Ablation, Row
from dilsctl.report.progress import number_text


def ablation_table(found: Ablation) -> tuple[list[str], list[list[str]]]:
    """Header and rows: every row's kind, learned numbers, and the measures that tell most."""
    measures = shown_measures(found)
    rows = [
        [row.title, row.kind, f"{row.learned:,}", *(cell(row, one, found) for one in measures)]
        for row in found.rows
    ]
    return ["", "kind", "learned", *measures], rows


def shown_measures(found: Ablation, most: int = 3) -> list[str]:
    """The measures of the part that tells most: test, or else what there is."""
    part = found.measures[0].partition(".")[0] if found.measures else ""
    return [one for one in found.measures if one.startswith(f"{part}.")][:most]


def cell(row: Row, measure: str, found: Ablation) -> str:
    """What a form came to: mean ± standard deviation over the seeds."""
    if row.same_as is not None:
        return f"as {TITLES[row.same_as]}"
    if not row.runs:
        return "diverged" if row.diverged else ""
    mean, spread = row.mean(measure), row.spread(measure)
    return number_text(mean) if math.isnan(spread) else f"{number_text(mean)} ± {number_text(spread)}"
