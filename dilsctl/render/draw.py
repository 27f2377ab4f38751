"""Draw a diagram: what to show and in which format → bytes of a file, or lines for a terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

from dilsctl.diagnostics import Diagnostic, Problem
from dilsctl.diagram import Diagram
from dilsctl.garbage import collection_off
from dilsctl.render.backward import doubled
from dilsctl.render.figures import Drawing, Figure
from dilsctl.render.flat_view import flat
from dilsctl.render.focus import opened
from dilsctl.render.graphs import dot, mermaid
from dilsctl.render.learned import Run, learned
from dilsctl.render.outline import LEVELS, Options, Outline
from dilsctl.render.page import page
from dilsctl.render.paper import RUN_UNITS, UNITS
from dilsctl.render.picture import Node, Picture
from dilsctl.render.raster import missing_letters, pdf, png
from dilsctl.render.sheet import sheet_of
from dilsctl.render.stamp import stamped
from dilsctl.render.svg import svg
from dilsctl.render.terminal import terminal
from dilsctl.render.themes import THEMES, Name
from dilsctl.render.tikz import tikz

FORMATS = ("svg", "html", "png", "pdf", "dot", "mmd", "tex", "txt")
THEME_NAMES: tuple[str, ...] = get_args(Name)
COLUMNS = 100  # of a text file
WIDEST = 1800  # pixels of a picture of which nobody says how deep it is to be
EVERY = LEVELS
MOST_BOXES = 20_000


class Artist:
    """A diagram that is to be drawn, in one way or several."""

    @collection_off()
    def __init__(
        self,
        diagram: Diagram,
        title: str,
        options: Options,
        run: Run | None = None,
        files: tuple[Path, ...] = (),
    ) -> None:
        options = replace(options, focus=opened(diagram.main, options.focus))
        self.notes: list[Diagnostic] = []  # on the file that was made last
        self.run, self.files = run, files  # what a run learned; the files that the diagram is written in
        self.diagram, self.title, self.options = diagram, title, options
        self.outline = Outline(diagram, options)
        if options.depth is not None and (many := self.outline.count(min(options.depth, EVERY))) > MOST_BOXES:
            message = f"that would be {many:,} boxes; a picture may have {MOST_BOXES:,}"
            raise Problem.of("too-large", message, diagram.main.span, help="open fewer levels: --depth 2")

    def picture(self, depth: int | None = None) -> Picture:
        """What is to be drawn; ``depth`` in place of that of the options."""
        if self.options.view == "flat":
            depth = self.outline.deepest(MOST_BOXES) if self.options.depth is None else self.options.depth
        if depth is None or self.options.focus:
            depth = self.options.depth
        self.outline.options = replace(self.options, depth=depth)
        found = self.outline.picture(self.title)
        if self.options.view == "flat":
            found = flat(found, arrays=bool(self.options.focus))
        return doubled(found) if self.options.backward else found

    @collection_off()
    def text(self, columns: int, *, colour: bool = False, legend: bool = True) -> str:
        """Lines of text, as deep as fits unless a depth was asked for."""
        how = {"colour": colour, "legend": legend}
        if self.options.depth is not None or self.options.focus:
            return terminal(lambda _: self.picture(), 1, columns, run=self.run, **how)
        return terminal(self.picture, self.outline.readable(), columns, run=self.run, **how)

    def page(self, theme: Name = "light", *, reload: str = "", legend: bool = True) -> str:
        """A page for browsers, in which every level can be opened unless a depth was asked for."""
        if self.options.depth is not None or self.options.focus or self.options.view == "flat":
            return page([self.picture()], theme, self.run, reload=reload, legend=legend)
        pictures = [self.picture(self.outline.deepest(MOST_BOXES))]
        for depth in range(_levels(pictures[0].root) - 1, 0, -1):
            pictures.insert(0, self.picture(depth))
        return page(pictures, theme, self.run, reload=reload, legend=legend)

    def _fitting(self) -> tuple[Picture, Figure]:
        """The picture and its layout: as deep as was asked for, or else as is not too wide to be looked
        at."""
        drawing = Drawing(UNITS if self.run is None else RUN_UNITS)
        picture = self.picture()
        figure = drawing.figure(picture.root)
        free = self.options.depth is None and not self.options.focus and self.options.view != "flat"
        depth = self.outline.readable() if free else 0
        while figure.width > WIDEST and depth > 1:
            depth -= 1
            picture = self.picture(depth)
            figure = drawing.figure(picture.root)
        return picture, figure

    def _repr_svg_(self) -> str:
        """How a notebook shows it."""
        return self.file("svg").decode()

    @collection_off()
    def file(self, kind: str, theme: Name = "light", *, legend: bool = True) -> bytes:
        """The content of a file of one of the ``FORMATS``. Raises Problem: not-installed."""
        if kind == "txt":
            return self.text(COLUMNS, legend=legend).encode()
        if kind == "html":
            return stamped(self.page(theme, legend=legend).encode(), kind)
        picture, figure = self._fitting()
        if kind in ("dot", "mmd"):
            return stamped((dot if kind == "dot" else mermaid)(picture).encode(), kind)
        found = learned(figure, self.run) if self.run is not None else None
        sheet = sheet_of(figure, THEMES[theme], with_legend=legend, learned=found)
        if kind == "tex":
            return stamped(tikz(sheet.shapes).encode(), kind)
        if kind in ("pdf", "png"):
            self.notes = missing_letters(sheet.shapes, kind)
        if kind == "pdf":
            return stamped(
                pdf(sheet.shapes, sheet.width, sheet.height, picture.title, sheet.theme.paper), kind
            )
        text = svg(picture, sheet)
        if kind == "png":
            return stamped(png(text, sheet.width, sheet.height), kind)
        return stamped(text.encode(), kind)


def _levels(root: Node) -> int:
    """How many levels of boxes are opened."""
    known: dict[int, int] = {}

    def levels(node: Node) -> int:
        if node.inside is None:
            return 0
        key = id(node.inside)
        if key not in known:
            known[key] = 1 + max(map(levels, node.inside.nodes), default=0)
        return known[key]

    return levels(root)
