"""What training makes small and what is measured: the ``train`` block's expressions beside the main box.

A target's type is found from its use: a number (or as many as it has columns) wherever that fits, else a
class of as many as the main box tells apart.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan, did_you_mean
from dilsctl.elaborate.definitions import shown
from dilsctl.elaborate.emitter import At, Emitter
from dilsctl.elaborate.known import NOTHING, Facts, Presence
from dilsctl.elaborate.written import Written
from dilsctl.ir import BOOL, CLOCK, REAL, Program, Slot, Type, Var
from dilsctl.limits import MOST_STATIC_TOTAL
from dilsctl.lower import Flat
from dilsctl.operations.functions import FUNCTIONS
from dilsctl.operations.table import Builder
from dilsctl.order import by_name

MOST_ATTEMPTS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """The expressions of a ``train`` block. ``targets``: for each name its number of columns (0: a single
    one that is not a list, so that its values have no axis), ``spans`` where each is written."""

    loss: Written | None
    metrics: dict[str, Written]
    targets: dict[str, int]
    spans: Mapping[str, SourceSpan] = field(default_factory=dict)
    sequences: frozenset[str] = frozenset()  # targets, or inputs of the main box, that differ by tick


def read_objective(root: Any) -> Objective:
    """The objective of a document's root value; empty if there is no ``train`` block."""
    train: Any = root.get("train") or {}
    metrics: Any = train.get("metrics") or {}
    targets: Any = (train.get("data") or {}).get("targets") or {}
    sequences: Any = (train.get("data") or {}).get("sequences") or {}
    loss = None
    if train.get("loss") is not None:
        mapped = isinstance(train["loss"], dict)
        holder: Any = train["loss"] if mapped else train
        key = "is" if mapped else "loss"
        loss = Written(holder[key], holder.value_span(key))
    counts = {name: column_count(columns) for name, columns in targets.items()}
    for name, one in sequences.items():
        each = one.get("each", 1)
        counts[name] = each if each > 1 else 0
    spans = {name: targets.key_span(name) for name in targets}
    spans |= {name: sequences.key_span(name) for name in sequences}
    written = {name: Written(metrics[name], metrics.value_span(name)) for name in metrics}
    return Objective(loss, written, counts, spans, frozenset(sequences))


def column_count(columns: Any) -> int:
    """How many columns a selection names; 0 for a single column."""
    if isinstance(columns, list):
        return len(columns)
    found = re.fullmatch(r"(.*?)(\d+)\.\.(.*?)(\d+)", str(columns))
    if found and found.group(1) == found.group(3):
        return max(int(found.group(4)) - int(found.group(2)) + 1, 0)
    return 0


class Scope:
    """What a loss or metric may read. Implements elaborate.emitter.Scope."""

    def __init__(
        self,
        names: Mapping[str, Var],
        spans: Mapping[str, SourceSpan],
        presences: Mapping[str, Presence] | None = None,
    ) -> None:
        self.names = names
        self.spans = spans
        self.presences = presences or {}
        self.feeds = ""  # what the expression that is being read gives
        self.draws = 0  # how many draws it has so far
        self.static_numbers = 0

    def name(self, name: str, at: At) -> Var:
        if name in self.names:
            return self.names[name]
        help = did_you_mean(name, self.names)
        if not help and name in FUNCTIONS:
            help = f"'{name}' is a function: write {FUNCTIONS[name].signature}"
        if not help and len(self.names) < 12:
            help = "it may read: " + ", ".join(self.names)
        raise Problem.of("unknown-name", f"there is no port or target '{name}' here", at(), help=help)

    def port(self, child: str, port: str, child_at: At, at: At, indexed: bool) -> Var:
        raise Problem.of(
            "unknown-name",
            "loss and metrics read ports of the main box and targets, not what is inside",
            at(),
            help="show it as an output of the main box, or give the inner box a loss of its own",
        )

    def draw_key(self) -> str:
        self.draws += 1
        return f"train.{self.feeds}:{self.draws}"

    def not_static(self, span: SourceSpan, message: str = "", help: str = "") -> Problem:
        return Problem.of("not-static", message or "this needs a number known beforehand", span, help=help)

    def may_keep(self, numbers: int) -> bool:
        self.static_numbers += numbers
        return self.static_numbers <= MOST_STATIC_TOTAL

    def presence(self, child: str | None, name: str) -> Presence | None:
        return self.presences.get(name) if child is None else None

    def count(self, child: str) -> int | None:
        return None

    def knows_modes(self) -> bool:
        return bool(self.presences)

    def let_facts(self, name: str, truth: bool) -> Facts | None:
        return None

    def implied(self, possible: frozenset[str]) -> Facts:
        return NOTHING

    def declared(self, child: str | None, name: str) -> Label | None:
        if child is not None or name not in self.names or name not in self.spans:
            return None
        return Label(self.spans[name], f"'{name}' is '{self.names[name].type}'")


def program_of(flat: Flat) -> Program:
    """The equations of one tick. Outputs are ``port.NAME``; losses ``loss.N``."""
    outputs = {f"port.{name}": var for name, var in flat.outputs.items()}
    outputs.update({f"loss.{i}": var for i, var in enumerate(flat.losses)})
    read = {one for eqn in flat.eqns for one in eqn.inputs}.union(
        outputs.values(), flat.updates.values(), flat.rates.values()
    )
    sources = {one.path: one.var for one in flat.states if one.state.source}
    states = [one for one in flat.states if not one.state.source]
    return Program(
        {
            **flat.inputs,
            **sources,
            **{f"params.{name}": var for name, var in flat.element.items()},
            **{name: var for name, var in CLOCK.items() if var in read},
        },
        tuple(one.var for one in states),
        outputs,
        tuple(flat.eqns),
        {one.path: Slot(one.var) for one in states},
        {one.var: one.state.learn for one in states if one.state.learn is not None},
        flat.updates,
        flat.rates,
        frozenset(one.var for one in states if one.state.keep),
    )


def without_losses(program: Program) -> Program:
    """The program without the losses that boxes declare."""
    outputs = {name: var for name, var in program.outputs.items() if not name.startswith("loss.")}
    return replace(program, outputs=outputs)


def add_objective(
    program: Program,
    objective: Objective,
    ports: Mapping[str, SourceSpan] | None = None,
    presences: Mapping[str, Presence] | None = None,
) -> Program:
    """The program with the outputs ``loss`` (one number an example) and ``metric.NAME``.

    ``loss`` is absent where nothing declares one. ``ports`` says where ports are declared, for findings;
    ``presences`` which exist in some modes only. Raises Problem.
    """
    inputs = objective.sequences.intersection(program.inputs)
    if inputs:
        targets = {name: count for name, count in objective.targets.items() if name not in inputs}
        objective = replace(objective, targets=targets)
    spans = {**(ports or {}), **objective.spans}
    problems: list[Diagnostic] = []
    for types in _attempts(program, objective):
        try:
            return _emit(program, objective, types, Scope({}, spans, presences))
        except Problem as problem:
            if not problems or len(problem.diagnostics) < len(problems):
                problems = list(problem.diagnostics)
    raise Problem(problems)


def _attempts(program: Program, objective: Objective) -> list[dict[str, Type]]:
    """Types that the targets may have, likeliest first."""
    ports = [var for name, var in by_name(program.outputs).items() if name.startswith("port.")]
    targets = by_name(objective.targets)
    counts: list[int] = []
    for var in ports:
        if var.type.classes is not None:
            counts.append(var.type.classes)
        elif var.shape:
            counts.append(var.shape[-1])
    choices: list[list[Type]] = []
    for columns in targets.values():
        shape = (columns,) if columns else ()
        classes = [Type("class", shape, count) for count in dict.fromkeys(counts) if count > 1]
        shaped = [REAL.with_shape(one.shape) for one in ports] if columns else []
        shaped = [one for one in shaped if one.size == columns and one.shape != shape]
        choices.append([REAL.with_shape(shape), *classes, *dict.fromkeys(shaped), BOOL.with_shape(shape)])
    combinations = itertools.islice(itertools.product(*choices), MOST_ATTEMPTS)
    return [dict(zip(targets, one, strict=True)) for one in combinations]


def _emit(program: Program, objective: Objective, types: dict[str, Type], scope: Scope) -> Program:
    targets = {name: Var(type, name=name) for name, type in types.items()}
    clash = [name for name in targets if name in program.inputs or f"port.{name}" in program.outputs]
    if clash:
        where = scope.spans.get(clash[0])
        raise Problem.of("duplicate-name", f"target '{clash[0]}' has the name of a port", where)
    ports = {name[5:]: var for name, var in program.outputs.items() if name.startswith("port.")}
    scope.names = {**program.inputs, **ports, **targets}
    eqns = list(program.eqns)
    builder = Builder(eqns)
    outputs = dict(without_losses(program).outputs)
    problems: list[Diagnostic] = []

    def attempt(written: Written, what: str, feeds: str) -> Var | None:
        scope.feeds, scope.draws = feeds, 0
        try:
            return _scalar(written, what, scope, builder)
        except Problem as problem:
            problems.extend(problem.diagnostics)
            return None

    losses = [var for name, var in program.outputs.items() if name.startswith("loss.")]
    if objective.loss is not None:
        loss = attempt(objective.loss, "loss", "loss")
        losses = [*losses, loss] if loss is not None else losses
    for name, written in objective.metrics.items():
        metric = attempt(written, "metric", f"metrics.{name}")
        if metric is not None:
            outputs[f"metric.{name}"] = metric
    if problems:
        raise Problem(problems)
    if losses:
        total = losses[0]
        for one in losses[1:]:
            total = builder.emit("add", (total, one))
        outputs["loss"] = total
    return replace(program, inputs={**program.inputs, **targets}, outputs=outputs, eqns=tuple(eqns))


def _scalar(written: Written, what: str, scope: Scope, builder: Builder) -> Var:
    """One real number for each example."""
    value = Emitter(scope, builder, written.locate).value(written.parse())
    if not isinstance(value, Var) or value.shape:
        found = f"'{value.type}'" if isinstance(value, Var) else f"the constant {shown(value)}"
        raise Problem.of(
            "bad-loss" if what == "loss" else "bad-metric",
            f"a {what} is one number for each example, this is {found}",
            written.span,
            help="sum(…) or mean(…) over all axes gives one number",
        )
    if value.type.kind != "real":
        value = builder.emit("cast", (value,), kind="real")
    return value
