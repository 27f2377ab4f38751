"""All that a run folder tells, gathered for a report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dilsctl.ablate import Ablation
from dilsctl.api import diagram_of_run, open_run
from dilsctl.checks import Result
from dilsctl.confusions import confusions, lived_confusion
from dilsctl.data.dataset import Fitted
from dilsctl.diagnostics import Problem
from dilsctl.loaded import LoadedDiagram
from dilsctl.plots.classes import Confusion
from dilsctl.prequential import Sums
from dilsctl.run_texts import log_lines
from dilsctl.runs import RunFolder
from dilsctl.wire_history import History, history_of_run


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
    ablation: Ablation | None = None

    @property
    def lives(self) -> bool:
        """Whether it is a life on a stream, and not a training run."""
        return bool(self.facts.get("live"))


def read_chronicle(path: Path, *, checks: bool = False) -> Chronicle:
    """Gather what a run folder tells. ``checks``: run those of its diagram as well, which may train.

    Raises Problem: not-a-run, bad-run, and those of loading its diagram.
    """
    run = RunFolder.open(path)
    lines, wires = read_course(run)
    try:
        config = (path / "config.yaml").read_text(encoding="utf-8")
        summary_path = path / "summary.json"
        summary = json.loads(summary_path.read_bytes()) if summary_path.exists() else {}
    except (OSError, ValueError) as error:
        message = f"the run folder '{path}' is damaged: {error}"
        raise Problem.of("bad-run", message, file=str(path)) from None
    notes: list[str] = []
    if not summary and not run.facts.get("live"):
        notes.append("The run was stopped before its end.")
    diagram = diagram_of_run(path)
    counted: list[Confusion] = []
    ablation = None
    if "ablation" in run.facts:
        ablation = _ablation(run, summary)
    elif not run.facts.get("live"):
        try:
            counted = _confusions(open_run(path))
        except Problem as problem:
            notes.append(f"Classes could not be counted: {problem.diagnostics[0].message}.")
    results: list[Result] = []
    if checks:
        from dilsctl.api import test

        results = test(run.diagram)
    lived: dict[str, float] = {}
    if run.facts.get("live"):
        lived, counted = _lived(run, diagram)
    return Chronicle(
        path, run.facts, config, summary, lines, diagram, wires, counted, results, notes, lived, ablation
    )


def read_course(run: RunFolder) -> tuple[list[dict[str, Any]], list[History]]:
    """How a run went: the lines of metrics.jsonl, and how strong wires were. Raises Problem: bad-run."""
    try:
        lines = log_lines((run.path / "metrics.jsonl").read_bytes(), 1 << 62)
    except OSError as error:
        message = f"the run folder '{run.path}' is damaged: {error}"
        raise Problem.of("bad-run", message, file=str(run.path)) from None
    try:
        return lines, history_of_run(run.path)
    except Problem as problem:
        if problem.diagnostics[0].code != "no-wires":
            raise
        return lines, []


def _ablation(run: RunFolder, summary: dict[str, Any]) -> Ablation:
    """The table, empty where it was stopped before its end. Raises Problem: bad-run."""
    if not summary:
        return Ablation(str(run.facts.get("name", "")).removesuffix("-ablate"), [], (), [])
    try:
        return Ablation.from_json(summary)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"the run folder '{run.path}' is damaged: summary.json can't be read ({error})"
        raise Problem.of("bad-run", message, file=str(run.path)) from None


def _lived(run: RunFolder, diagram: LoadedDiagram) -> tuple[dict[str, float], list[Confusion]]:
    """What a life came to over all rows, and which classes it took for which."""
    checkpoint, block = run.load("last"), diagram.document.document.live
    if checkpoint is None or block is None:
        return {}, []
    score, fitted = checkpoint.position.live["score"], Fitted.from_json(run.facts["data"])
    taken, kind = score.get("taken"), score.get("kind", "class")
    return Sums(*score["whole"]).means(), lived_confusion(taken, kind, block.truth, fitted)


def _confusions(loaded: LoadedDiagram) -> list[Confusion]:
    return confusions(
        loaded, loaded.learner, lambda: loaded.plans.dataset(loaded.learner, None, loaded._fitted)
    )
