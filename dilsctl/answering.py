"""The states that answer the potential: what all boxes say of each, put together.

Masses add, and so do metrics; steps must be equal. An element of a joined variable of which no box says a
mass stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dilsctl.diagnostics import Diagnostic, Label, Problem
from dilsctl.diagram import Law, Metric, is_momentum, momentum_of
from dilsctl.ir import BOOL, REAL, Index, Var, size_of
from dilsctl.operations.rules import broadcast, mul, reshape
from dilsctl.operations.table import Builder
from dilsctl.parts import nested, places_of

if TYPE_CHECKING:
    from dilsctl.lower import Flat, FlatState


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """How a state of the main box answers the potential.

    ``value``: its mass or metric, as that of a ``Metric``; None for 1. ``moved``: a truth value for each
    element, as nested tuples; None if all move. ``momentum``: the state that is, of one that is conserved.
    """

    kind: Literal["descend", "conserve"]
    value: Var | None
    step: float
    momentum: Var | None
    moved: Any = None
    metrics: tuple[Metric, ...] = ()


def stacked_metric(
    builder: Builder, metric: Metric, target: Var, value: Var | None, value_led: bool, length: int
) -> Metric:
    """The metric of all copies of a box, of which each has its own part of ``target``, or all have one.

    ``value``: of the copies; ``value_led``: it has a leading axis for them.
    """
    own = target.rank > metric.target.rank
    if value is not None and own and not value_led:
        value = broadcast(builder, value, (length, *value.shape))
    elif value is not None and not own and value_led:
        value = builder.emit("sum", (value,), axes=(-value.rank,))
    elif value is not None and not own:
        value = mul(builder, value, builder.constant(float(length), REAL))
    index: Index = ((0, length, 1), *metric.index) if own and metric.index else metric.index
    return Metric(metric.kind, target, value, metric.step, metric.span, index)


def answers(flat: Flat, moving: dict[Var, list[Law]]) -> dict[Var, Answer]:
    """For each state that answers, how. ``moving``: the other laws of each state.

    Raises Problem: law-conflict, bad-mass.
    """
    builder = Builder(flat.eqns)
    known = {one.var: one for one in flat.states}
    paths = {one.path: one for one in flat.states}
    groups: dict[Var, list[Metric]] = {}
    for metric in flat.metrics:
        groups.setdefault(metric.target, []).append(metric)
    found = {}
    for state, metrics in groups.items():
        one = known[state]
        _check(one, metrics, moving.get(state, []))
        value, moved = _together(builder, one, metrics)
        kind = metrics[0].kind
        momentum = paths[momentum_of(one.path)].var if kind == "conserve" else None
        found[state] = Answer(kind, value, metrics[0].step, momentum, moved, tuple(metrics))
    momenta = {one.momentum for one in found.values()}
    for momentum in momenta - {None}:
        laws = moving.get(momentum, []) if momentum is not None else []
        if momentum is not None and any(law.kind != "rate" and not law.triggered for law in laws):
            labels = [Label(law.span, "its next law") for law in laws if law.span is not None]
            what = "moves by the potential, and by a next law that is not triggered"
            raise _conflict(known[momentum], what, labels)
    for one in flat.states:
        if is_momentum(one.path) and one.var not in momenta:
            base = one.path.removesuffix(".momentum")
            message = f"something reads or moves the momentum of '{base}', and no box says what its mass is"
            help = f"write conserve: {{{base.rpartition('.')[2]}: MASS}} in a box that has it"
            where = Label(one.state.span) if one.state.span is not None else None
            raise Problem([Diagnostic("law-conflict", message, where, (), help)])
    return found


def _check(one: FlatState, metrics: Sequence[Metric], laws: Sequence[Law]) -> None:
    """Raise Problem where what is said of a state does not go together."""
    said = {"descend": "descends the potential", "conserve": "conserves the potential"}
    labels = [Label(metric.span, f"it {said[metric.kind]}") for metric in metrics if metric.span is not None]
    if len({metric.kind for metric in metrics}) > 1:
        raise _conflict(one, "both descends and conserves the potential", labels)
    if len({metric.step for metric in metrics}) > 1:
        steps = " and ".join(f"{step:g}" for step in sorted({metric.step for metric in metrics}))
        raise _conflict(one, f"descends the potential by different steps: {steps}", labels)
    if one.state.learn is not None:
        raise _conflict(one, f"{said[metrics[0].kind]}, and descends the loss", labels)
    for law in laws:
        if law.kind == "rate" or not law.triggered:
            other = "has a rate" if law.kind == "rate" else "has a next law that is not triggered"
            where = [Label(law.span, f"it {other}")] if law.span is not None else []
            raise _conflict(one, f"{said[metrics[0].kind]}, and {other}", [*labels, *where])


def _conflict(one: FlatState, what: str, labels: Sequence[Label]) -> Problem:
    where = Label(one.state.span) if one.state.span is not None else None
    return Problem([Diagnostic("law-conflict", f"'{one.path}' {what}", where, tuple(labels[:4]))])


# -- what masses and metrics come to --------------------------------------------------------------


def _together(builder: Builder, one: FlatState, metrics: Sequence[Metric]) -> tuple[Var | None, Any]:
    """(the mass or metric of the whole state, which of its elements are moved)."""
    state = one.var
    given = [metric for metric in metrics if metric.value is not None]
    moved = _covered(metrics, state.shape)
    if not given:
        return None, moved
    matrix = any(metric.value is not None and _is_matrix(metric) for metric in given)
    total: Var | None = None
    for metric in given:
        builder.span = metric.span
        part = _whole(builder, one, metric, matrix)
        total = part if total is None else builder.emit("add", (total, part))
    said = _covered(given, state.shape)
    if said is not None and total is not None:  # what nothing is said of is divided by one
        rest = builder.constant(_filled(said, 0.0, 1.0), REAL.with_shape(state.shape))
        total = builder.emit("add", (total, _diagonal(builder, rest) if matrix else rest))
    return total, moved


def _is_matrix(metric: Metric) -> bool:
    rank = metric.target.rank - sum(isinstance(entry, int) for entry in metric.index)
    return metric.value is not None and metric.value.rank > rank


def _whole(builder: Builder, one: FlatState, metric: Metric, matrix: bool) -> Var:
    """What a metric says, over the whole state."""
    value, shape, index = metric.value, metric.target.shape, metric.index
    assert value is not None
    if not _is_matrix(metric):
        if index:
            value = builder.emit("pad_slice", (value,), index=index, shape=shape)
        return _diagonal(builder, value) if matrix else value
    if not index:
        return value
    if isinstance(index[-1], int):
        message = f"a matrix is the mass of single elements of '{one.path}', which lie along another axis"
        help = "say it of the whole variable, in the box that joins the parts"
        raise Problem.of("bad-mass", message, metric.span, help=help)
    return builder.emit("pad_slice", (value,), index=(*index, index[-1]), shape=(*shape, shape[-1]))


def _diagonal(builder: Builder, value: Var) -> Var:
    """Matrices with a value's last axis on their diagonals."""
    size = value.shape[-1]
    unit = tuple(tuple(float(i == j) for j in range(size)) for i in range(size))
    eye = builder.constant(unit, REAL.with_shape((size, size)))
    return mul(builder, reshape(builder, value, (*value.shape, 1)), eye)


def _covered(metrics: Sequence[Metric], shape: tuple[int, ...]) -> Any:
    """Of which elements metrics speak, as nested tuples; None if of all."""
    if any(not metric.index for metric in metrics):
        return None
    size = size_of(shape)
    moved = bytearray(size)
    left = size
    for metric in metrics:
        for place in places_of(metric.index, shape):
            left -= not moved[place]
            moved[place] = 1
        if not left:
            return None
    return nested([bool(one) for one in moved], shape)


def _filled(value: Any, true: float, false: float) -> Any:
    if isinstance(value, tuple):
        return tuple(_filled(one, true, false) for one in value)
    return true if value else false


def masked(builder: Builder, answer: Answer, value: Var) -> Var:
    """A value, and zero for the elements that are not moved."""
    if answer.moved is None:
        return value
    mask = builder.constant(answer.moved, BOOL.with_shape(value.shape))
    return builder.emit("where", (mask, value, builder.constant(0.0, REAL)))
