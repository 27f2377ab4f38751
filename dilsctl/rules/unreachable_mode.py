"""A mode whose condition the modes before it leave nothing of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from dilsctl.diagnostics import Diagnostic, Label
from dilsctl.diagram import Box
from dilsctl.ir import Eqn, Var
from dilsctl.ranges import ANY, type_range
from dilsctl.ranges import Range as Known
from dilsctl.rules.rule import Rule, Subject, warning

# A bound is a number, and whether it is just above it (1) or not (0); a range goes from one to another.
Bound = tuple[float, int]
Range = tuple[Bound, Bound]
Facts = dict[Any, Range]  # what a condition asks of quantities; all of it together

FALSE: Range = ((0, 0), (0, 1))
TRUE: Range = ((1, 0), (1, 1))
ALL: Range = ((-math.inf, 0), (math.inf, 1))
_TURNED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq"}
_NOT = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Conditions that compare a quantity, and bools. A box that is used in several ways must have a mode that
    no use enters."""
    uses: dict[Any, list[Box]] = {}
    for box in subject.own_boxes if not subject.loose else ():
        if box.modes:
            uses.setdefault(box.span, []).append(box)
    for boxes in uses.values():
        found = [dict(_never(subject, box)) for box in boxes]
        modes: Any = boxes[0].written["modes"]
        for name, (before, empty) in found[0].items():
            if not all(name in one for one in found):
                continue
            why = "its condition can't hold" if empty else "a mode before it holds whenever it would"
            related = [Label(modes.key_span(one), "this comes first") for one in before]
            help = "modes are tried in order, and the first that holds is taken" if not empty else ""
            message = f"the mode '{name}' can never be entered: {why}"
            yield from warning(RULE.code, message, modes.key_span(name), related=related, help=help)


def _never(subject: Subject, box: Box) -> Iterator[tuple[str, tuple[list[str], bool]]]:
    """The modes that are never entered, each with those that hold in its place, and whether it can't hold."""
    reading = _Reading(subject.producers[box], subject.known(box))
    taken: list[tuple[str, Facts]] = []
    for number, (name, flag) in enumerate(box.modes.items()):
        facts = reading.facts(_condition(flag, number, reading.producers))
        if facts is None:
            continue
        within = {key: _narrower(one, reading.whole[key]) for key, one in facts.items()}
        empty = any(not low < high for low, high in within.values())
        before = [] if empty else _cover(within, taken, reading.whole)
        if before or empty:
            yield name, (before, empty)
        taken.append((name, facts))


def _condition(flag: Var, number: int, producers: Mapping[Var, Eqn]) -> Var | None:
    """The condition as it is written, of what says that it holds and none before it; None: otherwise."""
    eqn = producers.get(flag)
    if not number or eqn is None:
        return flag
    return eqn.inputs[0] if eqn.op == "and" else None if eqn.op == "not" else flag


class _Reading:
    """Reads facts from equations. ``whole``: between which bounds each quantity lies anyway."""

    def __init__(self, producers: Mapping[Var, Eqn], known: Mapping[Var, Known]) -> None:
        self.producers = producers
        self.known = known
        self.whole: dict[Any, Range] = {}
        self._keys: dict[Var, int] = {}
        self._forms: dict[Any, int] = {}  # ways of computing, by the numbers of what goes in

    def facts(self, var: Var | None, truth: bool = True) -> Facts | None:
        """What must hold for a condition to have a truth; None if it can't be said in full."""
        found: Facts = {}
        seen: set[tuple[Var, bool]] = set()
        stack = [(var, truth)] if var is not None else []
        while stack:
            asked = stack.pop()
            if asked in seen:
                continue
            seen.add(asked)
            var, truth = asked
            eqn = self.producers.get(var)
            least, most = self.known.get(var, type_range(var.type))
            if least == most and bool(least) is truth:
                continue
            if least != most and eqn is not None:
                if eqn.op == "not":
                    stack.append((eqn.inputs[0], not truth))
                    continue
                if eqn.op == ("and" if truth else "or"):
                    stack += [(part, truth) for part in eqn.inputs]
                    continue
                if eqn.op in ("and", "or"):
                    return None
            if least != most and eqn is not None and eqn.op in _TURNED and _are_numbers(eqn):
                some = self._comparison(eqn, truth)
            else:
                some = self._fact(self._key(var), TRUE if truth else FALSE, var)
            if some is None:
                return None
            for key, one in some.items():
                found[key] = _narrower(one, found.get(key, ALL))
        return found

    def _comparison(self, eqn: Eqn, truth: bool) -> Facts | None:
        op = eqn.op
        if not truth:
            if op not in _NOT:
                return None
            op = _NOT[op]
        left, right = eqn.inputs
        number = self._number(right)
        if number is None and (number := self._number(left)) is not None:
            left, op = right, _TURNED[op]
        if number is None:  # a quantity less another: its sign
            one, two = self._key(left), self._key(right)
            if one > two:
                one, two, op = two, one, _TURNED[op]
            return self._fact(("sub", one, two), _bounds(op, 0.0))
        while (plain := self._plainer(left, op, number)) is not None:
            left, op, number = plain
        return self._fact(self._key(left), _bounds(op, number), left)

    def _plainer(self, var: Var, op: str, number: float) -> tuple[Var, str, float] | None:
        """The same comparison without a constant that is added."""
        eqn = self.producers.get(var)
        if eqn is None:
            return None
        if eqn.op == "neg":
            return eqn.inputs[0], _TURNED[op], -number
        if eqn.op in ("cast", "copy"):
            kinds = {eqn.inputs[0].type.kind, var.type.kind}
            return (eqn.inputs[0], op, number) if kinds <= {"real"} or kinds <= {"int", "real"} else None
        if eqn.op in ("add", "sub"):
            one, two = eqn.inputs
            shift = self._number(two)
            if shift is not None:
                return one, op, number - shift if eqn.op == "add" else number + shift
            shift = self._number(one)
            if shift is not None and eqn.op == "add":
                return two, op, number - shift
        return None

    def _number(self, var: Var) -> float | None:
        least, most = self.known.get(var, ANY)
        return least if least == most and math.isfinite(least) else None

    def _fact(self, key: Any, asked: Range, var: Var | None = None) -> Facts:
        least, most = self.known.get(var, ANY) if var is not None else ANY
        self.whole[key] = (least, 0), (most, 1)
        return {key: asked}

    def _key(self, var: Var) -> int:
        """A number: the same one for values that are computed in the same way."""
        stack = [var]
        while stack:
            one = stack[-1]
            if one in self._keys:
                stack.pop()
                continue
            eqn = self.producers.get(one)
            form: Any = one
            if eqn is not None and not eqn.op.startswith("random_"):
                if missing := [part for part in eqn.inputs if part not in self._keys]:
                    stack += missing
                    continue
                form = (
                    eqn.op,
                    eqn.params,
                    eqn.outputs.index(one),
                    *(self._keys[part] for part in eqn.inputs),
                )
            self._keys[one] = self._forms.setdefault(form, len(self._forms))
            stack.pop()
        return self._keys[var]


def _are_numbers(eqn: Eqn) -> bool:
    return all(not part.shape for part in eqn.inputs)


def _bounds(op: str, number: float) -> Range:
    match op:
        case "lt":
            return ALL[0], (number, 0)
        case "le":
            return ALL[0], (number, 1)
        case "gt":
            return (number, 1), ALL[1]
        case "ge":
            return (number, 0), ALL[1]
    return (number, 0), (number, 1)


def _narrower(one: Range, two: Range) -> Range:
    return max(one[0], two[0]), min(one[1], two[1])


def _cover(facts: Facts, taken: list[tuple[str, Facts]], whole: Mapping[Any, Range]) -> list[str]:
    """The modes before that together hold wherever the facts do; empty if there are none such."""
    for name, other in taken:
        if all(_within(facts.get(key, whole[key]), wanted) for key, wanted in other.items()):
            return [name]
    for key in {one for _, other in taken if len(other) == 1 for one in other}:
        own = facts.get(key, whole[key])
        parts = sorted((other[key], name) for name, other in taken if list(other) == [key])
        if whole[key] == (FALSE[0], TRUE[1]):  # of a bool nothing lies between
            parts = [((FALSE[0], TRUE[0]) if range == FALSE else range, name) for range, name in parts]
        at, used = own[0], []
        for (low, high), name in parts:
            if low <= at < high:
                at = high
                used.append(name)
        if at >= own[1] and used:
            return used
    return []


def _within(inner: Range, outer: Range) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


RULE = Rule(
    code="unreachable-mode",
    title="a mode that can never be entered",
    why="Modes are tried in order, and a box is in the first one whose condition holds. A mode whose "
    "condition holds only where one before it does is never entered: the order is wrong, or a sign.",
    topic="Learning",
    bad="""\
dils: 1
main:
  in: {push: real}
  out: {y: real}
  state: {place: real = 0}
  modes:
    inside: place < 5
    close: place < 2
    outside: otherwise
  wires:
    - 2.0 if close else 1.0 if inside else 0.0 -> y
  next: {place: place + push}
""",
    good="""\
dils: 1
main:
  in: {push: real}
  out: {y: real}
  state: {place: real = 0}
  modes:
    close: place < 2
    inside: place < 5
    outside: otherwise
  wires:
    - 2.0 if close else 1.0 if inside else 0.0 -> y
  next: {place: place + push}
""",
    check=check,
)
