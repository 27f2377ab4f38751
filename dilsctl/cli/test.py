"""``dilsctl test``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.options import json_option, paths_argument, quiet_option
from dilsctl.cli.output import columns, count, show_findings, wants_colour, write_json

MOST_ROWS = 10


@click.command("test", short_help="Run the checks that diagram files make of themselves.")
@paths_argument
@quiet_option("Print failing checks only.")
@json_option("Print the results as JSON.")
def command(paths: tuple[Path, ...], quiet: bool, as_json: bool) -> int:
    """Run the checks of diagram files: the cases that `given` and `expect` list, and the trainings that
    must reach what they expect.

    PATHS are files or folders (searched for *.yaml and *.yml with a top-level key 'dils'). Without PATHS, the
    folder you are in is searched. A search leaves out what [tool.dilsctl] exclude in pyproject.toml lists.
    Checks run in float64, unless the file's train block names a precision.
    The exit code is 1 if a check fails or a file is not valid.

    \b
    Examples:
      dilsctl test
      dilsctl test examples/or-gate.yaml
      dilsctl test examples --json | jq '.[] | select(.passed | not)'
    """
    from dilsctl import api
    from dilsctl.diagnostics import Problem
    from dilsctl.find import diagrams

    if Path("-") in paths:
        raise click.UsageError("test reads files: a diagram's data and imports lie beside it")
    files = diagrams(paths or (Path.cwd(),))
    if not paths:
        files = [one.relative_to(Path.cwd()) for one in files]
    if not files:
        raise click.UsageError("there are no diagram files here (*.yaml with a key 'dils')")
    told: list[dict[str, object]] = []
    passed = failed = 0
    for file in files:
        try:
            results = api.test(file)
        except Problem as problem:
            failed += 1
            if as_json:
                messages = [one.message for one in problem.diagnostics]
                told.append({"file": str(file), "check": None, "passed": False, "problems": messages})
            else:
                show_findings(problem.diagnostics)
            continue
        for result in results:
            passed, failed = passed + result.passed, failed + (not result.passed)
            if as_json:
                told.append({"file": str(file), **result.facts()})
            elif not (quiet and result.passed):
                _show(file, result)
    if as_json:
        write_json(told)
    elif not quiet or failed:
        parts = [f"{failed} failed"] if failed else []
        parts.append(f"{passed} passed" if passed or failed else "there are no checks")
        click.echo(f"{count(len(files), 'file')}: {', '.join(parts)}")
    return int(failed > 0)


def _show(file: Path, result: object) -> None:
    from dilsctl.checks import Result

    assert isinstance(result, Result)
    colour = wants_colour()
    word, hue = ("ok", "green") if result.passed else ("FAILED", "red")
    head = click.style(word, fg=hue, bold=not result.passed) if colour else word
    click.echo(f"{head}  {file}: {result.title} ({result.seconds:.2f} s)", color=colour)
    if result.problems:
        show_findings(result.problems)
    if result.differences:
        inputs = list(result.differences[0].given)
        counted = "epoch" if "." in result.differences[0].name else "case"
        rows = [[counted, *inputs, "", "expected", "got"]]
        for one in result.differences[:MOST_ROWS]:
            case = "" if one.row is None else str(one.row + 1)
            rows.append([case, *one.given.values(), one.name, one.expected, one.got])
        click.echo(columns(rows, indent="    "))
        if len(result.differences) > MOST_ROWS:
            click.echo(f"    … and {len(result.differences) - MOST_ROWS} more")
