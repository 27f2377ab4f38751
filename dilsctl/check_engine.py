"""What checks run on: the engine, with the document's train block changed as a check says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dilsctl.checks import Engine, Trained
from dilsctl.compile import compile_diagram
from dilsctl.engine.learner import Learner
from dilsctl.loaded import LoadedDiagram, load_diagram
from dilsctl.overrides import Override, overrides_of, parse_override
from dilsctl.training import Training

if TYPE_CHECKING:
    from dilsctl.checked_box import CheckedBox
    from dilsctl.diagram import Diagram
    from dilsctl.syntax.checks import Check
    from dilsctl.trace import Trace

MERGED = ("data",)  # keys of the train block whose own keys are changed one by one


def engine_for(loaded: LoadedDiagram) -> Engine:
    """What the checks of a loaded diagram run on."""

    def train(number: int, check: Check) -> Trained:
        changes = _changes(loaded, number)
        training = Training.of(load_diagram(loaded.path, loaded.settings, loaded.folder, changes))
        # By epoch, the loss is wanted as it is after the epoch, not as the mean over its steps.
        if any(isinstance(getattr(want, "value", want), list) for want in check.expect.values()):
            training.settings = replace(training.settings, measure=("train", "validation", "test"))
        found = training.train()
        names = {name for line in found.history for name in line if "." in name}
        history = {name: [line[name] for line in found.history if name in line] for name in names}
        return Trained(history, found.values, lambda columns: dict(training.learner.predict(columns)),
                       training.learner.states)  # fmt: skip

    def simulate(
        checked: CheckedBox, diagram: Diagram, given: Mapping[str, Any], learned: Mapping[str, Any]
    ) -> Trace:
        from dilsctl.course import Course
        from dilsctl.simulate import Simulation

        check = checked.check
        rows = max((len(one) for one in given.values()), default=1)
        ticks = check.ticks if check.ticks is not None else rows
        last = None if check.simulate is not None else ticks - 1
        course = Course.of(loaded.document, loaded.folder, diagram, last, checked)
        course = replace(course, record=tuple(checked.shown(diagram)), every=1)
        runs = check.simulate.runs if check.simulate is not None else 1
        simulation = Simulation(diagram, course, runs=runs, given=given)
        simulation.take_up(learned)
        return simulation.run()

    return Engine(show, train, simulate)


def show(diagram: Diagram, columns: Mapping[str, Any], precision: str, seed: int) -> dict[str, Any]:
    """What a diagram with its initial states shows: arrays by output port, rows first."""
    return dict(Learner(compile_diagram(diagram), precision=precision, seed=seed).predict(columns))


def _changes(loaded: LoadedDiagram, number: int) -> list[Override]:
    """A check's changes of the train block. The precision is float64 where neither names one."""
    root = loaded.document.root
    wanted = root["checks"][number]["train"]
    changes = overrides_of(wanted, ("train",), MERGED)
    named = "precision" in wanted or "precision" in (root.get("train") or {})
    return changes if named else [*changes, parse_override("train.precision=float64", "check")]
