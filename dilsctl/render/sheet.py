"""A picture with its legend, as shapes on a sheet of some size: what SVG, PNG, PDF and TikZ are written
from."""

from __future__ import annotations

from dataclasses import dataclass

from dilsctl.render.figures import Figure
from dilsctl.render.learned import Learned
from dilsctl.render.legend import legend
from dilsctl.render.painter import Painter
from dilsctl.render.run_painter import RunPainter
from dilsctl.render.shapes import Shape
from dilsctl.render.themes import Theme

MARGIN, LEAST = 16, 360


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Shapes, and how wide and high they are with a margin."""

    shapes: tuple[Shape, ...]
    width: float
    height: float
    theme: Theme


def sheet_of(
    figure: Figure,
    theme: Theme,
    *,
    with_legend: bool = True,
    learned: Learned | None = None,
) -> Sheet:
    """A figure on a sheet. learned: what a run came to."""
    painter = Painter(theme) if learned is None else RunPainter(theme, learned)
    shapes = list(painter.paint(figure, MARGIN, MARGIN))
    wide, high = float(figure.width + 2 * MARGIN), float(figure.height + 2 * MARGIN)
    if with_legend:
        wide = max(wide, float(LEAST))
        more, extra = legend(painter, MARGIN, high - 4, wide - 2 * MARGIN)
        shapes += more
        high += extra + 4 if more else 0
    return Sheet(tuple(shapes), wide, high, theme)
