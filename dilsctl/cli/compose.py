"""``dilsctl compose``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.options import out_option, set_option
from dilsctl.cli.output import put


@click.command("compose", short_help="Put diagrams into the holes of another, and print the whole.")
@click.argument("outer", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("fills", metavar="HOLE=INNER…", nargs=-1, required=True)
@set_option
@out_option
def command(outer: Path, fills: tuple[str, ...], settings: tuple[str, ...], out: Path | None) -> int:
    """Put diagrams into the holes of OUTER's main box, and print the whole as one document.

    HOLE is the path of a hole: a name, or a.b for the hole b in the interior box a. INNER is a FILE, whose
    main box is taken, or FILE:DEFINITION; std/nn:dense is from the library. Several with commas between fill
    a counted hole element by element. Holes are filled in the order given, so what is put in may have holes
    of its own. Definitions that clash are renamed; the ports must fit.

    \b
    Examples:
      dilsctl compose outer.yaml expert=mine.yaml
      dilsctl compose outer.yaml first.inner=boxes.yaml:wide second.inner=boxes.yaml:narrow -o whole.yaml
      dilsctl compose committee.yaml expert=a.yaml,b.yaml,c.yaml
    """
    from dilsctl import api
    from dilsctl.compose import compose, read_fill
    from dilsctl.merging import identity

    loaded = api.load(outer, settings=settings)
    known = {identity(loaded.document): loaded.document}
    found = [read_fill(one, known) for one in fills]
    put(compose(loaded, found, out.parent if out is not None else None), out)
    return 0
