"""What a person at a terminal sees: a bar while a run goes on, and a table when it is over."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from dilsctl.report.progress import by_part, number_text
from dilsctl.signs import in_a_line, visible

FRAMES_A_SECOND = 8
NARROW = 90  # columns under which only the newest numbers are shown


def console(stream: TextIO, colour: bool) -> Console:
    """A console on a terminal that has been found to be one."""
    return Console(file=stream, force_terminal=True, color_system="auto" if colour else None, highlight=False)


class Numbers(ProgressColumn):
    """The newest numbers of a run, as many as fit."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.values: Mapping[str, float] = {}

    def render(self, task: Task) -> Text:
        """Training loss first, then what is measured on other parts; what does not fit is left out."""
        _, parts = by_part(self.values)
        own = parts.pop("train", {})
        words = [(name, value) for name, value in own.items()]
        words += [(f"{part} {name}", value) for part, found in parts.items() for name, value in found.items()]
        texts = [Text.assemble((name, "dim"), " ", number_text(value)) for name, value in words]
        while len(texts) > 1 and sum(len(one) + 2 for one in texts) > self.room:
            texts.pop(1 if len(texts) > 2 else -1)
        return Text("  ").join(texts)


class Bar:
    """A bar with the newest loss and metrics beside it; see ``progress.Display``."""

    def __init__(self, out: Console) -> None:
        self.console = out
        narrow = out.width < NARROW
        self.numbers = Numbers(out.width - (36 if narrow else 58))
        columns = [
            TextColumn("epoch {task.fields[at]}/{task.total:.0f}"),
            BarColumn(bar_width=12 if narrow else 30),
            self.numbers,
            *([] if narrow else [TimeRemainingColumn(compact=True)]),
        ]
        self.progress = Progress(
            *columns, console=out, refresh_per_second=FRAMES_A_SECOND, transient=True, expand=False
        )
        self.task = self.progress.add_task("", total=None, start=False, at=0)
        self.done = 0
        self.drawn = 0.0

    def begin(self, epochs: int, done: int = 0) -> None:
        """Show the bar."""
        self.done = done
        self.progress.update(self.task, total=epochs, completed=done, at=done)
        self.progress.start_task(self.task)
        self.progress.start()

    def step(self, done: int, steps: int) -> None:
        """``done`` of the ``steps`` steps of an epoch are over."""
        self._move(self.done + done / max(steps, 1), self.done + 1)

    def epoch(self, number: int, values: Mapping[str, float]) -> None:
        """Move the bar and renew the numbers."""
        self.done = number
        self.numbers.values = values
        self._move(number, number)

    def _move(self, completed: float, at: int) -> None:
        now = time.monotonic()
        if now - self.drawn > 1 / (
            2 * FRAMES_A_SECOND
        ):  # epochs may be shorter than it takes to tell of them
            self.drawn = now
            self.progress.update(self.task, completed=completed, at=at)

    def note(self, text: str) -> None:
        """Something worth telling, above the bar."""
        self.progress.console.print(Text(f"note: {visible(text)}"))

    def end(self) -> None:
        """Take the bar away."""
        self.progress.stop()


def show_table(out: Console, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose first column is words and whose others are numbers."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for at, name in enumerate(header):
        table.add_column(Text(in_a_line(name)), justify="left" if at == 0 else "right")
    for row in rows:
        table.add_row(*(Text(in_a_line(cell)) for cell in row))
    out.print(table)


def simulation_bar(colour: bool) -> Callable[[int, int], None]:
    """A bar on standard error that shows how many of the ticks are done; it goes away at the end."""
    parts = (
        TextColumn("simulating"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    progress = Progress(*parts, console=console(sys.stderr, colour), transient=True)
    task = progress.add_task("simulating", total=None)

    def show(done: int, total: int) -> None:
        if done < total and not progress.live.is_started:
            progress.start()
        progress.update(task, completed=done, total=total)
        if done >= total:
            progress.stop()

    return show
