"""What is known of the modes of boxes where an expression is read.

A ``Site`` is a box whose mode matters: the box itself, an interior box, an element of one, or a whole array
of boxes, whose elements lie along an axis of the value (counted from the right, so that they stay where they
are in what is computed element by element). ``Facts`` say which modes a site may be in. ``A if C else B``
knows C in A and the opposite in B; so do ``C and A``, and ``C or B``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dilsctl.diagram import Box
from dilsctl.ir import Var
from dilsctl.operations.functions import FUNCTIONS
from dilsctl.operations.functions.elementwise import FAMILY as ELEMENTWISE

if TYPE_CHECKING:
    from dilsctl.elaborate.emitter import Emitter


@dataclass(frozen=True, slots=True)
class Site:
    """``box``: an interior box, or "" for the own one. ``item``: the index as written, "" for none, and "*"
    where something is known of every element. ``axis``: where its elements lie; 0 for a single box."""

    box: str
    item: str = ""
    axis: int = 0


Facts = Mapping[Site, frozenset[str]]
"""For each site the modes that it may be in; for those that are not named, all. None of them: it can't be."""

NOTHING: Facts = {}


@dataclass(frozen=True, slots=True)
class Presence:
    """``modes``: all those of a box. ``when``: those in which a port exists, or in which a ``mode`` holds."""

    modes: frozenset[str]
    when: frozenset[str]
    mode: bool = False
    item: str = ""  # of a state that is told apart like a mode, its name


def presences(box: Box) -> dict[str, Presence]:
    """Of the modes of a box, and of its ports that exist in some of them only."""
    modes = frozenset(box.modes)
    found = {name: Presence(modes, frozenset([name]), True) for name in box.modes}
    for port in (*box.inputs.values(), *box.outputs.values()):
        if port.when:
            found[port.name] = Presence(modes, frozenset(port.when))
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """Where an expression stands: its facts, and the conditions (``gates``) under which its value counts."""

    facts: Facts = field(default_factory=dict)
    gates: tuple[Var, ...] = ()

    def within(self, facts: Facts, gate: Var | None) -> Known:
        """More is known."""
        return Known(both(self.facts, facts), (*self.gates, *(() if gate is None else (gate,))))

    def inside(self) -> Known:
        """Where elements no longer stay in their places: only what holds of single boxes is known."""
        facts = {site: modes for site, modes in self.facts.items() if not site.axis}
        return Known(facts, tuple(one for one in self.gates if not one.rank))

    def moved(self, axes: int) -> Known:
        """Inside of a value that gets so many new axes at its end."""
        facts = {}
        for site, modes in self.facts.items():
            if not site.axis or site.axis + axes < 0:
                facts[Site(site.box, site.item, site.axis and site.axis + axes)] = modes
        return Known(facts, tuple(one for one in self.gates if not one.rank))

    def holds(self, site: Site, when: frozenset[str]) -> bool:
        """Is the site in one of these modes?"""
        possible = [self.facts[one] for one in (site, Site(site.box, "*")) if one in self.facts]
        return bool(possible) and frozenset.intersection(*possible) <= when


def both(a: Facts, b: Facts) -> Facts:
    """What is known where both hold."""
    found = dict(a)
    for site, modes in b.items():
        found[site] = found[site] & modes if site in found else modes
    return found


def either(a: Facts, b: Facts) -> Facts:
    """What is known where one of them holds."""
    if impossible(a) or impossible(b):
        return b if impossible(a) else a
    return {site: modes | b[site] for site, modes in a.items() if site in b}


def impossible(facts: Facts) -> bool:
    """Can this never be?"""
    return any(not modes for modes in facts.values())


def facts_of(emitter: Emitter, node: ast.expr, truth: bool) -> Facts:
    """What is known of modes where a condition is true, or where it is false."""
    scope = emitter.scope
    if not scope.knows_modes():
        return NOTHING
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return facts_of(emitter, node.operand, not truth)
    if isinstance(node, ast.BoolOp):
        parts = [facts_of(emitter, one, truth) for one in node.values]
        join = both if isinstance(node.op, ast.And) is truth else either
        found = parts[0]
        for one in parts[1:]:
            found = join(found, one)
        return found
    if isinstance(node, ast.Name):
        let = scope.let_facts(node.id, truth)
        if let is not None:
            return let
        return _told(emitter, Site(""), scope.presence(None, node.id), truth)
    if isinstance(node, ast.Compare):
        return _compared(emitter, node, truth)
    if isinstance(node, ast.Call):
        return _of_all(emitter, node, truth)
    owner, nones = without_new_axes(node)
    if isinstance(owner, ast.Attribute):
        site, name = site_of(emitter, owner, nones)
        if site is not None:
            return _told(emitter, site, scope.presence(site.box, name), truth)
    return NOTHING


def _told(emitter: Emitter, site: Site, presence: Presence | None, truth: bool) -> Facts:
    if presence is None or not presence.mode:
        return NOTHING
    possible = presence.when if truth else presence.modes - presence.when
    if presence.item:
        return {Site("", presence.item): possible}
    found: Facts = {site: possible}
    return both(found, emitter.scope.implied(possible)) if not site.box else found


def _compared(emitter: Emitter, node: ast.Compare, truth: bool) -> Facts:
    """``state == 2``, of a state that is one of several classes."""
    right = node.comparators[0]
    if len(node.ops) > 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return NOTHING
    if not isinstance(node.left, ast.Name) or not isinstance(right, ast.Constant):
        return NOTHING
    presence = emitter.scope.presence(None, node.left.id)
    if presence is None or not presence.item or type(right.value) is not int:
        return NOTHING
    value = frozenset([str(right.value)]) & presence.modes
    equal = isinstance(node.ops[0], ast.Eq) is truth
    return {Site("", presence.item): value if equal else presence.modes - value}


def _of_all(emitter: Emitter, node: ast.Call, truth: bool) -> Facts:
    """``all(child.mode)`` where it is true, ``any(child.mode)`` where it is false: of every element."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name != ("all" if truth else "any") or len(node.args) != 1 or node.keywords:
        return NOTHING
    (argument,) = node.args
    if not isinstance(argument, ast.Attribute) or not isinstance(argument.value, ast.Name):
        return NOTHING
    child = argument.value.id
    presence = emitter.scope.presence(child, argument.attr)
    return _told(emitter, Site(child, "*"), presence, truth)


def without_new_axes(node: ast.expr) -> tuple[ast.expr, int]:
    """``child.mode[:, None]`` without what only adds axes, and how many it adds."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple):
        return node, 0
    first, *rest = node.slice.elts
    whole = isinstance(first, ast.Slice) and not (first.lower or first.upper or first.step)
    if whole and all(isinstance(one, ast.Constant) and one.value is None for one in rest):
        return node.value, len(rest)
    return node, 0


def site_of(emitter: Emitter, node: ast.Attribute, after: int) -> tuple[Site | None, str]:
    """The interior box that ``child.port`` or ``child[i].port`` is of, and the port. ``after``: how many axes
    come after that of the elements. None where what the index picks can't be told."""
    base = node.value
    if isinstance(base, ast.Name):
        counted = emitter.scope.count(base.id) is not None
        return Site(base.id, "", -1 - after if counted else 0), node.attr
    if not isinstance(base, ast.Subscript) or not isinstance(base.value, ast.Name):
        return None, node.attr
    child = base.value.id
    first, *rest = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
    item = item_of(emitter, child, first)
    if item is None or (rest and item[1]):
        return None, node.attr
    return Site(child, item[0], -1 - after if item[1] else 0), node.attr


def item_of(emitter: Emitter, child: str, node: ast.expr | int) -> tuple[str, bool] | None:
    """(an index of a box array as written, whether it picks several elements); None where that is open."""
    count = emitter.scope.count(child)
    if isinstance(node, int):
        return str(node), False
    if count is None or not _certain(node):
        return None
    if isinstance(node, ast.Slice):
        (part,) = emitter.items_of([node])
        start, stop, step = part.indices(count)
        return ("" if (start, stop, step) == (0, count, 1) else f"{start}:{stop}:{step}"), True
    value = emitter.emit(node)
    if type(value) is int:
        return str(value % count), False
    if isinstance(value, Var) and not value.rank:
        return ast.unparse(node), False
    return (ast.unparse(node), True) if isinstance(value, Var) and value.rank == 1 else None


def child_of(node: ast.Attribute) -> str:
    """The interior box of ``child.port`` or ``child[i].port``."""
    base = node.value.value if isinstance(node.value, ast.Subscript) else node.value
    return base.id if isinstance(base, ast.Name) else ""


def is_elementwise(node: ast.expr) -> bool:
    """Does what the parts of a node show stay in its place?"""
    if isinstance(node, ast.BinOp):
        return not isinstance(node.op, ast.MatMult)
    if isinstance(node, ast.Call):
        function = FUNCTIONS.get(node.func.id) if isinstance(node.func, ast.Name) else None
        return function is not None and function.family == ELEMENTWISE
    return isinstance(node, ast.UnaryOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.Constant)


def _certain(node: ast.expr) -> bool:
    """Has it the same value wherever it is written? Draws have not."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            function = FUNCTIONS.get(one.func.id) if isinstance(one.func, ast.Name) else None
            if function is None or function.draws:
                return False
    return True
