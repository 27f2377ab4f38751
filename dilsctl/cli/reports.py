"""``--report FORMAT=FILE``: results in a file, beside what is printed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

import click

from dilsctl.cli.output import replace_file
from dilsctl.report.former import replaceable

Command = TypeVar("Command", bound=Callable[..., Any])
Reports = tuple[tuple[str, Path], ...]


def reports_option(formats: Collection[str], example: str) -> Callable[[Command], Command]:
    """``--report FORMAT=FILE``, as often as wanted; arrives as ``reports``."""

    def read(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> Reports:
        found: dict[Path, str] = {}
        for value in values:
            name, _sign, path = value.partition("=")
            if not path or name not in formats:
                raise click.BadParameter(f"write FORMAT=FILE, with one of {', '.join(formats)}")
            if path == "-":
                raise click.BadParameter(f"'-' is no file; --format {name} prints it")
            if Path(path) in found:
                raise click.BadParameter(f"'{path}' can hold one report only")
            found[Path(path)] = name
            _check(name, Path(path))
        return tuple((name, path) for path, name in found.items())

    return click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT=FILE",
        callback=read,
        help=f"Write the results to a file as well, as in {example}; an earlier report of that format is "
        "replaced. May be repeated.",
    )


def write_to(name: str, path: Path, text: str) -> None:
    """Write a report in a format. Raises Problem: not-writable."""
    _check(name, path)
    replace_file(path, text)


def _check(name: str, path: Path) -> None:
    if not replaceable(name, path):
        raise click.UsageError(
            f"'{path}' exists already and is no {name} report of dilsctl; nothing else is overwritten"
        )
