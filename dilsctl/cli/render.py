"""``dilsctl render``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dilsctl.cli.options import file_or_run_argument, open_diagram, set_option
from dilsctl.cli.output import say, show_findings, wants_colour, width, writing
from dilsctl.diagnostics import Problem

if TYPE_CHECKING:
    from dilsctl.loaded import LoadedDiagram
    from dilsctl.render.draw import Artist

FORMATS = ("svg", "html", "png", "pdf", "dot", "mmd", "tex", "txt")
PLAYED = ("", "svg", "html", "png", "pdf", "tex", "txt")  # what shows what a run learned; '': the terminal


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
@click.option(
    "--run",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Draw what this run of the diagram learned: wires by their strength and sign, boxes by their "
    "activity; on a page over its epochs.",
)
@click.option(
    "--watch", is_flag=True, help="Draw anew when the file is saved: FILE for -o, else a page in a browser."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="The port of that page; any that is free."
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
    run: Path | None,
    watch: bool,
    port: int,
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
      dilsctl render examples/cpu.yaml -o cpu.html
      dilsctl render runs/digits-001 -o digits.html
    """
    from dilsctl.render.outline import Options

    if depth == 0:
        raise click.UsageError(
            "--depth counts the levels that are opened, and the outermost box always is: --depth 1 opens it "
            "and none of the boxes inside"
        )
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
    folder = run or (file if file.is_dir() and (watch or kind in PLAYED) else None)
    if run is not None and kind not in PLAYED and not watch:
        known = ", ".join(f".{one}" for one in PLAYED if one)
        raise click.UsageError(f"--run is for the terminal, and for -o with one of {known}")

    def draw() -> Artist:
        loaded = open_diagram(file, settings)
        return loaded.artist(box, options, _played(folder, loaded, box, given=run is not None))

    if watch:
        return _watch(draw, file, out, kind, theme, legend=legend, port=port)
    artist = draw()
    if out is None:
        say(artist.text(columns or width(default=80), colour=wants_colour(), legend=legend), nl=False)
        return 0
    _check(out)
    _draw(artist, out, kind, theme, legend=legend)
    return 0


def _played(
    folder: Path | None, loaded: LoadedDiagram, box: str | None, *, given: bool
) -> dict[str, Any] | None:
    """What a run learned, as far as it is about what is drawn; says what there is not."""
    if folder is None:
        return None
    from dilsctl.render.played import read_run, within
    from dilsctl.render.run_of import check_run, nothing_kept

    found = read_run(folder)
    notes = check_run(folder, found, loaded.library, loaded.name, loaded.diagram.main) if given else []
    if given or not (found["weights"] or found["activity"]):
        notes += nothing_kept(folder, found)
    show_findings(notes, err=True)
    if box is None:
        return found
    if not loaded.has_box(box):
        if given:
            message = f"'{box}' is a definition, and a run knows interior boxes: name it by its path"
            raise click.UsageError(message)
        return None
    return within(found, box)


def _draw(artist: Artist, out: Path, kind: str, theme: str, *, legend: bool) -> None:
    data = artist.file(kind, theme, legend=legend)  # type: ignore[arg-type]
    show_findings(artist.notes, err=True)
    with writing(out):
        _write(out, data)


def _watch(
    draw: Callable[[], Artist],
    file: Path,
    out: Path | None,
    kind: str,
    theme: str,
    *,
    legend: bool,
    port: int,
) -> int:
    """Draw whenever the file is saved: into a file, or for browsers on this machine."""
    from dilsctl.render.watch import Files, Server, wait_for_change

    if file.is_dir():
        raise click.UsageError("a run does not change; --watch is for a diagram FILE")
    if out is not None:
        _check(out)
    files = Files([file])

    def attempt() -> Artist | None:
        try:
            artist = draw()
        except Problem as problem:
            show_findings(problem.diagnostics, err=True)
            return None
        files.look_at(artist.files or [file])
        return artist

    server: Server | None = None
    if out is None:

        def page(reload: str) -> str | None:
            artist = attempt()
            return artist.page(theme, reload=reload, legend=legend) if artist is not None else None  # type: ignore[arg-type]

        try:
            server = Server(page, port)
        except OSError as error:
            raise click.UsageError(f"port {port} can't be used: {error.strerror or error}") from None
        server.start()
    try:
        while True:
            drawn = False
            if server is not None:
                drawn = server.draw()
            elif (artist := attempt()) is not None and out is not None:
                _check(out)
                _draw(artist, out, kind, theme, legend=legend)
                drawn = True
            if drawn:
                say(f"drawn: {server.address if server is not None else out}  (Ctrl-C to stop)")
            wait_for_change(files)
    except KeyboardInterrupt:
        return 0
    finally:
        if server is not None:
            server.stop()


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
    from dilsctl.report.new_file import new_file

    with new_file(out, force=True) as part:
        part.write_bytes(data)
