"""``dilsctl diff``."""

from __future__ import annotations

import click

from dilsctl.cli.output import say, show_findings, wants_colour, width

_COLOURS = {"added": "green", "removed": "red", "changed": "yellow", "renamed": "cyan"}


@click.command("diff", short_help="Tell what changed in meaning between two diagrams or runs.")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B", required=False)
@click.option("--git", "revision", metavar="REV", help="Compare FILE with itself as it was in this revision.")
@click.option(
    "--format",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="How it is printed: markdown is for a comment on a pull request.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there is a difference.")
def command(old: str, new: str | None, revision: str | None, format: str, exit_zero: bool) -> int:
    """Tell what changed in meaning from A to B: boxes, ports, types, wires, states, laws, parameters, checks,
    training. Layout, the order of keys and wires, comments and the names of lets are no change.

    A and B are diagram files, run folders, or files in a revision of git, written REV:PATH; what they import
    is read from the same revision. A run is its diagram with the settings it had; of two runs the last
    metrics that differ are shown too. With --git, a file that is new is all added. The exit code is 0 if both
    mean the same, 1 if not, and 2 if they can't be compared.

    \b
    Examples:
      dilsctl diff old.yaml new.yaml
      dilsctl diff main~3:examples/digits.yaml examples/digits.yaml
      dilsctl diff --git main examples/digits.yaml --format markdown
      dilsctl diff runs/digits-001 runs/digits-002
    """
    from dilsctl.diagnostics import Problem
    from dilsctl.difference.compare import difference, difference_since
    from dilsctl.report.difference import difference_json, difference_markdown, difference_text

    if revision is not None:
        if new is not None:
            raise click.UsageError("--git takes one FILE, which is compared with itself as it was")
    elif new is None:
        raise click.UsageError("two are compared: A and B, or one FILE with --git REV")
    try:
        found = difference(old, new or "") if revision is None else difference_since(revision, old)
    except Problem as problem:
        show_findings(problem.diagnostics, err=True)
        return 2
    if format == "json":
        text = difference_json(found)
    elif format == "markdown":
        text = difference_markdown(found)
    elif wants_colour():
        text = difference_text(found, lambda line, kind: click.style(line, fg=_COLOURS[kind]), width())
    else:
        text = difference_text(found, width=width())
    say(text, nl=False)
    return int(not found.same and not exit_zero)
