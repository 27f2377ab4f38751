"""All that a run folder tells, gathered for a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dilsctl.answers import classified
from dilsctl.api import diagram_of_run, open_run
from dilsctl.checks import Result
from dilsctl.diagnostics import Problem
from dilsctl.loaded import LoadedDiagram
from dilsctl.prequential import Sums
from dilsctl.report.run_plots import MOST_CLASSES, confusion
from dilsctl.run_texts import log_lines
from dilsctl.runs import RunFolder
from dilsctl.trace import Array
from dilsctl.wire_history import History, history_of_run


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """``counts`` (classes, classes): how often each class was taken for each, in one part of the data."""

    part: str
    names: tuple[str, ...]
    counts: Array


@dataclass(frozen=True, slots=True, eq=False)
class Chronicle:
    """What a run is, and what it came to. ``lines``: of metrics.jsonl. ``lived``: the measures of a life over
    all rows. ``notes``: what could not be told."""

    path: Path
    facts: dict[str, Any]
    config: str
    summary: dict[str, Any]
    lines: list[dict[str, Any]]
    diagram: LoadedDiagram
    wires: list[History]
    confusions: list[Confusion]
    checks: list[Result]
    notes: list[str]
    lived: dict[str, float]

    @property
    def lives(self) -> bool:
        """Whether it is a life on a stream, and not a training run."""
        return bool(self.facts.get("live"))


def read_chronicle(path: Path, *, checks: bool = False) -> Chronicle:
    """Gather what a run folder tells. ``checks``: run those of its diagram as well, which may train.

    Raises Problem: not-a-run, bad-run, and those of loading its diagram.
    """
    run = RunFolder.open(path)
    try:
        lines = log_lines((path / "metrics.jsonl").read_bytes(), 1 << 62)
        config = (path / "config.yaml").read_text(encoding="utf-8")
        summary_path = path / "summary.json"
        summary = json.loads(summary_path.read_bytes()) if summary_path.exists() else {}
    except (OSError, ValueError) as error:
        message = f"the run folder '{path}' is damaged: {error}"
        raise Problem.of("bad-run", message, file=str(path)) from None
    notes: list[str] = []
    if not summary and not run.facts.get("live"):
        notes.append("The run was stopped before its end.")
    try:
        wires = history_of_run(path)
    except Problem as problem:
        if problem.diagnostics[0].code != "no-wires":
            raise
        wires = []
    diagram = diagram_of_run(path)
    confusions: list[Confusion] = []
    if not run.facts.get("live"):
        try:
            confusions = _confusions(open_run(path))
        except Problem as problem:
            notes.append(f"Classes could not be counted: {problem.diagnostics[0].message}.")
    results: list[Result] = []
    if checks:
        from dilsctl.api import test

        results = test(run.diagram)
    lived = _lived(run) if run.facts.get("live") else {}
    return Chronicle(
        path, run.facts, config, summary, lines, diagram, wires, confusions, results, notes, lived
    )


def _lived(run: RunFolder) -> dict[str, float]:
    """What a life came to over all rows."""
    checkpoint = run.load("last")
    if checkpoint is None:
        return {}
    return Sums(*checkpoint.position.live["score"]["whole"]).means()


def _confusions(loaded: LoadedDiagram) -> list[Confusion]:
    """Of each target that is a class, in the part that was kept apart (else in all rows)."""
    train = loaded.document.document.train
    if train is None:
        return []
    plans, learner = loaded.plans, loaded.learner
    texts = [train.loss_text, *train.metrics.values()]
    pairs = classified(texts, loaded.diagram.main.outputs, plans.spec.targets)
    episode = learner.compiled.episode
    if not pairs or (episode is not None and (episode.ragged or episode.goes_on)):
        return []
    dataset = plans.dataset(learner, None, loaded._fitted)
    part = "test" if "test" in dataset.parts else "train"
    rows = dataset.parts[part]
    inputs = {name: dataset.columns[name][rows] for name in loaded.diagram.main.inputs}
    shown = learner.predict(inputs)
    found = []
    for target, port in pairs.items():
        truth = dataset.columns[target][rows]
        said = shown[port]
        said = np.argmax(said, axis=-1) if said.dtype.kind == "f" else said
        classes = int(max(truth.max(initial=0), said.max(initial=0))) + 1
        if truth.ndim != 1 or truth.dtype.kind != "i" or said.shape != truth.shape or classes > MOST_CLASSES:
            continue
        labels: Sequence[Any] = dataset.fitted.labels.get(target, ())
        names = tuple(str(labels[k]) if k < len(labels) else str(k) for k in range(classes))
        found.append(Confusion(part, names, confusion(truth, said, classes)))
    return found
