"""Joined variables taken apart: what *cut* means for boxes that share instead of telling.

Every interior box that had a part in a variable gets a copy of its own, which begins as the whole did and
moves by the laws of that box alone. What the box around shows or tells of it is the mean of the copies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from dilsctl.diagnostics import Problem
from dilsctl.diagram import Box, Initial, Law, Link, Shared, momentum_of
from dilsctl.ir import Eqn, Index, Var
from dilsctl.operations.table import Builder


def split(box: Box, names: Iterable[str], outside: set[str]) -> Box:
    """The box with some of its joined variables split. ``outside``: those that are joined further out.

    Raises Problem: cut-link, for what this is not said of.
    """
    for name in dict.fromkeys(names):
        if name in box.shared:
            box = _split(box, name, outside)
    return box


def _split(box: Box, name: str, outside: set[str]) -> Box:
    one = box.shared[name]
    members = [link for link in box.links if link.variable == name]
    _refuse(box, one, outside)
    first, places = 0, {}
    for link in members:
        count = _copies(box, link, one)
        places[link.child, link.port] = (first, first + count, 1) if count else first
        first += count or 1
    copies = replace(one, type=one.type.with_shape((first, *one.type.shape)), private=True)
    copies = replace(copies, var=Var(copies.type, name=name), initial=_repeated(one, first, box))
    momentum = momentum_of(name)
    shared, links = {**box.shared, name: copies}, [_of_copy(link, name, places) for link in box.links]
    if momentum in shared:
        own = shared[momentum]
        type = own.type.with_shape((first, *own.type.shape))
        shared[momentum] = replace(own, type=type, var=Var(type, name=momentum), private=True)
        moved = {(child, momentum_of(port)): place for (child, port), place in places.items()}
        links = [_of_copy(link, momentum, moved) for link in links]
    eqns: list[Eqn] = []
    mean = _mean(Builder(eqns, one.span), copies.var, [(places[x.child, x.port], x.index) for x in members])

    def read(var: Var) -> Var:
        return mean if var is one.var else var

    changed = [replace_inputs(eqn, read) for eqn in box.eqns]
    return replace(
        box,
        shared=shared,
        links=tuple(links),
        eqns=(*eqns, *changed),
        readout={port: read(var) for port, var in box.readout.items()},
        dispatch={key: read(var) for key, var in box.dispatch.items()},
        losses=tuple(read(var) for var in box.losses),
        laws=tuple(_law(law, read) for law in box.laws),
        lets={key: read(var) for key, var in box.lets.items()},
    )


def replace_inputs(eqn: Eqn, read: Any) -> Eqn:
    """The equation, reading other variables."""
    return Eqn(eqn.op, tuple(read(one) for one in eqn.inputs), eqn.outputs, eqn.params, eqn.span)


def _law(law: Law, read: Any) -> Law:
    return replace(law, value=read(law.value))


def _refuse(box: Box, one: Shared, outside: set[str]) -> None:
    """Say of what a split has no meaning here."""
    own = [law.span for law in box.laws if law.target is one.var]
    own += [metric.span for metric in box.metrics if metric.target is one.var]
    why = ""
    if one.name in outside:
        why = "it is joined further out as well"
    elif own or box.potentials:
        why = f"'{box.name}' has laws of its own"
    elif one.type.kind != "real":
        why = f"it is '{one.type}', which has no mean"
    if why:
        message = f"the variable '{one.name}', which boxes inside '{box.name}' share, can't be cut: {why}"
        help = "draw what the boxes tell each other as wires; then the wires are cut"
        raise Problem.of("cut-link", message, (own or [one.span])[0] or box.span, help=help)


def _copies(box: Box, link: Link, one: Shared) -> int:
    """How many copies of an array of boxes are one in a variable; 0 where that is not so."""
    child = box.children[link.child]
    own = len(child.box.shared[link.port].type.shape)
    whole = len(one.type.shape) - sum(isinstance(at, int) for at in link.index)
    return child.count or 0 if child.count is not None and whole == own else 0


def _of_copy(link: Link, name: str, places: dict[tuple[str, str], Any]) -> Link:
    if link.variable != name or (link.child, link.port) not in places:
        return link
    return replace(link, index=(places[link.child, link.port], *link.index))


def _repeated(one: Shared, count: int, box: Box) -> Initial | None:
    """As the whole begins, so do its copies."""
    initial = one.initial
    if initial is None or (not initial.rule and not isinstance(initial.value, tuple)):
        return initial
    if initial.rule:
        message = (
            f"the variable '{one.name}' of '{box.name}' begins with a draw, and its copies can't begin alike"
        )
        raise Problem.of("cut-link", message, one.span, help="give it an initial value of numbers")
    return replace(initial, value=(initial.value,) * count)


def _mean(builder: Builder, copies: Var, members: list[tuple[Any, Index]]) -> Var:
    """The mean of the copies, element by element over those that have a part in it."""
    parts = np.zeros(copies.shape)
    for place, index in members:
        where = tuple(at if isinstance(at, int) else slice(*at) for at in (place, *index))
        parts[where] = 1
    total = parts.sum(axis=0)
    parts[0, ...] = np.where(total == 0, 1, parts[0])
    share = parts / parts.sum(axis=0)
    value = share.tolist() if copies.rank else share.item()
    weighed = builder.emit("mul", (copies, builder.constant(_frozen(value), copies.type)))
    return builder.emit("sum", (weighed,), axes=(-copies.rank,))


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
