"""``dilsctl wires``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from dilsctl.cli.options import file_or_run_argument, json_option, open_diagram, set_option
from dilsctl.cli.output import columns, is_terminal, say, wants_colour, width, write_json, writing
from dilsctl.diagnostics import Problem


@click.command("wires", short_help="Show how strong wires were over time: which grew, which died.")
@file_or_run_argument
@set_option
@click.option(
    "--top", type=click.IntRange(0, 1000), default=5, show_default=True, help="Wires to list of each weight."
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw strengths over time into a new file, .svg or .png (which needs the extra 'picture').",
)
@click.option("--force", is_flag=True, help="Let --plot replace a file that exists.")
@json_option("Print all strengths as JSON.")
def command(
    file: Path, settings: tuple[str, ...], top: int, plot: Path | None, force: bool, as_json: bool
) -> int:
    """Show how strong the wires of a run were, from its first epoch to its last. Of a diagram FILE, those of
    a simulation.

    The weight of a wire is what a box computes of its own state (couplings, trust, shares) and takes together
    with what its interior boxes show. A wire is there where it has 5 % of the greatest strength that any
    wire of this weight ever had. It grew or shrank if it changed by more than that, and died if it was there
    and no longer is. Of a simulation, also the share of time that boxes spent in each of their modes.

    \b
    Examples:
      dilsctl wires runs/pendigits-001
      dilsctl wires runs/pendigits-001 --top 20 --plot wires.svg
      dilsctl wires examples/market.yaml
    """
    from dilsctl.cli.trace_output import check_targets, plain_only
    from dilsctl.wire_history import as_trace, history_of_file, history_of_run

    check_targets(None, plot, force)
    if file.is_dir() and settings:
        raise click.UsageError("a run has its settings already; --set is for a diagram FILE")
    found = history_of_run(file) if file.is_dir() else history_of_file(file, settings)
    trace = as_trace(found)
    if plot is not None:
        from dilsctl.plots.wiring import wiring_plot

        drawn = wiring_plot(f"Wires of {file}", found, _axis(file))
        if drawn is not None:
            with writing(plot):
                drawn.write(plot, force)
            say(f"drew {plot}", err=True)
        else:
            say("no wire ever was there, so nothing is drawn", err=True)
    if as_json:
        write_json([one.facts() for one in found])
        return 0
    from dilsctl.report.wire_table import mode_table, unwatched_text, weight_table, wire_table
    from dilsctl.wires import unwatched

    plain = plain_only()
    if is_terminal() and trace.values:
        from dilsctl.report.terminal_plot import plot_text

        say(plot_text(trace, width=max(min(width(), 120) - 1, 24), colour=wants_colour(), plain=plain))
    _show(*weight_table(found), right=range(1, 8))
    if top:
        _show(*wire_table(found, top, plain), right=(2, 3))
    _show(*mode_table(found, plain), right=(2,))
    told = ""
    with suppress(Problem):  # a run of long ago still has its strengths
        told = unwatched_text(unwatched(open_diagram(file, settings).diagram))
    if told:
        say(told)
    return 0


def _axis(file: Path) -> str:
    """What time is called."""
    if not file.is_dir():
        return "time"
    from dilsctl.runs import RunFolder

    return "window" if RunFolder.open(file).facts.get("live") else "epoch"


def _show(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> None:
    if not rows:
        return
    if is_terminal():
        from dilsctl.report.terminal import console, show_table

        show_table(console(sys.stdout, wants_colour()), header, rows)
        say()
    else:
        say(columns([header, *rows], right=right) + "\n")
