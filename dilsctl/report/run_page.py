"""A run as one page for browsers: nothing else is needed to read it, and it loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dilsctl.plots.figure import Plot
from dilsctl.plots.look import style_of
from dilsctl.plots.measures import NOT_MEASURES
from dilsctl.report.progress import duration_text, measures_table, number_text
from dilsctl.report.wire_table import unwatched_text, weight_table, wire_table
from dilsctl.wires import unwatched

if TYPE_CHECKING:
    from dilsctl.ablate import Ablation
    from dilsctl.chronicle import Chronicle
    from dilsctl.plots.of_run import Plots

_STYLE = (Path(__file__).parent / "run_page.css").read_text(encoding="utf-8")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_HEAD = f"""\
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<style>
{_STYLE}</style>
"""


@dataclass(slots=True)
class _Page:
    """What is on the page, and which plots were put there."""

    found: Chronicle
    plots: Plots
    pictures: tuple[str, str]
    shown: list[Plot] = field(default_factory=list)

    def figures(self, plots: Mapping[str, Plot]) -> Iterator[str]:
        """Plots side by side where there is room."""
        yield '<div class="plots">'
        for plot in plots.values():
            self.shown.append(plot)
            yield f"<figure>{plot.inline(len(self.shown))}</figure>"
        yield "</div>"


def run_page(found: Chronicle, plots: Plots, pictures: tuple[str, str]) -> str:
    """The page. ``pictures``: the diagram as SVG text, light and dark; both may be empty."""
    title = escape(f"{found.facts.get('name', '')}: {found.path.name}")
    page = _Page(found, plots, pictures)
    body = "\n".join(_sections(page))
    style = style_of("".join(plot.body for plot in page.shown))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<title>{title}</title>\n{_HEAD}'
        f"<style>\n{style}\n</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _sections(page: _Page) -> Iterator[str]:
    found, plots = page.found, page.plots
    yield f'<p class="dim">{escape(_what(found))}</p>'
    for note in found.notes:
        yield f'<p class="bad">{escape(note)}</p>'
    if found.ablation is not None:
        yield from _ablated(page, found.ablation)
    values = found.summary.get("values") or _last(found)
    if values and found.ablation is None:
        yield "<h2>Measures</h2>"
        yield _table(*(_lived(found, values) if found.lives else measures_table(values)))
    if plots.curves:
        yield "<h2>Curves</h2>"
        yield from page.figures(plots.curves)
    for one, (name, plot) in zip(found.confusions, plots.classes.items(), strict=True):
        yield f"<h2>Classes ({escape(one.where)})</h2>"
        yield from page.figures({name: plot})
        mistakes = [[f"{truth} taken for {said}", f"{n:,}"] for truth, said, n in one.mistakes()]
        if mistakes:
            yield "<h3>Most frequent mistakes</h3>"
            yield _table(["", "rows"], mistakes)
    if found.wires:
        yield "<h2>Wiring</h2>"
        yield from page.figures(plots.wiring)
        yield _table(*weight_table(found.wires))
        yield _table(*wire_table(found.wires, 10))
        told = unwatched_text(unwatched(found.diagram.diagram))
        yield f'<p class="dim">{escape(told)}</p>' if told else ""
    light, dark = page.pictures
    if light:
        yield "<h2>Diagram</h2>"
        yield f'<figure class="light">{light}</figure>\n<figure class="dark">{dark}</figure>'
    if found.checks:
        yield "<h2>Checks</h2>"
        yield "<ul>" + "".join(_check(one) for one in found.checks) + "</ul>"
    yield "<h2>Settings</h2>"
    yield f"<pre>{escape(found.config)}</pre>"
    facts = {key: found.facts.get(key) for key in ("plan", "parameters", "diagram")}
    here = dict(found.facts.get("environment") or {})
    threads = here.pop("threads", None) or {}
    yield _pairs({**facts, **_data(found), **here, **(threads if isinstance(threads, dict) else {})})


def _ablated(page: _Page, found: Ablation) -> Iterator[str]:
    """The table of an ablation, and how it was learned."""
    from dilsctl.plots.ablations import ablation_plots
    from dilsctl.report.ablation import ablation_table

    if found.rows:
        yield "<h2>Forms</h2>"
        yield _table(*ablation_table(found))
    yield from page.figures(ablation_plots(found, page.found.lines))


def _what(found: Chronicle) -> str:
    """What it is, in a line."""
    summary = found.summary
    if found.lives:
        rows = found.lines[-1]["rows"] if found.lines else 0
        return f"A life on a stream, {rows:,} rows with a truth in full windows."
    if found.ablation is not None:
        seeds = (found.facts["ablation"] or {}).get("seeds", "some")
        held = f"; frozen: {', '.join(found.ablation.held)}" if found.ablation.held else ""
        return f"An ablation with {seeds} seeds for each form{held}."
    if not summary:
        return f"A training run, {len(found.lines)} epochs so far."
    best = f", the best was {summary['best_epoch']}" if summary.get("best_epoch") else ""
    early = ", stopped early" if summary.get("stopped_early") else ""
    seconds = duration_text(float(summary.get("seconds", 0)))
    return f"A training run of {summary.get('epochs')} epochs{best}{early}, in {seconds}."


def _last(found: Chronicle) -> dict[str, Any]:
    """The measures of the last line, where there is no summary."""
    line = found.lines[-1] if found.lines else {}
    return {name: one for name, one in line.items() if name not in NOT_MEASURES and isinstance(one, float)}


def _lived(found: Chronicle, last: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The measures of a life over all rows, and in the last window."""
    header = ["", "all rows", "last window"]
    names = {**last, **found.lived}
    cells = ([number_text(one[name]) if name in one else "" for one in (found.lived, last)] for name in names)
    return header, [[name, *row] for name, row in zip(names, cells, strict=True)]


def _data(found: Chronicle) -> dict[str, Any]:
    data = found.facts.get("data") or {}
    parts = ", ".join(f"{part} {rows:,}" for part, rows in (data.get("parts") or {}).items())
    return {"data": data.get("file"), "rows": parts or data.get("rows") or None, "sha256": data.get("sha256")}


def _check(one: Any) -> str:
    state = "good" if one.ok else "bad"
    return f'<li class="{state}">{"ok" if one.ok else "failed"}: {escape(one.name)}</li>'


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A column is flush right, its header too, where all that it says are numbers."""
    right = {
        at
        for at in range(1, len(header))
        if any(row[at] for row in rows) and all(_is_number(row[at]) for row in rows if row[at])
    }

    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=n' if at in right else ''}>{escape(str(one))}</{tag}>"
            for at, one in enumerate(row)
        )

    head = f"<thead><tr>{cells(header, 'th')}</tr></thead>" if any(header) else ""
    lines = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f'<div class="wide"><table>{head}<tbody>{lines}</tbody></table></div>'


def _pairs(values: dict[str, Any]) -> str:
    shown = {
        name: number_text(one) if isinstance(one, float) else str(one)
        for name, one in values.items()
        if one not in (None, "", {})
    }
    return _table(["", ""], [[name, one] for name, one in shown.items()])


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "").partition(" ± ")[0])
    except ValueError:
        return False
    return True
