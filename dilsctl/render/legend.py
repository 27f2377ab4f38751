"""What the looks in a picture mean: only those that are in it."""

from __future__ import annotations

from collections.abc import Iterator

from dilsctl.render.letters import width
from dilsctl.render.painter import Painter, junction
from dilsctl.render.run_painter import level, sign
from dilsctl.render.shapes import Close, Disc, Line, Open, Rectangle, Shape, Text
from dilsctl.render.themes import Style, box_style, function_style, wire_style

ENTRIES: tuple[tuple[str, str], ...] = (
    ("box learned", "learns"),
    ("box stateful", "has moving state"),
    ("box hole", "hole"),
    ("array", "several boxes"),
    ("closed", "closed: more inside"),
    ("state", "state"),
    ("junction", "shared variable"),
    ("junction learned", "learned shared variable"),
    ("junction peer", "variable that peers share"),
    ("function", "function"),
    ("wire plain", "wire"),
    ("wire peer", "wire between peers"),
    ("wire learned", "learned wire"),
    ("wire learned peer", "learned wire between peers"),
    ("wire changing", "wire that can change"),
    ("wire changing peer", "wire between peers that can change"),
    ("wire changing learned", "learned wire that can change"),
    ("wire late", "acts from the next tick on"),
    ("strength", "width: how strong a wire is"),
    ("positive", "positive weight"),
    ("negative", "negative weight"),
    ("level", "how active a box is"),
    ("wire backward", "gradient"),
)
SIZE, SAMPLE, ROW, BETWEEN = 10.5, 26, 20, 20


def entries(painter: Painter) -> list[tuple[str, str]]:
    """Looks and their meanings. What only says 'wire' is left out where there is no other look."""
    found = [(key, text) for key, text in ENTRIES if key in painter.seen]
    return [] if {key for key, _ in found} <= {"wire plain", "function"} else found


def legend(painter: Painter, x: float, y: float, wide: float) -> tuple[list[Shape], float]:
    """The shapes of a legend that begins at (x, y), and its height."""
    found = entries(painter)
    if not found:
        return [], 0
    shapes: list[Shape] = [Open("legend", "", "legend")]
    at, row = x, y
    for key, text in found:
        needs = SAMPLE + 8 + width(text, SIZE)
        if at > x and at + needs > x + wide:
            at, row = x, row + ROW
        shapes += sample(painter, key, at, row + ROW / 2)
        shapes.append(Text(at + SAMPLE + 6, row + ROW / 2 + 3.7, text, SIZE, painter.theme.dim, "start"))
        at += needs + BETWEEN
    shapes.append(Close())
    return shapes, row + ROW - y


def sample(painter: Painter, key: str, x: float, y: float) -> Iterator[Shape]:
    """How a look is drawn, from (x, y) to the right."""
    theme = painter.theme
    kind, _, look = key.partition(" ")
    looks = frozenset(look.split()) - {"plain"}
    if kind == "wire":
        style = wire_style(theme, looks)
        yield Line(((x, y), (x + SAMPLE, y)), style)
        if "peer" in looks:
            yield Disc(x + 5, y, 2.8, Style(theme.paper, theme.peer, 1.3))
        if look == "late":
            yield Line(
                ((x + SAMPLE, y), (x + SAMPLE - 8, y - 3.6), (x + SAMPLE - 8, y + 3.6)),
                Style(theme.paper, style.stroke, 1.0), closed=True,
            )  # fmt: skip
    elif kind == "strength":
        shape = ((x, y), (x + SAMPLE, y - 2.5), (x + SAMPLE, y + 2.5))
        yield Line(shape, Style(theme.learned), closed=True)
    elif kind in ("positive", "negative"):
        yield from sign(x + SAMPLE / 2, y, 1 if kind == "positive" else -1, theme)
    elif kind == "level":
        yield from level(x, y - 1.5, SAMPLE, 0.6, theme)
    elif kind == "junction":
        yield from junction(theme, looks, x + SAMPLE / 2, y)
    elif kind == "function":
        yield Rectangle(x + 2, y - 7, SAMPLE - 4, 14, 7, function_style(theme, looks))
        yield Text(x + SAMPLE / 2, y + 3.5, "f", SIZE, theme.ink)
    elif kind == "state":
        yield Rectangle(x + 2, y - 7, SAMPLE - 4, 14, 2, Style(theme.box, theme.border, 1.2))
        for edge in (x + 5, x + SAMPLE - 5):
            yield Line(((edge, y - 7), (edge, y + 7)), Style("none", theme.border, 1))
    else:
        style = box_style(theme, looks)
        if kind == "array":
            for step in (4, 2):
                yield Rectangle(x + 2 + step, y - 5 - step, SAMPLE - 8, 12, 3, style)
        yield Rectangle(x + 2, y - 6, SAMPLE - 6, 13, 3, style)
        if look == "stateful":
            yield Rectangle(x + 4, y - 4, SAMPLE - 10, 9, 2, Style("none", style.stroke, 0.8))
        if kind == "closed":
            for step in (-4, 0, 4):
                yield Disc(x + SAMPLE / 2 - 1 + step, y + 3.5, 1.1, Style(theme.dim))
