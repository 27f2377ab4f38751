"""Momenta: every state that conserves the potential has one, a state of its own by the name ``q.momentum``.

The momentum of a shared variable is shared as well, and joined wherever the variable is.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.diagram import MOMENTUM, Initial, Link, Shared, State, is_momentum, momentum_of
from dilsctl.elaborate.emitter import Unknown
from dilsctl.elaborate.written import Written
from dilsctl.ir import Type, Var

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration


def base_of(key: str) -> str:
    """The variable of which a key names all, or a part."""
    return key.partition("[")[0].strip()


class Momenta:
    """The momenta of one elaboration."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box

    def asked(self, name: str, port: str) -> bool:
        """Is ``name.port`` the momentum of a state or shared variable?"""
        return port == MOMENTUM and name not in self.box.section("boxes") and self.box.declares_variable(name)

    def of(self, name: str, span: SourceSpan) -> State | Shared:
        """The momentum of a state or shared variable. Raises Problem; Unknown while its type is unknown."""
        box, called = self.box, momentum_of(name)
        found = box.variable(called)
        if found is not None:
            return found
        variable = box.variable(name)
        if variable is None:
            raise Unknown
        conserve: Any = box.section("conserve")
        type, var = variable.type, Var(variable.type, name=called)
        first = self._initial(name, conserve, type)
        if isinstance(variable, State):
            if name not in map(base_of, conserve):
                help = f"it has one if it conserves a potential: conserve: {{{name}: MASS}}"
                raise Problem.of("unknown-name", f"'{name}' has no momentum", span, help=help)
            first = first or Initial()
            state = State(called, type, first, None, variable.span, var, variable.keep)
            box.states.made[called] = state
            return state
        shared = Shared(called, type, first, None, variable.span, var, variable.private)
        box.shares.made[called] = shared
        return shared

    def _initial(self, name: str, conserve: Any, type: Type) -> Initial | None:
        """How a momentum begins, if this box says so."""
        for key in conserve:
            spec: Any = conserve[key]
            if base_of(key) == name and isinstance(spec, dict) and spec.get("momentum") is not None:
                where: Any = spec
                written = Written(spec["momentum"], where.value_span("momentum"))
                found: Initial | None = self.box.attempt(partial(self.box.states.initial_of, written, type))
                return found
        return None

    def link(self, links: list[Link]) -> list[Link]:
        """Those and the links of momenta, of which interior boxes have some."""
        found = list(links)
        for link in links:
            site = self.box.children.sites[link.child]
            if any(momentum_of(link.port) in one.shared for one in site.boxes) and not is_momentum(link.port):
                self.box.attempt(partial(self.of, link.variable, link.span or self.box.site))
                called = momentum_of(link.variable), momentum_of(link.port)
                found.append(Link(called[0], link.index, link.child, called[1], link.span))
        return found
