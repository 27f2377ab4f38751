"""``dilsctl ablate``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dilsctl.cli.options import json_option, quiet_option, set_option
from dilsctl.cli.output import (
    columns,
    count,
    is_terminal,
    say,
    show_findings,
    wants_colour,
    write_json,
    writing,
)
from dilsctl.cli.plots_output import FOLDER, check_kind, leave_plots, plots_option

if TYPE_CHECKING:
    from dilsctl.ablate import Ablation
    from dilsctl.plots.figure import Plot
    from dilsctl.plots.leave import Kind


@click.command("ablate", short_help="Measure what peer wires and a changing pattern are worth.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@set_option
@click.option(
    "--seeds", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many, for each row."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The run folder; it must not exist yet. Default: a new one in 'runs', named for the diagram.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the table into a new file, .svg or .png (which needs the extra 'picture').",
)
@plots_option("of the table and of how each form learned in the run folder, in plots/")
@quiet_option("Print nothing but the table.")
@json_option("Print the result as JSON.")
def command(
    file: Path,
    settings: tuple[str, ...],
    seeds: int,
    out: Path | None,
    plot: Path | None,
    plots: Kind,
    quiet: bool,
    as_json: bool,
) -> int:
    """Train the diagram of FILE in three forms, on the same data, with the same seeds and the same budget:
    with its peer wires cut, with its pattern frozen, and with both alive.

    Cut: what boxes hear from each other is neutral (0, false, uniform), what they hear of themselves stays.
    Frozen: states that peer wires read are held, at ablate.frozen or where they begin; all else learns. The
    table tells the mean and the standard deviation over the seeds, how many learned numbers reach the loss,
    and what kind of system each form is (see dilsctl inspect).

    \b
    Examples:
      dilsctl ablate examples/pendigits.yaml
      dilsctl ablate examples/pendigits.yaml --seeds 3 --set train.epochs=10 --plot table.svg
    """
    from dilsctl.ablate import TITLES, RowName, ablate

    if out is not None and out.exists():
        raise click.UsageError(f"'{out}' exists already, and a run folder is never overwritten")
    check_kind(plots)
    if plot is not None:
        from dilsctl.cli.trace_output import check_targets

        check_targets(None, plot, False)

    def told(row: RowName, seed: int, values: Mapping[str, float]) -> None:
        from dilsctl.report.progress import number_text

        shown = "  ".join(
            f"{name} {number_text(one)}" for name, one in values.items() if not name.startswith("train.")
        )
        say(f"seed {seed}  {TITLES[row]:<14}  {shown}", err=True)

    found = ablate(file, settings, seeds=seeds, out=out, told=None if quiet else told)
    done = 130 if found.stopped else 0
    if plot is not None and not found.stopped:
        from dilsctl.plots.ablations import ablation_plot

        drawn = ablation_plot(found)
        if drawn is None:
            say("nothing was measured, so nothing is drawn", err=True)
        else:
            with writing(plot):
                drawn.write(plot)
    if found.folder is not None:
        leave_plots(found.folder / FOLDER, lambda: _drawn(found), plots, quiet=quiet or as_json)
    if as_json:
        write_json(found.facts())
        return done
    from dilsctl.report.ablation import ablation_table
    from dilsctl.report.progress import duration_text

    header, rows = ablation_table(found)
    if is_terminal():
        from dilsctl.report.terminal import console, show_table

        show_table(console(sys.stdout, wants_colour()), header, rows)
    else:
        say(columns([header, *rows], right=range(2, len(header))))
    if found.stopped:
        say("interrupted; the table has what was done by then", err=True)
    if quiet:
        return done
    say()
    if found.held:
        say(f"frozen: {', '.join(found.held)}")
    if found.notes:
        show_findings(found.notes)
    say(f"{count(seeds, 'seed')} in {duration_text(found.seconds)}")
    say(f"run folder: {found.folder}")
    return done


def _drawn(found: Ablation) -> Mapping[str, Plot]:
    """The table, and for each measure how each form learned."""
    from dilsctl.chronicle import read_course
    from dilsctl.plots.ablations import ablation_plots
    from dilsctl.runs import RunFolder

    assert found.folder is not None
    return ablation_plots(found, read_course(RunFolder.open(found.folder))[0])
