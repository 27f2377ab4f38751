"""The modes of one box: conditions on its state, tried in order, of which exactly one holds.

What decides a mode is known before anything is told: the box's own state, parameters, the time, and the modes
of interior boxes. So a mode may say which ports there are.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan, did_you_mean
from dilsctl.elaborate.definitions import shown
from dilsctl.elaborate.emitter import Unknown, Value
from dilsctl.elaborate.interface import PortSite
from dilsctl.elaborate.known import NOTHING, Facts, Site, both, either, facts_of, impossible
from dilsctl.elaborate.written import Written
from dilsctl.expression import offsets, port_of, references
from dilsctl.ir import BOOL, Var
from dilsctl.limits import MOST_MODES
from dilsctl.operations import functions
from dilsctl.operations.functions import FUNCTIONS

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration

OTHERWISE = "otherwise"


class Modes:
    """Reads the modes of one elaboration."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box
        self.conditions: dict[str, Written | None] = {}  # None: otherwise
        self.flags: dict[str, Var | None] = {}  # whether each holds; None where it is in error
        self._implied: dict[frozenset[str], Facts] = {}
        self._here: dict[str, Facts] = {}  # of interior boxes, where a mode holds

    def begin(self) -> None:
        """Each mode is an output."""
        modes: Any = self.box.section("modes")
        if len(modes) > MOST_MODES:
            message = f"a box of {len(modes)} modes; at most {MOST_MODES} can be"
            self.box.report.error("too-large", message, modes.key_span(list(modes)[MOST_MODES]))
        for name in list(modes)[:MOST_MODES]:
            text, span = modes[name], modes.value_span(name)
            self.conditions[name] = None if str(text).strip() == OTHERWISE else Written(text, span)
            if name not in self.box.section("out"):
                self.box.outputs[name] = PortSite(
                    name, "bool", None, (), modes.key_span(name), when=(name,), mode=True
                )
        names = list(self.conditions)
        for number, name in enumerate(names[:-1]):
            if self.conditions[name] is None:
                label = Label(modes.key_span(names[number + 1]), "so the box is never in this one")
                message = f"'{name}' is the mode for all that is left, so it comes last"
                where = Label(modes.value_span(name))
                self.box.report.add(
                    Diagnostic("bad-mode", message, where, (label,), "modes are tried in order")
                )

    def named(self, port: Any) -> tuple[str, ...]:
        """The modes under ``when`` of a port's options. Raises Problem: unknown-name."""
        when = port.get("when")
        if when is None:
            return ()
        modes: Any = self.box.section("modes")
        listed = isinstance(when, list)
        names: list[str] = list(when) if listed else [when]
        for number, name in enumerate(names):
            if name not in modes:
                span = when.span(number) if listed else port.value_span("when")
                known = f"the modes are {', '.join(modes)}" if modes else "list it under 'modes'"
                message = f"this box has no mode '{name}'"
                raise Problem.of("unknown-name", message, span, help=did_you_mean(name, modes) or known)
        return tuple(name for name in modes if name in names)

    # -- values -----------------------------------------------------------------------------------

    def flag(self, name: str) -> Var:
        """Whether the box is in a mode. Raises Problem once, Unknown where that is not known."""
        if name not in self.flags:
            self._evaluate()
        found = self.flags.get(name)
        if found is None:
            raise Unknown
        return found

    def among(self, names: tuple[str, ...]) -> Var:
        """Whether the box is in one of these modes."""
        found = self.flag(names[0])
        for name in names[1:]:
            found = functions.binary(self.box.builder, "or", found, self.flag(name))
        return found

    def finish(self) -> None:
        """Find the mistakes of modes that nothing has asked for."""
        if self.conditions and not self.flags:
            self.box.attempt(self._evaluate)

    def _evaluate(self) -> None:
        """Every mode at once: where it holds, and none before it does."""
        try:
            values = {name: self._condition(name) for name in self.conditions}
        except Problem:
            self.flags = dict.fromkeys(self.conditions)
            raise
        builder = self.box.builder
        flags: dict[str, Var | None] = {}
        before: Var | None = None
        modes: Any = self.box.section("modes")
        for name, value in values.items():
            builder.span = modes.value_span(name)
            free = None if before is None else functions.unary(builder, "not", before)
            held = value if free is None else free if value is None else None
            if value is not None and free is not None:
                held = functions.binary(builder, "and", value, free)
            flags[name] = held if held is not None else builder.constant(True, BOOL)
            if value is not None:
                before = value if before is None else functions.binary(builder, "or", before, value)
        self.flags = flags
        self.box.attempt(self._exhaust)

    def _condition(self, name: str) -> Var | None:
        written = self.conditions[name]
        if written is None:
            return None
        self._check(written)
        outer = self.box.names.feeds, self.box.names.draws
        self.box.names.feed(f"mode {name}")
        try:
            value: Value = self.box.evaluate(written)
        finally:
            self.box.names.feeds, self.box.names.draws = outer
        if isinstance(value, bool):
            value = self.box.builder.constant(value, BOOL)
        if not isinstance(value, Var) or value.type != BOOL:
            found = f"'{value.type}'" if isinstance(value, Var) else f"the constant {shown(value)}"
            help = "all(…) or any(…) makes one of several" if isinstance(value, Var) and value.rank else ""
            message = f"a mode's condition is one truth value; this is {found}"
            raise Problem.of("type-mismatch", message, written.span, help=help)
        return value

    def _check(self, written: Written) -> None:
        """A condition may read what is known before anything is told. Raises Problem: bad-mode."""
        lets: Any = self.box.section("let")
        seen: set[str] = set()
        stack = [written]
        while stack:
            one = stack.pop()
            tree = one.parse()
            for node in references(tree):
                where = one.locate(*offsets(node))
                port = port_of(node)
                if port is not None:
                    self._check_port(port, where)
                elif isinstance(node, ast.Name):
                    self._check_name(node.id, where)
                    if node.id in lets and node.id not in seen and isinstance(lets[node.id], str):
                        seen.add(node.id)
                        stack.append(Written(lets[node.id], lets.value_span(node.id)))
            for call in ast.walk(tree):
                name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
                if name in FUNCTIONS and FUNCTIONS[name].draws:
                    message = "the condition of a mode draws at random"
                    help = "let a state take the draw, and read the state"
                    raise Problem.of("bad-mode", message, one.locate(*offsets(call)), help=help)

    def _check_port(self, port: tuple[str, str], where: SourceSpan) -> None:
        site = self.box.children.sites.get(port[0])
        if site is not None and port[1] in site.outputs and not site.outputs[port[1]].mode:
            modes = [f"{port[0]}.{one}" for one in sorted(site.modes)]
            help = f"it may read the modes of '{port[0]}': {', '.join(modes)}" if modes else ""
            message = f"the condition of a mode reads '{port[0]}.{port[1]}', which is no mode"
            raise Problem.of("bad-mode", message, where, help=help or _HELP)

    def _check_name(self, name: str, where: SourceSpan) -> None:
        box = self.box
        if name in box.section("in"):
            label = Label(box.section("in").key_span(name), f"'{name}' is an input")
            message = f"the condition of a mode reads the input '{name}'"
            raise Problem([Diagnostic("bad-mode", message, Label(where), (label,), _HELP)])
        if name in self.conditions and not box.declares_variable(name):
            label = Label(box.section("modes").key_span(name), f"'{name}' is a mode")
            message = f"the condition of a mode reads the mode '{name}' of its own box"
            help = "modes are tried in order: where this one is tried, none before it holds"
            raise Problem([Diagnostic("bad-mode", message, Label(where), (label,), help)])

    # -- what modes imply -------------------------------------------------------------------------

    def implied(self, possible: frozenset[str]) -> Facts:
        """What is known of interior boxes where the box is in one of these modes."""
        if possible not in self._implied:
            if not self._here:
                self._read_facts()
            parts = [self._here[name] for name in self.conditions if name in possible]
            found = parts[0] if parts else NOTHING
            for one in parts[1:]:
                found = either(found, one)
            self._implied[possible] = found
        return self._implied[possible]

    def known(self, names: tuple[str, ...]) -> Facts:
        """What is known where the box is in one of these modes."""
        possible = frozenset(names)
        return both({Site(""): possible}, self.implied(possible))

    def _read_facts(self) -> None:
        """What is known where a mode holds: its condition, and none before it."""
        before: Facts = NOTHING
        for name in self.conditions:
            self._here[name] = both(before, self._facts(name, True))
            before = both(before, self._facts(name, False))

    def _facts(self, name: str, truth: bool) -> Facts:
        written = self.conditions[name]
        if written is None:
            return NOTHING
        return facts_of(self.box.emitter(written), written.parse(), truth)

    def _exhaust(self) -> None:
        """Is the box always in one of its modes? Raises Problem: modes-not-exhaustive."""
        if None in self.conditions.values() or len(self.box.section("modes")) > MOST_MODES:
            return
        left: Facts = NOTHING
        for name in self.conditions:
            left = both(left, self._facts(name, False))
        if not impossible(left) and not self._opposite():
            modes: Any = self.box.section("modes")
            last = list(self.conditions)[-1]
            message = "the box may be in none of these modes"
            help = f"let the last one be '{OTHERWISE}': {{{last}: {OTHERWISE}}}, or add one that is"
            raise Problem.of("modes-not-exhaustive", message, modes.key_span(last), help=help)

    def _opposite(self) -> bool:
        """Is one condition the opposite of another, word for word? ``s <= 1`` is not that of ``s > 1``: where
        ``s`` is no number, neither holds."""
        trees = [one.parse() for one in self.conditions.values() if one is not None]
        said = {ast.dump(one) for one in trees}
        return any(
            isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not) and ast.dump(one.operand) in said
            for one in trees
        )


_HELP = "a mode depends on the box's own state, and on modes of interior boxes"
