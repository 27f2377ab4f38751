"""Run the checks of a document: what must be true of its boxes.

A check with ``given`` shows its cases to a box and compares what the box shows. One with ``train`` trains the
main box first, with some keys of the train block changed, and may expect metrics (``test.accuracy``); a list
expects one value for each epoch. With ``simulate`` as well, what was learned is
simulated. Checks run in float64, unless the train block names a precision.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dilsctl.check_trace import compare_trace
from dilsctl.checked_box import CheckedBox
from dilsctl.compare import (
    EXACT,
    CaseError,
    Difference,
    bounds_text,
    columns_of,
    compare,
    near,
    value_text,
    within_bounds,
)
from dilsctl.diagnostics import Diagnostic, Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Diagram

if TYPE_CHECKING:
    from dilsctl.documents import LoadedDocument
    from dilsctl.syntax.checks import Check, Expectation
    from dilsctl.trace import Trace


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training left. ``history`` has for each measure its value after each epoch."""

    history: Mapping[str, list[float]]
    final: Mapping[str, float]
    predict: Callable[[dict[str, Any]], dict[str, Any]]
    states: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """How one check went. ``problems`` are what kept it from running, ``place`` is where the check is written
    if something differs."""

    title: str
    seconds: float
    differences: tuple[Difference, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    measured: dict[str, float] = field(default_factory=dict)
    place: SourceSpan | None = None

    @property
    def passed(self) -> bool:
        """Nothing differs, and nothing kept it from running."""
        return not self.differences and not self.problems

    @property
    def line(self) -> int | None:
        """Where it is written, or what kept it from running, as far as that is known."""
        label = self.problems[0].primary if self.problems else None
        span = label.span if label is not None else self.place
        return span.line if span is not None else None

    def facts(self) -> dict[str, Any]:
        """The result as JSON-ready data."""
        return {
            "check": self.title,
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
            "line": self.line,
            "differences": [
                {
                    "name": one.name,
                    "case": one.row,
                    "expected": one.expected,
                    "got": one.got,
                    "given": one.given,
                }
                for one in self.differences
            ],
            "problems": [one.message for one in self.problems],
            "measured": self.measured,
        }


Simulate = Callable[["CheckedBox", Diagram, dict[str, Any], Mapping[str, Any]], "Trace"]
Predict = Callable[[Diagram, dict[str, Any], str, int], dict[str, Any]]
Train = Callable[[int, "Check"], Trained]


@dataclass(frozen=True, slots=True)
class Engine:
    """Who runs what a check asks for. ``train`` gets the check's number and the check, ``simulate`` also the
    inputs that are given, one row a tick, and what was learned before, by path."""

    predict: Predict
    train: Train
    simulate: Simulate


def run_checks(document: LoadedDocument, diagram: Diagram | None, engine: Engine) -> list[Result]:
    """Run every check of a document, in order. ``diagram`` is that of the main box, if there is one."""
    return [run_check(document, diagram, engine, one) for one in range(len(document.document.checks))]


def run_check(document: LoadedDocument, diagram: Diagram | None, engine: Engine, number: int) -> Result:
    """Run one check of a document."""
    begin = time.perf_counter()
    checked = CheckedBox(document, diagram, number)
    try:
        result = _Run(checked, engine).run()
    except Problem as problem:
        result = Result(checked.title, 0.0, problems=problem.diagnostics)
    place = checked.place() if result.differences else None
    return replace(result, seconds=time.perf_counter() - begin, place=place)


class _Run:
    """One check."""

    def __init__(self, checked: CheckedBox, engine: Engine) -> None:
        self.checked = checked
        self.check = checked.check
        self.engine = engine
        train = checked.document.document.train
        self.precision = train.precision if train and "precision" in train.model_fields_set else "float64"
        self.seed = train.seed if train else 0

    def run(self) -> Result:
        diagram = self.checked.verify()
        trained = None
        if self.check.train is not None:
            trained = self.engine.train(self.checked.number, self.check)
        found: list[Difference] = []
        measured: dict[str, float] = {}
        traced = diagram is not None and self.checked.traced(diagram)
        shown = self.checked.shown(diagram) if diagram is not None and traced else []
        for name, want in self.check.expect.items():
            if trained is not None and "." in name and name not in shown:
                found += self._measure(name, want, trained, measured)
        if diagram is not None and traced:
            states = trained.states if trained is not None else {}

            def simulate(checked: CheckedBox, diagram: Diagram, given: dict[str, Any]) -> Trace:
                return self.engine.simulate(checked, diagram, given, states)

            found += compare_trace(self.checked, diagram, simulate)
        elif diagram is not None:
            found += self._cases(diagram, trained)
        return Result(self.checked.title, 0.0, tuple(found), measured=measured)

    def _measure(
        self, name: str, want: Any, trained: Trained, measured: dict[str, float]
    ) -> list[Difference]:
        if name not in trained.final:
            known = list(trained.final)
            help = did_you_mean(name, known) or f"there is {', '.join(known)}"
            raise self.checked.problem(f"there is no metric '{name}'", "expect", name, help=help)
        measured[name] = trained.final[name]
        value, within, bounds = self._wanted(want)
        if bounds:
            return self._bounds(name, bounds, trained.final[name])
        if not isinstance(value, list | tuple):
            return _number(name, None, value, trained.final[name], within)
        history = trained.history.get(name, [])
        if len(history) != len(value):
            raise self.checked.problem(
                f"'{name}': {len(value)} epochs expected, but there are {len(history)}", "expect", name
            )
        found = []
        for epoch, (one, got) in enumerate(zip(value, history, strict=True)):
            found += _number(name, epoch, one, got, within)
        return found

    def _cases(self, diagram: Diagram, trained: Trained | None) -> list[Difference]:
        main = diagram.main
        outputs = {name: want for name, want in self.check.expect.items() if name in main.outputs}
        try:
            columns, _ = columns_of(self.check.given, {name: port.type for name, port in main.inputs.items()})
        except CaseError as error:
            raise self.checked.problem(str(error), "given") from None
        if trained is not None:
            shown = trained.predict(columns)
        else:
            shown = self.engine.predict(diagram, columns, self.precision, self.seed)
        found: list[Difference] = []
        for name, want in outputs.items():
            value, within, bounds = self._wanted(want)
            got = shown[name]
            try:
                if bounds:
                    found += self._all_bounds(name, bounds, got, columns)
                else:
                    exact = main.outputs[name].type.kind in EXACT
                    found += compare(name, value, got, exact, within, columns)
            except CaseError as error:
                raise self.checked.problem(str(error), "expect", name) from None
        return found

    def _wanted(self, want: Any) -> tuple[Any, float | None, Expectation | None]:
        """The value expected, how near, and the bounds if it is they that count."""
        from dilsctl.syntax.checks import Expectation

        if not isinstance(want, Expectation):
            return want, self.check.within, None
        within = want.within if want.within is not None else self.check.within
        bounded = want.at_least is not None or want.at_most is not None
        return want.value, within, want if bounded else None

    def _bounds(self, name: str, want: Expectation, got: float) -> list[Difference]:
        if within_bounds(got, want.at_least, want.at_most):
            return []
        text = bounds_text(want.at_least, want.at_most)
        return [Difference(name, None, text, value_text(float(got)), {})]

    def _all_bounds(
        self, name: str, want: Expectation, got: Any, given: Mapping[str, Any]
    ) -> list[Difference]:
        found = []
        for row, have in enumerate(got):
            if not within_bounds(have, want.at_least, want.at_most):
                inputs = {key: value_text(array[row]) for key, array in given.items()}
                text = bounds_text(want.at_least, want.at_most)
                found.append(Difference(name, row, text, value_text(have), inputs))
        return found


def _number(name: str, row: int | None, want: Any, got: float, within: float | None) -> list[Difference]:
    if want is None or (isinstance(want, bool | int | float) and near(float(want), got, False, within)):
        return []
    return [Difference(name, row, value_text(want), value_text(float(got)), {})]
