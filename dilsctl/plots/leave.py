"""Plots as files in a folder: drawn anew where nobody changed them since, and else left as they are."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dilsctl.diagnostics import Problem
from dilsctl.plots.figure import Plot
from dilsctl.render.stamp import is_foreign, stamped
from dilsctl.report.new_file import new_file

Kind = Literal["svg", "png", "none"]
KINDS: tuple[Kind, ...] = ("svg", "png", "none")


@dataclass(slots=True)
class Left:
    """What became of plots. ``kept``: files that somebody changed, or that dilsctl did not draw."""

    drawn: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)


def require(kind: Kind) -> None:
    """Raise Problem: not-installed, where what draws this kind is missing."""
    if kind == "png" and importlib.util.find_spec("resvg_py") is None:
        message = "PNG pictures need resvg-py, which is not installed"
        raise Problem.of("not-installed", message, help='pip install "dilsctl[picture]", or --plots svg')


def leave(folder: Path, plots: Mapping[str, Plot], kind: Kind) -> Left:
    """Write plots into a folder, ``NAME.svg`` or ``NAME.png``; each appears whole, or not at all.

    A picture of the other kind that is there under the same name and was not touched is drawn anew too, so
    that the two agree. Raises OSError, and Problem: not-installed.
    """
    left = Left()
    if kind == "none":
        return left
    for name, plot in plots.items():
        for one in KINDS[:2]:
            path = folder / f"{name}.{one}"
            if one != kind and not (os.path.lexists(path) and _drawable(one)):
                continue
            if is_foreign(path):
                if one == kind:
                    left.kept.append(path)
                continue
            data = stamped(plot.data(f".{one}"), one)
            with new_file(path, force=True) as part:
                part.write_bytes(data)
            left.drawn.append(path)
    return left


def _drawable(kind: Kind) -> bool:
    return kind != "png" or importlib.util.find_spec("resvg_py") is not None
