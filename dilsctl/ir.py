"""The intermediate representation: straight-line programs over typed arrays.

A ``Program`` is a list of ``Eqn`` in single assignment form. Its ``Var`` carry the whole array shape
(box stacks lead, the shape the language sees trails) and a flag ``batched``: whether there is one value
for each example of a batch. The batch axis itself is never written in a shape.

Laws: every input of an equation is a program input, a state, or an output of an earlier equation; every
Var is assigned once (``dilsctl.verify`` checks both after each pass).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dilsctl.diagnostics import SourceSpan

Kind = Literal["real", "bool", "int", "class", "simplex"]
Params = tuple[tuple[str, Hashable], ...]
Index = tuple[Any, ...]  # ints and (start, stop, step) triples, one for each leading axis it covers


@dataclass(slots=True, unsafe_hash=True)  # as SourceSpan: never changed
class Type:
    """Kind and array shape of a value. ``classes`` is the K of ``class K`` and ``simplex K``.

    The shape is that of the array: a ``simplex 3`` has shape (3,), a ``class 3`` has shape ().
    """

    kind: Kind
    shape: tuple[int, ...] = ()
    classes: int | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        total = 1
        for length in self.shape:
            total *= length
        return total

    def with_shape(self, shape: tuple[int, ...]) -> Type:
        return Type(self.kind, shape, self.classes)

    def __str__(self) -> str:
        shape = self.shape
        if self.kind == "simplex":
            shape = shape[:-1]
        words = [self.kind, *([str(self.classes)] if self.classes is not None else []), *map(str, shape)]
        return " ".join(words)


REAL = Type("real")
BOOL = Type("bool")
INT = Type("int")


@dataclass(slots=True, eq=False)  # never changed once made; frozen ones take three times as long to make
class Var:
    """One array. Compared by identity. ``name`` is the port or state path it stands for, or empty."""

    type: Type
    batched: bool = False
    name: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        return self.type.shape

    @property
    def rank(self) -> int:
        return len(self.type.shape)


@dataclass(slots=True, eq=False)  # never changed once made, as Var
class Eqn:
    """outputs = op(inputs; params). ``params`` is sorted by name."""

    op: str
    inputs: tuple[Var, ...]
    outputs: tuple[Var, ...]
    params: Params = ()
    span: SourceSpan | None = None

    def param(self, name: str, default: Any = None) -> Any:
        for key, value in self.params:
            if key == name:
                return value
        return default


@dataclass(slots=True, unsafe_hash=True)  # as SourceSpan: never changed
class Slot:
    """Where a state of the diagram lives: a part ``index`` of the state variable ``var``."""

    var: Var
    index: Index = ()


@dataclass(frozen=True, slots=True)
class Program:
    """One tick.

    ``inputs``: what the outside gives, by name. ``states``: arrays that live on. ``slots``: for each state
    path of the diagram, the part of a state array that holds it. ``learned``: the options of each learned
    state array. ``outputs``: by name. ``updates``: for a state array, the Var whose value it takes when the
    tick ends. ``rates``: for a state array, the Var that holds its derivative by time. ``kept``: state arrays
    that a batch shares although they move. ``positions``: of the flowing ones, those that a symplectic method
    moves after the others, once that has been found out.
    """

    inputs: dict[str, Var]
    states: tuple[Var, ...]
    outputs: dict[str, Var]
    eqns: tuple[Eqn, ...]
    slots: dict[str, Slot] = field(default_factory=dict)
    learned: dict[Var, Params] = field(default_factory=dict)
    updates: dict[Var, Var] = field(default_factory=dict)
    rates: dict[Var, Var] = field(default_factory=dict)
    kept: frozenset[Var] = frozenset()
    positions: frozenset[Var] | None = None

    @property
    def ends(self) -> tuple[Var, ...]:
        """What the program is run for: its outputs, and how its states move."""
        return (*self.outputs.values(), *self.updates.values(), *self.rates.values())

    def renamed(self, eqns: Iterable[Eqn], new: Callable[[Var], Var]) -> Program:
        """The program with other equations, in which ``new`` gives what stands for each of its ends."""
        return replace(
            self,
            eqns=tuple(eqns),
            outputs={name: new(var) for name, var in self.outputs.items()},
            updates={state: new(var) for state, var in self.updates.items()},
            rates={state: new(var) for state, var in self.rates.items()},
        )


CLOCK = {"t": Var(REAL, name="t"), "dt": Var(REAL, name="dt"), "tick": Var(INT, name="tick")}
"""What any box may read: the time, the length of a tick, the number of the tick (``every`` counts it)."""


def params_of(**params: Hashable) -> Params:
    """Keyword arguments as the sorted tuple that an ``Eqn`` carries."""
    return tuple(sorted(params.items()))


def size_of(shapes: Iterable[int]) -> int:
    """The product of some lengths."""
    total = 1
    for length in shapes:
        total *= length
    return total
