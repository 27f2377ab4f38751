"""Draw a diagram: what to show and in which format → bytes of a file, or lines for a terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from dilsctl.diagnostics import Problem, did_you_mean
from dilsctl.diagram import Box, Diagram
from dilsctl.render.figures import Drawing
from dilsctl.render.outline import Options, Outline
from dilsctl.render.paper import UNITS
from dilsctl.render.picture import Picture
from dilsctl.render.stamp import stamped
from dilsctl.render.svg import svg
from dilsctl.render.terminal import terminal
from dilsctl.render.themes import THEMES, Name

FORMATS = ("svg", "txt")
THEME_NAMES: tuple[str, ...] = get_args(Name)
COLUMNS = 100  # of a text file


class Artist:
    """A diagram that is to be drawn, in one way or several."""

    def __init__(self, diagram: Diagram, title: str, options: Options) -> None:
        _check_focus(diagram.main, options.focus)
        self.diagram, self.title, self.options = diagram, title, options
        self.outline = Outline(diagram, options)

    def picture(self, depth: int | None = None) -> Picture:
        """What is to be drawn; ``depth`` in place of that of the options."""
        if depth is not None and not self.options.focus:
            self.outline.options = replace(self.options, depth=depth)
        return self.outline.picture(self.title)

    def text(self, columns: int, *, colour: bool = False) -> str:
        """Lines of text, as deep as fits unless a depth was asked for."""
        depth = self.options.depth
        if depth is not None or self.options.focus:
            return terminal(lambda _: self.picture(), 1, columns, colour=colour)
        return terminal(self.picture, self.outline.readable(), columns, colour=colour)

    def file(self, kind: str, theme: Name = "light", *, legend: bool = True) -> bytes:
        """The content of a file of one of the ``FORMATS``. Raises Problem: missing-extra."""
        if kind == "txt":
            return self.text(COLUMNS).encode()
        picture = self.picture()
        figure = Drawing(UNITS).figure(picture.root)
        return stamped(svg(picture, figure, THEMES[theme], with_legend=legend).encode(), kind)


def _check_focus(main: Box, focus: tuple[str, ...]) -> None:
    box = main
    for number, name in enumerate(focus):
        if name not in box.children:
            around = ".".join(focus[:number]) or main.name
            help = did_you_mean(name, list(box.children))
            raise Problem.of("unknown-box", f"'{around}' has no interior box '{name}'", help=help)
        box = box.children[name].box
