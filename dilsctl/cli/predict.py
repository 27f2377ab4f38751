"""``dilsctl predict``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dilsctl.cli.output import say, writing
from dilsctl.diagnostics import STDIN

if TYPE_CHECKING:
    from dilsctl.data.tables import Table

ENDINGS = (".csv", ".jsonl", ".npz")


@click.command("predict", short_help="Let a trained run answer for rows that have no targets.")
@click.argument("run", metavar="RUN", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument(
    "rows",
    metavar="[DATA]",
    required=False,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="The same as DATA.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to a .csv, .jsonl or .npz file that does not exist yet. Default: csv on standard output.",
)
@click.option(
    "--checkpoint",
    type=click.Choice(("best", "last")),
    default="best",
    show_default=True,
    help="Which states of the run; where no best was kept, the last.",
)
def command(run: Path, rows: Path | None, data: Path | None, out: Path | None, checkpoint: str) -> int:
    """Let the trained run of folder RUN answer for the rows of DATA: a table with the columns of its inputs
    (other columns are passed over), or - for csv on standard input. Without DATA, the run's own data.

    Every output of the main box becomes a column, or several (logits.0, logits.1 …). A run trained on
    named classes also tells the likeliest class by its name.

    \b
    Examples:
      dilsctl predict runs/iris-001 new.csv
      dilsctl predict runs/iris-001 new.csv --out answers.jsonl
      cat new.csv | dilsctl predict runs/iris-001 - | head
    """
    from dilsctl import api
    from dilsctl.answers import write_answers

    if rows is not None and data is not None:
        raise click.UsageError("name the data once: as DATA or with --data")
    source = rows or data
    if out is not None:
        if out.suffix not in ENDINGS:
            raise click.UsageError(f"'{out}' must end in one of {', '.join(ENDINGS)}")
        if out.exists():
            raise click.UsageError(f"'{out}' exists already, and is not overwritten")
    diagram = api.open_run(run, checkpoint=checkpoint)
    answers = diagram.answers(_standard_input() if source == Path("-") else source)
    if out is None:
        write_answers(answers, sys.stdout)
    else:
        with writing(out):
            write_answers(answers, out)
        say(f"wrote {answers.rows:,} rows to {out}", err=True)
    return 0


def _standard_input() -> Table:
    """The csv table on standard input."""
    import tempfile

    from dilsctl.data.tables import read_table

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "standard-input.csv"
        path.write_bytes(sys.stdin.buffer.read())
        return read_table(path, STDIN)
