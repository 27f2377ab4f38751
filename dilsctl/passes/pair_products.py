"""Products of three values and more become products of two, the pairs that leave least first.

What a batch shares is multiplied before what differs from example to example: at every tick of an episode
that part is the same, and is computed once.
"""

from __future__ import annotations

import math

from dilsctl.ir import Eqn, Program, Var
from dilsctl.operations.contract import parse_spec
from dilsctl.operations.table import Builder

EXAMPLES = 32  # of a batch, as sizes are compared


def pair_products(program: Program) -> Program:
    """Rewrite every product of more than two values."""
    if all(eqn.op != "contract" or len(eqn.inputs) < 3 for eqn in program.eqns):
        return program
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    for eqn in program.eqns:
        if eqn.op != "contract" or len(eqn.inputs) < 3:
            eqns.append(eqn)
            continue
        builder.span = eqn.span
        _pairwise(builder, eqn)
    return program.renamed(eqns, lambda var: var)


def _pairwise(builder: Builder, eqn: Eqn) -> None:
    operands, out = parse_spec(eqn.param("spec"))
    values: list[tuple[str, Var]] = list(zip(operands, eqn.inputs, strict=True))
    sizes = {label: length for labels, var in values for label, length in zip(labels, var.shape, strict=True)}
    while len(values) > 2:
        pairs = [(i, k) for i in range(len(values)) for k in range(i + 1, len(values))]
        i, k = min(pairs, key=lambda pair: _size(values, pair, out, sizes))
        labels = _left(values, (i, k), out)
        (a, x), (b, y) = values[i], values[k]
        made = builder.emit("contract", (x, y), spec=f"{a},{b}->{labels}")
        values = [one for n, one in enumerate(values) if n not in (i, k)] + [(labels, made)]
    (a, x), (b, y) = values
    params = tuple(sorted({**dict(eqn.params), "spec": f"{a},{b}->{out}"}.items()))
    builder.eqns.append(Eqn("contract", (x, y), eqn.outputs, params, eqn.span))


def _left(values: list[tuple[str, Var]], pair: tuple[int, int], out: str) -> str:
    """The labels that the product of a pair keeps: those that something else needs."""
    needed = set(out).union(*(labels for n, (labels, _) in enumerate(values) if n not in pair))
    both = values[pair[0]][0] + values[pair[1]][0]
    return "".join(dict.fromkeys(label for label in both if label in needed))


def _size(
    values: list[tuple[str, Var]], pair: tuple[int, int], out: str, sizes: dict[str, int]
) -> tuple[int, int]:
    """Elements of the product of a pair, and of the work that it takes."""
    batched = any(values[n][1].batched for n in pair)
    factor = EXAMPLES if batched else 1
    every = set(values[pair[0]][0] + values[pair[1]][0])
    kept = math.prod(sizes[label] for label in _left(values, pair, out))
    return factor * kept, factor * math.prod(sizes[label] for label in every)
