"""``dilsctl doctor``."""

from __future__ import annotations

import click

from dilsctl.cli.output import columns, say, wants_colour, write_json

SIGNS = {"good": ("ok", "green"), "warning": ("warning", "yellow"), "bad": ("bad", "red")}


@click.command("doctor", short_help="Look at this machine: versions, linear algebra, terminal, folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(as_json: bool) -> int:
    """Look at this machine: versions, the linear algebra library and its threads, the terminal, and
    whether run folders can be written here. Exits with 1 if something that dilsctl needs is missing.

    \b
    Example:
      dilsctl doctor --json | jq '.[] | select(.verdict != "good")'
    """
    from dataclasses import asdict

    from dilsctl.doctor import examine

    found = examine()
    bad = any(one.verdict == "bad" for one in found)
    if as_json:
        write_json([asdict(one) for one in found])
        return int(bad)
    rows = columns([(SIGNS[one.verdict][0], one.name, one.value) for one in found]).splitlines()
    colour = wants_colour()
    for one, row in zip(found, rows, strict=True):
        word, hue = SIGNS[one.verdict]
        head = click.style(word, fg=hue) if colour else word
        say(head + row[len(word) :])
        if one.advice:
            say(f"         → {one.advice}")
    return int(bad)
