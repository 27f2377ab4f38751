"""PNG by resvg and PDF by reportlab, both from the shapes of the SVG: the optional extra ``picture``. The
letters are those of a font that comes with dilsctl, so that a picture is the same everywhere."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dilsctl.diagnostics import Diagnostic, Problem, Severity
from dilsctl.render.glyphs import without_glyph
from dilsctl.render.shapes import Disc, Line, Rectangle, Shape, Text
from dilsctl.render.themes import Style

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = FONTS / "DejaVuSans.ttf", FONTS / "DejaVuSans-Bold.ttf"
ZOOM = 2.0
MOST_PIXELS = 20_000  # of a side
MOST_TOLD = 20
NO_LETTER = "\U0010fffd"  # for private use: no font has it


def png(svg: str, wide: float, high: float) -> bytes:
    """An SVG as PNG, twice its size as far as that is reasonable. Raises Problem: not-installed."""
    try:
        import resvg_py
    except ImportError:
        raise _missing("PNG", "resvg-py") from None
    zoom = min(ZOOM, MOST_PIXELS / max(wide, high))
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom, font_files=[str(REGULAR), str(BOLD)]))


def pdf(shapes: Iterable[Shape], wide: float, high: float, title: str, paper: str) -> bytes:
    """Shapes as a PDF of one page. Raises Problem: not-installed."""
    try:
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.ttfonts import TTFont
        from reportlab.pdfgen.canvas import Canvas
    except ImportError:
        raise _missing("PDF", "reportlab") from None
    for name, file in (("DilsSans", REGULAR), ("DilsSans-Bold", BOLD)):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(file)))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(wide * 0.75, high * 0.75), invariant=1)
    canvas.setTitle(title)
    canvas.setCreator("dilsctl")
    canvas.scale(0.75, -0.75)
    canvas.translate(0, -high)
    canvas.setFillColor(paper)
    canvas.rect(0, 0, wide, high, stroke=0, fill=1)
    for shape in shapes:
        _draw(canvas, shape)
    canvas.save()
    return out.getvalue()


def missing_letters(shapes: Iterable[Shape], kind: str) -> list[Diagnostic]:
    """A note on letters that can't be drawn. A PDF has those of its font alone; a PNG those of the system's
    fonts besides."""
    missing = without_glyph(shapes, REGULAR)
    if kind == "png":
        missing = "".join(one for one in missing if not _is_drawn(one)) if _is_drawn(missing) else missing
    if not missing:
        return []
    some = ", ".join(missing[:MOST_TOLD]) + (", …" if len(missing) > MOST_TOLD else "")
    message = f"there are no letters for {some}: empty boxes stand for them"
    fonts = "install a font that has them, or " if kind == "png" else ""
    help = f"{fonts}write .svg or .html, whose letters are those of the system that shows them"
    return [Diagnostic("no-letters", message, None, (), help, Severity.NOTE)]


def _is_drawn(text: str) -> bool:
    """Does it look other than as many letters that no font has?"""

    def drawn(letters: str) -> bytes:
        size = f'width="{20 * len(letters) + 20}" height="24"'
        words = f"<text x='4' y='18' font-size='16'>{letters}</text>"
        return png(
            f"<svg xmlns='http://www.w3.org/2000/svg' {size} font-family='DejaVu Sans'>{words}</svg>", 20, 24
        )

    return bool(text) and drawn(text) != drawn(NO_LETTER * len(text))


def _missing(what: str, package: str) -> Problem:
    help = 'pip install "dilsctl[picture]"'
    return Problem.of("not-installed", f"{what} pictures need {package}, which is not installed", help=help)


def _draw(canvas: Any, shape: Shape) -> None:
    match shape:
        case Rectangle():
            stroke, fill = _pen(canvas, shape.style)
            radius = min(shape.radius, shape.width / 2, shape.height / 2)
            canvas.roundRect(shape.x, shape.y, shape.width, shape.height, radius, stroke=stroke, fill=fill)
        case Disc():
            stroke, fill = _pen(canvas, shape.style)
            canvas.circle(shape.x, shape.y, shape.radius, stroke=stroke, fill=fill)
        case Line():
            stroke, fill = _pen(canvas, shape.style)
            canvas.drawPath(_path(canvas, shape), stroke=stroke, fill=fill)
        case Text():
            canvas.saveState()
            canvas.translate(shape.x, shape.y)
            canvas.scale(1, -1)
            canvas.setFillColor(shape.colour)
            canvas.setFont("DilsSans-Bold" if shape.bold else "DilsSans", shape.size)
            write = {
                "start": canvas.drawString,
                "middle": canvas.drawCentredString,
                "end": canvas.drawRightString,
            }
            write[shape.anchor](0, 0, shape.text)
            canvas.restoreState()


def _pen(canvas: Any, style: Style) -> tuple[int, int]:
    """Set colours and dashes; whether to stroke and to fill."""
    if style.fill != "none":
        canvas.setFillColor(style.fill)
    if style.stroke != "none":
        canvas.setStrokeColor(style.stroke)
        canvas.setLineWidth(style.width)
        canvas.setDash(list(style.dash))
    return int(style.stroke != "none"), int(style.fill != "none")


def _path(canvas: Any, line: Line) -> Any:
    from dilsctl.render.svg import turns

    path = canvas.beginPath()
    path.moveTo(*line.points[0])
    if line.closed:
        for point in line.points[1:]:
            path.lineTo(*point)
        path.close()
        return path
    for start, (x, y), end in turns(line.points):
        path.lineTo(*start)
        first = (start[0] + (x - start[0]) * 2 / 3, start[1] + (y - start[1]) * 2 / 3)
        last = (end[0] + (x - end[0]) * 2 / 3, end[1] + (y - end[1]) * 2 / 3)
        path.curveTo(*first, *last, *end)
    path.lineTo(*line.points[-1])
    return path
