"""What the expressions of one box may read: parameters, inputs, states, lets, interior outputs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import (
    MOST_LABELS,
    Diagnostic,
    Label,
    Problem,
    SourceSpan,
    did_you_mean,
    shown_circle,
)
from dilsctl.elaborate.definitions import shown
from dilsctl.elaborate.dimensions import resolve
from dilsctl.elaborate.emitter import At, NeedsStatic, Unknown, Value
from dilsctl.elaborate.interface import PortSite
from dilsctl.elaborate.known import NOTHING, Facts, Presence, facts_of
from dilsctl.elaborate.written import Written
from dilsctl.expression import names_read
from dilsctl.ir import CLOCK, Var
from dilsctl.limits import MOST_STATIC_TOTAL
from dilsctl.operations.functions import FUNCTIONS
from dilsctl.removal import removal

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration
    from dilsctl.elaborate.wires import Wire


_TRUTHS = frozenset(["true", "false"])


class Names:
    """The names of one elaboration, and their values. Implements emitter.Scope."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box
        self.inputs: dict[str, Var] = {}
        self.lets: dict[str, Value] = {}  # None: in error
        self.element: dict[str, Var] = {}
        self.feeds: str | Wire = ""  # what the expression that is being read feeds
        self.draws = 0  # how many draws it has so far
        self._texts: dict[str, Written] = {}  # of lets
        self._modes: bool | None = None  # are there any?
        self._facts: dict[tuple[str, bool], Facts] = {}

    def name(self, name: str, at: At) -> Value:
        box = self.box
        if name in box.params:
            if box.params[name] is None:
                raise Unknown
            return box.params[name]
        if name in box.inputs:
            return self.input(name)
        variable = box.variable(name)
        if variable is not None:
            return variable.var
        if name in ("t", "dt"):
            return CLOCK[name]
        if name in box.section("let"):
            return self.let(name)
        if name in box.modes.conditions:
            return box.modes.flag(name)
        if name in box.element_types:
            return self.element_value(name)
        if name == "index" and box.index is not None:
            return box.index
        if name in box.dims:
            value = resolve(box.dims[name])
            if isinstance(value, int):
                return value
            raise Unknown
        if box.declares_variable(name) or name in box.section("in"):
            raise Unknown  # in error, or its dimensions are not solved yet
        raise self._unknown(name, at())

    def _unknown(self, name: str, span: SourceSpan) -> Problem:
        box = self.box
        if name in box.section("boxes"):
            if name not in box.children.sites:
                raise Unknown
            ports = ", ".join(f"{name}.{port}" for port in box.children.sites[name].outputs)
            help = f"its outputs: {ports}" if ports else ""
            return Problem.of(
                "unknown-port", f"'{name}' is an interior box: read one of its ports", span, help=help
            )
        if name in box.section("out"):
            return Problem.of(
                "wrong-direction",
                f"'{name}' is an output of this box: a wire may drive it, not read it",
                span,
                help="name the expression under 'let', and use it in both places",
            )
        help = self._nearest(name)
        return Problem.of("unknown-name", f"there is nothing called '{name}' here", span, help=help)

    def _nearest(self, name: str) -> str:
        if name == "index":
            return "'index' is the number of an element of a box with a count"
        if name in FUNCTIONS:
            return f"'{name}' is a function: write {FUNCTIONS[name].signature}"
        box = self.box
        known = [
            *box.params,
            *box.inputs,
            *box.section("state"),
            *box.shares.sites,
            *box.section("let"),
            *box.modes.conditions,
            *box.dims,
        ]
        return did_you_mean(name, [*known, *box.children.sites])

    def nearest_box(self, name: str) -> str:
        """Help where there is no interior box of a name."""
        boxes = self.box.section("boxes")
        few = f"there is {', '.join(boxes)}" if 0 < len(boxes) <= 12 else ""
        return did_you_mean(name, boxes) or few

    def known(self, child: str | None, name: str) -> Value:
        """A port or state that can be read at once; None where ``name`` or ``port`` must look."""
        if child is None:
            state = self.box.variable(name)
            if state is None and name in self.inputs and self.box.inputs[name].partial:
                return None
            return state.var if state is not None else self.inputs.get(name)
        site = self.box.children.sites.get(child)
        if site is None or name not in site.outputs or site.outputs[name].partial:
            return None
        return site.read(name)

    # -- modes ------------------------------------------------------------------------------------

    def presence(self, child: str | None, name: str) -> Presence | None:
        box = self.box
        if child is not None:
            interior = box.children.sites.get(child)
            port = interior.outputs.get(name) if interior is not None else None
            if interior is None or port is None or not port.when:
                return None
            return Presence(interior.modes, frozenset(port.when), port.mode)
        if name in box.modes.conditions:
            return Presence(frozenset(box.modes.conditions), frozenset([name]), True)
        site = box.inputs.get(name)
        if site is not None:
            return Presence(frozenset(box.modes.conditions), frozenset(site.when)) if site.when else None
        state = box.variable(name)
        if state is not None and not state.type.shape and state.type.kind in ("bool", "class"):
            if state.type.kind == "bool":
                return Presence(_TRUTHS, frozenset(["true"]), True, name)
            return Presence(frozenset(map(str, range(state.type.classes or 0))), frozenset(), True, name)
        return None

    def count(self, child: str) -> int | None:
        site = self.box.children.sites.get(child)
        return site.count if site is not None else None

    def knows_modes(self) -> bool:
        if self._modes is None:
            children = self.box.children
            found = bool(self.box.modes.conditions) or any(one.modes for one in children.sites.values())
            if not children.complete:
                return found
            self._modes = found
        return self._modes

    def let_facts(self, name: str, truth: bool) -> Facts | None:
        return self._facts.get((name, truth), NOTHING) if name in self.box.section("let") else None

    def _remember(self, name: str) -> None:
        """What a let tells of modes; those that it reads were read before it."""
        value = self.lets[name]
        if isinstance(value, Var) and value.type.kind == "bool" and self.knows_modes():
            written = self._written(name)
            for truth in (True, False):
                self._facts[name, truth] = facts_of(self.box.emitter(written), written.parse(), truth)

    def implied(self, possible: frozenset[str]) -> Facts:
        return self.box.modes.implied(possible)

    # ---------------------------------------------------------------------------------------------

    def source_site(self, child: str | None, name: str) -> PortSite | None:
        """The declared port that a plain reference reads."""
        if child is None:
            return self.box.inputs.get(name)
        site = self.box.children.sites.get(child)
        return site.outputs.get(name) if site is not None else None

    def port(self, child: str, port: str, child_at: At, at: At, indexed: bool) -> Var:
        site = self.box.children.sites.get(child)
        if site is None:
            if self.box.momenta.asked(child, port) and not indexed:
                return self.box.momenta.of(child, at()).var
            if child in self.box.section("boxes"):
                raise Unknown
            help = self.nearest_box(child)
            raise Problem.of("unknown-box", f"there is no interior box '{child}'", child_at(), help=help)
        if port not in site.outputs:
            if site.declares("out", port):
                raise Unknown
            raise site.unknown_output(port, at())
        if indexed and site.count is None:
            help = f"write {child}.{port}, or give it a count"
            raise Problem.of("bad-index", f"'{child}' is a single box: it has no index", at(), help=help)
        return site.read(port)

    def draw_key(self) -> str:
        self.draws += 1
        return f"{self.feeds}:{self.draws}"

    def feed(self, what: str | Wire) -> None:
        """The expression that is read next feeds this: a name that draws in it have, whatever their order."""
        self.feeds, self.draws = what, 0

    def not_static(self, span: SourceSpan, message: str = "", help: str = "") -> Exception:
        if self.box.element_types:
            return NeedsStatic()
        message = message or "this must be known beforehand"
        help = help or "numbers, parameters, and dimensions that have a number are known beforehand"
        return Problem.of("not-static", message, span, help=help)

    def declared(self, child: str | None, name: str) -> Label | None:
        box = self.box
        if child is not None:
            site = box.children.sites.get(child)
            port = site.outputs.get(name) if site is not None else None
            if port is None:
                return None
            return Label(port.span, f"'{child}.{name}' is '{port.full_type()}'{_where(port)}")
        if name in box.params:
            return Label(box.parameters.span(name), f"'{name}' is {shown(box.params[name])}")
        if name in box.inputs:
            own = box.inputs[name]
            return Label(own.span, f"'{name}' is '{own.own_type()}'{_where(own)}")
        state = box.variable(name)
        if state is not None and state.span is not None:
            return Label(state.span, f"'{name}' is '{state.type}'")
        value = self.lets.get(name)
        if isinstance(value, Var):
            return Label(box.section("let").key_span(name), f"'{name}' is '{value.type}'")
        return None

    def may_keep(self, numbers: int) -> bool:
        self.box.elaborator.static_numbers += numbers
        return self.box.elaborator.static_numbers <= MOST_STATIC_TOTAL

    # -- values -----------------------------------------------------------------------------------

    def input(self, name: str) -> Var:
        """What stands for an own input. Raises Unknown while its type is not known."""
        if name not in self.inputs:
            type = self.box.inputs[name].own_type()
            if type is None:
                raise Unknown
            self.inputs[name] = Var(type, name=name)
        return self.inputs[name]

    def element_value(self, name: str) -> Var:
        """What stands for a value that each element of the box array has of its own."""
        if name not in self.element:
            self.element[name] = Var(self.box.element_types[name], name=name)
        return self.element[name]

    def let(self, name: str) -> Value:
        """The value of a let; those that it needs come first. Raises Problem once, Unknown afterwards."""
        if name not in self.lets:
            for one in self._in_order(name):
                self._evaluate(one)
        if self.lets[name] is None:
            raise Unknown
        return self.lets[name]

    def _written(self, name: str) -> Written:
        if name not in self._texts:
            lets = self.box.section("let")
            self._texts[name] = Written(lets[name], lets.value_span(name))
        return self._texts[name]

    def _in_order(self, name: str) -> list[str]:
        """The lets that a let needs and that are not evaluated yet, then itself. Raises algebraic-loop."""
        lets = self.box.section("let")
        if not any([one in lets and one not in self.lets for one in self._needs(name)]):
            return [name]
        order: list[str] = []
        done: set[str] = set()
        open_: dict[str, Any] = {}  # name: an iterator over what it still needs
        open_[name] = self._needs(name)
        while open_:
            top, needs = next(reversed(open_.items()))
            for one in needs:
                if one in open_:
                    raise self._circle([*open_][[*open_].index(one) :])
                if one in lets and one not in self.lets and one not in done:
                    open_[one] = self._needs(one)
                    break
            else:
                del open_[top]
                done.add(top)
                order.append(top)
        return order

    def _needs(self, name: str) -> Any:
        written = self._written(name)
        if not isinstance(written.text, str):
            return iter(())
        try:
            return iter(sorted(names_read(written.parse())))
        except Problem:
            return iter(())  # reported when it is evaluated

    def _circle(self, names: list[str]) -> Problem:
        lets = self.box.section("let")
        first = min(range(len(names)), key=lambda i: lets.key_span(names[i]).start)
        names = names[first:] + names[:first]
        for one in names:
            self.lets[one] = None
        labels = tuple(Label(lets.key_span(one)) for one in names[1:MOST_LABELS])
        message = f"let '{names[0]}' needs itself"
        if names[1:]:
            message = f"these lets need one another: {shown_circle(names)}"
        return Problem([Diagnostic("algebraic-loop", message, Label(lets.key_span(names[0])), labels)])

    def _evaluate(self, name: str) -> None:
        outer = self.feeds, self.draws
        self.feed(name)
        try:
            self.lets[name] = self.box.evaluate(self._written(name))
            self._remember(name)
        except Problem:
            self.lets[name] = None
            raise
        finally:
            self.feeds, self.draws = outer

    def finish_lets(self) -> None:
        """Evaluate the lets that nothing has asked for, to find their mistakes."""
        lets: Any = self.box.section("let")
        for name in lets:
            self.box.attempt(partial(self.let, name))

    def warn_unread(self) -> None:
        """Warn of lets that nothing reads."""
        lets: Any = self.box.section("let")
        read = self.box.names_read() if lets else set()
        for name in lets:
            if name in read:
                continue
            message = f"let '{name}' is never read"
            fix = removal(self.box.body, ("let", name), f"take '{name}' out of 'let'")
            self.box.report.warn("unused-let", message, lets.key_span(name), fix=fix)


def _where(port: PortSite) -> str:
    """In which modes a port exists."""
    return f", when {' or '.join(port.when)}" if port.partial else ""
