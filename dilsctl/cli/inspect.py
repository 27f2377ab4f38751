"""``dilsctl inspect``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.options import file_or_run_argument, json_option, open_diagram, set_option
from dilsctl.cli.output import say, write_json


@click.command("inspect", short_help="Tell what a diagram is made of: boxes, ports, states, parameters.")
@file_or_run_argument
@set_option
@json_option("Print the facts as JSON.")
def command(file: Path, settings: tuple[str, ...], as_json: bool) -> int:
    """Tell what the diagram of FILE is made of: the tree of its boxes with their ports, states and learned
    parameters, and how many boxes, wires and numbers there are in all. Of the run in folder RUN, it tells
    the diagram that the run began with.

    It also says what kind of system that is, with the wires and states that prove it. Do boxes talk to their
    peers, and can the pattern of wires change? A DNN: no peer wires, a changeable pattern. An IDS: peer
    wires, no changeable pattern. A DILS: both.

    \b
    Examples:
      dilsctl inspect examples/digits.yaml
      dilsctl inspect runs/digits-001
      dilsctl inspect examples/digits.yaml --json | jq .kind.name
    """
    from dilsctl.inspect import inspect_json, inspect_text

    loaded = open_diagram(file, settings)
    facts = loaded.inspect()
    run = str(file) if file.is_dir() else None
    if as_json:
        write_json({**inspect_json(facts), "run": run})
    else:
        if run is not None:
            given = f" (with {', '.join(loaded.settings)})" if loaded.settings else ""
            say(f"the diagram that the run {run} began with: {loaded.path}{given}\n")
        say(inspect_text(facts))
    return 0
