"""What must hold of the shapes of a picture: of what is seen, not only of what was laid out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from dilsctl.render.figures import Figure
from dilsctl.render.letters import width
from dilsctl.render.painter import Painter
from dilsctl.render.shapes import Close, Disc, Line, Open, Rectangle, Text
from dilsctl.render.themes import THEMES

Area = tuple[float, float, float, float]


@dataclass
class Drawn:
    """The shapes of a picture, sorted, each with what it belongs to: texts, pieces of wires, rings on
    wires, dots, and the fronts and sheets of what is drawn without an interior."""

    texts: list[tuple[Area, str]] = field(default_factory=list)
    lines: list[tuple[Area, str]] = field(default_factory=list)
    rings: list[tuple[Area, str]] = field(default_factory=list)
    dots: list[tuple[Area, str]] = field(default_factory=list)
    solids: list[tuple[Area, str]] = field(default_factory=list)


def drawn(figure: Figure) -> Drawn:
    """What the painter makes of a figure."""
    found = Drawn()
    stack: list[Open] = []
    closed = _closed(figure)
    for shape in Painter(THEMES["light"]).paint(figure, 0, 0):
        if isinstance(shape, Open):
            stack.append(shape)
        elif isinstance(shape, Close):
            stack.pop()
        elif isinstance(shape, Text):
            found.texts.append((_text(shape), shape.text))
        elif isinstance(shape, Line) and stack[-1].kind == "wire" and not shape.closed:
            found.lines += [(area, stack[-1].about) for area in _pieces(shape)]
        elif isinstance(shape, Disc) and stack[-1].kind in ("wire", "box"):
            marks = found.rings if stack[-1].kind == "wire" else found.dots
            far = shape.radius
            marks.append(((shape.x - far, shape.y - far, shape.x + far, shape.y + far), stack[-1].about))
        elif isinstance(shape, Rectangle) and (stack[-1].kind == "node" or stack[-1].path in closed):
            found.solids.append(
                ((shape.x, shape.y, shape.x + shape.width, shape.y + shape.height), stack[-1].path)
            )
    return found


def check_drawn(figure: Figure) -> None:
    """Wires pass no box, no text and no other wire's run; texts lie apart; rings are on their own wire."""
    found = drawn(figure)
    for (area, one), (other_area, other) in itertools.combinations(found.texts, 2):
        assert not _meet(area, other_area), f"'{one}' is written over '{other}'"
    for area, text in found.texts:
        for line, about in found.lines:
            assert not _meet(area, line), f"a wire runs through '{text}': {about}"
        for mark, about in (*found.rings, *found.dots):
            assert not _meet(area, mark), f"a mark is on '{text}': {about}"
    for solid, name in found.solids:
        for line, about in found.lines:
            assert not _meet(_shrunk(solid), line), f"a wire crosses {name}: {about}"
        for mark, about in found.rings:
            assert not _meet(solid, mark), f"a ring is on {name}: {about}"
    for ring, about in found.rings:
        for line, other in found.lines:
            assert other == about or not _meet(ring, line), f"a ring of {about} is on {other}"
    for (area, one), (other_area, other) in itertools.combinations(found.lines, 2):
        lain = _overlap(area, other_area)
        assert lain <= 0.01, f"two pieces lie on each other for {lain}: {one!r} {other!r}"


def _closed(figure: Figure, path: str = "") -> set[str]:
    found = set()
    for _, _, part in figure.parts:
        inner = f"{path}.{part.node.name}" if path else part.node.name
        found |= _closed(part, inner) if part.node.inside is not None else {inner}
    return found


def _text(shape: Text) -> Area:
    wide = width(shape.text, shape.size, shape.bold)
    left = shape.x - {"start": 0.0, "middle": wide / 2, "end": float(wide)}[shape.anchor]
    return left, shape.y - 0.73 * shape.size, left + wide, shape.y


def _pieces(line: Line) -> Iterator[Area]:
    for (x, y), (ex, ey) in itertools.pairwise(line.points):
        assert x == ex or y == ey, "a wire is drawn aslant"
        yield min(x, ex), min(y, ey), max(x, ex), max(y, ey)


def _shrunk(area: Area) -> Area:
    return area[0] + 0.5, area[1] + 0.5, area[2] - 0.5, area[3] - 0.5


def _meet(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _overlap(one: Area, other: Area) -> float:
    """How long two straight pieces lie on each other; 0 where they only cross or meet."""
    if one[1] == one[3] == other[1] == other[3]:
        return min(one[2], other[2]) - max(one[0], other[0])
    if one[0] == one[2] == other[0] == other[2]:
        return min(one[3], other[3]) - max(one[1], other[1])
    return 0.0
