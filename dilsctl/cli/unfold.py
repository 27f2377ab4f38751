"""``dilsctl unfold``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.options import file_or_run_argument, open_diagram, out_option, set_option
from dilsctl.cli.output import put, say


@click.command("unfold", short_help="Print the interaction diagram of a network and its training.")
@file_or_run_argument
@set_option
@out_option
def command(file: Path, settings: tuple[str, ...], out: Path | None) -> int:
    """Print the feed-forward diagram of FILE and its training as an interaction diagram.

    Every wire that carries x becomes an interior box that shows x and is told how x should change. The boxes
    become the patterns around them, so that what was composed from left to right is nested. The reverse pass
    is written out as wires, the optimiser as next laws. To simulate it is to train the network: one tick is
    one batch, and from equal initial states both come to the same numbers, up to rounding.

    \b
    Examples:
      dilsctl unfold examples/digits.yaml -o unfolded.yaml && dilsctl simulate unfolded.yaml
      dilsctl unfold examples/iris.yaml --set train.optimiser=sgd
    """
    from dilsctl.diagnostics import SourceFile
    from dilsctl.dump import dump
    from dilsctl.formatting import format_text

    loaded = open_diagram(file, settings)
    train = loaded.document.document.train
    if train is not None and (train.early_stopping is not None or train.keep_best):
        say("note: early stopping and the best epoch are not unfolded: it goes to the end", err=True)
    found = loaded.unfold(folder=out.parent if out is not None else None)
    put(format_text(SourceFile("<unfold>", dump(found.document))), out)
    return 0
