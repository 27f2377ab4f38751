"""One box made concrete: its names, states and expressions.

Wires and dimensions are solved together, in ``pattern``; interior boxes live in ``children``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Label, Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Box, Initial, Port, State
from dilsctl.elaborate import convert
from dilsctl.elaborate.children import Children, NeedsStatic
from dilsctl.elaborate.definitions import Definition, Word, freeze
from dilsctl.elaborate.dimensions import Dimension, Unsolved, resolve
from dilsctl.elaborate.emitter import Emitter, Unknown, Value
from dilsctl.elaborate.interface import PortSite, port_site
from dilsctl.elaborate.pattern import Pattern
from dilsctl.expression import ExpressionError, parse_expression
from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.functions import FUNCTIONS, INITIALISERS, check_initial
from dilsctl.operations.table import Builder, OperationError
from dilsctl.source import text_span
from dilsctl.syntax.types import TypeTextError, parse_type

if TYPE_CHECKING:
    from dilsctl.elaborate import Elaborator

_RESERVED = {"t", "dt", "index", "true", "false"}


class BoxElaboration:
    """Makes one definition concrete for given parameters and dimensions. Implements emitter.Scope."""

    def __init__(
        self,
        elaborator: Elaborator,
        definition: Definition,
        arguments: dict[str, Any],
        dims: dict[str, int],
        element: dict[str, Type],
        site: SourceSpan,
    ) -> None:
        """``element``: values that differ among the elements of a counted box, known only at run time."""
        self.elaborator = elaborator
        self.report = elaborator.report
        self.definition = definition
        self.body = definition.body
        self.file = definition.document.file
        self.arguments = arguments
        self.site = site
        self.dims: dict[str, Dimension] = dict(dims)
        self.index: int | None = None
        self.eqns: list[Eqn] = []
        self.builder = Builder(self.eqns)
        self.params: dict[str, Any] = {}
        self.element_types = element
        self.element: dict[str, Var] = {}
        self.inputs: dict[str, PortSite] = {}
        self.outputs: dict[str, PortSite] = {}
        self.input_vars: dict[str, Var] = {}
        self.states: dict[str, State] = {}
        self.lets: dict[str, Any] = {}
        self.open_lets: list[str] = []
        self.losses: list[Var] = []
        self.reads: set[tuple[str, str]] = set()
        self.draws = 0
        self.learned: dict[str, tuple[tuple[str, Any], ...]] | None = None
        self.broken_states: set[str] = set()
        self.children = Children(self)
        self.pattern = Pattern(self)

    # -- the course of the work -------------------------------------------------------------------

    def begin(self) -> BoxElaboration:
        """Read the parameters and the interface, which is all that a parent needs to wire the box."""
        self._read_params()
        self._read_ports()
        return self

    def run(self) -> Box:
        """Elaborate. Errors go to the report; what could be understood is in the Box."""
        self.children.read()
        self._check_names()
        self.read_states()
        self.pattern.solve()
        self.children.finish()
        for name in self.section("let"):
            self.attempt(partial(self._let, name))
        self._read_losses()
        readout, dispatch = self.pattern.close()
        return Box(
            name=self.definition.name,
            inputs=self._ports(self.inputs, self._input_var),
            outputs=self._ports(self.outputs, lambda name: readout.get(name)),
            states=self.states,
            children=self.children.made(),
            element=self.element,
            eqns=tuple(self.eqns),
            readout=readout,
            dispatch=dispatch,
            losses=tuple(self.losses),
            lets={name: value for name, value in self.lets.items() if isinstance(value, Var)},
            doc=str(self.body.get("doc") or ""),
            span=self.definition.span,
            hole=self.definition.hole,
            reads=frozenset(self.reads),
        )

    def attempt(self, act: Callable[[], Any]) -> Any:
        """Run ``act``; its problems go to the report."""
        try:
            return act()
        except Problem as problem:
            self.report.extend(problem.diagnostics)
        except Unknown:
            pass
        return None

    def section(self, key: str) -> Any:
        """The mapping under a key of the box, empty if there is none."""
        return self.body.get(key) or {}

    # -- reading the keys -------------------------------------------------------------------------

    def _read_params(self) -> None:
        declared: Any = self.definition.params
        for name, default in declared.items():
            if name in self.arguments:
                self.params[name] = self.arguments[name]
            elif name in self.element_types:
                self.element_var(name)
            else:
                span = declared.value_span(name)
                self.params[name] = self.static(default, span, self.file)
        interior = self.section("boxes")
        for name in self.arguments:
            if name not in declared and name not in interior:
                hint = did_you_mean(name, [*declared, *interior])
                known = ", ".join(declared) or "none"
                self.report.error(
                    "unknown-parameter",
                    f"box '{self.definition.name}' has no parameter '{name}'",
                    self.site,
                    help=hint or f"its parameters: {known}",
                )

    def static(self, value: Any, span: SourceSpan, file: Any) -> Any:
        """A parameter's value as written: a word that names something known stands for it."""
        if isinstance(value, str) and not isinstance(value, Word):
            if value.isidentifier():
                if value in self.params:
                    return self.params[value]
                if value in self.element_types:
                    raise NeedsStatic
                if value in ("true", "false"):
                    return value == "true"
                if isinstance(resolve(self.dims.get(value)), int):
                    return resolve(self.dims[value])
                return Word(value, self.definition.document)
            if "." in value and value.replace(".", "").isidentifier():
                return Word(value, self.definition.document)
            return freeze(self._static_expression(value, span, file))
        if isinstance(value, dict):
            return self.elaborator.definitions.of_body(
                self.definition.name, value, self.definition.document, span
            )
        if isinstance(value, list):
            return tuple(
                self.static(one, value.span(i) if hasattr(value, "span") else span, file)
                for i, one in enumerate(value)
            )
        return value

    def _static_expression(self, text: str, span: SourceSpan, file: Any) -> Any:
        value = self._evaluate(text, span, file)
        if isinstance(value, Var):
            raise self.not_static(span)
        return value

    def whole_number(self, value: Any, span: SourceSpan, what: str) -> int:
        """A static whole number from a literal or an expression."""
        if isinstance(value, str):
            value = self._static_expression(value, span, self.file)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem.of("not-static", f"{what} is a whole number known beforehand", span)
        return value

    def dimension(self, name: str) -> Dimension:
        """The meaning of a name in a type: a parameter's number, or a dimension to be solved."""
        if name in self.params:
            value = self.params[name]
            if isinstance(value, bool) or not isinstance(value, int):
                raise Problem.of(
                    "bad-dimension", f"parameter '{name}' is {value!r}: a dimension is a whole number", self.site
                )
            if value < 0:
                raise Problem.of("bad-dimension", f"parameter '{name}' is negative: {value}", self.site)
            return value
        if name in self.element_types:
            raise NeedsStatic
        if name not in self.dims:
            self.dims[name] = Unsolved(name)
        return self.dims[name]

    def _type(self, text: str, span: SourceSpan) -> Any:
        try:
            return parse_type(text)
        except TypeTextError as error:
            where = text_span(self.file, span, text, error.start, error.end)
            raise Problem.of(error.code, error.message, where, help=error.help) from None

    def _read_ports(self) -> None:
        for key, sites in (("in", self.inputs), ("out", self.outputs)):
            ports = self.body.get(key) or {}
            for name, text in ports.items():
                span = ports.value_span(name)
                site = self.attempt(partial(self._port, name, text, span))
                if site is not None:
                    sites[name] = site

    def _port(self, name: str, text: str, span: SourceSpan) -> PortSite:
        return port_site(name, self._type(text, span), self.dimension, span)

    def _check_names(self) -> None:
        seen: dict[str, SourceSpan] = {}
        for key in ("params", "in", "state", "let", "boxes", "out"):
            names = self.body.get(key) or {}
            for name in names:
                span = names.key_span(name)
                if name in _RESERVED:
                    self.report.error("bad-name", f"'{name}' is a reserved word", span, help="choose another name")
                if name in seen and not (key == "out" and name in (self.section("state"))):
                    self.report.error(
                        "duplicate-name",
                        f"'{name}' already names something in this box",
                        span,
                        related=[Label(seen[name], "it is named here")],
                        help="params, inputs, states, lets, interior boxes and outputs share one namespace",
                    )
                seen.setdefault(name, span)

    def read_states(self) -> None:
        """States whose dimensions are not solved yet are read again after each round of wires."""
        states = self.section("state")
        if self.learned is None:
            self.learned = self._learned(states)
        for name in states:
            if name not in self.states and name not in self.broken_states:
                try:
                    self._read_state(name, states[name], states, self.learned.get(name))
                except Problem as problem:
                    self.report.extend(problem.diagnostics)
                    self.broken_states.add(name)
                except Unknown:
                    pass

    def _learned(self, states: Any) -> dict[str, tuple[tuple[str, Any], ...]]:
        learn: Any = self.body.get("learn") or []
        found: dict[str, tuple[tuple[str, Any], ...]] = {}
        for i, name in enumerate(learn):
            mapped = isinstance(learn, dict)
            span = learn.key_span(name) if mapped else learn.span(i)
            if name not in states:
                hint = did_you_mean(name, states) or "list the name under 'state' first"
                self.report.error("unknown-name", f"'{name}' is not a state of this box", span, help=hint)
                continue
            options = (learn[name] or {}) if mapped else {}
            found[name] = tuple(sorted((key, freeze_options(one)) for key, one in options.items()))
        return found

    def _read_state(
        self, name: str, spec: Any, states: Any, learn: tuple[tuple[str, Any], ...] | None
    ) -> None:
        span = states.value_span(name)
        initial: Any = 0
        initial_span = span
        if isinstance(spec, dict):
            text = self._type(spec["type"], spec.value_span("type"))
            if "init" in spec:
                initial, initial_span = spec["init"], spec.value_span("init")
            elif text.init is not None:
                initial = text.init
        else:
            text = self._type(spec, span)
            if text.init is not None:
                initial = text.init
        site = port_site(name, text, self.dimension, span)
        if learn is not None and text.kind != "real":
            raise Problem.of(
                "type-mismatch", f"only real states can be learned; '{name}' is {text.kind}", span
            )
        type = site.own_type()
        if type is None:
            raise Unknown
        var = Var(type, name=name)
        self.states[name] = State(name, type, Initial(), learn, span, var)
        found = self._initial(initial, type, initial_span)
        self.states[name] = State(name, type, found, learn, span, var)

    def _initial(self, value: Any, type: Type, span: SourceSpan) -> Initial:
        """An initialiser by name or call, or a static value that fits the type."""
        if isinstance(value, str):
            tree = self._parse(value, span, self.file)
            if isinstance(tree, ast.Name) and tree.id in INITIALISERS:
                return self._rule(tree.id, (), type, span)
            if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in INITIALISERS:
                emitter = self._emitter(value, span, self.file)
                return self._rule(tree.func.id, tuple(emitter.emit(one) for one in tree.args), type, span)
            known = isinstance(tree, ast.Name) and (tree.id in self.params or tree.id in ("true", "false"))
            if isinstance(tree, ast.Name) and not known:
                hint = did_you_mean(tree.id, [*INITIALISERS, *self.params])
                raise Problem.of(
                    "unknown-name",
                    f"there is no initialiser or parameter '{tree.id}'",
                    span,
                    help=hint or "initialisers: " + ", ".join(INITIALISERS),
                )
            value = self._static_expression(value, span, self.file)
            if isinstance(value, str) and value in INITIALISERS:
                return self._rule(str(value), (), type, span)
        value = freeze(value)
        if type.kind == "simplex" and value == 0 and not isinstance(value, tuple):
            return Initial("uniform")
        try:
            return Initial(value=convert.check_value(value, type))
        except OperationError as error:
            raise Problem.of("type-mismatch", f"initial value: {error.message}", span, help=error.help) from None

    def _rule(self, rule: str, arguments: tuple[Any, ...], type: Type, span: SourceSpan) -> Initial:
        try:
            check_initial(rule, arguments, type)
        except OperationError as error:
            raise Problem.of("type-mismatch", error.message, span, help=error.help) from None
        return Initial(rule, arguments)

    # -- names an expression may read (emitter.Scope) ---------------------------------------------

    def name(self, name: str, span: SourceSpan) -> Value:
        if name in self.params:
            return self.params[name]
        if name in self.inputs:
            return self._input_var(name)
        if name in self.states:
            return self.states[name].var
        if name in (self.section("let")):
            return self._let(name)
        if name in self.element_types:
            return self.element_var(name)
        if name == "index" and self.index is not None:
            return self.index
        if name in self.dims:
            value = resolve(self.dims[name])
            if isinstance(value, int):
                return value
            raise Unknown
        if name in (self.section("state")) or name in (self.section("in")):
            raise Unknown  # in error, or its dimensions are not solved yet
        if name in self.children.sites:
            ports = ", ".join(f"{name}.{port}" for port in self.children.sites[name].outputs)
            raise Problem.of(
                "unknown-port", f"'{name}' is an interior box: read one of its ports", span, help=ports
            )
        if name in self.section("out"):
            raise Problem.of(
                "wrong-direction",
                f"'{name}' is an output of this box: a wire may drive it, not read it",
                span,
                help="name the expression under 'let', and use it in both places",
            )
        raise Problem.of("unknown-name", f"there is nothing called '{name}' here", span, help=self._nearest(name))

    def _nearest(self, name: str) -> str:
        if name == "index":
            return "'index' is the number of an element of a box with a count"
        if name in ("t", "dt"):
            return "this version has no time"
        if name in FUNCTIONS:
            return f"'{name}' is a function: write {FUNCTIONS[name].signature}"
        known = [*self.params, *self.inputs, *self.states, *(self.section("let")), *self.dims]
        return did_you_mean(name, [*known, *self.children.sites])

    def known(self, child: str | None, name: str) -> Value:
        """A port, state or parameter that can be read at once; None where ``name`` or ``port`` must look."""
        if child is None:
            if name in self.states:
                return self.states[name].var
            return self.input_vars.get(name)
        site = self.children.sites.get(child)
        return site.read(name) if site is not None and name in site.outputs else None

    def source_site(self, child: str | None, name: str) -> PortSite | None:
        """The declared port that a plain reference reads."""
        if child is None:
            return self.inputs.get(name)
        site = self.children.sites.get(child)
        return site.outputs.get(name) if site is not None else None

    def take_dimensions(self, other: BoxElaboration) -> None:
        """Take the solved dimensions of another elaboration of the same interface."""
        for name, dim in self.dims.items():
            if isinstance(resolve(dim), Unsolved) and name in other.dims:
                resolve(dim).target = resolve(other.dims[name])

    def not_static(self, span: SourceSpan) -> Problem:
        """What to raise where a value had to be known beforehand."""
        if self.element_types:
            return NeedsStatic()
        return Problem.of(
            "not-static", "this needs a value known beforehand: numbers, parameters and dimensions", span
        )

    def port(self, child: str, port: str, child_span: SourceSpan, span: SourceSpan) -> Var:
        site = self.children.sites.get(child)
        if site is None:
            if child in (self.section("boxes")):
                raise Unknown
            hint = did_you_mean(child, self.children.sites)
            raise Problem.of("unknown-box", f"there is no interior box '{child}'", child_span, help=hint)
        if port not in site.outputs:
            raise site.unknown_output(port, span)
        return site.read(port)

    def draw_key(self) -> str:
        self.draws += 1
        return f"draw{self.draws}"

    def _input_var(self, name: str) -> Var:
        if name not in self.input_vars:
            type = self.inputs[name].own_type()
            if type is None:
                raise Unknown
            self.input_vars[name] = Var(type, name=name)
        return self.input_vars[name]

    def element_var(self, name: str) -> Var:
        if name not in self.element:
            self.element[name] = Var(self.element_types[name], name=name)
        return self.element[name]

    def _let(self, name: str) -> Value:
        if name in self.lets:
            if self.lets[name] is None:
                raise Unknown
            return self.lets[name]
        lets = self.body["let"]
        span = lets.key_span(name)
        if name in self.open_lets:
            chain = " -> ".join([*self.open_lets[self.open_lets.index(name) :], name])
            raise Problem.of("algebraic-loop", f"these lets need one another: {chain}", span)
        self.open_lets.append(name)
        try:
            value = self._evaluate(lets[name], lets.value_span(name), self.file)
            self.lets[name] = value
        except Problem:
            self.lets[name] = None
            raise
        finally:
            self.open_lets.pop()
        return value

    # -- expressions ------------------------------------------------------------------------------

    def _parse(self, text: str, span: SourceSpan, file: Any) -> ast.expr:
        try:
            return parse_expression(text)
        except ExpressionError as error:
            where = text_span(file, span, text, error.start, error.end)
            raise Problem.of(error.code, error.message, where, help=error.help) from None

    def _emitter(self, text: str, span: SourceSpan, file: Any) -> Emitter:
        return Emitter(self, self.builder, lambda i, j: text_span(file, span, text, i, j))

    def _evaluate(self, text: Any, span: SourceSpan, file: Any) -> Value:
        if not isinstance(text, str):
            return freeze(text)
        return self._emitter(text, span, file).emit(self._parse(text, span, file))

    def _read_losses(self) -> None:
        losses = self.body.get("loss")
        if losses is None:
            return
        many = isinstance(losses, list)
        for i, text in enumerate(losses if many else [losses]):
            span = losses.span(i) if many else self.body.value_span("loss")
            loss = self.attempt(partial(self._loss, text, span))
            if loss is not None:
                self.losses.append(loss)

    def _loss(self, text: Any, span: SourceSpan) -> Var:
        value = self._evaluate(text, span, self.file)
        if not isinstance(value, Var) or value.type.shape or value.type.kind not in ("real", "int"):
            found = value.type if isinstance(value, Var) else "a constant"
            raise Problem.of(
                "type-mismatch",
                f"a loss is one real number, this is {found}",
                span,
                help="sum(…) or mean(…) over all axes gives one number",
            )
        return value

    def _ports(self, sites: dict[str, PortSite], var: Callable[[str], Var | None]) -> dict[str, Port]:
        found: dict[str, Port] = {}
        for name, site in sites.items():
            type = site.own_type()
            if type is None:
                self.elaborator.unsolved(self, site)
                continue
            found[name] = Port(name, type, site.span, var(name) or Var(type, name=name))
        return found


def freeze_options(value: Any) -> Any:
    """Options of a learned state in hashable form."""
    if isinstance(value, dict):
        return tuple(sorted((key, freeze_options(one)) for key, one in value.items()))
    return freeze(value)
