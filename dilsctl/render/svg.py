"""Pictures as SVG: text stays text, and everything has a title for those who point at it or have it read to
them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from dilsctl.render.picture import Picture
from dilsctl.render.shapes import Close, Disc, Line, Open, Points, Rectangle, Shape, Text
from dilsctl.render.sheet import Sheet
from dilsctl.render.themes import Style

FONT = "'DejaVu Sans', Verdana, 'Segoe UI', system-ui, sans-serif"
NOT_XML = re.compile("[\\x00-\\x08\\x0b-\\x1f\\ufffe\\uffff]")
CORNER = 5  # radius of a wire's corners
Point = tuple[float, float]


def svg(picture: Picture, sheet: Sheet) -> str:
    """A whole document."""
    wide, high = number(sheet.width), number(sheet.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="0 0 {wide} {high}" role="img" aria-labelledby="title desc" font-family="{FONT}">\n'
        f'<title id="title">{escape(clean(picture.title))}</title>\n'
        f'<desc id="desc">{escape(clean(describe(picture)))}</desc>\n'
        f'<rect width="100%" height="100%" fill="{sheet.theme.paper}"/>\n'
    )
    return head + "".join(body(sheet.shapes)) + "</svg>\n"


def describe(picture: Picture) -> str:
    """The outermost level in words."""
    root = picture.root
    words = [" ".join(picture.description.split())] if picture.description else []
    if root.inside is not None:
        boxes = [one for one in root.inside.nodes if one.shape == "box"]
        if boxes:
            named = ", ".join(f"{one.label} ({one.note})" if one.note else one.label for one in boxes[:40])
            words.append(f"Boxes: {named}.")
        wires = [one.about.split("\n")[0] for one in root.inside.wires]
        if wires:
            words.append(f"Wires: {'; '.join(dict.fromkeys(wires[:60]))}.")
    return " ".join(words)


def body(shapes: Iterable[Shape]) -> Iterable[str]:
    """The shapes as elements, a line each."""
    for shape in shapes:
        match shape:
            case Open():
                yield _open(shape)
            case Close():
                yield "</g>\n"
            case Rectangle():
                yield (
                    f'<rect x="{number(shape.x)}" y="{number(shape.y)}" width="{number(shape.width)}" '
                    f'height="{number(shape.height)}" rx="{number(shape.radius)}"{paint(shape.style)}/>\n'
                )
            case Line():
                yield f'<path d="{path(shape)}"{paint(shape.style)}/>\n'
            case Disc():
                yield (
                    f'<circle cx="{number(shape.x)}" cy="{number(shape.y)}" r="{number(shape.radius)}"'
                    f"{paint(shape.style)}/>\n"
                )
            case Text():
                bold = ' font-weight="bold"' if shape.bold else ""
                anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
                yield (
                    f'<text x="{number(shape.x)}" y="{number(shape.y)}" font-size="{number(shape.size)}" '
                    f'fill="{shape.colour}"{anchor}{bold}>{escape(clean(shape.text))}</text>\n'
                )


def _open(shape: Open) -> str:
    about = f"<title>{escape(clean(shape.about))}</title>" if shape.about else ""
    named = (
        f" data-path={quoteattr(clean(shape.path))}" if shape.kind in ("box", "node") and shape.path else ""
    )
    return f'<g class="{shape.kind}"{named}>{about}\n'


def path(line: Line) -> str:
    """The data of a path."""
    if line.closed:
        return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in line.points) + "Z"
    return "".join(rounded(line.points))


def rounded(points: Points) -> Iterable[str]:
    """A line whose right angles are rounded."""
    yield f"M{number(points[0][0])} {number(points[0][1])}"
    for start, (x, y), end in turns(points):
        yield f"L{number(start[0])} {number(start[1])}"
        yield f"Q{number(x)} {number(y)} {number(end[0])} {number(end[1])}"
    yield f"L{number(points[-1][0])} {number(points[-1][1])}"


def turns(points: Points) -> Iterable[tuple[Point, Point, Point]]:
    """Where each bend of a line begins, its corner, and where it ends."""
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(CORNER, _half(before, corner), _half(corner, after))
        yield _towards(corner, before, radius), corner, _towards(corner, after, radius)


def _half(one: tuple[float, float], other: tuple[float, float]) -> float:
    return (abs(one[0] - other[0]) + abs(one[1] - other[1])) / 2


def _towards(one: tuple[float, float], other: tuple[float, float], far: float) -> tuple[float, float]:
    x = max(-far, min(far, other[0] - one[0]))
    y = max(-far, min(far, other[1] - one[1]))
    return one[0] + x, one[1] + y


def paint(style: Style) -> str:
    """Fill and stroke as attributes."""
    words = f' fill="{style.fill}"'
    if style.stroke != "none":
        words += f' stroke="{style.stroke}" stroke-width="{number(style.width)}"'
        if style.dash:
            words += f' stroke-dasharray="{" ".join(map(number, style.dash))}"'
    return words


def number(value: float) -> str:
    """A number without needless digits."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value != int(value) else str(int(value))


def clean(text: str) -> str:
    """The text without signs that XML can't have."""
    return NOT_XML.sub("", text)
