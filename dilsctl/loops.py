"""Dependencies counted element by element.

Whole arrays may seem to depend on themselves where no element does: a carry chain through a box array reads
its own outputs, shifted by one. Equations on such a cycle are split along their leading axis, element by
element, until an order is found; the elements then run one after the other, as a scan. What is still cyclic
when nothing can be split any more is an algebraic loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from dilsctl.diagnostics import Diagnostic, Label, Problem
from dilsctl.diagram import Box
from dilsctl.ir import Eqn, Params, Type, Var
from dilsctl.lower import Flat, flatten
from dilsctl.operations.contract import parse_spec
from dilsctl.operations.table import OPERATIONS
from dilsctl.order import components, sort_equations

MOST_ELEMENTS = 2_000_000


class Loop(Exception):
    """A cycle that no splitting opens: the equations on it."""

    def __init__(self, eqns: list[Eqn]) -> None:
        super().__init__("algebraic loop")
        self.eqns = eqns


def flatten_in_order(box: Box) -> Flat:
    """Flatten a box, every equation after those it needs. Raises Problem ``algebraic-loop``."""
    flat = flatten(box)
    if not flat.cyclic:
        return flat
    try:
        flat.eqns = schedule(flat.eqns)
    except Loop:
        raise _explain(box) from None
    flat.cyclic = 0
    return flat


def schedule(eqns: Sequence[Eqn]) -> list[Eqn]:
    """All equations in dependency order, split where that is needed. Raises Loop."""
    ordered, rest = sort_equations(eqns)
    if not rest:
        return ordered
    for group in components(rest):
        if len(group) == 1 and not set(group[0].inputs) & set(group[0].outputs):
            ordered.append(group[0])
        else:
            ordered.extend(schedule(_Split(group).run()))
    return sort_equations(ordered)[0]


def _explain(box: Box) -> Problem:
    """The ports of the loop, in order, from a flattening in which every port has an equation."""
    flat = flatten(box, mark=True)
    try:
        schedule(flat.eqns)
    except Loop as loop:
        cycle = shortest_cycle(loop.eqns)
        names = [one.outputs[0].name for one in cycle if one.op == "copy" and one.outputs[0].name]
        names = list(dict.fromkeys(names)) or [one.op for one in cycle]
        spans = [one.span for one in cycle if one.span is not None]
        start = names.index(min(names))
        names = names[start:] + names[:start]
        path = " -> ".join([*names, names[0]])
        span = spans[0] if spans else box.span
        return Problem(
            [
                Diagnostic(
                    "algebraic-loop",
                    f"these ports depend on one another within one tick: {path}",
                    Label(span, "on the loop") if span is not None else None,
                    tuple(Label(one, "on the loop") for one in dict.fromkeys(spans) if one is not span)[:8],
                    help="take one of these wires out, or compute its value from what does not depend on it",
                )
            ]
        )
    return Problem.of("algebraic-loop", "these boxes depend on one another within one tick", box.span)


def shortest_cycle(eqns: Sequence[Eqn]) -> list[Eqn]:
    """A shortest cycle through the first equation that is on one (breadth first), in order of flow."""
    producer = {out: eqn for eqn in eqns for out in eqn.outputs}
    readers: dict[Eqn, list[Eqn]] = {}
    for eqn in eqns:
        for var in eqn.inputs:
            if var in producer:
                readers.setdefault(producer[var], []).append(eqn)
    for start in eqns:
        before: dict[Eqn, Eqn | None] = {start: None}
        queue = [start]
        for at in queue:
            for reader in readers.get(at, []):
                if reader is start:
                    path: list[Eqn] = []
                    step: Eqn | None = at
                    while step is not None:
                        path.append(step)
                        step = before[step]
                    return path[::-1]
                if reader not in before:
                    before[reader] = at
                    queue.append(reader)
    return list(eqns)


_SAME_AXIS = {
    "sum", "prod", "max", "min", "mean", "any", "all", "logsumexp", "argmax", "argmin", "softmax", "log_softmax",
    "roll", "transpose", "gather", "one_hot", "cross_entropy", "sigmoid_cross_entropy", "patches", "max_pool",
}  # fmt: skip


class _Split:
    """Splits the equations of one component along their leading axes."""

    def __init__(self, group: list[Eqn]) -> None:
        self.group = group
        self.inside = {out for eqn in group for out in eqn.outputs}
        self.made: list[Eqn] = []
        self.elements: dict[Var, list[Var]] = {}
        self.alias: dict[Var, Var] = {}
        self.read: dict[tuple[Var, int, int], Var] = {}

    def run(self) -> list[Eqn]:
        """The equations, split; each split variable is put together again for its other readers."""
        plans = {eqn: self._inputs_by_element(eqn) for eqn in self.group}
        if all(plan is None for plan in plans.values()) and not self._picks():
            raise Loop(self.group)
        total = 0
        for eqn, plan in plans.items():
            if plan is None:
                continue
            for out in eqn.outputs:
                length = out.shape[0]
                total += length
                if total > MOST_ELEMENTS:
                    raise Problem.of(
                        "too-large",
                        f"this chain through an array has more than {MOST_ELEMENTS} elements to run in turn",
                        eqn.span,
                    )
                type = Type(out.type.kind, out.shape[1:], out.type.classes)
                self.elements[out] = [Var(type, out.batched, f"{out.name}[{i}]" if out.name else "") for i in range(length)]
        for eqn, plan in plans.items():
            if plan is None:
                self._keep(eqn)
            elif eqn.op == "slice":
                self._split_slice(eqn)
            elif eqn.op == "assemble":
                self._split_assemble(eqn)
            else:
                self._split_plain(eqn, plan)
        for var, parts in self.elements.items():
            rest = _whole(parts[0].shape) if parts else ()
            index = tuple((i, *rest) for i in range(len(parts)))
            self.made.append(Eqn("assemble", tuple(parts), (var,), (("index", index), ("type", var.type)), None))
        return [
            Eqn(eqn.op, tuple(self._resolve(one) for one in eqn.inputs), eqn.outputs, eqn.params, eqn.span)
            for eqn in self.made
        ]

    def _resolve(self, var: Var) -> Var:
        seen = set()
        while var in self.alias:
            if var in seen:
                raise Loop(self.group)
            seen.add(var)
            var = self.alias[var]
        return var

    def _picks(self) -> bool:
        """Does some slice take single elements out of an array of the component?"""
        return any(
            eqn.op == "slice" and eqn.inputs[0] in self.inside and isinstance(eqn.param("index")[0], int)
            for eqn in self.group
        ) and any(eqn.op == "assemble" for eqn in self.group)

    # -- which equations split, and how their inputs follow ---------------------------------------

    def _inputs_by_element(self, eqn: Eqn) -> list[int | None] | None:
        """For each input the axis along which it follows the output's elements, None for all of it at once
        (or -1: its only element); None altogether if the equation can't be split."""
        out = eqn.outputs[0]
        if not out.rank or not out.shape[0]:
            return None
        length = out.shape[0]
        if eqn.op in ("slice", "assemble"):
            index = eqn.param("index")
            if eqn.op == "slice" and len(index) == eqn.inputs[0].rank and isinstance(index[0], int):
                return None
            return [0] * len(eqn.inputs)
        if eqn.op == "contract":
            operands, result = parse_spec(eqn.param("spec"))
            label = result[0]
            return [labels.index(label) if label in labels else None for labels in operands]
        if OPERATIONS[eqn.op].elementwise or eqn.op in ("broadcast", "where", "cast", "copy"):
            return [_follows(one, out.rank, length) for one in eqn.inputs]
        if eqn.op == "reshape":
            (x,) = eqn.inputs
            return [0] if x.rank and x.shape[0] == length and out.type.size else None
        if eqn.op in _SAME_AXIS and all(one.rank and one.shape[0] == length for one in eqn.inputs):
            return [0] * len(eqn.inputs) if self._axis_is_free(eqn) else None
        return None

    def _axis_is_free(self, eqn: Eqn) -> bool:
        """Does the operation leave the leading axis of its inputs alone?"""
        rank = eqn.inputs[0].rank
        if eqn.op == "transpose":
            return len(eqn.param("perm")) < rank
        if eqn.op in ("one_hot",):
            return True
        if eqn.op in ("patches", "max_pool"):
            return rank > 3
        axes = eqn.param("axes", None)
        if axes is None:
            axis = eqn.param("axis", -1)
            axes = axis if isinstance(axis, tuple) else (axis,)
        return -rank not in axes and all(one < 0 for one in axes)

    # -- splitting --------------------------------------------------------------------------------

    def _element(self, var: Var, axis: int, i: int) -> Var:
        """Element ``i`` of ``var`` along ``axis``."""
        if axis == 0 and var in self.elements:
            return self.elements[var][i]
        key = (var, axis, i)
        if key not in self.read:
            index = tuple(i if k == axis else (0, length, 1) for k, length in enumerate(var.shape))
            self.read[key] = self._slice(var, index)
        return self.read[key]

    def _slice(self, var: Var, index: tuple[object, ...]) -> Var:
        kept = tuple(len(range(*one)) for one in index if isinstance(one, tuple))
        out = Var(Type(var.type.kind, kept, var.type.classes), var.batched)
        self.made.append(Eqn("slice", (var,), (out,), (("index", index),), None))
        return out

    def _split_plain(self, eqn: Eqn, plan: list[int | None]) -> None:
        params = _element_params(eqn)
        for i in range(eqn.outputs[0].shape[0]):
            inputs = []
            for one, axis in zip(eqn.inputs, plan, strict=True):
                if axis is None:
                    inputs.append(one)
                else:
                    inputs.append(self._element(one, max(axis, 0), 0 if axis < 0 else i))
            outputs = tuple(self.elements[out][i] for out in eqn.outputs)
            self.made.append(Eqn(eqn.op, tuple(inputs), outputs, params, eqn.span))

    def _split_slice(self, eqn: Eqn) -> None:
        (x,), (out,) = eqn.inputs, eqn.outputs
        index = eqn.param("index")
        free = x.rank - len(index)
        for i, part in enumerate(self.elements[out]):
            if free:
                source, rest = self._element(x, 0, i), index
            else:
                start, _, step = index[0]
                source, rest = self._element(x, 0, start + i * step), index[1:]
            self._take(source, rest, part)

    def _take(self, source: Var, index: tuple[object, ...], into: Var) -> None:
        if source.shape == into.shape:
            self.alias[into] = source
        else:
            self.made.append(Eqn("slice", (source,), (into,), (("index", index),), None))

    def _split_assemble(self, eqn: Eqn) -> None:
        (out,) = eqn.outputs
        indices = eqn.param("index")
        type = eqn.param("type")
        if out.rank > len(type.shape):  # a leading axis that the pieces share
            for i, part in enumerate(self.elements[out]):
                inputs = tuple(self._element(one, 0, i) for one in eqn.inputs)
                self.made.append(Eqn("assemble", inputs, (part,), eqn.params, eqn.span))
            return
        pieces: list[list[tuple[Var, tuple[object, ...]]]] = [[] for _ in self.elements[out]]
        for one, index in zip(eqn.inputs, indices, strict=True):
            first, rest = index[0], index[1:]
            if isinstance(first, int):
                pieces[first].append((one, rest))
                continue
            for k, i in enumerate(range(*first)):
                pieces[i].append((self._element(one, 0, k), rest))
        for part, found in zip(self.elements[out], pieces, strict=True):
            if len(found) == 1 and found[0][0].shape == part.shape:
                self.alias[part] = found[0][0]
                continue
            index = tuple(rest for _, rest in found)
            params: Params = (("index", index), ("type", part.type))
            self.made.append(Eqn("assemble", tuple(one for one, _ in found), (part,), params, eqn.span))

    def _keep(self, eqn: Eqn) -> None:
        """An equation that is not split. A slice that picks one element needs that element only."""
        if eqn.op == "slice" and eqn.inputs[0] in self.elements:
            (x,), index = eqn.inputs, eqn.param("index")
            if len(index) == x.rank and isinstance(index[0], int):
                self._take(self.elements[x][index[0]], index[1:], eqn.outputs[0])
                if eqn.outputs[0] in self.alias:
                    source = self.alias.pop(eqn.outputs[0])
                    self.made.append(Eqn("copy", (source,), eqn.outputs, (), eqn.span))
                return
        self.made.append(eqn)


def _whole(shape: tuple[int, ...]) -> tuple[tuple[int, int, int], ...]:
    return tuple((0, length, 1) for length in shape)


def _follows(var: Var, rank: int, length: int) -> int | None:
    """The axis of an elementwise operand that follows the output's leading axis; -1: its only element."""
    if var.rank < rank:
        return None
    return 0 if var.shape[0] == length else -1


def _element_params(eqn: Eqn) -> Params:
    """The parameters of one element's equation."""
    if eqn.op == "contract":
        operands, out = parse_spec(eqn.param("spec"))
        label = out[0]
        spec = ",".join(one.replace(label, "") for one in operands) + "->" + out[1:]
        return (("spec", spec),)
    if eqn.op in ("reshape", "broadcast"):
        return (("shape", eqn.param("shape")[1:]),)
    return eqn.params
