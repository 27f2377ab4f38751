"""The kernel of ``contract``: looks at labels and strides once and binds the fastest call.

In order of preference: a product without summation is one multiplication; anything that is a matrix
product of two-dimensional views is one ``np.dot``; stacks of matrices are ``np.matmul``; the rest is
``np.einsum``. The batch is one more label, ``*``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from dilsctl.engine.kernels.base import Array, Context, Step, as_type, kernel, reshaped
from dilsctl.ir import Eqn
from dilsctl.operations.contract import parse_spec

_SMALL = 8  # a matrix dimension below which copying for BLAS does not pay
_WORTH_BLAS = 16  # multiplications in one matrix of a stack, below which einsum's loop is faster


@kernel("contract")
def _contract(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    steps: list[Step] = []
    (out,) = outs
    operands, result = parse_spec(eqn.param("spec"))
    labels = [one + "*" * var.batched for one, var in zip(operands, eqn.inputs, strict=True)]
    arrays = [as_type(steps, one, out.dtype) for one in ins]
    if eqn.outputs[0].batched and not any("*" in one for one in labels):
        once = np.empty(out.shape[:-1], out.dtype)
        contract_steps(steps, labels, arrays, result, once)
        steps.append(partial(np.copyto, out, once[..., None]))
        return steps
    contract_steps(steps, labels, arrays, result + "*" * eqn.outputs[0].batched, out)
    return steps


def contract_steps(
    steps: list[Step], labels: Sequence[str], arrays: Sequence[Array], result: str, out: Array
) -> None:
    """Append the steps that contract ``arrays``; each label of ``result`` is in some operand."""
    if len(labels) == 1:
        return _one(steps, labels[0], arrays[0], result, out)
    if len(labels) == 2:
        return _two(steps, labels[0], arrays[0], labels[1], arrays[1], result, out)
    needed = set(result).union(*labels[2:])
    kept = "".join(dict.fromkeys(label for label in labels[0] + labels[1] if label in needed))
    sizes = dict(zip(labels[0] + labels[1], arrays[0].shape + arrays[1].shape, strict=True))
    part = np.empty([sizes[label] for label in kept], out.dtype)
    contract_steps(steps, labels[:2], arrays[:2], kept, part)
    contract_steps(steps, [kept, *labels[2:]], [part, *arrays[2:]], result, out)


def _one(steps: list[Step], labels: str, a: Array, result: str, out: Array) -> None:
    axes = tuple(n for n, label in enumerate(labels) if label not in result)
    kept = [label for label in labels if label in result]
    target = out.transpose([result.index(label) for label in kept])
    if axes:
        steps.append(partial(np.add.reduce, a, axes, None, target))
    else:
        steps.append(partial(np.copyto, target, a))


def _without_lonely(steps: list[Step], labels: str, a: Array, others: str) -> tuple[str, Array]:
    """Sum away the labels that no other operand and not the result have."""
    kept = "".join(label for label in labels if label in others)
    if kept == labels:
        return labels, a
    part = np.empty([a.shape[labels.index(label)] for label in kept], a.dtype)
    _one(steps, labels, a, kept, part)
    return kept, part


def _two(steps: list[Step], la: str, a: Array, lb: str, b: Array, result: str, out: Array) -> None:
    la, a = _without_lonely(steps, la, a, lb + result)
    lb, b = _without_lonely(steps, lb, b, la + result)
    if not any(label in lb and label not in result for label in la):
        steps.append(partial(np.multiply, _spread(la, a, result), _spread(lb, b, result), out))
        return
    for prefix in range(len(result) + 1):
        loops, rest = result[:prefix], result[prefix:]
        if any(label in la and label in lb for label in rest):
            continue
        cut = next((n for n, label in enumerate(rest) if (label in la) != (rest[0] in la)), len(rest))
        if any((label in la) == (rest[0] in la) for label in rest[cut:]):
            continue
        rows, columns = rest[:cut], rest[cut:]
        if rest and rest[0] in lb:
            la, a, lb, b = lb, b, la, a
        if not loops:
            return _dot(steps, la, a, lb, b, rows, columns, out)
        if rest and _matrix_work(la, a, lb, b, loops) >= _WORTH_BLAS:
            return _matmul(steps, la, a, lb, b, (loops, rows, columns), out)
        break
    _stacked(steps, la, a, lb, b, result, out)


def _matrix_work(la: str, a: Array, lb: str, b: Array, loops: str) -> int:
    """Multiplications in one step of the loops."""
    sizes = dict(zip(la + lb, a.shape + b.shape, strict=True))
    return math.prod(length for label, length in sizes.items() if label not in loops)


def _spread(labels: str, a: Array, result: str) -> Array:
    """``a`` with its axes in the order of ``result`` and axes of length 1 for the labels it lacks."""
    kept = [label for label in result if label in labels]
    moved = a.transpose([labels.index(label) for label in kept])
    index = tuple(slice(None) if label in labels else None for label in result)
    found: Array = moved[index] if index else moved
    return found


def _is_view(a: Array, labels: str, order: str, groups: Sequence[str]) -> bool:
    moved = a.transpose([labels.index(label) for label in order])
    shape = [math.prod(a.shape[labels.index(label)] for label in group) for group in groups]
    return a.size == 0 or np.may_share_memory(moved.reshape(shape), a)


def _matrix(steps: list[Step], labels: str, a: Array, groups: Sequence[str], loops: str = "") -> Array:
    """``a`` with one axis for each group of labels, after the loops (length 1 for those it lacks)."""
    own = [label for label in loops if label in labels]
    order = "".join(own) + "".join(groups)
    moved = a.transpose([labels.index(label) for label in order])
    sizes = [math.prod(a.shape[labels.index(label)] for label in group) for group in groups]
    lengths = [a.shape[labels.index(label)] if label in labels else 1 for label in loops]
    found = reshaped(steps, moved, [*lengths, *sizes])
    if not _blas_ready(found, len(groups)):
        scratch = np.empty(found.shape, found.dtype)
        steps.append(partial(np.copyto, scratch, found))
        found = scratch
    return found


def _blas_ready(a: Array, core: int) -> bool:
    """Whether BLAS takes the last axes as they lie: one stride is an element, none is zero or negative."""
    pairs = list(zip(a.shape[-core:], a.strides[-core:], strict=True)) if core else []
    long = [stride for length, stride in pairs if length > 1]
    if any(stride <= 0 or stride % a.itemsize for stride in long):
        return False
    return core == 1 or not long or a.itemsize in long


def _summed(la: str, a: Array, lb: str, b: Array, labels: tuple[str, str, str]) -> str:
    """The summed labels, in the order (the left operand's or the right one's) that copies least."""
    loops, rows, columns = labels
    best, least = "", -1
    for source in (la, lb):
        shared = "".join(label for label in source if label in la and label in lb and label not in loops)
        loops_a = "".join(label for label in loops if label in la)
        loops_b = "".join(label for label in loops if label in lb)
        left = _is_view(a, la, loops_a + rows + shared, [*loops_a, rows, shared])
        right = _is_view(b, lb, loops_b + shared + columns, [*loops_b, shared, columns])
        copied = a.size * (not left) + b.size * (not right)
        if least < 0 or copied < least:
            best, least = shared, copied
    return best


def _dot(
    steps: list[Step], la: str, a: Array, lb: str, b: Array, rows: str, columns: str, out: Array
) -> None:
    shared = _summed(la, a, lb, b, ("", rows, columns))
    left = _matrix(steps, la, a, [rows, shared] if rows else [shared])
    right = _matrix(steps, lb, b, [shared, columns] if columns else [shared])
    shape = [left.shape[0]] * bool(rows) + [right.shape[-1]] * bool(columns)
    target = out.reshape(shape)
    if out.flags.c_contiguous:
        steps.append(partial(np.dot, left, right, target))
    elif np.may_share_memory(target, out) and target.T.flags.c_contiguous:
        steps.append(partial(np.dot, right.T, left.T, target.T))
    else:
        work = np.empty(shape, out.dtype)
        steps += [partial(np.dot, left, right, work), partial(np.copyto, out, work.reshape(out.shape))]


def _matmul(
    steps: list[Step], la: str, a: Array, lb: str, b: Array, labels: tuple[str, str, str], out: Array
) -> None:
    loops, rows, columns = labels
    shared = _summed(la, a, lb, b, labels)
    left = _matrix(steps, la, a, [rows, shared], loops)
    right = _matrix(steps, lb, b, [shared, columns], loops)
    shape = (*out.shape[: len(loops)], left.shape[-2], right.shape[-1])
    target = out.reshape(shape)
    if out.size == 0 or np.may_share_memory(target, out):
        steps.append(partial(np.matmul, left, right, target))
        return
    work = np.empty(shape, out.dtype)
    steps += [partial(np.matmul, left, right, work), partial(np.copyto, out, work.reshape(out.shape))]


def _stacked(steps: list[Step], la: str, a: Array, lb: str, b: Array, result: str, out: Array) -> None:
    """Loop labels that do not lead (the batch, mostly): einsum, or copies for BLAS if it is big."""
    both = "".join(label for label in result if label in la and label in lb)
    rows = "".join(label for label in result if label in la and label not in lb)
    columns = "".join(label for label in result if label in lb and label not in la)
    shared = [label for label in la if label in lb and label not in result]
    sizes = dict(zip(la + lb, a.shape + b.shape, strict=True))
    big = min(math.prod(sizes[label] for label in group) for group in (rows, columns, shared))
    if rows and columns and both and big >= _SMALL:
        work = np.empty([sizes[label] for label in both + rows + columns], out.dtype)
        _matmul(steps, la, a, lb, b, (both, rows, columns), work)
        order = [(both + rows + columns).index(label) for label in result]
        steps.append(partial(np.copyto, out, work.transpose(order)))
        return
    free = iter("zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA")
    star = next(label for label in free if label not in la + lb)
    spec = f"{la},{lb}->{result}".replace("*", star)
    steps.append(partial(np.einsum, spec, a, b, out=out, optimize=False))
