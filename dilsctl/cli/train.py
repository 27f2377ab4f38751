"""``dilsctl train``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dilsctl.cli.options import json_option, quiet_option, report_option, set_option
from dilsctl.cli.output import count, is_terminal, say, wants_colour, write_json
from dilsctl.cli.plots_output import check_kind, leave_run_plots, plots_option
from dilsctl.diagnostics import Problem

if TYPE_CHECKING:
    from dilsctl.plots.classes import Confusion
    from dilsctl.plots.leave import Kind
    from dilsctl.report.progress import Display
    from dilsctl.training import Trained, Training


@click.command("train", short_help="Train the diagram of a file; keeps a run folder.")
@click.argument("file", type=click.Path(exists=True, path_type=Path), required=False)
@set_option
@click.option(
    "--seed", type=click.IntRange(min=0), help="The seed of every draw; the same as --set train.seed=N."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The run folder; it must not exist yet. Default: a new one in 'runs', named for the diagram.",
)
@click.option(
    "--resume",
    metavar="RUN",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Go on with the run of this folder where it stopped.",
)
@plots_option("of how it went in the run folder, in plots/")
@report_option
@quiet_option("Print nothing but errors.")
@json_option("Print one JSON object an epoch, and one at the end.")
def command(
    file: Path | None,
    settings: tuple[str, ...],
    seed: int | None,
    out: Path | None,
    resume: Path | None,
    plots: Kind,
    report: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Train the diagram of FILE as its train block says.

    At a terminal, a bar shows how it goes; elsewhere, one line an epoch. The run folder keeps the effective
    configuration, the diagram and its imports as they were, the metrics of every epoch, checkpoints, and
    plots of the measures, the classes and the wiring.
    A run that was stopped, at any moment, goes on with --resume to the same numbers, bit for bit.

    \b
    Examples:
      dilsctl train examples/digits.yaml
      dilsctl train examples/digits.yaml --set train.epochs=5 --seed 3 --out runs/short
      dilsctl train --resume runs/short
      dilsctl train examples/digits.yaml --json | tail -1 | jq '."test.accuracy"'
    """
    from dilsctl.training import Training

    if resume is None and file is None:
        raise click.UsageError("name a diagram FILE to train, or --resume a RUN")
    if file is not None and file.is_dir():
        help = f"dilsctl train --resume {file} goes on with a run" if (file / "run.json").exists() else ""
        raise click.UsageError(
            f"'{file}' is a folder, and a diagram FILE is trained" + (help and f"; {help}")
        )
    if resume is not None and out is not None:
        raise click.UsageError("--resume goes on in its own folder; --out is for new runs")
    if out is not None and out.exists():
        raise click.UsageError(f"'{out}' exists already, and a run folder is never overwritten")
    if resume is not None and (
        seed is not None or any(not one.startswith("train.epochs=") for one in settings)
    ):
        raise click.UsageError("a run goes on as it began; only train.epochs may be set to make it longer")
    if seed is not None:
        settings = (*settings, f"train.seed={seed}")
    check_kind(plots)
    silent = quiet or as_json
    display = choose_display(quiet, as_json)
    if resume is not None:
        training = Training.resume(resume, file, settings)
    elif file is not None:
        training = Training.begin(file, settings, out)
    try:
        trained = training.train(display)
    except KeyboardInterrupt:
        say(f"interrupted; go on with: dilsctl train --resume {training.folder}", err=True)
        if training.run is not None:
            leave_run_plots(training.run, plots, quiet=True)
        return 130
    except Problem as problem:
        if training.run is not None and problem.diagnostics[0].code == "not-finite":
            leave_run_plots(training.run, plots, quiet=True)  # how it came to this
        raise
    show(trained, quiet, as_json)
    if training.run is not None:
        leave_run_plots(training.run, plots, lambda: _classes(training), quiet=silent)
    if report and training.folder is not None:
        from dilsctl.cli.report import leave_report

        leave_report(training.folder)
    return 0


def _classes(training: Training) -> list[Confusion]:
    """Which classes the final states take for which."""
    from dilsctl.confusions import confusions

    return confusions(training.loaded, training.learner, lambda: training.dataset)


def choose_display(quiet: bool, as_json: bool) -> Display:
    """Whoever is to watch the run, by what standard output is."""
    from dilsctl.report.progress import JsonLines, Lines, Silent

    if as_json:
        return JsonLines(say)
    if quiet:
        return Silent()
    if is_terminal():
        from dilsctl.report.terminal import Bar, console

        return Bar(console(sys.stdout, wants_colour()))
    return Lines(say)


def show(trained: Trained, quiet: bool, as_json: bool) -> None:
    """The end of a run, in numbers."""
    from dilsctl.report.progress import duration_text

    if as_json:
        write_json({"event": "end", **trained.facts()}, indent=None)
        return
    if quiet:
        return
    show_measures(trained.values)
    say()
    best = f"best epoch {trained.best_epoch}, " if trained.best_epoch is not None else ""
    early = "stopped early after " if trained.stopped_early else ""
    epochs = count(trained.epochs, "epoch")
    if trained.was_over:
        more = "" if trained.stopped_early else f" (--set train.epochs=N, above {trained.epochs}, goes on)"
        say(f"this run was finished already: {early}{epochs}. There is nothing to do{more}")
    else:
        seconds, parameters = duration_text(trained.seconds), count(trained.parameters, "parameter")
        say(f"{early}{epochs} in {seconds}, {best}{parameters}")
    say(f"run folder: {trained.folder}")


def show_measures(values: dict[str, float]) -> None:
    """Measures by part, as a table."""
    from dilsctl.cli.output import columns
    from dilsctl.report.progress import measures_table

    header, rows = measures_table(values)
    if sys.stdout.isatty():
        from dilsctl.report.terminal import console, show_table

        show_table(console(sys.stdout, wants_colour()), header, rows)
    else:
        say(columns([header, *rows], right=range(1, len(header))))
