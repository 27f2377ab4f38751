"""``dilsctl flatten``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.options import file_or_run_argument, open_diagram, out_option, set_option
from dilsctl.cli.output import put


@click.command("flatten", short_help="Print the flat diagram: the same as one box, without interior boxes.")
@file_or_run_argument
@click.argument("box", required=False)
@set_option
@out_option
def command(file: Path, box: str | None, settings: tuple[str, ...], out: Path | None) -> int:
    """Print the diagram of FILE as one box without interior boxes, in the same language.

    States are named by path, an array of boxes becomes arrays, and what boxes show and are told becomes lets.
    The flat diagram computes the same numbers, to the bit, and begins with the same initial values. BOX
    flattens one box alone: a path of interior boxes (hidden, encoder.first) or a definition's name.

    \b
    Examples:
      dilsctl flatten examples/or-gate.yaml
      dilsctl flatten examples/carry.yaml full_adder
      dilsctl flatten examples/digits.yaml -o flat.yaml && dilsctl train flat.yaml
    """
    from dilsctl.dump import dump

    loaded = open_diagram(file, settings)
    put(dump(loaded.flatten(box, folder=out.parent if out is not None else None)), out)
    return 0
