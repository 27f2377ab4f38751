"""``dilsctl render``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dilsctl.cli.options import file_or_run_argument, open_diagram, set_option
from dilsctl.cli.output import wants_colour, width, writing

FORMATS = ("svg", "html", "png", "pdf", "dot", "mmd", "tex", "txt")


@click.command("render", short_help="Draw a diagram: as a picture, or in the terminal.")
@file_or_run_argument
@click.argument("box", required=False)
@click.option(
    "--out",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Write a picture to this file; its ending says which kind: {', '.join(FORMATS)}. Without it, the "
    "diagram is drawn in the terminal.",
)
@click.option(
    "--depth", "-d", type=click.IntRange(min=0), help="Open so many levels of boxes. As many as can be read."
)
@click.option("--focus", metavar="PATH", help="Open only the boxes on this path, as in loop.controller.")
@click.option(
    "--all", "everything", is_flag=True, help="Leave nothing out: all levels, and long lists of equal boxes."
)
@click.option(
    "--view",
    type=click.Choice(["nested", "layers", "flat"]),
    default="nested",
    help="nested: boxes inside of boxes. layers: boxes that are equal and told equal things are one. "
    "flat: no frames, all boxes side by side.",
)
@click.option(
    "--laws", is_flag=True, help="Draw what moves states, where boxes with boxes inside have several."
)
@click.option("--backward", is_flag=True, help="Beside each wire of real numbers, draw one for its gradient.")
@click.option(
    "--theme", type=click.Choice(["light", "dark", "print"]), default="light", help="Colours of a picture."
)
@click.option("--legend/--no-legend", default=True, help="Say what lines and boxes mean.")
@click.option(
    "--width", "columns", type=click.IntRange(min=20), help="Columns in the terminal; those it has."
)
@set_option
def command(
    file: Path,
    box: str | None,
    out: Path | None,
    depth: int | None,
    focus: str | None,
    everything: bool,
    view: str,
    laws: bool,
    backward: bool,
    theme: str,
    legend: bool,
    columns: int | None,
    settings: tuple[str, ...],
) -> int:
    """Draw the diagram of FILE: boxes inside of boxes, with their ports and wires. Of the run in folder RUN,
    it draws the diagram that the run began with. BOX draws one box alone: a path of interior boxes (hidden,
    encoder.first) or a definition's name.

    A picture that this command drew, and that nobody changed since, is drawn anew. Any other file that exists
    is left as it is.

    \b
    Examples:
      dilsctl render examples/or-gate.yaml
      dilsctl render examples/control-loop.yaml -o loop.svg --theme dark
      dilsctl render examples/cpu.yaml control --depth 1
      dilsctl render examples/cpu.yaml --focus cpu.alu -o alu.svg
    """
    from dilsctl.render.outline import Options

    if depth is not None and (focus or everything):
        raise click.UsageError("--depth says how much is opened; leave out --focus and --all")
    if everything and focus:
        raise click.UsageError("--focus opens one path, --all opens everything; which of them?")
    kind = _kind(out) if out is not None else ""
    options = Options(
        depth=100 if everything else depth,
        view=view,  # type: ignore[arg-type]
        most=None if everything else 5,
        laws=laws,
        backward=backward,
        focus=tuple(focus.split(".")) if focus else (),
    )
    artist = open_diagram(file, settings).artist(box, options)
    if out is None:
        click.echo(artist.text(columns or width(default=80), colour=wants_colour()), nl=False, color=True)
        return 0
    _check(out)
    data = artist.file(kind, theme, legend=legend)  # type: ignore[arg-type]
    with writing(out):
        _write(out, data)
    return 0


def _kind(out: Path) -> str:
    kind = out.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        known = ", ".join(f".{one}" for one in FORMATS)
        raise click.UsageError(f"'{out}' does not say what to draw: the name must end in one of {known}")
    return kind


def _check(out: Path) -> None:
    """Only what this command drew is drawn anew."""
    from dilsctl.render.stamp import untouched

    if out.exists() and not untouched(out):
        raise click.UsageError(
            f"'{out}' exists already, and is no picture that dilsctl drew and nobody changed; "
            "nothing is overwritten"
        )


def _write(out: Path, data: bytes) -> None:
    """The file is there when it is complete."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
