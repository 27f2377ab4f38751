"""Products with a matrix that is known beforehand and nearly empty take its numbers one by one.

``matrix @ x`` gathers the elements of x that meet a number of the matrix, multiplies, and adds what belongs
to one row: the work goes with the numbers, not with the size. So couplings along the edges of a graph cost
as much as there are edges, and so do their gradients.
"""

from __future__ import annotations

from typing import Any

from dilsctl.ir import Eqn, Program, Type, Var
from dilsctl.operations.contract import parse_spec
from dilsctl.operations.table import Builder

SMALLEST = 4096  # elements of a matrix below which a product is as fast
SHARE = 16  # one number in so many at most


def sparsify(program: Program) -> Program:
    """Rewrite the products that pay."""
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    constants: dict[Var, Any] = {}
    new: dict[Var, Var] = {}
    for eqn in program.eqns:
        inputs = tuple([new.get(one, one) for one in eqn.inputs])
        if inputs != eqn.inputs:
            eqn = Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span)
        if eqn.op == "constant" and isinstance(eqn.param("value"), tuple) and eqn.outputs[0].rank == 2:
            constants[eqn.outputs[0]] = eqn.param("value")
        if eqn.op == "transpose" and eqn.inputs[0] in constants and eqn.param("perm") == (-1, -2):
            constants[eqn.outputs[0]] = tuple(zip(*constants[eqn.inputs[0]], strict=True))
        builder.span = eqn.span
        found = _sparse(builder, eqn, constants) if eqn.op == "contract" else None
        if found is None:
            eqns.append(eqn)
        else:
            new[eqn.outputs[0]] = found
    return program.renamed(eqns, lambda var: new.get(var, var)) if new else program


def _sparse(builder: Builder, eqn: Eqn, constants: dict[Var, Any]) -> Var | None:
    if len(eqn.inputs) != 2:
        return None
    operands, out = parse_spec(eqn.param("spec"))
    for m, k in ((0, 1), (1, 0)):
        matrix, x = eqn.inputs[m], eqn.inputs[k]
        labels, others = operands[m], operands[k]
        if matrix not in constants or matrix.type.size < SMALLEST or len(set(labels)) != 2:
            continue
        for row, column in ((labels[0], labels[1]), (labels[1], labels[0])):
            if column not in others or row in others or column in out or row not in out:
                continue
            if out != others.replace(column, row) or len(set(others)) != len(others):
                continue
            entries = _entries(constants[matrix], turned=labels != row + column)
            if entries is None:
                continue
            return _product(builder, x, others.index(column) - len(others), entries, matrix, row == labels[0])
    return None


def _entries(value: Any, *, turned: bool) -> list[tuple[int, int, float]] | None:
    """(row, column, number), in order of rows; None where there are too many."""
    limit = len(value) * len(value[0]) // SHARE
    found = []
    for i, line in enumerate(value):
        for j, number in enumerate(line):
            if number != 0:
                found.append((j, i, float(number)) if turned else (i, j, float(number)))
        if len(found) > limit:
            return None
    return sorted(found) if found else None


def _product(
    builder: Builder, x: Var, axis: int, entries: list[tuple[int, int, float]], matrix: Var, upright: bool
) -> Var:
    columns = tuple(column for _, column, _ in entries)
    picked = builder.emit("gather", (x,), indices=columns, axis=axis)
    numbers = tuple(number for *_, number in entries)
    if any(number != 1 for number in numbers):
        factors = builder.constant(numbers, Type("real", (len(numbers),)))
        if axis != -1:
            shape = (len(numbers), *(1,) * (-axis - 1))
            factors = builder.emit("reshape", (factors,), shape=shape)
        picked = builder.emit("mul", (picked, factors))
    rows = tuple(row for row, *_ in entries)
    return builder.emit("scatter", (picked,), indices=rows, axis=axis, size=matrix.shape[0 if upright else 1])
