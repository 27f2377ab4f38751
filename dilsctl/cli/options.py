"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from dilsctl.loaded import LoadedDiagram

Command = TypeVar("Command", bound=Callable[..., Any])


def _settings(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"'{value}' has no '='; write KEY.PATH=VALUE, as in train.epochs=5")
    return values


def set_option(command: Command) -> Command:
    """``--set KEY.PATH=VALUE``, as often as wanted; arrives as ``settings``."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY.PATH=VALUE",
        callback=_settings,
        help="Change a value of the file for this call, as in train.epochs=5, params.hidden=32 (a parameter "
        "of the main box) or train.optimiser='{sgd: {rate: 0.1}}'. May be repeated.",
    )(command)


def json_option(help: str) -> Callable[[Command], Command]:
    """``--json``; arrives as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help=help)


def jobs_option(command: Command) -> Command:
    """``--jobs N``: how many processes may work; None if it is not given."""
    return click.option(
        "--jobs",
        "-j",
        type=click.IntRange(1),
        metavar="N",
        help="Work in so many processes. By default as many as there are processors, if it is worth it.",
    )(command)


def only_diagrams_option(command: Command) -> Command:
    """``--only-diagrams``; arrives as ``only``."""
    return click.option(
        "--only-diagrams",
        "only",
        is_flag=True,
        help="Pass over named files without a key 'dils', and what the project excludes, as hooks need it.",
    )(command)


def stdin_name_option(command: Command) -> Command:
    """``--stdin-filename``; arrives as ``stdin_name``."""
    return click.option(
        "--stdin-filename",
        "stdin_name",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="The file that standard input is of, as editors need it: its imports and settings lie there.",
    )(command)


def check_stdin_name(stdin: bool, name: Path | None) -> None:
    """Raises click.UsageError if there is a name for standard input, which is not read."""
    if name is not None and not stdin:
        raise click.UsageError("--stdin-filename goes with '-' (standard input)")


def quiet_option(help: str) -> Callable[[Command], Command]:
    """``--quiet``."""
    return click.option("--quiet", "-q", is_flag=True, help=help)


def report_option(command: Command) -> Command:
    """``--report``: a page about the run when it is over."""
    return click.option(
        "--report", is_flag=True, help="When it is over, write a page about it: report.html in its folder."
    )(command)


def file_or_run_argument(command: Command) -> Command:
    """FILE|RUN: a diagram file or a run folder that exists; arrives as ``file``."""
    kind = click.Path(exists=True, path_type=Path)
    return click.argument("file", metavar="FILE|RUN", type=kind)(command)


def open_diagram(file: Path, settings: tuple[str, ...]) -> LoadedDiagram:
    """The diagram of a file, or the one that a run was begun with. Raises Problem."""
    from dilsctl import api

    if not file.is_dir():
        return api.load(file, settings=settings)
    if settings:
        raise click.UsageError("a run has its settings already; --set is for a diagram FILE")
    return api.diagram_of_run(file)


def out_option(command: Command) -> Command:
    """``--out FILE``: where a document goes, standard output by default."""
    return click.option(
        "--out",
        "-o",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write to this file, which must not exist, in place of printing.",
    )(command)


def paths_argument(command: Command) -> Command:
    """[PATHS]…: files and folders that exist, or ``-``."""
    kind = click.Path(exists=True, allow_dash=True, path_type=Path)
    return click.argument("paths", nargs=-1, type=kind)(command)
