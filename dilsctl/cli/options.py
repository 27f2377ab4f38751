"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

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


def quiet_option(help: str) -> Callable[[Command], Command]:
    """``--quiet``."""
    return click.option("--quiet", "-q", is_flag=True, help=help)


def file_argument(command: Command) -> Command:
    """FILE: a diagram file that exists."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.argument("file", type=kind)(command)


def paths_argument(command: Command) -> Command:
    """[PATHS]…: files and folders that exist, or ``-``."""
    kind = click.Path(exists=True, allow_dash=True, path_type=Path)
    return click.argument("paths", nargs=-1, type=kind)(command)
