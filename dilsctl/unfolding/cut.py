"""A diagram cut at the wires between its boxes.

Every output of a box without interior boxes is a wire, and so is every input of the main box. A wire is
computed from other wires, from states and from targets; composites only say how, so they leave no trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.diagram import Box, Diagram, Law, Metric
from dilsctl.ir import CLOCK, Eqn, Program, Var
from dilsctl.loops import schedule
from dilsctl.lower import FlatState, flatten
from dilsctl.objective import Objective, add_objective, program_of
from dilsctl.order import natural, reached_from
from dilsctl.passes.differentiate import reached


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """What a box shows: ``box`` is its path, empty for an input of the main box. ``level``: 0 for an input,
    else one more than those that it is computed from."""

    var: Var
    box: str
    port: str
    level: int
    reads: tuple[Var, ...]
    span: SourceSpan | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A diagram with its training, cut at its wires.

    ``eqns``: all equations, in order. ``ends``: what is made of wires in the end: ``loss``, ``port.NAME``,
    ``metric.NAME``. ``answered``: the variables that a gradient of the loss reaches.
    """

    program: Program
    eqns: tuple[Eqn, ...]
    wires: dict[Var, Wire]
    states: dict[Var, FlatState]
    targets: dict[str, Var]
    ends: dict[str, Var]
    answered: frozenset[Var]
    span: SourceSpan | None
    _producer: dict[Var, Eqn] = field(default_factory=dict)

    @property
    def finals(self) -> tuple[Var, ...]:
        """The ends that are no wires: what the outermost manager computes."""
        return tuple(dict.fromkeys(var for var in self.ends.values() if var not in self.wires))

    def expression(self, ends: Iterable[Var], given: Iterable[Var] = ()) -> list[Eqn]:
        """The equations of some wires or ends, in order, down to other wires, states and targets. Those
        ``given`` are not computed either."""
        wanted = list(ends)
        stop = ({*self.wires} - {*wanted}) | {*given}
        kept = [eqn for eqn in self.eqns if not any(out in stop for out in eqn.outputs)]
        return reached_from(wanted, kept)

    def leaves(self, ends: Iterable[Var]) -> tuple[Var, ...]:
        """The wires, states and targets that some wires or ends are computed from."""
        return _leaves(self._producer, ends, self.wires)


def cut(diagram: Diagram, objective: Objective) -> Cut:
    """Cut a diagram at its wires. Raises Problem: not-unfolded where something in it has no place in an
    unfolded diagram, and those of flattening."""
    main = diagram.main
    _refuse_motion(main)
    flat = flatten(main, mark=True)
    eqns = schedule(flat.eqns) if flat.cyclic else flat.eqns
    flat.eqns, flat.cyclic = list(eqns), 0
    program = add_objective(program_of(flat), objective)
    if "loss" not in program.outputs:
        help = "give the file a train block with a loss, or a box a loss of its own"
        raise Problem.of("not-unfolded", "nothing says what should be made small", main.span, help=help)
    ends = {name: var for name, var in program.outputs.items() if not name.startswith("loss.")}
    ordered = reached_from(list(ends.values()), program.eqns)
    _refuse(ordered)
    places = _leaf_places(main)
    shown = {eqn.outputs[0].name: eqn.outputs[0] for eqn in ordered if eqn.op == "copy"}
    found = {shown[name]: (box, port) for name, (box, port) in places.items() if name in shown}
    producer = {out: eqn for eqn in ordered for out in eqn.outputs}
    inputs = {flat.inputs[name]: name for name in main.inputs}
    cut_at = {**dict.fromkeys(inputs), **dict.fromkeys(found)}
    wires: dict[Var, Wire] = {
        var: Wire(var, "", name, 0, (), main.inputs[name].span) for var, name in inputs.items()
    }
    for eqn in ordered:
        for out in eqn.outputs:
            if out in found:
                reads = _leaves(producer, [out], cut_at)
                level = 1 + max((wires[one].level for one in reads if one in wires), default=0)
                wires[out] = Wire(out, *found[out], level, reads, eqn.span)
    targets = {
        name: var
        for name, var in program.inputs.items()
        if name not in CLOCK and name not in main.inputs and not name.startswith("params.")
    }
    states = {one.var: one for one in flat.states}
    answered = frozenset(reached(ordered, [program.outputs["loss"]]))
    return Cut(program, tuple(ordered), wires, states, targets, ends, answered, main.span, producer)


def _leaves(producer: Mapping[Var, Eqn], ends: Iterable[Var], stop: Mapping[Var, object]) -> tuple[Var, ...]:
    """What some variables are computed from, down to those in ``stop``, and what nothing computes."""
    found: dict[Var, None] = {}
    seen: set[Var] = set()
    stack: list[Var] = []
    for end in ends:
        eqn = producer.get(end)
        stack += reversed(eqn.inputs) if eqn is not None else [end]
    while stack:
        var = stack.pop()
        if var in seen:
            continue
        seen.add(var)
        eqn = producer.get(var)
        if var in stop or eqn is None:
            found[var] = None
        else:
            stack += reversed(eqn.inputs)
    return tuple(found)


def _leaf_places(main: Box) -> dict[str, tuple[str, str]]:
    """The outputs of boxes without interior boxes by path, as (path of the box, port)."""
    found: dict[str, tuple[str, str]] = {}
    stack: list[tuple[str, Box]] = [("", main)]
    while stack:
        path, box = stack.pop()
        for name, child in box.children.items():
            many = child.count is not None and len(child.boxes) > 1
            for number, inside in enumerate(child.boxes):
                where = f"{path}{name}[{number}]" if many else f"{path}{name}"
                if inside.children:
                    stack.append((f"{where}.", inside))
                    continue
                if not many:
                    found.update({f"{where}.{port}": (where, port) for port in inside.outputs})
            if many and not any(inside.children for inside in child.boxes):
                found.update({f"{path}{name}.{port}": (f"{path}{name}", port) for port in child.outputs})
    return found


def _refuse_motion(main: Box) -> None:
    """A state that moves by itself has no place beside the laws that learning is unfolded to."""
    seen: set[int] = set()
    stack: list[tuple[str, Box]] = [("", main)]
    while stack:
        path, box = stack.pop()
        if box.modes:
            message = f"the box '{path.rstrip('.') or box.name}' has modes, which can't be unfolded"
            help = "an unfolded diagram is wired in one way: take the modes out"
            raise Problem.of("not-unfolded", message, box.span, help=help)
        motions: list[Law | Metric] = [*box.laws, *box.metrics]
        for law in motions:
            message = f"the state '{path}{law.target.name}' moves by a law of its own"
            help = "only feed-forward diagrams, whose states are learned or constant, can be unfolded"
            if any(one.feedback is not None for one in box.inputs.values()):
                help = "it is an interaction diagram already: 'dilsctl fold' goes the other way"
            raise Problem.of("not-unfolded", message, law.span or box.span, help=help)
        for name, child in box.children.items():
            for inside in child.boxes:
                if id(inside) not in seen:
                    seen.add(id(inside))
                    stack.append((f"{path}{name}.", inside))


def _refuse(eqns: Sequence[Eqn]) -> None:
    """What training draws anew at every step, and the time, are not to be had in the unfolded diagram."""
    for eqn in eqns:
        found = no_network(eqn)
        if found is not None:
            raise Problem.of(
                "not-unfolded", f"{found[0]} can't be unfolded: {found[1]}", eqn.span, help=found[2]
            )


def no_network(eqn: Eqn) -> tuple[str, str, str] | None:
    """What an equation has that can't be in a network with an unfolding; why, and the way out."""
    if eqn.op.startswith("random_"):
        return "a draw of each step", "forward and backward would draw apart", "take the draw out, or its box"
    if any(one is clock for one in eqn.inputs for clock in CLOCK.values()):
        help = "take 't' out; a rate that changes is a schedule of the optimiser"
        return "what depends on the time", "its ticks are the steps of training", help
    if eqn.op == "batch_mean":
        help = "take 'pool' out; nn.layer_norm looks at one example alone"
        return "what is pooled over a batch", "its derivative runs across all examples", help
    return None


def in_order(wires: Iterable[Wire]) -> list[Wire]:
    """Wires in the natural order of their paths."""
    return sorted(wires, key=lambda one: (natural(one.box), natural(one.port)))
