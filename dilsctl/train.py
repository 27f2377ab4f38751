"""Training: epochs, measures, early stopping, checkpoints. The steps themselves are the learner's.

    result = train(learner, dataset, settings, run=folder, listener=display)

An epoch goes once over the training rows, in an order that is a function of the seed and the epoch; the last
batch may be smaller. After it the other parts are measured, a line is logged, and a checkpoint written. All
that decides about the next epoch is in the checkpoint, so a run that goes on from one gives the same bits as
one that never stopped.

Values are named by part and measure. ``train.loss`` of an epoch is the mean over its steps, each before its
update, unless the train part is among those measured; all values of the result are measured at the end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dilsctl.activity import Activity
from dilsctl.checkpoints import Checkpoint, Position
from dilsctl.data.dataset import Dataset
from dilsctl.data.splits import PARTS, epoch_order
from dilsctl.diagnostics import Problem
from dilsctl.learning.schedules import Rates
from dilsctl.learning.stopping import Best
from dilsctl.provenance import environment
from dilsctl.resuming import check_same_run, restore
from dilsctl.roles import Array, Learner, Listener, Result, Steps
from dilsctl.runs import RunFolder
from dilsctl.settings import Settings, settings_of
from dilsctl.stability import divergence, find_fault, first_not_finite
from dilsctl.watched import missing_metric, missing_part
from dilsctl.wires import Gauge

__all__ = ["Learner", "Listener", "Result", "Settings", "settings_of", "train"]

_REPORTS = 200  # of progress, at most, in an epoch
_WIRE_LINES = 200  # of how strong wires are, about so many in a run
_ACTIVITY_LINES = 10  # of how active boxes are
_SAMPLE = 1024  # rows that the loss of the initial states is measured on


@dataclass(slots=True)
class _Run:
    """A run while it goes on."""

    learner: Learner
    dataset: Dataset
    settings: Settings
    folder: RunFolder | None
    listener: Listener | None
    staged: Any
    position: Position
    start: float = math.nan  # the loss of the initial states
    best: Best = field(default_factory=Best)
    best_states: dict[str, Array] | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    gauge: Gauge | None = None
    activity: Activity | None = None


def train(
    learner: Learner,
    dataset: Dataset,
    settings: Settings,
    run: RunFolder | None = None,
    listener: Listener | None = None,
    *,
    resume: Checkpoint | None = None,
    notes: Sequence[str] = (),
    gauge: Gauge | None = None,
    activity: Activity | None = None,
) -> Result:
    """Train until ``settings.epochs`` epochs are done, or early stopping says so.

    resume: the checkpoint to go on from: ``run.load("last")``. The learner then must be as it was made.
    notes: what is worth telling beforehand. gauge, activity: what tells how strong wires and how
    active boxes are, to be kept in the folder.
    Raises Problem: not-finite, bad-metric, run-changed, run-busy, bad-run, bad-checkpoint. When it raises, or
    is interrupted, the folder's checkpoint is that of the last epoch that was finished.
    """
    position = Position(0, 0, settings.seed, settings.batch, learner.plan_hash, data=dataset.digest)
    here = environment()
    position = replace(position, diagram=run.facts.get("diagram", "") if run else "", environment=here)
    check_watch(dataset, settings)
    staged = learner.stage(dataset.columns, settings.batch)
    state = _Run(learner, dataset, settings, run, listener, staged, position, gauge=gauge, activity=activity)
    if resume is not None:
        state.notes += check_same_run(resume.position, position, learner, resume)
    with np.errstate(all="ignore"):  # what is not finite is found, and told in words
        _measure_start(state)
    if resume is not None:
        _take_up(state, resume)
    state.notes += notes
    was_over = _is_over(state) and run is not None and run.is_finished
    try:
        if run is not None:
            state.history = run.begin(state.position.epoch, was_over=was_over)
        if not was_over and state.position.epoch == 0:
            _keep_wires(state)
            _keep_activity(state)
        if listener is not None and not was_over:
            listener.begin(settings.epochs, state.position.epoch)
        for note in state.notes:
            _tell(listener, note)
        with np.errstate(all="ignore"):
            _epochs(state)
            return _finish(state, was_over)
    finally:
        if listener is not None and not was_over:
            listener.end()
        if run is not None:
            run.close()


def _tell(listener: Listener | None, note: str) -> None:
    tell = getattr(listener, "note", None)
    if tell is not None:
        tell(note)


def check_watch(dataset: Dataset, settings: Settings) -> None:
    """Find out whether the watched part is there. Raises Problem: bad-metric."""
    if settings.watch is None:
        return
    metric = settings.watch.metric
    if metric.partition(".")[0] not in dataset.parts:
        message, help = missing_part(metric)
        raise Problem.of("bad-metric", message, help=help)


def _measure_start(state: _Run) -> None:
    """Measure the initial states, and find out whether the watched metric is there. Raises Problem."""
    watch = state.settings.watch
    known = state.learner.evaluate(state.staged, state.dataset.parts["train"][:_SAMPLE])
    state.start = known["loss"]
    if watch is not None and watch.metric.partition(".")[2] not in known:
        message, help = missing_metric(watch.metric, list(known))
        raise Problem.of("bad-metric", message, help=help)


def _take_up(state: _Run, checkpoint: Checkpoint) -> None:
    """Take up a run where its checkpoint left it."""
    found = checkpoint.position
    restore(state.learner, checkpoint)
    state.position = replace(state.position, epoch=found.epoch, step=found.step)
    state.best = Best(found.best_epoch, found.best_value, found.stale)
    if state.settings.keep_best and state.folder is not None and found.best_epoch is not None:
        best = state.folder.load("best")
        state.best_states = best.states if best is not None else None


def _stops(state: _Run) -> bool:
    """Whether early stopping ends the run here."""
    watch = state.settings.watch
    return watch is not None and state.best.is_time(watch) and state.position.epoch < state.settings.epochs


def _is_over(state: _Run) -> bool:
    return _stops(state) or state.position.epoch >= state.settings.epochs


def _epochs(state: _Run) -> None:
    """Run the epochs that are left."""
    settings, learner = state.settings, state.learner
    rows = state.dataset.parts["train"]
    steps = -(-len(rows) // settings.batch)
    rates = Rates(settings.rate, steps, settings.epochs)
    step_told = getattr(state.listener, "step", None)
    progress: Steps | None = (lambda done: step_told(done, steps)) if step_told is not None else None
    watch = state.settings.watch
    diverged = False
    while not _is_over(state):
        epoch, first = state.position.epoch + 1, state.position.step + 1
        order = epoch_order(rows, settings.seed, epoch) if settings.shuffle else rows
        before = _copy(learner.states), _copy(learner.moments)
        start = time.perf_counter()
        loss = learner.run_epoch(
            state.staged, order, settings.batch, rates, first, epoch, progress, max(1, steps // _REPORTS)
        )
        if not np.isfinite(loss) or first_not_finite(learner.states):
            raise find_fault(learner, state.staged, order, settings.batch, rates, first, epoch, before)
        values = _measure(state, loss)
        seconds = time.perf_counter() - start
        if watch is not None:
            state.best = state.best.after(watch, epoch, values[watch.metric])
            if settings.keep_best and state.best.epoch == epoch:
                state.best_states = _copy(learner.states)
        state.position = replace(
            state.position,
            epoch=epoch,
            step=first + steps - 1,
            best_epoch=state.best.epoch,
            best_value=state.best.value,
            stale=state.best.stale,
        )
        _keep(state, {"rate": rates(first + steps - 1), **values, "seconds": round(seconds, 6)})
        if state.listener is not None:
            state.listener.epoch(epoch, values)
        if not diverged and (note := divergence(loss, state.start, epoch, rates(first + steps - 1))):
            diverged = True
            state.notes.append(note)
            _tell(state.listener, note)


def _measure(state: _Run, loss: float) -> dict[str, float]:
    """The values of an epoch."""
    parts = state.dataset.parts
    wanted = state.settings.measure
    if wanted is None:
        wanted = ("validation",) if "validation" in parts else ("test",)
    watch = state.settings.watch
    watched = watch.metric.partition(".")[0] if watch is not None and watch.metric != "train.loss" else ""
    values = {"train.loss": loss}
    for part in PARTS:
        if part in parts and (part in wanted or part == watched):
            values |= _evaluate(state, part)
    return values


def _evaluate(state: _Run, part: str) -> dict[str, float]:
    """The values of one part, the loss first."""
    found = state.learner.evaluate(state.staged, state.dataset.parts[part])
    names = sorted(found, key=lambda name: name != "loss")
    return {f"{part}.{name}": found[name] for name in names}


def _keep(state: _Run, line: dict[str, Any]) -> None:
    """Log an epoch and, where it is time, write its checkpoint."""
    position, settings = state.position, state.settings
    line = {"epoch": position.epoch, "step": position.step, **line}
    state.history.append(line)
    if state.folder is None:
        return
    state.folder.log(line)
    if position.epoch % -(-settings.epochs // _WIRE_LINES) == 0 or position.epoch >= settings.epochs:
        _keep_wires(state)
    if position.epoch % -(-settings.epochs // _ACTIVITY_LINES) == 0 or position.epoch >= settings.epochs:
        _keep_activity(state)
    is_best = settings.keep_best and state.best.epoch == position.epoch
    if is_best or position.epoch % settings.checkpoint_every == 0 or position.epoch >= settings.epochs:
        state.folder.save(state.learner.states, state.learner.moments, position, best=is_best)


def _keep_wires(state: _Run) -> None:
    """Log how strong the wires are now."""
    if state.folder is None or state.gauge is None:
        return
    state.folder.log_wires(state.gauge.line(state.position.epoch, state.learner.states))


def _keep_activity(state: _Run) -> None:
    """Log how active the boxes are now."""
    if state.folder is None or state.activity is None:
        return
    state.folder.log_activity(state.activity.line(state.position.epoch, state.learner.states))


def _finish(state: _Run, was_over: bool) -> Result:
    """Take the best states where they are kept, measure all parts, and sum up."""
    learner, position = state.learner, state.position
    stopped = _stops(state)
    if (
        state.folder is not None
        and not was_over
        and (position.epoch == 0 or (stopped and state.settings.checkpoint_every > 1))
    ):
        state.folder.save(learner.states, learner.moments, position)
    if state.settings.keep_best and state.best_states is not None:
        for path, value in state.best_states.items():
            learner.states[path][...] = value
    values: dict[str, float] = {}
    for part in PARTS:
        if part in state.dataset.parts:
            values |= _evaluate(state, part)
    seconds = sum(one.get("seconds", 0.0) for one in state.history)
    result = Result(
        position.epoch,
        position.step,
        values,
        state.history,
        state.best.epoch,
        stopped,
        seconds,
        tuple(state.notes),
        was_over,
    )
    if state.folder is not None and not was_over:
        state.folder.finish(
            {
                "epochs": result.epochs,
                "steps": result.steps,
                "best_epoch": result.best_epoch,
                "stopped_early": result.stopped_early,
                "seconds": round(result.seconds, 6),
                "parameters": learner.parameters,
                "plan": learner.plan_hash,
                "values": values,
                "notes": list(state.notes),
            }
        )
    return result


def _copy(arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name: one.copy() for name, one in arrays.items()}
