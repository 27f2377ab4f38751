"""How the states of one box move: the laws under ``next`` and ``rate``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan, did_you_mean
from dilsctl.diagram import MOMENTUM, Law, Shared, State, Trigger, is_momentum
from dilsctl.elaborate import convert
from dilsctl.elaborate.emitter import Unknown, Value
from dilsctl.elaborate.known import Known, facts_of
from dilsctl.elaborate.written import Written
from dilsctl.ir import BOOL, CLOCK, Type, Var
from dilsctl.operations import functions
from dilsctl.operations.table import OperationError, ShapeError
from dilsctl.order import natural

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration


class _Entry:
    """One law of a ``next`` list."""

    def __init__(self, spec: Any, span: SourceSpan) -> None:
        mapped = isinstance(spec, dict)
        where: Any = spec
        self.span = span
        self.to = Written(spec["to"], where.value_span("to")) if mapped else Written(spec, span)
        self.every = None
        self.when = None
        if mapped and "every" in spec and spec["every"] is not None:
            self.every = Written(spec["every"], where.value_span("every"))
        if mapped and "when" in spec and spec["when"] is not None:
            self.when = Written(spec["when"], where.value_span("when"))


class Laws:
    """Reads the laws of one elaboration."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box
        self.made: list[Law] = []
        self.triggers: list[Trigger] = []

    def read(self) -> None:
        """Emit every law, whatever the order of declaration."""
        for key, act in (("next", self._next), ("rate", self._rate)):
            laws: Any = self.box.section(key)
            for name in sorted(laws, key=natural):
                self.box.attempt(partial(act, name, laws))

    def target(self, name: str, key: str, span: SourceSpan) -> State | Shared:
        """The state or shared variable, or the momentum of one, that a law under ``key`` moves."""
        if is_momentum(name):
            base = name.removesuffix(f".{MOMENTUM}")
            self.target(base, key, span)
            return self.box.momenta.of(base, span)
        return self._target(name, key, span)

    def written(self) -> Iterator[Written]:
        """Every expression of a law."""
        laws: Any = self.box.section("next")
        for name in laws:
            for entry in _entries(laws, name):
                yield from (one for one in (entry.to, entry.when) if one is not None)
        rates: Any = self.box.section("rate")
        for name in rates:
            yield Written(rates[name], rates.value_span(name))

    # -- targets ----------------------------------------------------------------------------------

    def _target(self, name: str, key: str, span: SourceSpan) -> State | Shared:
        box = self.box
        found = box.variable(name)
        if found is None:
            if box.declares_variable(name):
                raise Unknown
            help = did_you_mean(name, [*box.section("state"), *box.section("share")])
            what = f"'{name}' is no state of this box"
            for other, noun in (("in", "an input"), ("let", "a let"), ("boxes", "an interior box")):
                if name in box.section(other):
                    what = f"'{name}' is {noun}, which no law moves"
            if name in box.section("out"):
                help = "list it under 'state' as well: an output shows the state of its name"
            raise Problem.of("unknown-name", what, span, help=help or "list it under 'state' first")
        if found.learn is not None:
            label = Label(box.body.key_span("learn"), "it is learned")
            message = f"'{name}' has a law under '{key}' and is learned"
            raise Problem([Diagnostic("law-conflict", message, Label(span), (label,))])
        return found

    # -- clocked ----------------------------------------------------------------------------------

    def _next(self, name: str, laws: Any) -> None:
        state = self.target(name, "next", laws.key_span(name))
        entries = _entries(laws, name)
        for number, entry in enumerate(entries[:-1]):
            if entry.every is None and entry.when is None:
                label = Label(entries[number + 1].span, "so this never acts")
                message = f"this law of '{name}' acts at every tick"
                help = "write the laws that act at some ticks only before it"
                raise Problem([Diagnostic("law-conflict", message, Label(entry.span), (label,), help)])
        rates: Any = self.box.section("rate")
        if name in rates and any(entry.when is None for entry in entries):
            label = Label(rates.key_span(name), "its rate")
            message = f"'{name}' has a rate: a next law of it must say when it acts"
            help = "write {to: …, when: CONDITION}"
            raise Problem([Diagnostic("law-conflict", message, Label(laws.key_span(name)), (label,), help)])
        value = state.var
        for number, entry in reversed(list(enumerate(entries))):
            self.box.names.feed(f"next {name}" + (f" {number}" if number else ""))
            new = self._value(entry.to, state, self._given(entry))
            acts = self._acts(name, number, entry, state)
            value = new if acts is None else self._choice(acts, new, value, entry.span)
        triggered = all(entry.when is not None for entry in entries)
        self.made.append(Law("next", state.var, value, laws.key_span(name), triggered))

    def _given(self, entry: _Entry) -> Known | None:
        """What is known where a triggered law acts: its condition."""
        if entry.when is None:
            return None
        facts = facts_of(self.box.emitter(entry.when), entry.when.parse(), True)
        return Known(facts) if facts else None

    def _acts(self, name: str, number: int, entry: _Entry, state: State | Shared) -> Var | None:
        """Whether a law acts at this tick; None where it always does."""
        builder = self.box.builder
        found: Var | None = None
        if entry.every is not None:
            span = entry.every.span
            every = self.box.parameters.whole_number(entry.every.text, span, "'every'")
            if every < 1:
                raise Problem.of("bad-count", f"'every' is at least 1, not {every}", span)
            builder.span = span
            rest = functions.binary(builder, "%", CLOCK["tick"], every)
            found = functions.binary(builder, "==", rest, 0)
        if entry.when is not None:
            condition = self._condition(entry.when, state)
            fired = Var(condition.type, name=f"{name}.when{number}")
            self.triggers.append(Trigger(fired.name, condition, fired, entry.when.span))
            builder.span = entry.when.span
            found = fired if found is None else functions.binary(builder, "and", found, fired)
        return found

    def _condition(self, written: Written, state: State | Shared) -> Var:
        value = self.box.evaluate(written)
        if isinstance(value, bool):
            value = self.box.builder.constant(value, BOOL)
        if (
            not isinstance(value, Var)
            or value.type.kind != "bool"
            or value.shape not in ((), state.type.shape)
        ):
            wanted = "one truth value" + (
                f", or '{BOOL.with_shape(state.type.shape)}'" if state.type.shape else ""
            )
            found = f"'{value.type}'" if isinstance(value, Var) else f"the constant {value}"
            raise Problem.of("type-mismatch", f"'when' takes {wanted}; this is {found}", written.span)
        return value

    def _choice(self, acts: Var, new: Var, old: Var, span: SourceSpan) -> Var:
        self.box.builder.span = span
        found = functions.select(self.box.builder, acts, new, old)
        assert isinstance(found, Var)
        return found

    # -- flowing ----------------------------------------------------------------------------------

    def _rate(self, name: str, laws: Any) -> None:
        state = self.target(name, "rate", laws.key_span(name))
        if state.type.kind != "real":
            message = f"only real states flow; '{name}' is {state.type.kind}"
            raise Problem.of("type-mismatch", message, laws.key_span(name))
        self.box.names.feed(f"rate {name}")
        written = Written(laws[name], laws.value_span(name))
        self.made.append(Law("rate", state.var, self._value(written, state), laws.key_span(name)))

    # -- values -----------------------------------------------------------------------------------

    def _value(self, written: Written, state: State | Shared, known: Known | None = None) -> Var:
        """The value of an expression as the state takes it."""
        value: Value = self.box.evaluate(written, known)
        builder, wanted = self.box.builder, state.type
        builder.span = written.span
        if not isinstance(value, Var):
            try:
                if convert.holds_values(value):
                    value = functions.as_var(builder, value)
                else:
                    return convert.fit_static(builder, value, wanted)
            except OperationError as error:
                code = "dimension-mismatch" if isinstance(error, ShapeError) else "type-mismatch"
                label = self._declared(state)
                raise Problem(
                    [Diagnostic(code, error.message, Label(written.span), label, error.help)]
                ) from None
        found: Type = value.type
        if not convert.kind_fits(found, wanted):
            raise self._mismatch("type", found, state, written, convert.kind_help(found, wanted))
        if found.kind != wanted.kind:
            value = convert.as_kind(builder, value, wanted)
        fitted: Var = value
        if found.shape == wanted.shape:
            return fitted
        if found.shape == wanted.shape[len(wanted.shape) - len(found.shape) :]:
            return builder.emit("broadcast", (fitted,), shape=wanted.shape)
        help = "sum(…), mean(…) or an index makes one number of it" if not wanted.shape else ""
        raise self._mismatch("dimension", found, state, written, help)

    def _declared(self, state: State | Shared) -> tuple[Label, ...]:
        if state.span is None:
            return ()
        return (Label(state.span, f"'{state.name}' is '{state.type}'"),)

    def _mismatch(
        self, noun: str, found: Type, state: State | Shared, written: Written, help: str
    ) -> Problem:
        message = f"the law gives '{found}', the state '{state.name}' is '{state.type}'"
        labels = self._declared(state)
        return Problem([Diagnostic(f"{noun}-mismatch", message, Label(written.span), labels, help)])


def _entries(laws: Any, name: str) -> list[_Entry]:
    spec: Any = laws[name]
    if isinstance(spec, list):
        return [_Entry(one, spec.span(i)) for i, one in enumerate(spec)]  # type: ignore[attr-defined]
    return [_Entry(spec, laws.value_span(name))]
