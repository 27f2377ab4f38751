"""The typed diagram: boxes, ports, states and wires, resolved but still nested.

A ``Box`` is a definition made concrete: every parameter has a value, every dimension a number, every
name a meaning. Boxes are shared: a thousand interior boxes that use one definition in the same way are one
``Box`` object. The interaction pattern is a small list of equations over the box's own variables, which
lowering instantiates wherever the box is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from dilsctl.diagnostics import SourceSpan
from dilsctl.ir import Eqn, Index, Type, Var


@dataclass(slots=True, unsafe_hash=True)  # as SourceSpan: never changed
class Port:
    """A named, typed place on a box's border. ``var`` stands for its value inside the box. ``feedback``: the
    output that an input answers. ``when``: the modes in which it exists; empty for one that always does."""

    name: str
    type: Type
    span: SourceSpan | None
    var: Var
    feedback: str | None = None
    when: tuple[str, ...] = ()


@dataclass(slots=True, unsafe_hash=True)  # as SourceSpan: never changed
class Initial:
    """How a state begins: ``value`` (a number or nested tuples), or a named ``rule`` with ``arguments``.

    The rule ``state`` says: as the learned state of the same box that its argument names.
    ``drawn``: the path by which it is drawn, in place of its name, and how many of its first axes are those
    of box arrays.
    """

    rule: str = ""
    arguments: tuple[Any, ...] = ()
    value: Any = 0
    drawn: tuple[str, int] | None = None


@dataclass(slots=True, unsafe_hash=True)  # as SourceSpan: never changed
class State:
    """A variable that lives on. ``learn`` holds the options of a learned state, None for a constant one.
    ``source``: it has its value from data, anew at every tick."""

    name: str
    type: Type
    initial: Initial
    learn: tuple[tuple[str, Any], ...] | None
    span: SourceSpan | None
    var: Var
    keep: bool = False
    source: bool = False


@dataclass(frozen=True, slots=True)
class Shared:
    """A variable that a box shares, or one that only its ``join`` names (``private``). ``initial`` is None
    where the box says nothing of it."""

    name: str
    type: Type
    initial: Initial | None
    learn: tuple[tuple[str, Any], ...] | None
    span: SourceSpan | None
    var: Var
    private: bool = False


@dataclass(slots=True, eq=False)  # as SourceSpan: never changed
class Law:
    """How a state or shared variable moves: its next ``value``, its ``rate`` of change by time, or what a
    tick adds to it (``step``: the ``next`` of one of several boxes that share it)."""

    kind: Literal["next", "rate", "step"]
    target: Var
    value: Var
    span: SourceSpan | None = None
    triggered: bool = False  # it acts where a trigger fires, and only there
    index: Index = ()  # of a next law: the part of the target that it speaks of, if not all

    def moved(self, target: Var, value: Var) -> Law:
        """The same law of another variable."""
        return Law(self.kind, target, value, self.span, self.triggered, self.index)


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """How a state or shared variable answers the potential: it descends it by ``step`` at every tick, or
    conserves it, as a position with a momentum.

    ``value``: the mass, or the metric of a descent: of the target's shape, or one square matrix for each of
    its rows; None where a box says nothing of it. ``index``: the part of the target that it speaks of.
    """

    kind: Literal["descend", "conserve"]
    target: Var
    value: Var | None
    step: float = 1.0
    span: SourceSpan | None = None
    index: Index = ()


@dataclass(frozen=True, slots=True, eq=False)
class Trigger:
    """A condition that acts where it becomes true: laws read ``fired``, which has its shape. In a flat
    diagram ``name`` is a path."""

    name: str
    condition: Var
    fired: Var
    span: SourceSpan | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """An interior shared variable is ``variable``, a shared variable of this box, or the part ``index`` of
    it."""

    variable: str
    index: Index
    child: str
    port: str
    span: SourceSpan | None = None


@dataclass(slots=True, eq=False)  # as SourceSpan: never changed
class Child:
    """An interior box. ``count`` is None for a single one.

    ``boxes`` holds one Box that all elements share, or one for each element. ``element`` gives values that
    differ from element to element without changing the box: ``index`` and the numbers of ``each``; ``told``
    those that are computed when the box around runs, the same for all elements. ``given`` is where the box
    in a hole is given.
    ``inputs`` and ``outputs`` are its ports as the parent sees them, stacked on a leading axis if counted.
    """

    name: str
    boxes: tuple[Box, ...]
    count: int | None
    inputs: dict[str, Var]
    outputs: dict[str, Var]
    element: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    span: SourceSpan | None = None
    told: dict[str, Var] = field(default_factory=dict)
    given: SourceSpan | None = None

    @property
    def box(self) -> Box:
        return self.boxes[0]


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A box with its interface, interior, state and pattern.

    ``eqns`` compute, from own inputs, states, element values and interior outputs, the variables in
    ``readout`` (one for each output port), ``dispatch`` (one for each interior input), ``laws``,
    ``triggers``, ``potentials``, ``metrics`` and ``losses``. The readout of a port that exists in some modes
    only is right in these modes. ``modes``: for each whether it holds, which is an output as well; exactly
    one does.
    """

    name: str
    inputs: dict[str, Port]
    outputs: dict[str, Port]
    states: dict[str, State]
    children: dict[str, Child]
    element: dict[str, Var]
    eqns: tuple[Eqn, ...]
    readout: dict[str, Var]
    dispatch: dict[tuple[str | None, str], Var]
    losses: tuple[Var, ...]
    lets: dict[str, Var]
    doc: str = ""
    span: SourceSpan | None = None
    hole: bool = False
    shared: dict[str, Shared] = field(default_factory=dict)
    laws: tuple[Law, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    links: tuple[Link, ...] = ()
    potentials: tuple[Var, ...] = ()
    metrics: tuple[Metric, ...] = ()
    reads: frozenset[tuple[str, str]] = frozenset()  # interior outputs that some expression reads
    modes: dict[str, Var] = field(default_factory=dict)
    written: Any = None  # the mapping of its keys, for who must find the place of a wire


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Diagram:
    """A main box and where it came from."""

    name: str
    main: Box
    span: SourceSpan | None = None


MOMENTUM = "momentum"


def momentum_of(name: str) -> str:
    """What the momentum of a state is called."""
    return f"{name}.{MOMENTUM}"


def is_momentum(name: str) -> bool:
    """Is it the name of a momentum, or its path?"""
    return name.endswith(f".{MOMENTUM}")


def moves(box: Box, *, kept: bool = True) -> bool:
    """Has the box, or one inside it, a state that moves by a law of its own? ``kept``: do kept ones count?"""

    def holds(one: Box) -> bool:
        lasting = set() if kept else {state.var for state in one.states.values() if state.keep}
        targets = [*(law.target for law in one.laws), *(metric.target for metric in one.metrics)]
        return any(target not in lasting for target in targets)

    return _any_box(box, holds)


def conserves(box: Box) -> bool:
    """Has the box, or one inside it, a state that conserves the potential?"""
    return _any_box(box, lambda one: any(metric.kind == "conserve" for metric in one.metrics))


def method_for(method: str | None, box: Box) -> str:
    """The integrator that a box is run with: the one that is named, or what is usual for such a box."""
    return method or ("symplectic" if conserves(box) else "rk4")


def _any_box(box: Box, holds: Callable[[Box], bool]) -> bool:
    """Does something hold of the box, or of one inside it?"""
    seen: set[int] = set()
    stack = [box]
    while stack:
        one = stack.pop()
        if holds(one):
            return True
        for child in one.children.values():
            for interior in child.boxes:
                if id(interior) not in seen:
                    seen.add(id(interior))
                    stack.append(interior)
    return False


def count_equations(box: Box) -> int:
    """How many equations a box has with all that is inside it: those of a box array once."""
    known: dict[int, int] = {}
    stack = [box]
    while stack:
        one = stack[-1]
        inside = [interior for child in one.children.values() for interior in child.boxes]
        waiting = {id(interior): interior for interior in inside if id(interior) not in known}
        if waiting:
            stack.extend(waiting.values())
            continue
        known[id(one)] = len(one.eqns) + len(one.children) + sum(known[id(interior)] for interior in inside)
        stack.pop()
    return known[id(box)]


def data_fills(box: Box) -> bool:
    """Is it a hole that has what it shows from data?"""
    return any(state.source for state in box.states.values())


def holes(box: Box, path: str = "") -> list[tuple[str, Box]]:
    """The unfilled holes inside a box, with their paths."""
    if box.hole:
        return [(path or box.name, box)]
    found: list[tuple[str, Box]] = []
    seen: set[int] = set()
    stack = [(path, box)]
    while stack:
        where, one = stack.pop()
        for name, child in one.children.items():
            for interior in dict.fromkeys(child.boxes):
                inside = f"{where}.{name}" if where else name
                if interior.hole:
                    found.append((inside, interior))
                elif id(interior) not in seen:
                    seen.add(id(interior))
                    stack.append((inside, interior))
    return found
