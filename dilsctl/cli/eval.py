"""``dilsctl eval``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.options import json_option, set_option
from dilsctl.cli.output import say, write_json

PARTS = ("train", "validation", "test", "all")


@click.command("eval", short_help="Measure a trained run on a part of its data, or on other data.")
@click.argument("run", metavar="RUN|FILE", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A table with the same columns, in place of the one the run was trained on.",
)
@click.option(
    "--part",
    type=click.Choice(PARTS),
    help="Which rows. Default: test, if rows were kept apart for it, else all. Other data (--data): all.",
)
@click.option(
    "--checkpoint",
    type=click.Choice(("best", "last")),
    default="best",
    show_default=True,
    help="Which states of the run; where no best was kept, the last.",
)
@set_option
@json_option("Print the measures as JSON.")
def command(
    run: Path,
    data: Path | None,
    part: str | None,
    checkpoint: str,
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Measure the loss and the metrics of the run in folder RUN. A diagram FILE instead of a run is measured
    as it begins, untrained.

    \b
    Examples:
      dilsctl eval runs/digits-001
      dilsctl eval runs/digits-001 --part train --checkpoint last
      dilsctl eval runs/digits-001 --data new.csv --json | jq '."all.accuracy"'
    """
    from dilsctl import api
    from dilsctl.cli.train import show_measures

    if part is not None and data is not None and part != "all":
        raise click.UsageError("other data has no parts: all its rows are measured")
    if run.is_dir():
        if settings:
            raise click.UsageError("a run is measured as it was trained; --set is for a diagram FILE")
        diagram = api.open_run(run, checkpoint=checkpoint)
    else:
        diagram = api.load(run, settings=settings)
    values = diagram.eval(data, part=part)
    if not diagram.epochs:
        what = "this run has no epoch behind it" if run.is_dir() else f"'{run}' is a file, and no trained run"
        say(f"note: {what}: measured with the initial states, untrained", err=True)
    if as_json:
        write_json(values)
    else:
        show_measures(values)
    return 0
