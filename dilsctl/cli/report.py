"""``dilsctl report``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.output import say, writing


@click.command(name="report", short_help="Write a page about a run: curves, classes, wiring, settings.")
@click.argument("run", metavar="RUN", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write. Default: report.html in the folder, which is written anew.",
)
@click.option("--checks", is_flag=True, help="Run the checks of the diagram too; they may train.")
@click.option("--force", is_flag=True, help="Overwrite the file of --out.")
def command(run: Path, out: Path | None, checks: bool, force: bool) -> int:
    """Write one page about the run of folder RUN, of training or live: what it came to, curves, the confusion
    of classes, the strength of wires, the diagram, and its settings. The page is one file that loads nothing.

    \b
    Examples:
      dilsctl report runs/digits-001
      dilsctl report runs/digits-001 -o digits.html --checks
    """
    if out is not None and out.exists() and not force:
        raise click.UsageError(f"'{out}' exists already, and is not overwritten; --force does")
    write_report(run, out or run / "report.html", checks=checks, force=force or out is None)
    return 0


def write_report(run: Path, target: Path, *, checks: bool = False, force: bool = True) -> None:
    """Write the page about a run. Raises Problem."""
    from dilsctl.chronicle import read_chronicle
    from dilsctl.render.outline import Options
    from dilsctl.report.new_file import new_file
    from dilsctl.report.run_page import run_page

    found = read_chronicle(run, checks=checks)
    artist = found.diagram.artist(None, Options(depth=None, view="nested", most=5), None)
    svg = artist.file("svg", "light", legend=True).decode()
    with writing(target), new_file(target, force) as path:
        path.write_text(run_page(found, svg[svg.index("<svg") :]), encoding="utf-8")
    say(f"wrote {target}", err=True)
