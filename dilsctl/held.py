"""A diagram whose pattern stays as it is: what *frozen* means in an ablation.

Only states that peer wires read are held: learned ones do not learn, moving ones do not move. All else,
readouts among it, learns as before.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dilsctl.cut import rebuilt
from dilsctl.diagnostics import Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Box, Diagram, Initial, Shared, State, momentum_of
from dilsctl.elaborate import convert
from dilsctl.elaborate.definitions import freeze
from dilsctl.influence import influence
from dilsctl.ir import Eqn, Type, Var, params_of
from dilsctl.kind import Talk, paths_of, talk_of
from dilsctl.operations.functions import INITIALISERS, check_initial
from dilsctl.operations.table import OperationError
from dilsctl.pattern import Reads
from dilsctl.values import Mapping as Node
from dilsctl.values import key_span_at, span_at

_LONGEST = 1000  # signs of an initialiser


@dataclass(frozen=True, slots=True)
class Held:
    """A diagram with what it holds. ``states``: their paths. ``silent``: with them as they are held, no peer
    wire carries anything, so that nothing differs from a diagram whose peer wires are cut."""

    diagram: Diagram
    states: tuple[str, ...]
    silent: bool


def hold(diagram: Diagram, values: Any = None, block: Node | None = None) -> Held:
    """The diagram with every state held that peer wires read.

    values: what they are held at: one value for all of them, or by path; their initial values where nothing
    is said. block: the ablate block of its file. Raises Problem: hole-in-run, unknown-name, bad-initial.
    """
    talk = talk_of(diagram)
    paths = paths_of(diagram.main)
    held = {box: _read_by_peers(box, one) for box, one in talk.items()}
    names = {
        box: {name: [_plain(path + name) for path in paths[box]] for name in found}
        for box, found in held.items()
    }
    known = [path for found in names.values() for several in found.values() for path in several]
    given: Mapping[str, Any] = values if isinstance(values, dict) else {}
    for path in given:
        if path not in known:
            help = did_you_mean(path, known) or f"peer wires read {', '.join(known) or 'no state'}"
            where = key_span_at(block, ("frozen", path)) if block is not None else None
            raise Problem.of("unknown-name", f"no peer wire reads a state '{path}'", where, help=help)

    def begin(box: Box, name: str, one: State | Shared) -> Initial | None:
        value = values if not isinstance(values, dict) else None
        place = ["frozen"]
        for path in names[box][name]:
            if path in given:
                value, place = given[path], ["frozen", path]
        where = span_at(block, place) if block is not None else None
        return one.initial if value is None else _initial(value, one.type, names[box][name][0], where)

    silent = bool(known)

    def change(box: Box) -> Box:
        nonlocal silent
        if box not in held:
            return box
        states = {
            name: replace(one, learn=None, initial=begin(box, name, one) or Initial())
            if name in held[box]
            else one
            for name, one in box.states.items()
        }
        shared = {
            name: replace(one, learn=None, initial=begin(box, name, one)) if name in held[box] else one
            for name, one in box.shared.items()
        }
        still = {(box.states.get(name) or box.shared[name]).var for name in held[box]}
        zero = {
            one.var
            for name, one in (states | shared).items()
            if name in held[box] and one.initial is not None and _is_zero(one.initial)
        }
        silent = silent and _is_silent(box, talk[box], zero)
        laws = tuple(law for law in box.laws if law.target not in still)
        eqns = list(box.eqns)
        for name in held[box]:  # what is held does not move
            momentum = states.pop(momentum_of(name), None) or shared.pop(momentum_of(name), None)
            if momentum is not None:
                zero_momentum = params_of(value=0.0, type=momentum.type)
                eqns.insert(0, Eqn("constant", (), (momentum.var,), zero_momentum))
        metrics = tuple(one for one in box.metrics if one.target not in still)
        return replace(box, states=states, shared=shared, eqns=tuple(eqns), laws=laws, metrics=metrics)

    return Held(rebuilt(diagram, change), tuple(dict.fromkeys(known)), silent)


def _plain(path: str) -> str:
    """A path without the numbers of elements."""
    return re.sub(r"\[\d+\]", "", path)


def _read_by_peers(box: Box, talk: Talk) -> list[str]:
    """The learned and moving states of a box that its peer wires read."""
    reads = Reads(box)
    moving = {law.target for law in box.laws} | {metric.target for metric in box.metrics}
    joined = {link.variable for link in box.links}
    read = {leaf for wire in talk.wires for leaf in reads.of(box.dispatch[wire.target])}
    own: dict[str, Any] = dict(box.states)
    own |= {name: one for name, one in box.shared.items() if name not in joined}
    return [
        name for name, one in own.items() if one.var in read and (one.learn is not None or one.var in moving)
    ]


def _is_zero(initial: Initial) -> bool:
    if initial.rule:
        return False
    return all(one == 0 for one in convert.leaves(initial.value))


def _is_silent(box: Box, talk: Talk, zero: set[Var]) -> bool:
    """With some states zero, does no interior box hear a sibling?"""
    if talk.links:
        return False
    for target in dict.fromkeys(wire.target for wire in talk.wires):
        child, told = box.children[target[0]], box.dispatch[target]
        count = child.count or 1
        sources: dict[Var, Any] = {}
        others = False
        for wire in talk.wires:
            if wire.target == target:
                var = box.children[wire.source[0]].outputs[wire.source[1]]
                if wire.source[0] == target[0]:  # an array that hears itself: whom does each element hear?
                    eye = np.eye(count, dtype=bool).reshape(count, *[1] * (var.rank - 1), count)
                    sources[var] = np.broadcast_to(eye, (*var.shape, count))
                else:
                    sources[var] = np.ones((*var.shape, count), bool)
                    others = True
        found = influence(box, told, sources, zero)
        if found is None:
            return False
        distributed = told.rank > len(child.box.inputs[target[1]].type.shape)
        if distributed and not others:  # an element that hears itself hears no sibling
            found = found & ~np.eye(count, dtype=bool).reshape(count, *[1] * (told.rank - 1), count)
        if found.any():
            return False
    return True


def _initial(value: Any, type: Type, path: str, span: SourceSpan | None) -> Initial:
    """How a held state begins: a number, a list, or an initialiser with numbers."""
    try:
        if isinstance(value, str) and len(value) > _LONGEST:
            raise ValueError("too long")
        if isinstance(value, str):
            called = re.fullmatch(r"\s*(\w+)\s*(?:\((.*)\))?\s*", value)
            if called is None or called[1] not in INITIALISERS:
                raise OperationError(
                    f"'{path}' can't be held at '{value}'",
                    f"a number, a list, or one of {', '.join(INITIALISERS)}",
                )
            arguments = freeze(list(ast.literal_eval(f"({called[2]},)"))) if called[2] else ()
            check_initial(called[1], arguments, type)
            return Initial(called[1], arguments)
        return Initial(value=convert.check_value(freeze(value), type))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        help = "an initialiser takes numbers here, as in normal(0, 0.1)"
        shown = str(value)[:60]
        raise Problem.of("bad-initial", f"'{path}' can't be held at '{shown}'", span, help=help) from None
    except OperationError as error:
        raise Problem.of("bad-initial", error.message, span, help=error.help) from None
