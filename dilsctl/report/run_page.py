"""A run as one page for browsers: nothing else is needed to read it, and it loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dilsctl.report.progress import duration_text, measures_table, number_text
from dilsctl.report.run_plots import as_svg, curves, plot_confusion, plot_curves, plot_wires
from dilsctl.report.wire_table import weight_table, wire_table

if TYPE_CHECKING:
    from dilsctl.chronicle import Chronicle

_STYLE = (Path(__file__).parent / "run_page.css").read_text(encoding="utf-8")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_HEAD = f"""\
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<style>
{_STYLE}</style>
"""


def run_page(found: Chronicle, picture: str) -> str:
    """The page. ``picture``: the diagram as SVG text, or empty."""
    title = escape(f"{found.facts.get('name', '')}: {found.path.name}")
    body = "\n".join(_sections(found, picture))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<title>{title}</title>\n{_HEAD}</head>\n'
        f"<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _sections(found: Chronicle, picture: str) -> Iterator[str]:
    yield f'<p class="dim">{escape(_what(found))}</p>'
    for note in found.notes:
        yield f'<p class="bad">{escape(note)}</p>'
    values = found.summary.get("values") or _last(found)
    if values:
        yield "<h2>Measures</h2>"
        yield _table(*(_lived(found, values) if found.lives else measures_table(values)))
    if find_spec("matplotlib") is None:
        yield '<p class="dim">Curves are drawn where the extra is installed: pip install "dilsctl[plot]"</p>'
    else:
        yield from _plots(found)
    if found.wires:
        yield "<h2>Wiring</h2>"
        yield _table(*weight_table(found.wires))
        yield _table(*wire_table(found.wires, 10))
        if find_spec("matplotlib") is not None and any(len(one.times) > 1 for one in found.wires):
            yield _figure(as_svg(lambda path: plot_wires(found.wires, path, _axis(found))))
    if picture:
        yield "<h2>Diagram</h2>"
        yield _figure(picture)
    if found.checks:
        yield "<h2>Checks</h2>"
        yield "<ul>" + "".join(_check(one) for one in found.checks) + "</ul>"
    yield "<h2>Settings</h2>"
    yield f"<pre>{escape(found.config)}</pre>"
    facts = {key: found.facts.get(key) for key in ("plan", "parameters", "diagram")}
    here = dict(found.facts.get("environment") or {})
    threads = here.pop("threads", None) or {}
    yield _pairs({**facts, **_data(found), **here, **(threads if isinstance(threads, dict) else {})})


def _what(found: Chronicle) -> str:
    """What it is, in a line."""
    summary = found.summary
    if found.lives:
        rows = found.lines[-1]["rows"] if found.lines else 0
        return f"A life on a stream, {rows:,} rows with a truth in full windows."
    if not summary:
        return f"A training run, {len(found.lines)} epochs so far."
    best = f", the best was {summary['best_epoch']}" if summary.get("best_epoch") else ""
    early = ", stopped early" if summary.get("stopped_early") else ""
    seconds = duration_text(float(summary.get("seconds", 0)))
    return f"A training run of {summary.get('epochs')} epochs{best}{early}, in {seconds}."


def _last(found: Chronicle) -> dict[str, Any]:
    """The measures of the last line, where there is no summary."""
    skipped = ("epoch", "step", "rows", "seconds", "rate")
    line = found.lines[-1] if found.lines else {}
    return {name: one for name, one in line.items() if name not in skipped and isinstance(one, float)}


def _lived(found: Chronicle, last: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The measures of a life over all rows, and in the last window."""
    header = ["", "all rows", "last window"]
    names = {**last, **found.lived}
    cells = ([number_text(one[name]) if name in one else "" for one in (found.lived, last)] for name in names)
    return header, [[name, *row] for name, row in zip(names, cells, strict=True)]


def _axis(found: Chronicle) -> str:
    return "window" if found.lives else "epoch"


def _data(found: Chronicle) -> dict[str, Any]:
    data = found.facts.get("data") or {}
    parts = ", ".join(f"{part} {rows:,}" for part, rows in (data.get("parts") or {}).items())
    return {"data": data.get("file"), "rows": parts or data.get("rows") or None, "sha256": data.get("sha256")}


def _plots(found: Chronicle) -> Iterator[str]:
    """Curves, and the confusion of classes."""
    drawn, axis = curves(found.lines), _axis(found)
    if drawn:
        yield "<h2>Curves</h2>"
    for measure, trace in drawn.items():
        yield _figure(as_svg(lambda path, m=measure, t=trace: plot_curves(m, t, path, axis)))  # type: ignore[misc]
    for one in found.confusions:
        yield f"<h2>Classes ({escape(one.part)} part)</h2>"
        yield _figure(as_svg(lambda path, c=one: plot_confusion(c.counts, c.names, path)))  # type: ignore[misc]


def _check(one: Any) -> str:
    state = "good" if one.ok else "bad"
    return f'<li class="{state}">{"ok" if one.ok else "failed"}: {escape(one.name)}</li>'


def _figure(svg: str) -> str:
    return f"<figure>{svg}</figure>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=n' if at and _is_number(one) else ''}>{escape(str(one))}</{tag}>"
            for at, one in enumerate(row)
        )

    lines = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table><tr>{cells(header, 'th')}</tr>{lines}</table>"


def _pairs(values: dict[str, Any]) -> str:
    shown = {
        name: number_text(one) if isinstance(one, float) else str(one)
        for name, one in values.items()
        if one not in (None, "", {})
    }
    return _table(["", ""], [[name, one] for name, one in shown.items()])


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True
