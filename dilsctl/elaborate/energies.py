"""The potentials of one box, and the states that answer to them: those under ``conserve``, and those under
``learn`` that name a step."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan
from dilsctl.diagram import Metric, Shared, State
from dilsctl.elaborate import convert
from dilsctl.elaborate.definitions import shown
from dilsctl.elaborate.momenta import base_of
from dilsctl.elaborate.static import is_number
from dilsctl.elaborate.wiring import region, region_shape
from dilsctl.elaborate.written import Written
from dilsctl.ir import REAL, Index, Var
from dilsctl.operations import functions
from dilsctl.operations.rules import show
from dilsctl.operations.table import OperationError
from dilsctl.order import natural

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration


MOST_FACTORED = 100  # rows of a matrix that is looked at before anything runs


class Energies:
    """Reads the potentials and metrics of one elaboration."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box
        self.potentials: list[Var] = []
        self.metrics: list[Metric] = []

    def descending(self) -> dict[str, Any]:
        """The options of the states that descend the potential."""
        learn: Any = self.box.body.get("learn") or []
        if not isinstance(learn, dict):
            return {}
        return {name: one for name, one in learn.items() if isinstance(one, dict) and "step" in one}

    def read(self) -> None:
        """Emit every potential and every metric, whatever the order of declaration."""
        for number, written in enumerate(self._written()):
            self.box.names.feed(f"(potential {number})")
            found = self.box.attempt(partial(self._potential, written))
            if found is not None:
                self.potentials.append(found)
        conserve: Any = self.box.section("conserve")
        for name in sorted(conserve, key=natural):
            self.box.attempt(partial(self._conserve, name, conserve))
        for name in sorted(self.descending(), key=natural):
            self.box.attempt(partial(self._descend, name))

    def written(self) -> Iterator[Written]:
        """Every expression of a potential or a metric."""
        yield from self._written()
        conserve: Any = self.box.section("conserve")
        for name in conserve:
            spec: Any = conserve[name]
            if not isinstance(spec, dict):
                yield Written(spec, conserve.value_span(name))
            elif "mass" in spec:
                where: Any = spec
                yield Written(spec["mass"], where.value_span("mass"))
        for options in self.descending().values():
            for key in ("step", "metric"):
                if key in options:
                    yield Written(options[key], options.value_span(key))

    # -- potentials -------------------------------------------------------------------------------

    def _written(self) -> list[Written]:
        potentials: Any = self.box.body.get("potential")
        if potentials is None:
            return []
        if isinstance(potentials, list):
            spans: Any = potentials
            return [Written(text, spans.span(i)) for i, text in enumerate(potentials)]
        return [Written(potentials, self.box.body.value_span("potential"))]

    def _potential(self, written: Written) -> Var:
        value = self.box.evaluate(written)
        if is_number(value) and not isinstance(value, bool):
            value = self.box.builder.constant(float(value), REAL)
        if not isinstance(value, Var) or value.shape or value.type.kind not in ("real", "int"):
            found = f"'{value.type}'" if isinstance(value, Var) else f"the constant {shown(value)}"
            message = f"a potential is one real number, this is {found}"
            help = "sum(…) over all axes gives one number"
            raise Problem.of("bad-potential", message, written.span, help=help)
        return convert.as_kind(self.box.builder, value, REAL)

    # -- the states that answer -------------------------------------------------------------------

    def _target(
        self, named: str, key: str, span: SourceSpan
    ) -> tuple[State | Shared, Index, tuple[int, ...]]:
        """The state or shared variable that answers, with no law that speaks against it; which part of it
        does, and the shape of that."""
        name = base_of(named)
        found = self.box.laws.target(name, key, span)
        index, shape = self._part(named, found.type.shape, span)
        if found.type.kind != "real":
            message = f"only real states have a potential; '{name}' is {found.type.kind}"
            raise Problem.of("type-mismatch", message, span)
        rates, nexts = (self.box.section(one) for one in ("rate", "next"))
        conserve = {base_of(one): one for one in self.box.section("conserve")}
        other = None
        if name in rates:
            other, where = "has a rate", rates.key_span(name)
        elif name in nexts and not _triggered(nexts[name]):
            other, where = "has a next law that is not triggered", nexts.key_span(name)
        elif key == "learn" and name in conserve:
            where = self.box.section("conserve").key_span(conserve[name])
            other = "conserves the potential"
        if other is not None:
            what = "conserves" if key == "conserve" else "descends"
            labels = (Label(where, f"it {other}"),)
            message = f"'{name}' {what} the potential, and {other}"
            raise Problem([Diagnostic("law-conflict", message, Label(span), labels)])
        return found, index, shape

    def _part(self, named: str, shape: tuple[int, ...], span: SourceSpan) -> tuple[Index, tuple[int, ...]]:
        """The part of a variable of this shape that a key names, and its shape; no index for all of it."""
        tree = Written(named, span).parse()
        if isinstance(tree, ast.Name):
            return (), shape
        if not isinstance(tree, ast.Subscript) or not isinstance(tree.value, ast.Name):
            help = "write NAME, or NAME[…] for a part of it"
            raise Problem.of("bad-target", f"'{named}' is no state", span, help=help)
        inside = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        items = self.box.emitter(Written("", span)).items_of(list(inside))
        index = region(items, shape, span)
        whole = (*index, *((0, length, 1) for length in shape[len(index) :]))
        return whole, region_shape(index, shape)

    def _conserve(self, name: str, conserve: Any) -> None:
        span = conserve.key_span(name)
        target, index, shape = self._target(name, "conserve", span)
        self.box.momenta.of(target.name, span)
        spec: Any = conserve[name]
        written = Written(1, conserve.value_span(name))
        if not isinstance(spec, dict):
            written = Written(spec, conserve.value_span(name))
        elif "mass" in spec:
            where: Any = spec
            written = Written(spec["mass"], where.value_span("mass"))
        self.box.names.feed(f"conserve {name}")
        value = self._value(written, target, shape, "mass")
        self.metrics.append(Metric("conserve", target.var, value, span=span, index=index))

    def _descend(self, name: str) -> None:
        learn: Any = self.box.body["learn"]
        options: Any = learn[name]
        span = learn.key_span(name)
        target, index, shape = self._target(name, "learn", span)
        for key in options:
            if key not in ("step", "metric"):
                message = f"'{name}' descends the potential; '{key}' is for states that descend the loss"
                labels = (Label(options.key_span("step"), "its step"),)
                raise Problem([Diagnostic("law-conflict", message, Label(options.key_span(key)), labels)])
        where = options.value_span("step")
        step = self.box.parameters.static_expression(Written(options["step"], where))
        if not is_number(step) or isinstance(step, bool) or not 0 < step < math.inf:
            raise Problem.of("bad-value", f"a step is a number greater than 0, not {shown(step)}", where)
        value = None
        if options.get("metric") is not None:
            self.box.names.feed(f"learn {name}")
            written = Written(options["metric"], options.value_span("metric"))
            value = self._value(written, target, shape, "metric")
        self.metrics.append(Metric("descend", target.var, value, float(step), span, index))

    # -- masses and metrics -----------------------------------------------------------------------

    def _value(self, written: Written, target: State | Shared, shape: tuple[int, ...], noun: str) -> Var:
        """A mass or metric of (a part of) a target of this shape: of the shape, or a matrix for each row."""
        builder = self.box.builder
        value: Any = self.box.evaluate(written)
        builder.span = written.span
        square = (*shape, shape[-1]) if shape else None
        try:
            if convert.holds_values(value):
                value = functions.as_var(builder, value)
            if not isinstance(value, Var):
                convert.check_static(value, REAL)
                found = convert.static_shape(value)
                if found == square and found:
                    _check_matrices(value, len(shape) - 1, noun)
                    return builder.constant(value, REAL.with_shape(found))
                if found in ((), shape):
                    _check_positive(value, noun)
                    return builder.constant(value, REAL.with_shape(shape))
                raise self._misfit(noun, f"of the shape {show(found)}", target, shape, written)
        except OperationError as error:
            raise Problem.of("bad-mass", error.message, written.span, help=error.help) from None
        if value.type.kind not in ("real", "int"):
            raise self._misfit(noun, f"'{value.type}'", target, shape, written)
        found_var = convert.as_kind(builder, value, REAL)
        if found_var.shape in (shape, square):
            return found_var
        if found_var.shape == ():
            return builder.emit("broadcast", (found_var,), shape=shape)
        raise self._misfit(noun, f"of the shape {show(found_var.shape)}", target, shape, written)

    def _misfit(
        self, noun: str, found: str, target: State | Shared, shape: tuple[int, ...], written: Written
    ) -> Problem:
        wanted = "one real number"
        if shape:
            square = show((*shape, shape[-1]))
            wanted += f", or {show(shape)} of them, or {square} as a matrix" + (
                " for each row" * (len(shape) > 1)
            )
        message = f"the {noun} of '{target.name}' is {wanted}; this is {found}"
        labels = (
            (Label(target.span, f"'{target.name}' is '{target.type}'"),) if target.span is not None else ()
        )
        return Problem([Diagnostic("bad-mass", message, Label(written.span), labels)])


def _triggered(spec: Any) -> bool:
    """Do all laws of a state say when they act?"""
    laws = spec if isinstance(spec, list) else [spec]
    return all(isinstance(one, dict) and one.get("when") is not None for one in laws)


def _check_positive(value: Any, noun: str) -> None:
    for one in convert.leaves(value):
        if not 0 < one < math.inf:
            raise OperationError(f"a {noun} is greater than 0, and finite; this is {one}")


def _check_matrices(value: Any, lead: int, noun: str) -> None:
    """Raise OperationError unless the matrices are symmetric and positive definite, by Cholesky's factors."""
    if lead:
        for one in value:
            _check_matrices(one, lead - 1, noun)
        return
    size = len(value)
    if any(value[i][j] != value[j][i] for i in range(size) for j in range(i)):
        raise OperationError(f"a {noun} that is a matrix is symmetric; this one is not")
    if size > MOST_FACTORED:
        return
    lower: list[list[float]] = []
    for i in range(size):
        row: list[float] = []
        for j in range(i + 1):
            rest = value[i][j] - sum(row[k] * (lower[j][k] if j < i else row[k]) for k in range(j))
            if j < i:
                row.append(rest / lower[j][j])
            elif not 0 < rest < math.inf:
                raise OperationError(f"a {noun} that is a matrix is positive definite; this one is not")
            else:
                row.append(math.sqrt(rest))
        lower.append(row)
