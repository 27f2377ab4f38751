"""``dilsctl fold``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.options import file_or_run_argument, open_diagram, out_option, set_option
from dilsctl.cli.output import put, say


@click.command("fold", short_help="Print the network that an interaction diagram is the unfolding of.")
@file_or_run_argument
@set_option
@out_option
def command(file: Path, settings: tuple[str, ...], out: Path | None) -> int:
    """Print the network and the training that the interaction diagram of FILE is the unfolding of.

    What managers show becomes boxes, wired from left to right; the simulation becomes a train block. What
    managers tell the boxes inside must be the reverse pass, and how their states move an optimiser: that is
    checked, by form and else by numbers, and what differs is told.

    \b
    Examples:
      dilsctl fold unfolded.yaml -o network.yaml
      dilsctl fold examples/figures/figure-3.yaml
    """
    from dilsctl.diagnostics import SourceFile
    from dilsctl.dump import dump
    from dilsctl.formatting import format_text

    loaded = open_diagram(file, settings)

    def sampled() -> None:
        say("note: it agrees with its unfolding by numbers, at random states; not by its form", err=True)

    found = loaded.fold(folder=out.parent if out is not None else None, sampled=sampled)
    put(format_text(SourceFile("<fold>", dump(found))), out)
    return 0
