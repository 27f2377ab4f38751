"""The states of one box: their types, how they begin, which of them are learned."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Initial, State
from dilsctl.elaborate import convert
from dilsctl.elaborate.definitions import freeze
from dilsctl.elaborate.interface import PortSite, port_site
from dilsctl.elaborate.written import Written
from dilsctl.expression import offsets, references
from dilsctl.ir import Type, Var
from dilsctl.operations.functions import INITIALISERS, check_initial
from dilsctl.operations.table import OperationError

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration

Options = tuple[tuple[str, Any], ...]


class States:
    """Reads the states of one elaboration, each as soon as its dimensions are solved."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box
        self.made: dict[str, State] = {}
        self.waiting: dict[str, PortSite] = {}  # dimensions not solved yet
        self._initial: dict[str, Written | None] = {}
        self._kept: set[str] = set()
        self._drawn: dict[str, tuple[str, int]] = {}
        self.learned: dict[str, Options] = {}

    def begin(self) -> None:
        """Read the types, and what is learned."""
        specs: Any = self.box.section("state")
        self._read_learned({**specs, **self.box.section("share")})
        for name in specs:
            self.box.attempt(partial(self._declare, name, specs))

    def read(self) -> None:
        """Make the states whose dimensions are solved by now."""
        for name, site in list(self.waiting.items()):
            type = site.own_type()
            if site.fault is not None:
                del self.waiting[name]
                self.box.report.error(*site.fault, site.span)
            if type is not None:
                del self.waiting[name]
                self.made[name] = State(
                    name,
                    type,
                    Initial(),
                    self.learned.get(name),
                    site.span,
                    Var(type, name=name),
                    name in self._kept,
                )
                self.box.attempt(partial(self._begins, name, type))

    def _begins(self, name: str, type: Type) -> None:
        state, written = self.made[name], self._initial[name]
        initial = Initial("uniform") if type.kind == "simplex" else Initial()
        drawn = self._drawn.get(name)
        if written is not None:
            own = type.with_shape(type.shape[min(drawn[1], len(type.shape)) :]) if drawn is not None else type
            initial = self.initial_of(written, own)
        if drawn is not None:
            initial = replace(initial, drawn=drawn)
        if initial != state.initial:
            self.made[name] = replace(state, initial=initial)

    def _read_learned(self, specs: Any) -> None:
        learn: Any = self.box.body.get("learn") or []
        mapped = isinstance(learn, dict)
        seen: dict[str, SourceSpan] = {}
        for i, name in enumerate(learn):
            span = learn.key_span(name) if mapped else learn.span(i)
            options: Any = (learn[name] or {}) if mapped else {}
            if "step" in options:
                continue  # it descends the potential, at every tick
            if name not in specs:
                message = f"'{name}' is not a state of this box"
                if name in self.box.section("boxes"):
                    message += ": an interior box says itself what it learns"
                hint = did_you_mean(name, specs) or "list the name under 'state' first"
                self.box.report.error("unknown-name", message, span, help=hint)
                continue
            if name in seen:
                label = Label(seen[name], "first here")
                message = f"'{name}' is learned twice"
                self.box.report.error("duplicate-name", message, span, related=[label])
            seen.setdefault(name, span)
            if "metric" in options:
                message = f"'{name}' has a metric and no step"
                help = "write {step: …, metric: …}: it then descends the potential, at every tick"
                self.box.report.error("law-conflict", message, options.key_span("metric"), help=help)
                continue
            self.learned[name] = tuple(sorted((key, _options(one)) for key, one in options.items()))

    def _declare(self, name: str, specs: Any) -> None:
        spec: Any = specs[name]
        type, span = spec, specs.value_span(name)
        mapped = not isinstance(spec, str)
        if mapped:
            type, span = spec["type"], spec.value_span("type")
        text = self.box.types.text(type, span)
        initial = None if text.init is None else Written(text.init, span, type, text.init_start)
        if mapped and "init" in spec:
            if initial is not None:
                labels = (Label(initial.span, "here as well"),)
                message = f"state '{name}' has two initial values"
                where = Label(spec.key_span("init"))
                raise Problem([Diagnostic("duplicate-name", message, where, labels)])
            initial = Written(spec["init"], spec.value_span("init"))
        site = port_site(name, text, self.box.types.dimension_at(span), span)
        if name in self.learned and text.kind != "real":
            message = f"only real states can be learned; '{name}' is {text.kind}"
            raise Problem.of("type-mismatch", message, span)
        if mapped and spec.get("keep"):
            self._kept.add(name)
        if mapped and spec.get("drawn"):
            drawn = spec["drawn"]
            stacks = drawn.get("stacks", 0)
            if stacks > len(site.array_dims):
                message = f"a state of {len(site.array_dims)} axes can't have {stacks} axes of box arrays"
                raise Problem.of("bad-initial", message, drawn.value_span("stacks"))
            self._drawn[name] = (drawn["as"], stacks)
        self._initial[name] = initial
        self.waiting[name] = site

    def check_beginnings(self) -> None:
        """Report states that begin as a learned one which they can't begin as."""
        for name, state in self.made.items():
            if state.initial is None or state.initial.rule != "state":
                continue
            other, written = self.made.get(state.initial.arguments[0]), self._initial[name]
            assert written is not None
            if other is not None and (other.type != state.type or state.learn is not None or other is state):
                message = f"'{name}' is '{state.type}', and can't begin as '{other.name}', '{other.type}'"
                if other.type == state.type:
                    message = f"'{name}' is learned itself, and can't begin as '{other.name}'"
                self.box.report.error("bad-initial", message, written.span)

    # -- initial values ---------------------------------------------------------------------------

    def initial_of(self, written: Written, type: Type) -> Initial:
        """An initialiser by name or call, or a static value that fits the type."""
        value: Any = written.text
        if isinstance(value, str):
            tree = written.parse()
            called = tree.func.id if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else ""
            if isinstance(tree, ast.Call) and called in INITIALISERS:
                emitter = self.box.emitter(written)
                if tree.keywords:
                    help = f"write {INITIALISERS[called].signature}: values in this order"
                    message = "an initialiser takes values without names"
                    raise Problem.of("bad-initial", message, written.span, help=help)
                return self._rule(called, tuple(emitter.emit(one) for one in tree.args), type, written)
            if isinstance(tree, ast.Name) and tree.id in self.learned:
                return Initial("state", (tree.id,))
            if isinstance(tree, ast.Name) and tree.id not in self.box.params:
                if tree.id in INITIALISERS:
                    return self._rule(tree.id, (), type, written)
                others = (self.box.section("in"), self.box.section("let"))
                if tree.id not in {*self.box.dims, *self.box.element_types, "true", "false"}.union(*others):
                    raise self._unknown(tree.id, written)
            value = self._static(written, tree)
            if isinstance(value, str) and value in INITIALISERS:
                return self._rule(str(value), (), type, written)
            if isinstance(value, str):
                raise self._unknown(value, written)
        else:
            value = self.box.parameters.literal(value, written.span)
        if type.kind == "simplex" and value == 0 and not isinstance(value, tuple):
            return Initial("uniform")
        try:
            return Initial(value=convert.check_value(freeze(value), type))
        except OperationError as error:
            raise Problem.of("bad-initial", error.message, written.span, help=error.help) from None

    def _static(self, written: Written, tree: ast.expr) -> Any:
        """The value of an expression. Raises Problem, with the name of what is not known beforehand."""
        try:
            return self.box.parameters.static_expression(written)
        except Problem as problem:
            if [one.code for one in problem.diagnostics] != ["not-static"]:
                raise
        kinds = {"in": "the input", "state": "the state", "let": "the let"}
        for node in references(tree):
            name = node.id if isinstance(node, ast.Name) else ""
            kind = next((said for key, said in kinds.items() if name in self.box.section(key)), "")
            if kind:
                message = (
                    f"a state can't begin as what is made of {kind} '{name}': it begins before that is known"
                )
                help = "numbers and parameters are known beforehand: make it a parameter"
                if name in self.learned:
                    help = f"a state can begin as the learned state alone: {name}"
                raise Problem.of("not-static", message, written.locate(*offsets(node)), help=help)
        return self.box.parameters.static_expression(written)

    def _unknown(self, name: str, written: Written) -> Problem:
        known = [*INITIALISERS, *self.box.params, *self.learned]
        if name in self._initial:
            message = f"'{name}' is no learned state, and no state can begin as it"
            help = f"add it to the learned states: learn: [{name}]"
            return Problem.of("unknown-name", message, written.span, help=help)
        return Problem.of(
            "unknown-name",
            f"there is no initialiser or parameter '{name}'",
            written.span,
            help=did_you_mean(name, known) or "initialisers: " + ", ".join(INITIALISERS),
        )

    def _rule(self, rule: str, arguments: tuple[Any, ...], type: Type, written: Written) -> Initial:
        try:
            check_initial(rule, arguments, type)
        except OperationError as error:
            raise Problem.of("bad-initial", error.message, written.span, help=error.help) from None
        return Initial(rule, arguments)


def _options(value: Any) -> Any:
    """Options of a learned state in hashable form."""
    if isinstance(value, dict):
        return tuple(sorted((key, _options(one)) for key, one in value.items()))
    return freeze(value)
