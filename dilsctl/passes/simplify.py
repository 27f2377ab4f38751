"""Local rewrites that are exact: what moves values about without need goes away.

- reshaping, repeating or slicing to what a value already is;
- a slice of an array just put together is the piece; an array put together from all its slices is the array;
- a slice of a product is the product of slices (used where nothing else reads the product);
- the labels of products get canonical letters, so that equal products look equal.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable
from typing import Any

from dilsctl.ir import Eqn, Index, Program, Var
from dilsctl.operations.contract import parse_spec
from dilsctl.operations.table import Builder

Rule = Callable[["_Simplifying", Eqn], Var | None]


def simplify(program: Program) -> Program:
    """Apply every rule to every equation, in order, once."""
    return _Simplifying(program).run()


class _Simplifying:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.eqns: list[Eqn] = []
        self.builder = Builder(self.eqns)
        self.producer: dict[Var, Eqn] = {}
        self.reads = Counter(one for eqn in program.eqns for one in eqn.inputs)
        self.reads.update(program.ends)

    def run(self) -> Program:
        same: dict[Var, Var] = {}
        for eqn in self.program.eqns:
            inputs = tuple([same.get(one, one) for one in eqn.inputs])
            if inputs != eqn.inputs:
                eqn = Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span)
            rule = _RULES.get(eqn.op)
            self.builder.span = eqn.span
            mark = len(self.eqns)
            found = rule(self, eqn) if rule is not None else None
            if found is None:
                self.eqns.append(eqn)
            else:
                (out,) = eqn.outputs
                same[out] = found
                self.reads[found] += self.reads[out]
            for made in self.eqns[mark:]:
                for out in made.outputs:
                    self.producer[out] = made
        return self.program.renamed(self.eqns, lambda var: same.get(var, var))


def _copy(work: _Simplifying, eqn: Eqn) -> Var | None:
    return eqn.inputs[0]


def _reshape(work: _Simplifying, eqn: Eqn) -> Var | None:
    (x,), (out,) = eqn.inputs, eqn.outputs
    if x.shape == out.shape:
        return x
    inner = work.producer.get(x)
    if inner is not None and inner.op == "reshape":
        if inner.inputs[0].shape == out.shape:
            return inner.inputs[0]
        return work.builder.emit("reshape", inner.inputs, shape=out.shape)
    return None


def _broadcast(work: _Simplifying, eqn: Eqn) -> Var | None:
    (x,), (out,) = eqn.inputs, eqn.outputs
    return x if x.shape == out.shape and x.batched == out.batched else None


def _transpose(work: _Simplifying, eqn: Eqn) -> Var | None:
    perm = eqn.param("perm")
    if perm == tuple(range(-len(perm), 0)):
        return eqn.inputs[0]
    inner = work.producer.get(eqn.inputs[0])
    if inner is not None and inner.op == "transpose" and len(inner.param("perm")) == len(perm):
        first = inner.param("perm")
        both = tuple(first[axis] for axis in perm)
        if both == tuple(range(-len(perm), 0)):
            return inner.inputs[0]
        return work.builder.emit("transpose", inner.inputs, perm=both)
    return None


def _full(index: Index, shape: tuple[int, ...]) -> Index:
    """The index with the leading axes that it does not name written out."""
    missing = len(shape) - len(index)
    return (*((0, length, 1) for length in shape[:missing]), *index)


def _slice(work: _Simplifying, eqn: Eqn) -> Var | None:
    (x,), (out,) = eqn.inputs, eqn.outputs
    if x.shape == out.shape:
        return x
    inner = work.producer.get(x)
    if inner is None:
        return None
    index = _full(eqn.param("index"), x.shape)
    if inner.op == "assemble":
        return _piece(inner, index)
    if inner.op == "slice":
        return _slice_of_slice(work, inner, index)
    if inner.op == "contract" and work.reads[x] == 1:
        return _slice_of_product(work, inner, index)
    return None


def _piece(inner: Eqn, index: Index) -> Var | None:
    for piece, place in zip(inner.inputs, inner.param("index"), strict=True):
        if _full(place, inner.outputs[0].shape) == index and piece.batched == inner.outputs[0].batched:
            return piece
    return None


def _slice_of_slice(work: _Simplifying, inner: Eqn, index: Index) -> Var:
    first = _full(inner.param("index"), inner.inputs[0].shape)
    second = iter(index)
    both: list[Any] = []
    for entry in first:
        if isinstance(entry, int):
            both.append(entry)
            continue
        part = range(*entry)
        then = next(second)
        if isinstance(then, int):
            both.append(part[then])
            continue
        picked = part[slice(*then)]
        # steps may lead beyond the array
        both.append((picked.start, picked[-1] + 1, picked.step) if picked else (0, 0, 1))
    return work.builder.emit("slice", inner.inputs, index=tuple(both))


def _slice_of_product(work: _Simplifying, inner: Eqn, index: Index) -> Var | None:
    if any(isinstance(entry, int) for entry in index):
        return None
    operands, out = parse_spec(inner.param("spec"))
    wanted = dict(zip(out, index, strict=True))
    inputs = []
    for labels, x in zip(operands, inner.inputs, strict=True):
        part = tuple(wanted.get(label, (0, length, 1)) for label, length in zip(labels, x.shape, strict=True))
        whole = all(entry == (0, length, 1) for entry, length in zip(part, x.shape, strict=True))
        inputs.append(x if whole else work.builder.emit("slice", (x,), index=part))
    return work.builder.emit("contract", inputs, spec=inner.param("spec"), batched=inner.outputs[0].batched)


def _gather(work: _Simplifying, eqn: Eqn) -> Var | None:
    """To pick all elements, in order but for where it begins, is to rotate."""
    (x,), indices, axis = eqn.inputs, eqn.param("indices"), eqn.param("axis")
    length = x.shape[axis]
    if len(indices) != length or length == 0 or isinstance(indices[0], tuple):
        return None
    first = indices[0]
    if indices != (*range(first, length), *range(first)):
        return None
    return x if first == 0 else work.builder.emit("roll", (x,), shift=-first % length, axis=axis)


def _assemble(work: _Simplifying, eqn: Eqn) -> Var | None:
    """All slices of one array, each at its own place, are that array."""
    (out,) = eqn.outputs
    source: Var | None = None
    for piece, place in zip(eqn.inputs, eqn.param("index"), strict=True):
        inner = work.producer.get(piece)
        if inner is None or inner.op != "slice":
            return None
        x = inner.inputs[0]
        if source is not None and x is not source:
            return None
        source = x
        if x.shape != out.shape or x.batched != out.batched:
            return None
        if _full(inner.param("index"), x.shape) != _full(place, out.shape):
            return None
    return source


def _contract(work: _Simplifying, eqn: Eqn) -> Var | None:
    """Canonical letters; a product of one operand that changes nothing is the operand."""
    spec = eqn.param("spec")
    operands, out = parse_spec(spec)
    x = eqn.inputs[0]
    if len(operands) == 1 and operands[0] == out and x.batched == eqn.outputs[0].batched:
        return x
    letters: dict[str, str] = {}
    for label in "".join(operands):
        letters.setdefault(label, string.ascii_letters[len(letters)])
    named = "".join(letters.get(one, one) for one in spec)
    if named == spec:
        return None
    return work.builder.emit("contract", eqn.inputs, spec=named, batched=eqn.outputs[0].batched)


def _is_number(work: _Simplifying, var: Var, number: float) -> bool:
    inner = work.producer.get(var)
    return inner is not None and inner.op == "constant" and inner.param("value") == number


def _mul(work: _Simplifying, eqn: Eqn) -> Var | None:
    for a, b in (eqn.inputs, eqn.inputs[::-1]):
        if _is_number(work, b, 1) and a.type == eqn.outputs[0].type:
            return a
    return None


def _add(work: _Simplifying, eqn: Eqn) -> Var | None:
    for a, b in (eqn.inputs, eqn.inputs[::-1]):
        if _is_number(work, b, 0) and a.type == eqn.outputs[0].type:
            return a
    return None


_RULES: dict[str, Rule] = {
    "copy": _copy,
    "reshape": _reshape,
    "broadcast": _broadcast,
    "transpose": _transpose,
    "slice": _slice,
    "assemble": _assemble,
    "gather": _gather,
    "contract": _contract,
    "mul": _mul,
    "add": _add,
}
