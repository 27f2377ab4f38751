"""Which box a check is about, and whether the ports that it names are there. Needs no arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dilsctl.compile import flattened
from dilsctl.diagnostics import Diagnostic, Label, Problem, Report, SourceSpan, did_you_mean
from dilsctl.diagram import Diagram, holes, moves
from dilsctl.elaborate import Elaborator
from dilsctl.elaborate.definitions import Given
from dilsctl.elaborate.dimensions import unify
from dilsctl.values import key_span_at

if TYPE_CHECKING:
    from dilsctl.documents import LoadedDocument
    from dilsctl.syntax.checks import Check


def title_of(check: Check, number: int) -> str:
    """A check's name, or its number."""
    return check.name or f"check {number + 1}"


class CheckedBox:
    """A check of a document with the box that it is about."""

    def __init__(self, document: LoadedDocument, main: Diagram | None, number: int) -> None:
        self.document = document
        self.main = main
        self.number = number
        self.check: Check = document.document.checks[number]

    @property
    def title(self) -> str:
        """The check's name, or its number."""
        return title_of(self.check, self.number)

    def diagram(self) -> Diagram:
        """The box as a diagram. Its free dimensions are those of what is given. Raises Problem."""
        name = self.check.box
        if name is None:
            if self.main is None:
                raise self.problem("the document has no main box; name one: box: NAME")
            return self.main
        report = Report()
        elaborator = Elaborator(report)
        span = self.span("box")
        definition = elaborator.definitions.named(name, self.document, span)
        one = elaborator.start(definition, self._arguments(elaborator), {}, span)
        for port, value in self.check.given.items():
            if port in one.inputs:
                for dim, length in zip(one.inputs[port].array_dims, _lengths(value)[1:], strict=False):
                    unify(dim, length)
        box = elaborator.finish(one)
        report.raise_errors()
        return Diagram(name, box, box.span)

    def _arguments(self, elaborator: Elaborator) -> dict[str, Given]:
        """Values for the box's parameters."""
        if not self.check.arguments:
            return {}
        root: Any = self.document.root["checks"][self.number]
        given: Any = root["with"]
        scope = elaborator.scope(self.document, root, self.span("with"))
        found = {}
        for name, value in given.items():
            place = given.value_span(name)
            found[name] = Given(scope.parameters.static(value, place), given.key_span(name), place)
        return found

    def verify(self) -> Diagram | None:
        """The box, if the check shows it cases; every port that is named exists. Raises Problem."""
        check = self.check
        measures = [name for name in check.expect if "." in name]
        if check.arguments and check.box is None:
            help = "name the box: box: NAME"
            raise self.problem("'with' gives parameters to the box that 'box' names", "with", help=help)
        if check.train is not None and check.box is not None:
            raise self.problem("a check that trains is about the main box", "box")
        if check.train is not None and check.ticks is not None:
            help = "simulate: {until: …} runs what was learned"
            raise self.problem("'train' and 'ticks' are both given", "ticks", help=help)
        if check.ticks is not None and check.simulate is not None:
            help = "simulate: {until: …} says how long already"
            raise self.problem("'ticks' and 'simulate' are both given", "ticks", help=help)
        if check.train is None and (check.ticks is not None or check.simulate is not None):
            measures = []
        if measures and check.train is None and self._names_state(measures):
            measures = []
        if measures and check.train is None:
            help = "add a train block to the check: train: {epochs: 20}"
            message = f"'{measures[0]}' is a metric, and nothing is trained"
            raise self.problem(message, "expect", measures[0], help=help)
        if not check.given and len(measures) == len(check.expect) and check.simulate is None:
            return None
        diagram = self.diagram()
        box = diagram.main
        for name in check.given:
            if name not in box.inputs:
                help = did_you_mean(name, box.inputs) or f"its inputs: {', '.join(box.inputs) or 'none'}"
                raise self.problem(f"box '{box.name}' has no input '{name}'", "given", name, help=help)
        told = check.simulate.inputs if check.simulate is not None else {}
        if check.box is None and check.simulate is not None:
            told = {**self.document.document.simulate.inputs, **told}
            if self.document.document.simulate.data is not None:
                told = {**told, **self.document.document.simulate.data.inputs}
        for name in box.inputs:
            if name not in check.given and name not in told:
                raise self.problem(f"no value is given for input '{name}'", "given")
        self._verify_runs()
        known = self._known(diagram)
        for name in check.expect:
            if name not in known and not (check.train is not None and "." in name):
                help = did_you_mean(name, known) or f"its outputs: {', '.join(box.outputs) or 'none'}"
                raise self.problem(f"box '{box.name}' has no output '{name}'", "expect", name, help=help)
        return diagram

    def traced(self, diagram: Diagram) -> bool:
        """Does it look at one tick after the other?"""
        check = self.check
        if check.train is not None:
            return check.simulate is not None
        return check.ticks is not None or check.simulate is not None or moves(diagram.main)

    def shown(self, diagram: Diagram) -> list[str]:
        """What is expected of outputs and states; the rest are metrics."""
        known = self._known(diagram)
        return [name for name in self.check.expect if name in known]

    def _verify_runs(self) -> None:
        """Of many runs bounds may be expected. Raises Problem."""
        from dilsctl.syntax.checks import Expectation

        if self.check.simulate is None or self.check.simulate.runs == 1:
            return
        for name, wants in self.check.expect.items():
            for want in wants if isinstance(wants, list) else [wants]:
                if not isinstance(want, Expectation) or "value" in want.model_fields_set:
                    help = "write {at_least: A, at_most: B}"
                    message = "several runs have bounds in common, not values"
                    raise self.problem(message, "expect", name, help=help)

    def _known(self, diagram: Diagram) -> list[str]:
        """What may be expected of: outputs and, where ticks are looked at, states by path."""
        states = []
        if self.traced(diagram) and not holes(diagram.main):
            states = [one.path for one in flattened(diagram)[0].states]
        return [*diagram.main.outputs, *states]

    def _names_state(self, names: list[str]) -> bool:
        """Are these states, by path, of a box that moves?"""
        if self.check.box is None and self.main is None:
            return False
        diagram = self.diagram()
        return moves(diagram.main) and all(one in self._known(diagram) for one in names)

    def span(self, *path: str) -> SourceSpan:
        """The place of a key of the check."""
        return self.document.span("checks", self.number, *path)

    def place(self) -> SourceSpan:
        """Where the check says what it expects."""
        return key_span_at(self.document.root, ("checks", self.number, "expect"))

    def problem(self, message: str, *path: str, help: str = "") -> Problem:
        """A problem with the check, at one of its keys."""
        label = Label(self.span(*path))
        return Problem([Diagnostic("bad-check", f"{self.title}: {message}", label, help=help)])


def verify_checks(document: LoadedDocument, main: Diagram | None, report: Report) -> None:
    """Report what is wrong with a document's checks, as far as it shows before they run."""
    for number in range(len(document.document.checks)):
        try:
            CheckedBox(document, main, number).verify()
        except Problem as problem:
            report.extend(problem.diagnostics)


def _lengths(value: Any) -> tuple[int, ...]:
    """The shape of a nested list, by its first entries."""
    lengths = []
    while isinstance(value, list | tuple):
        lengths.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(lengths)
