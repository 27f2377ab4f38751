"""Wires that wait for dimensions which other wires, states or interior boxes will fix.

A wire is tried again when the outputs of an interior box that it reads become known. When none is left to
wake, dimensions at both ends of plain wires are equated, and then an interior box whose outputs depend on its
own interior is elaborated with what is known.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from dilsctl.diagnostics import Problem
from dilsctl.elaborate.wires import Wire
from dilsctl.elaborate.written import Written
from dilsctl.expression import names_read

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration


class Waiting:
    """The wires of one box that wait. ``attempt`` emits one, or says that it must go on waiting."""

    def __init__(self, box: BoxElaboration, wires: list[Wire], attempt: Callable[[Wire], bool]) -> None:
        self.box = box
        self.attempt = attempt
        self.wires = dict.fromkeys(wires)
        self.readers: dict[str, list[Wire]] = {}  # interior box: the wires that read it
        self._let_reads: dict[str, Set[str]] = {}
        for wire in wires:
            for name in self._reads(wire):
                self.readers.setdefault(name, []).append(wire)
        self.known = {name for name in self.readers if self._shown(name)}

    def run(self, equate: Callable[[list[Wire]], bool]) -> list[Wire]:
        """Emit what can be emitted. Returns what is left. ``equate`` solves dimensions along plain wires."""
        while self.wires:
            before = len(self.wires), len(self.box.states.made)
            self.box.states.read()
            self._try(list(self.wires))
            if before == (len(self.wires), len(self.box.states.made)) and not equate(list(self.wires)):
                solved = self.box.children.solve_inside()
                if not solved:
                    break
                self.known.update(solved)
        return list(self.wires)

    def _try(self, wires: list[Wire]) -> None:
        """Emit those of the wires that still wait and need not, and then those that waited for them."""
        stack = wires[::-1]
        while stack:
            wire = stack.pop()
            if wire not in self.wires or not self.attempt(wire):
                continue
            del self.wires[wire]
            child = wire.target[0]
            if child in self.readers and child not in self.known and self._shown(child):
                self.known.add(child)
                stack.extend(self.readers[child][::-1])

    def _shown(self, name: str) -> bool:
        site = self.box.children.sites.get(name)
        return site is not None and site.shown()

    def _reads(self, wire: Wire) -> Set[str]:
        """The interior boxes that a wire reads, by itself or over lets."""
        if wire.source is None:
            child, name, _ = wire.plain
            return {child} if child is not None else self._over_lets({name})
        return self._over_lets(names_read(wire.source))

    def _over_lets(self, names: Set[str]) -> Set[str]:
        """The names that a set of names leads to, with those that its lets read."""
        lets = self.box.section("let")
        found: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name in found:
                continue
            found.add(name)
            if name in lets:
                if name not in self._let_reads:
                    self._let_reads[name] = _names_of(lets[name], lets, name)
                stack.extend(self._let_reads[name])
        return {name for name in found if name in self.box.children.sites}


def _names_of(text: object, lets: object, name: str) -> Set[str]:
    """The names that a let reads; none if it is no expression."""
    if not isinstance(text, str):
        return set()
    try:
        return names_read(Written(text, lets.value_span(name)).parse())  # type: ignore[attr-defined]
    except Problem:
        return set()
