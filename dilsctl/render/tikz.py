"""Pictures for LaTeX: a document that TikZ draws and that another document can include."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dilsctl.render.shapes import Close, Disc, Line, Open, Rectangle, Shape, Text
from dilsctl.render.themes import Style

_SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}",
    "·": r"$\cdot$", "×": r"$\times$", "−": r"$-$", "…": r"\ldots{}", "≤": r"$\le$", "≥": r"$\ge$",
    "≠": r"$\ne$", "Δ": r"$\Delta$", "θ": r"$\theta$", "→": r"$\to$", "∂": r"$\partial$",
}  # fmt: skip
_POINTS = 0.75  # a pixel


def tikz(shapes: Iterable[Shape]) -> str:
    """A standalone document; compile it with any LaTeX."""
    colours: dict[str, str] = {}
    drawn = [line for shape in shapes for line in _shape(shape, colours)]
    named = [
        rf"\definecolor{{{name}}}{{HTML}}{{{code.lstrip('#').upper()}}}" for code, name in colours.items()
    ]
    return "\n".join(
        [
            r"\documentclass[tikz,border=2pt]{standalone}",
            r"\usepackage[utf8]{inputenc}",
            r"\usepackage[T1]{fontenc}",
            r"\usepackage{helvet}",
            r"\renewcommand{\familydefault}{\sfdefault}",
            *named,
            r"\begin{document}",
            rf"\begin{{tikzpicture}}[x={_POINTS}bp,y=-{_POINTS}bp,inner sep=0,outer sep=0]",
            *drawn,
            r"\end{tikzpicture}",
            r"\end{document}",
            "",
        ]
    )


def _shape(shape: Shape, colours: dict[str, str]) -> Iterable[str]:
    match shape:
        case Open(kind="box", path=path):
            yield "% " + (path or "the outermost box").replace("\n", " ")
        case Open() | Close():
            return
        case Rectangle(x=x, y=y, width=width, height=height, radius=radius, style=style):
            corner = f",rounded corners={radius * _POINTS:g}bp" if radius else ""
            right, bottom = x + width, y + height
            yield rf"\path[{_style(style, colours)}{corner}] ({x:g},{y:g}) rectangle ({right:g},{bottom:g});"
        case Line(points=points, style=style, closed=closed):
            corner = "" if closed else f",rounded corners={4 * _POINTS:g}bp"
            way = " -- ".join(f"({x:g},{y:g})" for x, y in points) + (" -- cycle" if closed else "")
            yield rf"\path[{_style(style, colours)}{corner}] {way};"
        case Disc(x=x, y=y, radius=radius, style=style):
            yield rf"\path[{_style(style, colours)}] ({x:g},{y:g}) circle[radius={radius * _POINTS:g}bp];"
        case Text(x=x, y=y, text=text, size=size, colour=colour, anchor=anchor, bold=bold):
            place = {"start": "base west", "middle": "base", "end": "base east"}[anchor]
            font = rf"\fontsize{{{size * _POINTS:g}}}{{{size:g}}}\selectfont" + (r"\bfseries" if bold else "")
            named = _colour(colour, colours)
            yield rf"\node[anchor={place},text={named},font={font}] at ({x:g},{y:g}) {{{escaped(text)}}};"


def escaped(text: str) -> str:
    """Text as LaTeX has it."""
    return re.sub(r"[^ -~]|[\\{}$&#%_^~<>]", lambda found: _SIGNS.get(found.group(), found.group()), text)


def _style(style: Style, colours: dict[str, str]) -> str:
    words = []
    if style.fill != "none":
        words.append(f"fill={_colour(style.fill, colours)}")
    if style.stroke != "none":
        words.append(f"draw={_colour(style.stroke, colours)},line width={style.width * _POINTS:g}bp")
    if style.dash:
        dashes = [
            f"{'on' if at % 2 == 0 else 'off'} {one * _POINTS:g}bp" for at, one in enumerate(style.dash)
        ]
        words.append(f"dash pattern={' '.join(dashes)}")
    return ",".join(words)


def _colour(code: str, colours: dict[str, str]) -> str:
    return colours.setdefault(code, f"dils{chr(97 + len(colours) // 26)}{chr(97 + len(colours) % 26)}")
