"""A picture as a page for browsers: one file, without network. Boxes open and close in their place, wires
tell what they carry, and a run, if there is one, is played over them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from dilsctl.diagnostics import SourceFile
from dilsctl.render.figures import Drawing
from dilsctl.render.learned import Run, scale
from dilsctl.render.legend import ROW, SAMPLE, entries, sample
from dilsctl.render.page_svg import PageSvg, colours, page_theme
from dilsctl.render.painter import Painter
from dilsctl.render.paper import RUN_UNITS, UNITS
from dilsctl.render.picture import Node, Picture
from dilsctl.render.svg import clean

HERE = Path(__file__).parent
MARGIN = 16
SHOWN = 40  # boxes that are open at first, about
MOST_SOURCE = 400_000  # characters of source text that go along


def page(
    pictures: Sequence[Picture], theme: str, run: Run | None = None, *, reload: str = "", legend: bool = True
) -> str:
    """The whole page.

    pictures: of one diagram, with one level of boxes opened, two, and so on. Each is a view of its own, laid
    out for what it shows. The last one holds everything, and its boxes can be closed in their places. run:
    what ``played.read_run`` gives. reload: where to ask whether the file has changed.
    """
    svg = PageSvg()
    drawing = Drawing(UNITS if run is None else RUN_UNITS)
    views = []
    for number_, picture in enumerate(pictures):
        figure = drawing.figure(picture.root)
        body = svg.view(figure, MARGIN, MARGIN, lids=number_ == len(pictures) - 1, run=run)
        size = f'data-width="{figure.width + 2 * MARGIN}" data-height="{figure.height + 2 * MARGIN}"'
        views.append(f'<g class="view" {size} style="display:none">{body}</g>')
    key = _legend(svg) if legend else ""
    last = pictures[-1]
    data = {
        "depth": _readable(last.root),
        "run": _played(run, svg) if run is not None else None,
        "sources": _sources(last.root),
        "reload": reload,
    }
    title = escape(clean(last.title))
    words = {
        "TITLE": title,
        "ABOUT": escape(clean(" ".join(last.description.split()))),
        "THEME": "" if theme == "light" else theme,
        "COLOURS": f":root{{{colours('light')}}}\n:root[data-theme=dark]{{{colours('dark')}}}\n"
        f":root[data-theme=print]{{{colours('print')}}}",
        "CSS": (HERE / "page.css").read_text(encoding="utf-8") + svg.css(),
        "SVG": '<svg id="picture" xmlns="http://www.w3.org/2000/svg" role="application" tabindex="0" '
        f'aria-label="{title}"><g id="all">{"".join(views)}</g></svg>',
        "KEY": key,
        "CONNECT": "; connect-src 'self'" if reload else "",
        "DATA": _embedded(data),
        "SCRIPT": (HERE / "page.js").read_text(encoding="utf-8"),
    }
    text = (HERE / "page.template").read_text(encoding="utf-8")
    parts = text.split("@@")  # every other part is a name
    return "".join(part if at % 2 == 0 else words[part] for at, part in enumerate(parts))


def _legend(svg: PageSvg) -> str:
    """What the looks in all views mean, each an item of a list."""
    painter = Painter(page_theme())
    painter.seen = svg.seen
    items = []
    for key, text in entries(painter):
        picture = svg.elements(sample(painter, key, 2, ROW / 2))
        size = f'width="{SAMPLE + 4}" height="{ROW}"'
        drawn = f'<svg xmlns="http://www.w3.org/2000/svg" {size} aria-hidden="true">{picture}</svg>'
        items.append(f"<li>{drawn}{escape(text)}</li>")
    return "".join(items)


def _played(run: Run, svg: PageSvg) -> dict[str, Any]:
    """What the page's script needs of a run: the weights of wires by their number, boxes by path."""
    known = ("name", "shape", "rows", "signs", "signed", "means", "most", "peak")
    return {
        "epochs": run["epochs"],
        "metrics": run["metrics"],
        "states": run["states"],
        "weights": [{key: one[key] for key in known} for one in run["weights"]],
        "links": svg.links,
        "active": svg.active,
        "scale": scale(run),
    }


def _embedded(data: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _readable(root: Node) -> int:
    """How many levels are open at first."""
    level, total, depth = [root], 0, 0
    while level:
        level = [
            one
            for node in level
            if node.inside is not None
            for one in node.inside.nodes
            if one.shape == "box"
        ]
        total += len(level)
        if depth and total > SHOWN:
            break
        depth += 1
    return max(1, depth)


def _sources(root: Node) -> dict[str, str]:
    """The texts of the files that the picture's parts are written in, as far as they are not too long."""
    found: dict[str, SourceFile] = {}
    stack = [root]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node.inside) in seen:
            continue
        for span in (node.span, *(pin.span for pin in node.pins)):
            if span is not None:
                found.setdefault(span.file.name, span.file)
        if node.inside is not None:
            seen.add(id(node.inside))
            stack += node.inside.nodes
            for wire in node.inside.wires:
                if wire.span is not None:
                    found.setdefault(wire.span.file.name, wire.span.file)
    texts = {}
    total = 0
    for name, file in found.items():
        total += len(file.text)
        if total <= MOST_SOURCE:
            texts[name] = clean(file.text)
    return texts
