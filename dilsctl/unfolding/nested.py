"""An interaction diagram as it is read for folding: managers in one another, holes, and what flows where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.diagram import Box, Law
from dilsctl.ir import Eqn, Var
from dilsctl.order import reached_from
from dilsctl.siblings import WirePlaces
from dilsctl.unfolding.cut import no_network

Place = tuple[str, str]  # the path of a manager or hole, and a port or state of it


def refuse(message: str, span: SourceSpan | None, help: str = "") -> Problem:
    """What to raise where a diagram is no unfolded one."""
    return Problem.of("not-folded", message, span, help=help)


@dataclass(slots=True, eq=False)
class Level:
    """One manager. ``shown``: what interior boxes show, by the variable that the pattern reads; ``told``: own
    inputs that are states of managers around. ``back``: outputs that depend on feedback."""

    path: str
    box: Box
    producer: dict[Var, Eqn]
    shown: dict[Var, Place] = field(default_factory=dict)
    told: dict[Var, str] = field(default_factory=dict)
    back: set[str] = field(default_factory=set)
    laws: dict[Var, Law] = field(default_factory=dict)

    def leaves(self, ends: Iterable[Var], stop: Iterable[Var] = ()) -> list[Var]:
        """What nothing computes (or is in ``stop``) and some variables depend on."""
        found: dict[Var, None] = {}
        halt, seen, stack = set(stop), set(), list(ends)
        while stack:
            var = stack.pop()
            if var in seen:
                continue
            seen.add(var)
            eqn = self.producer.get(var)
            if eqn is None or var in halt:
                found[var] = None
            else:
                stack += reversed(eqn.inputs)
        return list(found)


@dataclass(slots=True, eq=False)
class Nested:
    """The managers by path, the outermost first, and the holes."""

    levels: dict[str, Level] = field(default_factory=dict)
    holes: dict[str, Box] = field(default_factory=dict)

    @property
    def root(self) -> Level:
        """The outermost manager."""
        return self.levels[""]

    def origin(self, place: Place) -> Place:
        """Where what a box shows is made: by that box, or by one inside of it that it passes on."""
        while place[0] in self.levels:
            level = self.levels[place[0]]
            inner = level.shown.get(level.box.readout[place[1]])
            if inner is None:
                break
            place = inner
        return place

    def home(self, level: Level, var: Var) -> Place | None:
        """The manager and name of a state that a level has or is told; None for another variable."""
        for name, state in level.box.states.items():
            if state.var is var:
                return level.path, name
        while var in level.told:
            around = self.levels[level.path.rpartition(".")[0]]
            var = around.box.dispatch[level.path.rpartition(".")[2], level.told[var]]
            for name, state in around.box.states.items():
                if state.var is var:
                    return around.path, name
            level = around
        return None


def read_nested(main: Box) -> Nested:
    """Read an interaction diagram. Raises Problem: not-folded."""
    found = Nested()
    if not _told_back(main):
        message = f"no box inside of '{main.name}' is told how to change what it shows: it is no unfolding"
        help = "such an input is declared feedback; 'dilsctl unfold' makes them of a network"
        raise refuse(message, main.span, help)
    _level(found, main, "")
    for path in reversed(found.levels):
        level = found.levels[path]
        feedback = {port.var for port in level.box.inputs.values() if port.feedback is not None}
        for name, var in level.box.readout.items():
            for leaf in level.leaves([var]):
                inner = level.shown.get(leaf)
                below = found.levels.get(inner[0]) if inner is not None else None
                if leaf in feedback or (inner is not None and below is not None and inner[1] in below.back):
                    level.back.add(name)
    return found


def _told_back(main: Box) -> bool:
    """Has any box inside an input that is feedback?"""
    seen, stack = {main}, [main]
    while stack:
        box = stack.pop()
        inside = [one for child in box.children.values() for one in child.boxes if one not in seen]
        if any(port.feedback is not None for one in inside for port in one.inputs.values()):
            return True
        seen.update(inside)
        stack += inside
    return False


def _level(found: Nested, box: Box, path: str) -> None:
    extra = {
        "modes": box.modes, "shared variables": box.shared, "a loss of its own": box.losses,
        "a potential or a metric": box.metrics, "triggers": box.triggers,
    }  # fmt: skip
    for what, given in extra.items():
        if given:
            message = f"the box '{path or box.name}' has {what}, as no unfolded box has"
            raise refuse(message, box.span, "'fold' reads what 'dilsctl unfold' prints, or the like of it")
    level = Level(path, box, {out: eqn for eqn in box.eqns for out in eqn.outputs})
    found.levels[path] = level
    for law in box.laws:
        if law.kind != "next" or law.triggered or law.index:
            name = f"{path}.{law.target.name}" if path else law.target.name
            message = f"'{name}' does not move by one law of every tick"
            raise refuse(message, law.span, "what an optimiser moves has one law under 'next'")
        level.laws[law.target] = law
    for name, port in box.inputs.items():
        if path and port.feedback is None:
            level.told[port.var] = name
    for name, child in box.children.items():
        where = f"{path}.{name}" if path else name
        if child.count is not None:
            message = f"'{where}' is an array of boxes, as no unfolded diagram has"
            raise refuse(message, child.span, "write them one by one")
        level.shown.update({var: (where, port) for port, var in child.outputs.items()})
        if child.box.hole:
            found.holes[where] = child.box
        else:
            _level(found, child.box, where)


def check_told(nested: Nested) -> Iterator[Problem]:
    """Every input that is no feedback must be a state of a manager around."""
    for level in nested.levels.values():
        for var, name in level.told.items():
            if nested.home(level, var) is None:
                above, _, last = level.path.rpartition(".")
                around = nested.levels[above].box
                message = f"'{level.path}.{name}' is told what another box shows: a peer wire can't be folded"
                help = "no network has it; take the wire out, and its input, to fold the rest"
                yield refuse(message, wire_span(around, last, name) or level.box.inputs[name].span, help)


def wire_span(around: Box, child: str, port: str) -> SourceSpan | None:
    """Where the wire to an input of an interior box is written."""
    wires = WirePlaces(around).wires.get((child, port), [])
    return wires[0].span if wires else None


def check_forward(nested: Nested) -> Iterator[Problem]:
    """What is shown must be what a network can compute, and be of no feedback."""
    for path, level in nested.levels.items():
        for port in level.box.inputs.values():
            if port.feedback in level.back:
                name = f"{path}.{port.feedback}" if path else port.feedback
                message = f"what '{name}' shows depends on what is told: that is no reverse pass"
                yield refuse(message, level.box.outputs[port.feedback].span, "show what goes forward alone")
        ends = [var for name, var in level.box.readout.items() if name not in level.back]
        for eqn in reached_from(ends, level.box.eqns):
            found = no_network(eqn)
            if found is not None and not (eqn.op == "batch_mean" and not path):
                yield refuse(f"{found[0]} can't be folded: {found[1]}", eqn.span, found[2])
