"""``dilsctl validate``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dilsctl.cli.options import json_option, paths_argument, quiet_option, set_option
from dilsctl.cli.output import count, show_findings


@click.command("validate", short_help="Find mistakes in diagram files, before anything runs.")
@paths_argument
@set_option
@json_option("Print the findings as JSON.")
@quiet_option("Print findings only: nothing where all is well.")
def command(paths: tuple[Path, ...], settings: tuple[str, ...], as_json: bool, quiet: bool) -> int:
    """Find mistakes in diagram files, before anything runs.

    PATHS are files, folders (searched for *.yaml and *.yml with a top-level key 'dils'), or - for standard
    input. Without PATHS, the folder you are in is searched. A search leaves out what [tool.dilsctl] exclude
    in pyproject.toml lists. Every finding is shown with its place; the exit code is 1 if there is an error,
    and 0 if there are warnings only.

    \b
    Examples:
      dilsctl validate
      dilsctl validate net.yaml --set train.batch=64
      cat net.yaml | dilsctl validate - --json
    """
    from dilsctl import api
    from dilsctl.diagnostics import Report
    from dilsctl.find import diagrams

    stdin = Path("-") in paths
    if stdin and len(paths) > 1:
        raise click.UsageError("'-' (standard input) stands alone")
    files = [Path("<stdin>")] if stdin else diagrams(paths or (Path.cwd(),))
    if not paths:
        files = [one.relative_to(Path.cwd()) for one in files]
    if not files:
        where = "here" if not paths else f"in {', '.join(map(str, paths))}"
        raise click.UsageError(f"there are no diagram files {where} (*.yaml with a key 'dils')")
    text = _standard_input() if stdin else None
    whole = Report()
    for file in files:
        whole.extend(api.validate(file, text=text, settings=settings))
    if as_json:
        from dilsctl.report.json import render_json

        click.echo(render_json(whole), nl=False)
        return int(not whole.ok)
    show_findings(whole)
    if not quiet:
        what = str(files[0]) if len(files) == 1 else count(len(files), "file")
        if whole.ok:
            click.echo(f"{what}: valid")
        elif len(files) > 1:
            click.echo(f"in {what}")
    return int(not whole.ok)


def _standard_input() -> str:
    from dilsctl.diagnostics import Problem

    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"standard input is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}"
        raise Problem.of("not-text", message, file="<stdin>") from None
