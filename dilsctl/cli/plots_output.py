"""``--plots``: pictures that a command leaves beside what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dilsctl.cli.options import Command
from dilsctl.cli.output import count, say

if TYPE_CHECKING:
    from dilsctl.plots.classes import Confusion
    from dilsctl.plots.figure import Plot
    from dilsctl.plots.leave import Kind
    from dilsctl.runs import RunFolder

FOLDER = "plots"  # in a run folder


def plots_option(where: str, default: Kind = "svg") -> Callable[[Command], Command]:
    """``--plots svg|png|none``; arrives as ``plots``. where: in which folder, for the help."""
    return click.option(
        "--plots",
        type=click.Choice(["svg", "png", "none"]),
        default=default,
        show_default=True,
        help=f"Leave pictures {where}; png needs the extra 'picture'. One that was changed since is kept.",
    )


def check_kind(plots: Kind) -> None:
    """Raise Problem: not-installed, before anything runs."""
    if plots == "png":
        from dilsctl.plots.leave import require

        require(plots)


def leave_plots(
    folder: Path, drawn: Callable[[], Mapping[str, Plot]], plots: Kind, *, quiet: bool = False
) -> None:
    """Draw into a folder, and say so on standard error; ``quiet``: only what was left as it is.

    A folder that can't be written is no failure of what ran: it is told, and all else stands.
    """
    if plots == "none":
        return
    from dilsctl.plots.leave import leave

    try:
        left = leave(folder, drawn(), plots)
    except OSError as error:
        say(f"warning: no plots: '{folder}' can't be written: {error.strerror or error}", err=True)
        return
    for path in left.kept:
        told = (
            f"{path} was changed, or is not dilsctl's, and is left as it is; remove it to have it drawn anew"
        )
        say(f"note: {told}", err=True)
    if left.drawn and not quiet:
        say(f"drew {count(len(left.drawn), 'plot')} in {folder}", err=True)


def leave_run_plots(
    run: RunFolder, plots: Kind, counted: Callable[[], list[Confusion]] = list, *, quiet: bool = False
) -> None:
    """The plots of a run of training or live, from what is in its folder. counted: classes taken for classes.

    Raises Problem: bad-run.
    """

    def drawn() -> Mapping[str, Plot]:
        from dilsctl.chronicle import read_course
        from dilsctl.plots.of_run import run_plots

        lines, wires = read_course(run)
        return run_plots(lines, lives=bool(run.facts.get("live")), wires=wires, confusions=counted()).named()

    leave_plots(run.path / FOLDER, drawn, plots, quiet=quiet)
