"""``dilsctl plan``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dilsctl.cli.options import file_or_run_argument, json_option, open_diagram, set_option
from dilsctl.cli.output import say, width, write_json


@click.command("plan", short_help="Print what will run: each operation, its source line, its cost.")
@file_or_run_argument
@click.argument("box", required=False)
@click.option(
    "--train/--forward",
    "training",
    default=None,
    help="The training step, or the forward pass alone. "
    "Default: the training step, if the file has a train block and no BOX is named.",
)
@click.option("--stages", is_flag=True, help="Print the program after each pass of the compiler.")
@set_option
@json_option("Print the plan as JSON.")
def command(
    file: Path,
    box: str | None,
    training: bool | None,
    stages: bool,
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Print what will run when the diagram of FILE runs: every equation under the source line it serves, with
    its shapes, floating point operations and bytes read and written, for one tick of one batch.

    BOX plans one box alone: a path of interior boxes (hidden, encoder.first) or a definition's name. Of the
    run in folder RUN, the diagram that it began with is planned.

    \b
    Examples:
      dilsctl plan examples/digits.yaml
      dilsctl plan examples/digits.yaml hidden
      dilsctl plan examples/digits.yaml --forward --stages
      dilsctl plan examples/digits.yaml --json | jq .totals.flops
    """
    from dilsctl.plan_json import plan_json
    from dilsctl.plan_text import plan_text

    plans = open_diagram(file, settings).plan(box, training=training, stages=stages)
    if as_json:
        found = [{"stage": name, **plan_json(plan)} for name, plan in plans]
        write_json(found if stages else found[-1])
        return 0
    room = width() if sys.stdout.isatty() else 0
    for at, (name, plan) in enumerate(plans):
        title = f"{at + 1}. after {name}" if stages else name
        say(("\n\n" if at else "") + plan_text(plan, title, room))
    return 0
