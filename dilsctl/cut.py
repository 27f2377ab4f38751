"""A diagram without its peer wires: what *cut* means in an ablation.

Every input that a peer wire feeds is computed as before, but what siblings show is replaced by a neutral
value: 0, false, the uniform distribution; a class must name one. What a box hears of itself stays. Of an
array, every element hears itself and neutral values for all others. Variables that siblings share are split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dilsctl.diagnostics import Problem, did_you_mean
from dilsctl.diagram import Box, Child, Diagram
from dilsctl.elaborate import convert
from dilsctl.influence import MOVES, influence
from dilsctl.ir import BOOL, Eqn, Type, Var
from dilsctl.kind import Talk, paths_of, talk_of
from dilsctl.operations.rules import broadcast, reshape
from dilsctl.operations.table import OPERATIONS, Builder, OperationError
from dilsctl.siblings import Key, Sibling
from dilsctl.split_links import split
from dilsctl.values import Mapping as Node
from dilsctl.values import key_span_at


def cut(diagram: Diagram, neutral: Mapping[str, Any] | None = None, block: Node | None = None) -> Diagram:
    """The diagram with its peer wires cut. ``neutral``: values by port (``walker.choice``), for classes;
    ``block``: the ablate block of its file.

    Raises Problem: hole-in-run, no-neutral, unknown-name, cut-link.
    """
    talk, named = talk_of(diagram), dict(neutral or {})
    known = [".".join(wire.source) for one in talk.values() for wire in one.wires]
    for name in named:
        if name not in known:
            help = did_you_mean(name, known) or f"peer wires come from {', '.join(dict.fromkeys(known))}"
            where = key_span_at(block, ("neutral", name)) if block is not None else None
            raise Problem.of("unknown-name", f"no peer wire comes from '{name}'", where, help=help)
    outside = _joined_outside(diagram.main)

    def change(box: Box) -> Box:
        return _cut(box, talk[box], named, outside.get(box, set())) if box in talk else box

    return rebuilt(diagram, change)


def _joined_outside(main: Box) -> dict[Box, set[str]]:
    """The shared variables of every box that the box around joins."""
    found: dict[Box, set[str]] = {}
    for box in paths_of(main):
        for link in box.links:
            for inside in box.children[link.child].boxes:
                found.setdefault(inside, set()).add(link.port)
    return found


def rebuilt(diagram: Diagram, change: Callable[[Box], Box]) -> Diagram:
    """The diagram with every box changed, those inside first. Boxes that are one stay one."""
    made: dict[Box, Box] = {}

    def of(box: Box) -> Box:
        if box not in made:
            new = change(box)
            children = {name: _with_boxes(child, of) for name, child in new.children.items()}
            same = all(children[name] is child for name, child in new.children.items())
            made[box] = new if same else replace(new, children=children)
        return made[box]

    return Diagram(diagram.name, of(diagram.main), diagram.span)


def _with_boxes(child: Child, of: Callable[[Box], Box]) -> Child:
    boxes = tuple(of(one) for one in child.boxes)
    same = all(one is other for one, other in zip(boxes, child.boxes, strict=True))
    return child if same else replace(child, boxes=boxes)


def _cut(box: Box, talk: Talk, neutral: Mapping[str, Any], outside: set[str]) -> Box:
    box = split(box, talk.links, outside)
    eqns = list(box.eqns)
    dispatch = dict(box.dispatch)
    targets: dict[Key, list[Sibling]] = {}
    for wire in talk.wires:
        targets.setdefault(wire.target, []).append(wire)
    for target, wires in targets.items():
        dispatch[target] = _Silence(box, eqns, neutral).of(target, wires)
    return replace(box, eqns=tuple(eqns), dispatch=dispatch)


class _Silence:
    """What an input is told when its siblings say nothing."""

    def __init__(self, box: Box, eqns: list[Eqn], neutral: Mapping[str, Any]) -> None:
        self.box = box
        self.builder = Builder(eqns)
        self.neutral = neutral
        self.zero: set[Var] = set()  # what is zero, whatever the states are

    def of(self, target: Key, wires: list[Sibling]) -> Var:
        name, port = target
        child, told = self.box.children[name], self.box.dispatch[target]
        count = child.count or 1
        changed: dict[Var, Var] = {}
        own: list[Key] = []
        for wire in wires:
            if wire.source[0] == name:
                own.append(wire.source)
            else:
                changed[self._var(wire.source)] = self._neutral(wire.source)
        rank = len(child.box.inputs[port].type.shape)
        distributed = count > 1 and told.rank > rank
        if not own:
            return self._again(told, changed, set(), count)
        if distributed and not _hears_itself(self.box, told, [self._var(one) for one in own], count):
            changed |= {self._var(one): self._neutral(one) for one in own}
            return self._again(told, changed, set(), count)
        lifted = set()
        for key in own:
            one = self._alone(key, count)
            changed[self._var(key)] = one
            lifted.add(self._var(key))
        heard = self._again(told, changed, lifted, count)
        if not distributed:
            return heard
        rest = heard.shape[2:]
        flat = reshape(self.builder, heard, (count * count, *rest))
        whole = tuple((0, length, 1) for length in rest)
        return self.builder.emit("slice", (flat,), index=((0, count * count, count + 1), *whole))

    def _var(self, key: Key) -> Var:
        return self.box.children[key[0]].outputs[key[1]]

    def _neutral(self, key: Key) -> Var:
        """A neutral value of what a sibling shows."""
        type, name = self._var(key).type, ".".join(key)
        value = _neutral_value(type, self.neutral.get(name), name, self.box)
        found = self.builder.constant(value, type)
        if value == 0 and type.kind == "real":
            self.zero.add(found)
        return found

    def _alone(self, key: Key, count: int) -> Var:
        """What an array shows, as each of its elements hears it when all others say nothing:
        (count, count, *shape)."""
        shown, silent = self._var(key), self._neutral(key)
        ones = [1] * (shown.rank - 1)
        eye = tuple(tuple(i == j for j in range(count)) for i in range(count))
        own = self.builder.constant(eye, BOOL.with_shape((count, count)))
        own = reshape(self.builder, own, (count, count, *ones))
        shape = (count, *shown.shape)
        found = self.builder.emit("where", (own, shown, silent))
        found = broadcast(self.builder, found, shape)
        kind = shown.type.kind
        if kind == "simplex":
            found = self.builder.emit("cast", (found,), kind="simplex")
        return found

    def _again(self, var: Var, changed: dict[Var, Var], lifted: set[Var], count: int) -> Var:
        """``var`` computed once more from other values; those in ``lifted`` have a new leading axis."""
        changed, lifted = dict(changed), set(lifted)
        for eqn in self.box.eqns:
            if not any(one in changed for one in eqn.inputs):
                continue
            inputs = tuple(changed.get(one, one) for one in eqn.inputs)
            flags = tuple(one in lifted for one in eqn.inputs)
            self.builder.span = eqn.span
            if self._is_zero(eqn, inputs):
                (out,) = eqn.outputs
                outs: Sequence[Var] = (self.builder.constant(0.0, out.type),)
                self.zero.update(outs)
            elif any(flags):
                outs = OPERATIONS[eqn.op].stack(self.builder, eqn, inputs, flags, count)
                lifted.update(eqn.outputs)
            else:
                outs = self.builder.again(eqn, inputs)
            changed.update(zip(eqn.outputs, outs, strict=True))
        return changed.get(var, var)

    def _is_zero(self, eqn: Eqn, inputs: tuple[Var, ...]) -> bool:
        """Whether what an equation gives is zero because of what is silent: then the rest of it, couplings
        for one, is no longer read."""
        if len(eqn.outputs) > 1 or eqn.outputs[0].type.kind != "real":
            return False
        silent = [one in self.zero for one in inputs]
        return any(silent) if eqn.op in ("mul", "contract") else eqn.op in MOVES and all(silent)


def _hears_itself(box: Box, told: Var, own: list[Var], count: int) -> bool:
    """Does any element of an array hear, over a wire that goes to all, what it shows itself?"""
    eye = np.eye(count, dtype=bool)
    sources = {
        one: np.broadcast_to(eye.reshape(count, *[1] * (one.rank - 1), count), (*one.shape, count))
        for one in own
    }
    found = influence(box, told, sources)
    return found is None or any(bool(found[i, ..., i].any()) for i in range(count))


def _neutral_value(type: Type, named: Any, name: str, box: Box) -> Any:
    if named is not None:
        try:
            return convert.check_value(named, type)
        except OperationError as error:
            message = f"'{name}' can't be {named}: {error.message}"
            raise Problem.of("no-neutral", message, box.span, help=error.help) from None
    if type.kind == "simplex":
        return 1.0 / type.shape[-1]
    if type.kind == "class":
        message = f"'{name}' is a '{type}': no class is neutral by itself"
        help = f"name one: ablate: {{neutral: {{{name}: 0}}}}"
        raise Problem.of("no-neutral", message, box.children[name.partition(".")[0]].span, help=help)
    return {"bool": False, "int": 0}.get(type.kind, 0.0)
