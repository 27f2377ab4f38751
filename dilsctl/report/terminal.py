"""What a person at a terminal sees: a bar while a run goes on, and a table when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from dilsctl.report.progress import by_part, number_text

FRAMES_A_SECOND = 8
NARROW = 90  # columns under which only the newest numbers are shown


def console(stream: TextIO, colour: bool) -> Console:
    """A console on a terminal that has been found to be one."""
    return Console(file=stream, force_terminal=True, no_color=not colour, highlight=False)


class Bar:
    """A bar with the newest loss and metrics beside it; see ``progress.Display``."""

    def __init__(self, out: Console) -> None:
        self.console = out
        narrow = out.width < NARROW
        columns = [
            TextColumn("epoch {task.completed:.0f}/{task.total:.0f}"),
            BarColumn(bar_width=12 if narrow else 30),
            TextColumn("{task.fields[told]}"),
            *([] if narrow else [TimeRemainingColumn(compact=True)]),
        ]
        self.progress = Progress(
            *columns, console=out, refresh_per_second=FRAMES_A_SECOND, transient=True, expand=False
        )
        self.task: TaskID | None = None

    def begin(self, epochs: int, done: int = 0) -> None:
        """Show the bar."""
        self.task = self.progress.add_task("", total=epochs, completed=done, told="")
        self.progress.start()

    def epoch(self, number: int, values: Mapping[str, float]) -> None:
        """Move the bar and renew the numbers."""
        if self.task is not None:
            self.progress.update(self.task, completed=number, told=self._told(values))

    def end(self) -> None:
        """Take the bar away."""
        self.progress.stop()

    def _told(self, values: Mapping[str, float]) -> str:
        """As many numbers as fit: the training loss first, then what is measured on other parts."""
        _, parts = by_part(values)
        own = parts.pop("train", {})
        words = [f"[dim]{name}[/] {number_text(value)}" for name, value in own.items()]
        for part, found in parts.items():
            words += [f"[dim]{part} {name}[/] {number_text(value)}" for name, value in found.items()]
        room = self.console.width - (36 if self.console.width < NARROW else 64)
        while len(words) > 1 and sum(len(Text.from_markup(word)) + 2 for word in words) > room:
            words.pop(1 if len(words) > 2 else -1)
        return "  ".join(words)


def show_table(out: Console, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose first column is words and whose others are numbers."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for at, name in enumerate(header):
        table.add_column(Text(name), justify="left" if at == 0 else "right")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out.print(table)
