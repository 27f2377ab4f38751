"""The picture of a page: as SVG, but with classes in place of colours, so that a page can change its theme,
with boxes that can be closed, and with what belongs together marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from html import escape

from dilsctl.render.figures import Figure
from dilsctl.render.learned import Run, Series, activities, learned, links
from dilsctl.render.nets import Nets
from dilsctl.render.painter import Painter
from dilsctl.render.run_painter import RunPainter
from dilsctl.render.shapes import Close, Disc, Line, Open, Rectangle, Shape, Text
from dilsctl.render.svg import clean, number, path
from dilsctl.render.themes import THEMES, Style, Theme

VARIABLES = tuple(one.name for one in fields(Theme) if one.name != "grounds")


def page_theme() -> Theme:
    """A theme whose colours are those that the page has chosen."""
    names = {name: f"var(--{name.replace('_', '-')})" for name in VARIABLES}
    return Theme(**names, grounds=("var(--ground-0)", "var(--ground-1)"))


def colours(name: str) -> str:
    """The colours of a theme as CSS."""
    theme = THEMES[name]
    words = [f"--{one.replace('_', '-')}:{getattr(theme, one)}" for one in VARIABLES]
    return ";".join([*words, *(f"--ground-{at}:{ground}" for at, ground in enumerate(theme.grounds))])


class PageSvg:
    """Writes the elements of a page's pictures, and remembers the styles that they need."""

    first = 0  # the number of the first wire of the view that is being written

    def __init__(self) -> None:
        self.styles: dict[Style, str] = {}
        self.colours: dict[tuple[str, float, bool], str] = {}
        self.seen: set[str] = set()  # looks, of all views
        self.wires = 0  # of all views so far
        self.links: dict[int, list[int]] = {}  # the weights of wires, where a run has some
        self.active: dict[str, Series] = {}  # how active boxes were, by path
        self.nets: Nets | None = None  # of the view that is being written
        self.views = 0

    def view(self, figure: Figure, x: float, y: float, *, lids: bool, run: Run | None = None) -> str:
        """All elements of a figure. run: what is played over it."""
        theme = page_theme()
        painter = Painter(theme, lids=lids)
        self.nets = Nets(figure)
        self.first = self.wires
        self.wires += len(self.nets.names)
        if run is not None:
            painter = RunPainter(theme, learned(figure, run), lids=lids, live=True)
            named = links(figure, run)
            self.links |= {self.first + self.nets.name(*place): one for place, one in named.items()}
            self.active |= activities(figure, run)
        text = self.elements(painter.paint(figure, x, y))
        self.seen |= painter.seen
        self.views += 1
        return text

    def elements(self, shapes: Iterable[Shape]) -> str:
        """Some shapes as elements."""
        return "".join(map(self._element, shapes))

    def css(self) -> str:
        """The rules of the classes in use."""
        return "\n".join(self._rules())

    def _rules(self) -> Iterator[str]:
        for style, name in self.styles.items():
            words = [f"fill:{style.fill}"]
            if style.stroke != "none":
                words += [f"stroke:{style.stroke}", f"stroke-width:{number(style.width)}"]
            if style.dash:
                words.append(f"stroke-dasharray:{' '.join(map(number, style.dash))}")
            yield f".{name}{{{';'.join(words)}}}"
        for (colour, size, bold), name in self.colours.items():
            weight = ";font-weight:bold" if bold else ""
            yield f".{name}{{fill:{colour};font-size:{number(size)}px{weight}}}"

    def _class(self, style: Style) -> str:
        return self.styles.setdefault(style, f"s{len(self.styles)}")

    def _element(self, shape: Shape) -> str:
        match shape:
            case Open():
                return self._open(shape)
            case Close():
                return "</g>\n"
            case Rectangle():
                size = f'width="{number(shape.width)}" height="{number(shape.height)}"'
                place = f'x="{number(shape.x)}" y="{number(shape.y)}" rx="{number(shape.radius)}"'
                return f'<rect class="{self._class(shape.style)}" {place} {size}/>'
            case Line():
                full = " full" if shape.style.fill == shape.style.stroke else ""
                kind = f"head{full}" if shape.closed else "line"
                return f'<path class="{kind} {self._class(shape.style)}" d="{path(shape)}"/>'
            case Disc():
                place = f'cx="{number(shape.x)}" cy="{number(shape.y)}" r="{number(shape.radius)}"'
                return f'<circle class="{self._class(shape.style)}" {place}/>'
            case Text():
                key = (shape.colour, shape.size, shape.bold)
                name = self.colours.setdefault(key, f"t{len(self.colours)}")
                anchor = "" if shape.anchor == "start" else f" {shape.anchor[0]}"
                return (
                    f'<text class="{name}{anchor}" x="{number(shape.x)}" y="{number(shape.y)}">'
                    f"{escape(clean(shape.text), quote=False)}</text>"
                )

    def _open(self, shape: Open) -> str:
        about = escape(clean(shape.about), quote=True)
        place = escape(clean(shape.path), quote=True)
        if shape.kind == "wire":
            assert self.nets is not None
            net = f"{self.views}.{self.nets.of(shape.path, shape.wires[0])}"
            wires = " ".join(str(self.first + self.nets.name(shape.path, one)) for one in shape.wires)
            return f'<g class="wire" data-n="{net}" data-w="{wires}" data-a="{about}">'
        if shape.kind in ("inner", "lid", "sign", "level"):
            return f'<g class="{shape.kind}">'
        if shape.kind == "node":
            return f'<g class="node" data-p="{place}" data-a="{about}">'
        label = escape(clean(shape.about.split("\n")[0]), quote=True)
        words = f'tabindex="0" role="group" aria-label="{label}" data-p="{place}" data-a="{about}"'
        return f'<g class="box{" shut" if shape.label == "closed" else ""}" {words}>'
