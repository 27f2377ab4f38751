"""Where the records of a simulation go: the screen, a table, a picture. Options and what they do."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dilsctl.cli.options import Command
from dilsctl.cli.output import columns, count, is_terminal, say, wants_colour, width, writing

if TYPE_CHECKING:
    from dilsctl.ir import Type
    from dilsctl.trace import Trace

TABLES, PICTURES = (".csv", ".npz"), (".svg", ".png")
STANDARD_OUTPUT = Path("-")


def _pair(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, str] | None:
    """``x,y`` or ``place[0],place[1]``: split where no bracket is open."""
    if value is None:
        return None
    depth, cuts = 0, []
    for at, sign in enumerate(value):
        depth += (sign == "[") - (sign == "]")
        if sign == "," and not depth:
            cuts.append(at)
    if len(cuts) != 1 or not value[: cuts[0]].strip() or not value[cuts[0] + 1 :].strip():
        raise click.BadParameter(f"'{value}' is no pair; write X,Y, as in rabbits,foxes or place[0],place[1]")
    return value[: cuts[0]].strip(), value[cuts[0] + 1 :].strip()


def output_options(command: Command) -> Command:
    """``--out``, ``--plot``, ``--phase``, ``--force``; arrive as ``out``, ``plot``, ``phase``, ``force``."""
    options = (
        click.option(
            "--out",
            type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
            help="Write the records to a new file, .csv or .npz; - writes csv to standard output.",
        ),
        click.option(
            "--plot",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Draw the records into a new file, .svg or .png (which needs the extra 'picture').",
        ),
        click.option(
            "--phase",
            metavar="X,Y",
            callback=_pair,
            help="Draw one recorded number against another, rather than all over time.",
        ),
        click.option("--force", is_flag=True, help="Let --out and --plot replace files that exist."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def check_targets(out: Path | None, plot: Path | None, force: bool) -> None:
    """Refuse what cannot be written before anything runs. Raises UsageError."""
    for path, endings in ((out, TABLES), (plot, PICTURES)):
        if path is None or path == STANDARD_OUTPUT:
            continue
        if path.suffix not in endings:
            raise click.UsageError(f"'{path}' must end in one of {', '.join(endings)}")
        if path.exists() and not force:
            raise click.UsageError(f"'{path}' exists already; --force replaces it")
    if plot is not None:
        from dilsctl.plots.leave import require

        require("png" if plot.suffix == ".png" else "svg")


def write_records(
    trace: Trace,
    out: Path | None,
    plot: Path | None,
    phase: tuple[str, str] | None,
    *,
    title: str = "",
    force: bool = False,
    quiet: bool = False,
) -> None:
    """Write the files that were asked for, and say so on standard error, unless ``quiet``.

    Raises Problem: not-writable, not-installed, unknown-column.
    """
    if out is not None:
        from dilsctl.report.trace_files import write_trace

        if out == STANDARD_OUTPUT:
            write_trace(trace, sys.stdout)
        else:
            with writing(out):
                write_trace(trace, out, force)
            rows = len(trace.times) * (trace.runs if out.suffix == ".csv" else 1)
            _tell(f"wrote {count(rows, 'record')} to {out}", quiet)
    if plot is not None:
        _tell(_draw(trace, plot, phase, title, force), quiet)


def check_phase(phase: tuple[str, str] | None, types: Mapping[str, Type]) -> None:
    """Refuse a phase plot of what will not be recorded. Raises Problem: unknown-column."""
    from dilsctl.trace import find_element

    for one in phase or ():
        find_element(types, one)


def _tell(text: str, quiet: bool) -> None:
    if not quiet:
        say(text, err=True)


def _draw(trace: Trace, plot: Path, phase: tuple[str, str] | None, title: str, force: bool) -> str:
    from dilsctl.plots.traces import phase_plot, trace_plot
    from dilsctl.report.panels import panels

    if not panels(trace):
        return "nothing was recorded, so nothing is drawn"
    with writing(plot):
        drawn = phase_plot(trace, *phase, title) if phase is not None else trace_plot(trace, title)
        drawn.write(plot, force)
    return f"drew {plot}"


def show_trace(trace: Trace, phase: tuple[str, str] | None = None, *, plot: bool = True) -> None:
    """A plot, where a terminal shows it or a phase plot was asked for, and the table of what was recorded."""
    from dilsctl.report.trace_table import trace_table

    watched, colour = is_terminal(), wants_colour()
    if plot and phase is not None:
        from dilsctl.report.terminal_plot import phase_text

        say(phase_text(trace, *phase, width=_width(), colour=colour, plain=plain_only()))
    elif plot and watched:
        from dilsctl.report.terminal_plot import plot_text

        say(plot_text(trace, width=_width(), colour=colour, plain=plain_only()))
    header, rows, note = trace_table(trace)
    if rows and watched:
        from dilsctl.report.terminal import console, show_table

        show_table(console(sys.stdout, colour), header, rows)
    elif rows:
        say(columns([header, *rows], right=range(1, len(header))))
    if note:
        say(note)


def _width() -> int:
    return max(min(width(), 120) - 1, 24)


def plain_only() -> bool:
    """Whether standard output can't show braille."""
    try:
        "⠿▁█".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False
