"""``dilsctl rules``."""

from __future__ import annotations

import textwrap

import click

from dilsctl.cli.options import json_option
from dilsctl.cli.output import columns, say, wants_colour, width, write_json


@click.command("rules", short_help="List the codes of findings.")
@click.option("--lints", is_flag=True, help="Warnings and notes only: those that can be chosen.")
@json_option("Print them as JSON, with reasons and examples.")
def command(lints: bool, as_json: bool) -> int:
    """List the codes that findings have, by topic. `dilsctl explain CODE` tells more of one.

    Warnings and notes can be chosen with --select and --ignore of validate, in pyproject.toml, and taken
    back by a comment in the file: # dils: ignore[CODE] why.

    \b
    Examples:
      dilsctl rules
      dilsctl rules --lints
      dilsctl rules --json | jq '.[] | select(.severity == "warning") | .code'
    """
    from dilsctl.diagnostics import Severity
    from dilsctl.explain import explanations

    known = [one for one in explanations().values() if not lints or one.severity is not Severity.ERROR]
    if as_json:
        write_json([one.facts() for one in known])
        return 0
    wide = max(len(one.code) for one in known)
    for number, topic in enumerate(dict.fromkeys(one.topic for one in known)):
        rows = []
        for one in known:
            if one.topic == topic:
                first, *rest = textwrap.wrap(one.title, max(width() - wide - 13, 30))
                rows.append([one.code.ljust(wide), one.severity.value.ljust(7), first])
                rows += [[" " * wide, " " * 7, more] for more in rest]
        head = click.style(topic, bold=True) if wants_colour() else topic
        say(("\n" if number else "") + head)
        say(columns(rows, indent="  "))
    return 0
