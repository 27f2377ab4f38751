"""Run the checks of a document: what must be true of its boxes.

A check with ``given`` shows its cases to a box and compares what the box shows. One with ``train`` trains the
main box first, with some keys of the train block changed, and may expect metrics (``test.accuracy``); a list
expects one value for each epoch. Checks run in float64 unless the train block names a precision.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dilsctl.compare import CaseError, Difference, columns_of, compare, near, value_text
from dilsctl.diagnostics import Diagnostic, Label, Problem, Report, SourceSpan, did_you_mean
from dilsctl.diagram import Diagram
from dilsctl.elaborate import Elaborator
from dilsctl.elaborate.dimensions import unify

if TYPE_CHECKING:
    from dilsctl.documents import LoadedDocument
    from dilsctl.syntax.checks import Check, Expectation

EXACT = ("bool", "int", "class")


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training left: ``history`` has for each measure its value after each epoch."""

    history: Mapping[str, list[float]]
    final: Mapping[str, float]
    predict: Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Result:
    """How one check went. ``problems`` are what kept it from running."""

    title: str
    seconds: float
    differences: tuple[Difference, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    measured: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Nothing differs, and nothing kept it from running."""
        return not self.differences and not self.problems

    def facts(self) -> dict[str, Any]:
        """The result as JSON-ready data."""
        return {
            "check": self.title,
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
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


Predict = Callable[[Diagram, dict[str, Any], str, int], dict[str, Any]]
Train = Callable[[int, "Check"], Trained]


@dataclass(frozen=True, slots=True)
class Engine:
    """Who runs what a check asks for. ``train`` gets the check's number and the check."""

    predict: Predict
    train: Train


def run_checks(document: LoadedDocument, diagram: Diagram | None, engine: Engine) -> list[Result]:
    """Run every check of a document, in order. ``diagram`` is that of the main box, if there is one."""
    results = []
    for number, check in enumerate(document.document.checks):
        begin = time.perf_counter()
        try:
            result = _Run(document, diagram, engine, number, check).run()
        except Problem as problem:
            result = Result(_title(check, number), 0.0, problems=problem.diagnostics)
        results.append(replace(result, seconds=time.perf_counter() - begin))
    return results


def _title(check: Check, number: int) -> str:
    return check.name or f"check {number + 1}"


class _Run:
    """One check."""

    def __init__(
        self, document: LoadedDocument, diagram: Diagram | None, engine: Engine, number: int, check: Check
    ) -> None:
        self.document = document
        self.main = diagram
        self.engine = engine
        self.number = number
        self.check = check
        train = document.document.train
        self.precision = train.precision if train and "precision" in train.model_fields_set else "float64"
        self.seed = train.seed if train else 0

    def run(self) -> Result:
        check = self.check
        trained = None
        if check.train is not None:
            if check.box is not None:
                raise self._problem("a check that trains is about the main box", "box")
            trained = self.engine.train(self.number, check)
        measures = {name: want for name, want in check.expect.items() if "." in name}
        outputs = {name: want for name, want in check.expect.items() if "." not in name}
        found: list[Difference] = []
        measured: dict[str, float] = {}
        if measures:
            if trained is None:
                raise self._problem(
                    f"'{next(iter(measures))}' is a metric, and nothing is trained",
                    "expect",
                    next(iter(measures)),
                    help="add a train block to the check: train: {epochs: 20}",
                )
            for name, want in measures.items():
                found += self._measure(name, want, trained, measured)
        if outputs or check.given:
            found += self._cases(outputs, trained)
        return Result(_title(check, self.number), 0.0, tuple(found), measured=measured)

    def _measure(
        self, name: str, want: Any, trained: Trained, measured: dict[str, float]
    ) -> list[Difference]:
        if name not in trained.final:
            known = list(trained.final)
            help = did_you_mean(name, known) or f"there is {', '.join(known)}"
            raise self._problem(f"there is no metric '{name}'", "expect", name, help=help)
        measured[name] = trained.final[name]
        value, within, bounds = self._wanted(want)
        if bounds:
            return self._bounds(name, bounds, trained.final[name])
        if not isinstance(value, list | tuple):
            return _number(name, None, value, trained.final[name], within)
        history = trained.history.get(name, [])
        if len(history) != len(value):
            raise self._problem(
                f"'{name}': {len(value)} epochs expected, but there are {len(history)}", "expect", name
            )
        found = []
        for epoch, (one, got) in enumerate(zip(value, history, strict=True)):
            found += _number(name, epoch, one, got, within)
        return found

    def _cases(self, outputs: dict[str, Any], trained: Trained | None) -> list[Difference]:
        diagram = self._diagram()
        main = diagram.main
        for name in self.check.given:
            if name not in main.inputs:
                help = did_you_mean(name, main.inputs) or f"its inputs: {', '.join(main.inputs) or 'none'}"
                raise self._problem(f"box '{main.name}' has no input '{name}'", "given", name, help=help)
        for name in main.inputs:
            if name not in self.check.given:
                raise self._problem(f"no value is given for input '{name}'", "given")
        for name in outputs:
            if name not in main.outputs:
                help = did_you_mean(name, main.outputs) or f"its outputs: {', '.join(main.outputs) or 'none'}"
                raise self._problem(f"box '{main.name}' has no output '{name}'", "expect", name, help=help)
        try:
            columns, _ = columns_of(
                self.check.given, {name: port.type for name, port in main.inputs.items()}
            )
        except CaseError as error:
            raise self._problem(str(error), "given") from None
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
                raise self._problem(str(error), "expect", name) from None
        return found

    def _diagram(self) -> Diagram:
        """The box that is checked. Its free dimensions are those of what is given."""
        name = self.check.box
        if name is None:
            if self.main is None:
                raise self._problem("the document has no main box; name one: box: NAME")
            return self.main
        report = Report()
        elaborator = Elaborator(report)
        span = self._span("box")
        definition = elaborator.definitions.named(name, self.document, span)
        one = elaborator.start(definition, {}, {}, span)
        for port, value in self.check.given.items():
            if port in one.inputs:
                lengths = _lengths(value)[1:]
                for dim, length in zip(one.inputs[port].array_dims, lengths, strict=False):
                    unify(dim, length)
        box = elaborator.finish(one)
        report.raise_errors()
        return Diagram(name, box, box.span)

    def _wanted(self, want: Any) -> tuple[Any, float | None, Expectation | None]:
        """The value expected, how near, and the bounds if it is they that count."""
        from dilsctl.syntax.checks import Expectation

        if not isinstance(want, Expectation):
            return want, self.check.within, None
        within = want.within if want.within is not None else self.check.within
        bounded = want.at_least is not None or want.at_most is not None
        return want.value, within, want if bounded else None

    def _bounds(self, name: str, want: Expectation, got: float) -> list[Difference]:
        low, high = want.at_least, want.at_most
        if (low is None or got >= low) and (high is None or got <= high):
            return []
        return [Difference(name, None, _bounds_text(want), value_text(float(got)), {})]

    def _all_bounds(
        self, name: str, want: Expectation, got: Any, given: Mapping[str, Any]
    ) -> list[Difference]:
        found = []
        for row, have in enumerate(got):
            low = want.at_least is None or (have >= want.at_least).all()
            high = want.at_most is None or (have <= want.at_most).all()
            if not (low and high):
                inputs = {key: value_text(array[row]) for key, array in given.items()}
                found.append(Difference(name, row, _bounds_text(want), value_text(have), inputs))
        return found

    def _span(self, *path: str) -> SourceSpan:
        return self.document.span("checks", self.number, *path)

    def _problem(self, message: str, *path: str, help: str = "") -> Problem:
        title = _title(self.check, self.number)
        label = Label(self._span(*path))
        return Problem([Diagnostic("bad-check", f"{title}: {message}", label, help=help)])


def _number(name: str, row: int | None, want: Any, got: float, within: float | None) -> list[Difference]:
    if want is None or (isinstance(want, bool | int | float) and near(float(want), got, False, within)):
        return []
    return [Difference(name, row, value_text(want), value_text(float(got)), {})]


def _bounds_text(want: Expectation) -> str:
    parts = [f"≥ {want.at_least:g}"] if want.at_least is not None else []
    parts += [f"≤ {want.at_most:g}"] if want.at_most is not None else []
    return " and ".join(parts)


def _lengths(value: Any) -> tuple[int, ...]:
    """The shape of a nested list, by its first entries."""
    lengths = []
    while isinstance(value, list | tuple):
        lengths.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(lengths)
