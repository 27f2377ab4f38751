"""Laws of motion as a box writes them, from the equations that they became."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.diagram import Trigger
from dilsctl.ir import CLOCK, Eqn, Type, Var
from dilsctl.lower import Flat
from dilsctl.written_back import Writer
from dilsctl.written_values import Value, call, whole


class FlatLaws:
    """Writes the laws of a flat diagram. ``conditions``: for what says that a trigger fires, its condition;
    ``span``: the place of the whole, for findings."""

    def __init__(
        self,
        writer: Writer,
        conditions: Mapping[Var, Var],
        text: Callable[[ast.expr], str],
        span: SourceSpan | None,
    ) -> None:
        self.writer, self.conditions, self.text, self.span = writer, conditions, text, span
        self.producer, self.values = writer.producer, writer.values

    def value(self, var: Var, wanted: Type) -> str:
        """A variable as a law gives it: of the state's own shape."""
        if var not in self.values:
            self.no_trigger(var)
        value = self.values[var]
        if value.type.shape != wanted.shape and not value.static:
            lengths = [whole(length) for length in wanted.shape]
            return self.text(call("broadcast", value.node, *lengths))
        return self.text(value.node)

    def no_trigger(self, var: Var) -> None:
        eqn = self.producer.get(var)
        message = "what flows here is also moved by triggered laws of several boxes"
        help = "one box can't say that: let one law of one box move it where the triggers fire"
        raise Problem.of("not-flat", message, eqn.span if eqn is not None else self.span, help=help)

    def next(self, state: Var, value: Var) -> Any:
        """The laws under ``next``: those that act at some ticks, each a choice, then the one that is left."""
        entries: list[Any] = []
        eqn = self.producer.get(value)
        while eqn is not None and eqn.op == "where" and self.says_when(eqn.inputs[0]):
            condition, new, value = eqn.inputs
            entry: dict[str, Any] = {"to": self.value(new, state.type)}
            self._acts(condition, entry, state.type, ())
            entries.append(entry)
            eqn = self.producer.get(value)
        if value is not state or not entries:
            entries.append(self.value(value, state.type))
        return entries[0] if len(entries) == 1 else entries

    def says_when(self, condition: Var) -> bool:
        """Is it a trigger, or that the number of the tick is a multiple?"""
        if condition in self.conditions or self._every(condition) is not None:
            return True
        eqn = self.producer.get(condition)
        if eqn is None or eqn.op not in ("reshape", "broadcast", "and"):
            return False
        return all(self.says_when(one) for one in eqn.inputs)

    def _acts(self, condition: Var, entry: dict[str, Any], wanted: Type, moves: tuple[Eqn, ...]) -> None:
        """When a law acts. ``moves``: what is done to the condition's shape on the way."""
        if condition in self.conditions:
            node, shape = self.values[self.conditions[condition]].node, condition.shape
            for move in moves:
                self.values[move.inputs[0]] = Value(node, move.inputs[0].type)
                node, _ = self.writer.write(move)
                del self.values[move.inputs[0]]
                shape = move.outputs[0].shape
            if shape not in ((), wanted.shape):
                node = call("broadcast", node, *(whole(length) for length in wanted.shape))
            entry["when"] = self.text(node)
            return
        eqn = self.producer.get(condition)
        every = self._every(condition)
        if every is not None:
            entry["every"] = every
        elif eqn is not None and eqn.op == "and":
            for one in eqn.inputs:
                self._acts(one, entry, wanted, moves)
        elif eqn is not None:
            self._acts(eqn.inputs[0], entry, wanted, (eqn, *moves))

    def _every(self, condition: Var) -> int | None:
        """The n of a condition ``tick % n == 0``."""
        eqn = self.producer.get(condition)
        rest = self.producer.get(eqn.inputs[0]) if eqn is not None and eqn.op == "eq" else None
        if rest is None or rest.op != "mod" or rest.inputs[0] is not CLOCK["tick"]:
            return None
        made = self.producer.get(rest.inputs[1])
        number = made.param("value") if made is not None and made.op == "constant" else None
        return number if isinstance(number, int) else None


def mixed_triggers(flat: Flat, producer: Mapping[Var, Eqn], laws: FlatLaws) -> list[Trigger]:
    """The triggers whose laws are not those of one state alone: several boxes move what they share.

    A state without a rate may have them none the less, as a law that acts at every tick. Raises Problem:
    not-flat.
    """
    ends = {fired: {fired} for fired in (one.fired for one in flat.triggers)}
    known: dict[Var, set[Var]] = {**ends}

    def triggers_of(var: Var) -> set[Var]:
        stack = [var]
        while stack:
            one = stack[-1]
            eqn = producer.get(one)
            waiting = [two for two in eqn.inputs if two not in known] if eqn is not None else []
            if one not in known and waiting:
                stack.extend(waiting)
                continue
            if one not in known:
                known[one] = set().union(*(known[two] for two in eqn.inputs)) if eqn is not None else set()
            stack.pop()
        return known[var]

    found: set[Var] = set()
    for state, value in flat.updates.items():
        mixed: set[Var] = set()
        eqn = producer.get(value)
        while eqn is not None and eqn.op == "where" and laws.says_when(eqn.inputs[0]):
            mixed |= triggers_of(eqn.inputs[1])
            value = eqn.inputs[2]
            eqn = producer.get(value)
        mixed |= triggers_of(value)
        if mixed and state in flat.rates:
            laws.no_trigger(value)
        found |= mixed
    return [one for one in flat.triggers if one.fired in found]
