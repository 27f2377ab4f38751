"""``dilsctl init``."""

from __future__ import annotations

import re
from pathlib import Path

import click

from dilsctl.cli.output import say, writing


@click.command("init", short_help="Write a small diagram with comments, and data to train it on.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default="first.yaml", required=False)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing.")
def command(file: Path, quiet: bool) -> int:
    """Write a small diagram with comments to FILE (first.yaml), and a table of data beside it.

    It validates, trains and passes its checks as it is. Nothing is ever overwritten.

    \b
    Examples:
      dilsctl init
      dilsctl init experiments/moons.yaml
    """
    from dilsctl import starter

    if file.suffix not in (".yaml", ".yml"):
        raise click.UsageError(f"a diagram file is called *.yaml; did you mean '{file}.yaml'?")
    data = file.with_name(f"{file.stem}-data.csv")
    for one in (file, data):
        if one.exists():
            raise click.UsageError(f"'{one}' exists already, and init does not overwrite")
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", file.stem).strip("-") or "first"
    name = name if name[0].isalpha() else f"d-{name}"
    _write(data, starter.table())
    _write(file, starter.diagram(name, str(file), data.name))
    if not quiet:
        say(f"wrote {file} and {data}\n\nNow:\n  dilsctl validate {file}\n  dilsctl train {file}")
    return 0


def _write(path: Path, text: str) -> None:
    with writing(path), path.open("x", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
