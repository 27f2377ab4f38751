"""``dilsctl inspect``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.options import file_argument, json_option, set_option
from dilsctl.cli.output import write_json


@click.command("inspect", short_help="Tell what a diagram is made of: boxes, ports, states, parameters.")
@file_argument
@set_option
@json_option("Print the facts as JSON.")
def command(file: Path, settings: tuple[str, ...], as_json: bool) -> int:
    """Tell what the diagram of FILE is made of: the tree of its boxes with their ports, states and learned
    parameters, and how many boxes, wires and numbers there are in all.

    \b
    Examples:
      dilsctl inspect examples/digits.yaml
      dilsctl inspect examples/digits.yaml --json | jq .learned
    """
    from dilsctl import api
    from dilsctl.inspect import inspect_json, inspect_text

    facts = api.load(file, settings=settings).inspect()
    if as_json:
        write_json(inspect_json(facts))
    else:
        click.echo(inspect_text(facts))
    return 0
