"""``dilsctl live``: predict, be told, learn, go on."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dilsctl.cli.options import file_or_run_argument, json_option, quiet_option, report_option, set_option
from dilsctl.cli.output import say, write_json
from dilsctl.cli.plots_output import check_kind, leave_run_plots, plots_option
from dilsctl.diagnostics import STDIN, Problem

if TYPE_CHECKING:
    from dilsctl.live import Life
    from dilsctl.plots.classes import Confusion
    from dilsctl.plots.leave import Kind

ENDINGS = (".csv", ".tsv", ".jsonl")


class Stopped(Exception):
    """A signal asked to stop while a row was waited for."""


class Signals:
    """Whether a signal asked to stop. It is raised at once only while rows are waited for: the state is whole
    then, and is saved."""

    def __init__(self) -> None:
        self.number = 0
        self.waits = False

    def __call__(self) -> bool:
        return bool(self.number)

    def waiting(self, waits: bool) -> None:
        """A read begins, or has ended."""
        self.waits = waits
        if waits and self.number:
            raise Stopped

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catch what asks a program to end."""
        names = [getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")]
        before = {one: signal.signal(one, self._catch) for one in names if one is not None}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _catch(self, number: int, frame: Any) -> None:
        self.number = number
        if self.waits:
            raise Stopped


@click.command(name="live", short_help="Predict, be told, learn and go on, row by row.")
@file_or_run_argument
@click.argument(
    "rows",
    metavar="[ROWS]",
    default="-",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@set_option
@click.option("--follow", "-f", is_flag=True, help="Go on at the end of the file ROWS, as it may grow.")
@click.option("--new", is_flag=True, help="The rows are new ones: a RUN goes on with another stream.")
@click.option("--jsonl", is_flag=True, help="Rows on standard input are JSON objects, not csv.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The run folder to make, which must not exist. Default: runs/NAME-NNN.",
)
@plots_option("of how it went in the run folder, in plots/, when it stops or ends")
@report_option
@quiet_option("Print no rows, only what it came to.")
@json_option("Print rows as JSON lines, and one JSON object at the end.")
def command(
    file: Path,
    rows: Path,
    settings: tuple[str, ...],
    follow: bool,
    new: bool,
    jsonl: bool,
    out: Path | None,
    plots: Kind,
    report: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Let the diagram of FILE, or of the folder RUN, live on the stream ROWS: a csv or jsonl file, or - for
    standard input.

    Each row is predicted, printed, measured and then learned from. The state is kept in a run folder: saved
    after so many rows (live.save) and at any signal to stop. Give the same stream again with RUN, and it goes
    on where it was; what it learned after the last save, if it was killed, it learns again to the same bits.

    \b
    Examples:
      dilsctl live examples/phishing.yaml examples/data/phishing.csv.gz
      tail -n +1 -f ticks.csv | dilsctl live market.yaml - --out runs/market
      dilsctl live runs/market ticks.csv --follow --quiet
    """
    from dilsctl.data.stream import tables
    from dilsctl.live import Life
    from dilsctl.report.life import Answers, Silent

    check_kind(plots)
    if follow and str(rows) == "-":
        raise click.UsageError("standard input is followed anyway; --follow is for a file")
    if file.is_dir():
        if settings:
            raise click.UsageError("a run has its settings already; --set is for a diagram FILE")
        life = Life.go_on(file, out, new=new)
    else:
        life = Life.begin(file, settings, out)
    labels = life.intake.fitted.labels.get(life.block.truth, ())
    watcher = Silent() if quiet else Answers(life.score.type, _print, labels, life.block.key, as_json)
    signals = Signals()
    ended = False
    try:
        with signals.caught(), _opened(rows, jsonl) as (descriptor, name, ending):
            stream = tables(
                descriptor, name, ending, skip=life.taken, mark=life.mark, follow=follow,
                waiting=signals.waiting,
            )  # fmt: skip
            with suppress(Stopped):
                ended = life.live(stream, watcher, signals)
    except Problem as problem:
        if life.run is not None and problem.diagnostics[0].code == "not-finite":
            leave_run_plots(life.run, plots, lambda: _classes(life), quiet=True)  # how it came to this
        raise
    _show(life, as_json)
    if life.run is not None:
        leave_run_plots(life.run, plots, lambda: _classes(life), quiet=quiet or as_json)
    if report and life.folder is not None:
        from dilsctl.cli.report import leave_report

        leave_report(life.folder)
    if not ended:
        if life.folder is not None:
            say(f"stopped; go on with: dilsctl live {life.folder} {rows}", err=True)
        return 128 + signals.number
    return 0


def _classes(life: Life) -> list[Confusion]:
    """How often each class was taken for each, so far."""
    from dilsctl.confusions import lived_confusion

    return lived_confusion(life.score.taken, life.score.type.kind, life.block.truth, life.intake.fitted)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def _opened(rows: Path, jsonl: bool) -> Iterator[tuple[int, str, str]]:
    """(descriptor, name, ending) of the stream."""
    if str(rows) == "-":
        yield sys.stdin.fileno(), STDIN, ".jsonl" if jsonl else ".csv"
        return
    packed = rows.suffix == ".gz"
    ending = (rows.with_suffix("") if packed else rows).suffix.lower()
    ending = ".jsonl" if ending == ".ndjson" else ending
    if ending not in ENDINGS:
        raise click.UsageError(f"'{rows}' must end in one of {', '.join(ENDINGS)}, or .gz after it")
    if packed:
        with _unpacked(rows) as descriptor:
            yield descriptor, rows.name, ending
        return
    descriptor = os.open(rows, os.O_RDONLY)
    try:
        yield descriptor, rows.name, ending
    finally:
        os.close(descriptor)


@contextmanager
def _unpacked(rows: Path) -> Iterator[int]:
    """The descriptor of an unpacked copy."""
    import tempfile

    from dilsctl.data.files import read_bytes

    with tempfile.TemporaryFile() as copy:
        copy.write(read_bytes(rows, rows.name))
        copy.seek(0)
        yield copy.fileno()


def _show(life: Life, as_json: bool) -> None:
    """What it came to."""
    from dilsctl.report.life import summary

    values = life.values()
    facts = {"rows": life.taken, "told": life.score.rows}
    if life.block.key is not None:
        facts |= {"waiting": len(life.pending), "given_up": life.given_up, "too_late": life.too_late}
    if as_json:
        write_json({"event": "end", **facts, **values, "run": str(life.folder)}, indent=None)
        return
    for line in summary(values, life.lines, life.score.rows, life.block.window):
        say(line, err=True)
    if life.block.key is not None:
        told = [f"waiting for their truth: {len(life.pending):,} rows"]
        told += [f"given up: {life.given_up:,}"] if life.given_up else []
        told += [f"truths for rows that do not wait: {life.too_late:,}"] if life.too_late else []
        say("; ".join(told), err=True)
    say(f"run folder: {life.folder}" if life.folder else "no row came, so nothing is kept", err=True)
