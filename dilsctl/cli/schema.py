"""``dilsctl schema``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.output import emit, say, writing


@click.command("schema", short_help="Print the JSON Schema of diagram files, for editors.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it to a file (replaced, if it is there).",
)
def command(out: Path | None) -> int:
    """Print the JSON Schema of diagram files. Editors that know it complete and explain keys: begin a file
    with the line

    \b
      # yaml-language-server: $schema=dils-1.schema.json

    \b
    Example:
      dilsctl schema --out dils-1.schema.json
    """
    from dilsctl.report.new_file import new_file
    from dilsctl.syntax.schema import schema_text

    text = schema_text()
    if out is None:
        emit(text)
    else:
        with writing(out), new_file(out, force=True) as part:
            part.write_text(text, encoding="utf-8")
        say(f"wrote {out}", err=True)
    return 0
