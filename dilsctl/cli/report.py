"""``dilsctl report``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dilsctl.cli.output import say, writing
from dilsctl.cli.plots_output import FOLDER, check_kind, leave_plots, plots_option

if TYPE_CHECKING:
    from dilsctl.chronicle import Chronicle
    from dilsctl.plots.figure import Plot
    from dilsctl.plots.leave import Kind
    from dilsctl.plots.of_run import Plots
    from dilsctl.render.themes import Name


@click.command(name="report", short_help="Write a page about a run: curves, classes, wiring, settings.")
@click.argument("run", metavar="RUN", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write. Default: report.html in the folder, written anew unless it was changed since.",
)
@click.option("--checks", is_flag=True, help="Run the checks of the diagram too; they may train.")
@plots_option("in the run folder too, in plots/, drawn anew", default="none")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def command(run: Path, out: Path | None, checks: bool, plots: Kind, force: bool) -> int:
    """Write one page about the run of folder RUN, of training, live or ablate: what it came to, curves, the
    confusion of classes, the strength of wires, the diagram, and its settings. The page is one file that
    loads nothing.

    \b
    Examples:
      dilsctl report runs/digits-001
      dilsctl report runs/digits-001 -o digits.html --checks
      dilsctl report runs/digits-001 --plots png
    """
    from dilsctl.render.stamp import is_foreign

    target = out or run / "report.html"
    if out is not None and os.path.lexists(out) and not force:
        raise click.UsageError(f"'{out}' exists already, and is not overwritten; --force does")
    if not force and is_foreign(target):
        raise click.UsageError(
            f"'{target}' {_FOREIGN}, and is not overwritten; --force does, or name another: -o"
        )
    check_kind(plots)
    write_report(run, target, checks=checks, force=force or out is None, plots=plots)
    return 0


_FOREIGN = "was changed, or is not dilsctl's"


def leave_report(run: Path) -> None:
    """Write the page about a run into its folder, unless there is one that somebody changed, which is told.
    Raises Problem."""
    from dilsctl.render.stamp import is_foreign

    target = run / "report.html"
    if is_foreign(target):
        say(f"note: {target} {_FOREIGN}, and is left as it is; remove it to have it written anew", err=True)
        return
    write_report(run, target)


def write_report(
    run: Path, target: Path, *, checks: bool = False, force: bool = True, plots: Kind = "none"
) -> None:
    """Write the page about a run. Raises Problem."""
    from dilsctl.chronicle import read_chronicle
    from dilsctl.plots.of_run import run_plots
    from dilsctl.render.outline import Options
    from dilsctl.render.played import read_run
    from dilsctl.render.stamp import stamped
    from dilsctl.report.new_file import new_file
    from dilsctl.report.run_page import run_page

    found = read_chronicle(run, checks=checks)
    artist = found.diagram.artist(None, Options(), read_run(run))
    lines = found.lines if found.ablation is None else []
    drawn = run_plots(lines, lives=found.lives, wires=found.wires, confusions=found.confusions)
    themes: tuple[Name, Name] = ("light", "dark")
    light, dark = (_inline(artist.file("svg", one, legend=True).decode(), one) for one in themes)
    with writing(target), new_file(target, force) as path:
        path.write_bytes(stamped(run_page(found, drawn, (light, dark)).encode(), "html"))
    leave_plots(run / FOLDER, lambda: _named(found, drawn), plots)
    say(f"wrote {target}", err=True)


def _named(found: Chronicle, drawn: Plots) -> Mapping[str, Plot]:
    if found.ablation is None:
        return drawn.named()
    from dilsctl.plots.ablations import ablation_plots

    return ablation_plots(found.ablation, found.lines)


def _inline(svg: str, theme: str) -> str:
    """A picture for a page that has others: what names it has a name of its own."""
    svg = svg[svg.index("<svg") :]
    svg = svg[: svg.rindex("</svg>") + len("</svg>")]
    for name in ("title", "desc"):
        svg = svg.replace(f'id="{name}"', f'id="{name}-{theme}"', 1)
    return svg.replace('aria-labelledby="title desc"', f'aria-labelledby="title-{theme} desc-{theme}"', 1)
