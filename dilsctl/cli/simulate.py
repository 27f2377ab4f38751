"""``dilsctl simulate``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dilsctl.cli.options import file_or_run_argument, json_option, quiet_option, set_option
from dilsctl.cli.output import count, is_terminal, say, wants_colour, write_json, writing
from dilsctl.cli.plots_output import FOLDER, check_kind, leave_plots, plots_option
from dilsctl.cli.trace_output import check_phase, check_targets, output_options, show_trace, write_records

if TYPE_CHECKING:
    from dilsctl.loaded import LoadedDiagram
    from dilsctl.plots.figure import Plot
    from dilsctl.plots.leave import Kind
    from dilsctl.simulate import Progress
    from dilsctl.trace import Trace


@click.command("simulate", short_help="Run a diagram for a time, and record what it shows.")
@file_or_run_argument
@click.option("--until", type=float, metavar="TIME", help="The time at which it ends (simulate.until).")
@set_option
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="NAME=FROM:TO:N",
    help="Runs side by side with N values from FROM to TO, or with those of a list (0.1,0.2,0.5). NAME is "
    "params.beta, a parameter of the main box, or the path of a state, for what it begins with. May be "
    "repeated: then all combinations are run.",
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="So many runs side by side, each with draws of its own.",
)
@click.option("--seed", type=int, metavar="N", help="Of initial states and draws (simulate.seed).")
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the states at the end to a file that does not exist yet. After Ctrl-C they are always "
    "written: by default to NAME.state.",
)
@click.option(
    "--resume",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="STATE",
    help="Go on from saved states, as if there had been no break.",
)
@output_options
@plots_option("of all over time, and of what flows against each other, beside --out (NAME.plots/) or in RUN")
@click.option("--no-plot", is_flag=True, help="No plot in the terminal.")
@json_option("Print what was recorded in short, as JSON.")
@quiet_option("Print nothing but errors.")
def command(
    file: Path,
    until: float | None,
    settings: tuple[str, ...],
    sweeps: tuple[str, ...],
    runs: int,
    seed: int | None,
    save: Path | None,
    resume: Path | None,
    out: Path | None,
    plot: Path | None,
    phase: tuple[str, str] | None,
    force: bool,
    plots: Kind,
    no_plot: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run the main box of FILE as its time and simulate blocks say, and show what it did. Of a RUN, with
    what was learned.

    \b
    Examples:
      dilsctl simulate examples/lotka-volterra.yaml
      dilsctl simulate examples/lotka-volterra.yaml --until 40 --plot foxes.svg --phase rabbits,foxes
      dilsctl simulate examples/epidemic.yaml --sweep params.rate=0.1:0.9:50 --out sweep.csv
      dilsctl simulate examples/kuramoto.yaml --runs 100 --seed 0 --out runs.npz
      dilsctl simulate runs/cart-pole-001 --sweep plant.angle=-0.2:0.2:9
    """
    from dilsctl import api
    from dilsctl.saved_states import go_on_from, saved
    from dilsctl.simulate import Simulation
    from dilsctl.sweeps import parse_sweep

    check_targets(out, plot, force)
    check_kind(plots)
    place = _place(file, out)
    if place is None and plots != "none" and _was_asked("plots"):
        raise click.UsageError(
            "--plots goes beside --out FILE, or into a RUN; one picture goes to --plot FILE"
        )
    if save is not None and save.exists():
        raise click.UsageError(f"'{save}' exists already, and is not overwritten")
    if until is not None:
        settings = (*settings, f"simulate.until={until!r}")
    if seed is not None:
        settings = (*settings, f"simulate.seed={seed}")
    diagram = _of_run(file, settings) if file.is_dir() else api.load(file, settings=settings)
    simulation = diagram.simulation(sweeps=[parse_sweep(one) for one in sweeps], runs=runs)
    if isinstance(simulation, Simulation):  # the shapes of separate ones may differ
        check_phase(phase, simulation.recording.types)
    if resume is not None:
        go_on_from(simulation, resume)
    trace = simulation.run(_progress(quiet or as_json))
    if save is not None or simulation.stopped:
        target = save or _unused(Path(f"{diagram.name}.state"))
        from dilsctl.report.new_file import new_file

        with writing(target), new_file(target) as part:
            part.write_bytes(saved(simulation))
        if not quiet:
            say(f"saved the states to {target}", err=True)
    if simulation.stopped:
        say(f"interrupted at t = {trace.times[-1] if len(trace.times) else 0:g}; go on with: "
                   f"dilsctl simulate {file} --resume {target}", err=True)  # fmt: skip
    write_records(trace, out, plot, phase, title=diagram.name, force=force, quiet=quiet)
    if place is not None:
        name = "simulation" if out is None else ""
        leave_plots(place, lambda: _drawn(trace, diagram, name), plots, quiet=quiet or as_json)
    if as_json:
        from dilsctl.report.trace_table import trace_facts

        write_json({**trace_facts(trace), "ticks": simulation.ticks})
    elif not quiet and out != Path("-"):
        show_trace(trace, phase, plot=not no_plot)
        many = f", {count(trace.runs, 'run')}" if trace.runs > 1 else ""
        say(f"{count(simulation.ticks, 'tick')} to t = {simulation.time:g}{many}")
    return 130 if simulation.stopped else 0


def _of_run(run: Path, settings: tuple[str, ...]) -> LoadedDiagram:
    """The diagram of a run folder with what was learned, simulated in another way than its file says."""
    from dilsctl import api

    for one in settings:
        if not one.startswith(("simulate.", "time.")):
            raise click.UsageError(f"'{one}': of a run, --set changes keys of simulate and time only")
    diagram = api.open_run(run)
    return diagram.changed(settings) if settings else diagram


def _place(file: Path, out: Path | None) -> Path | None:
    """The folder for plots: beside the records that are written, or in the run that is simulated."""
    if out is not None:
        return out.with_name(f"{out.stem}.plots") if out != Path("-") else None
    return file / FOLDER if file.is_dir() else None


def _was_asked(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.COMMANDLINE


def _drawn(trace: Trace, diagram: LoadedDiagram, name: str) -> Mapping[str, Plot]:
    from dilsctl.motion import flows
    from dilsctl.plots.of_run import simulation_plots

    return simulation_plots(trace, diagram.name, flows=flows(diagram.diagram), name=name)


def _unused(path: Path) -> Path:
    """The path, or with a number where it is taken."""
    found, number = path, 1
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found


def _progress(silent: bool) -> Progress | None:
    """What shows how far it is, on standard error."""
    if silent or not is_terminal(sys.stderr):
        return None
    from dilsctl.report.terminal import simulation_bar

    return simulation_bar(wants_colour(sys.stderr))
