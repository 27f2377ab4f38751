"""``dilsctl explain``."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from dilsctl.cli.options import json_option
from dilsctl.cli.output import say, wants_colour, width, write_json

if TYPE_CHECKING:
    from dilsctl.explain import Explanation

MOST_COLUMNS = 100


@click.command("explain", short_help="What the code of a finding means, with examples.")
@click.argument("codes", metavar="CODE…", nargs=-1, required=True)
@json_option("Print it as JSON.")
def command(codes: tuple[str, ...], as_json: bool) -> int:
    """Tell what the code of a finding means, why it matters, and how it looks and is mended.

    `dilsctl rules` lists the codes.

    \b
    Examples:
      dilsctl explain dimension-mismatch
      dilsctl explain unused-let --json
    """
    from dilsctl.diagnostics import did_you_mean
    from dilsctl.explain import explanations

    known = explanations()
    for code in codes:
        if code not in known:
            hint = did_you_mean(code, known) or "dilsctl rules lists the codes"
            raise click.UsageError(f"there is no code '{code}'; {hint}")
    if as_json:
        write_json([known[code].facts() for code in codes])
    else:
        say("\n\n".join(_text(known[code]) for code in codes))
    return 0


def _text(one: Explanation) -> str:
    bold = (lambda text: click.style(text, bold=True)) if wants_colour() else str
    room = min(width(), MOST_COLUMNS)
    lines = [f"{bold(one.code)} ({one.severity.value}): {one.title}"]
    if one.why:
        lines += ["", textwrap.fill(one.why, room)]
    head = "Not so" if one.good else "A file that has it"
    for title, text in ((head, one.bad), ("What is said of it", one.says), ("But so", one.good)):
        if text:
            lines += ["", f"{bold(title)}:", "", textwrap.indent(text.rstrip("\n"), "    ")]
    return "\n".join(lines)
