"""The mean cross entropy and its gradient become one equation, which works out the softmax once.

Replaces ``batch_mean(cross_entropy(z, t))`` and ``(p - t) * share``, where nothing else reads what lies
between.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from dilsctl.ir import Eqn, Program, Var
from dilsctl.operations.softmax import emit_mean_cross_entropy
from dilsctl.operations.table import Builder


def fuse_loss(program: Program) -> Program:
    """Fuse every mean cross entropy whose gradient is taken."""
    reads: Counter[Var] = Counter(one for eqn in program.eqns for one in eqn.inputs)
    reads.update(program.ends)
    producer = {out: eqn for eqn in program.eqns for out in eqn.outputs}
    readers: dict[Var, Eqn] = {one: eqn for eqn in program.eqns for one in eqn.inputs}
    fused: dict[Eqn, tuple[Var, Var]] = {}
    gone: set[Eqn] = set()
    for eqn in program.eqns:
        if eqn.op != "cross_entropy":
            continue
        (loss, p), (z, t) = eqn.outputs, eqn.inputs
        if reads[loss] != 1 or reads[p] != 1 or not z.batched or z.rank != 1 or not t.batched:
            continue
        mean, difference = readers[loss], readers[p]
        if mean.op != "batch_mean" or difference.op != "sub" or difference.inputs != (p, t):
            continue
        if reads[difference.outputs[0]] != 1:
            continue
        product = readers[difference.outputs[0]]
        if product.op != "mul" or product.inputs[0] is not difference.outputs[0]:
            continue
        if not _is_share(product.inputs[1], producer):
            continue
        fused[eqn] = (mean.outputs[0], product.outputs[0])
        gone.update((mean, difference, product))
    if not fused:
        return program
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    same: dict[Var, Var] = {}
    for eqn in program.eqns:
        if eqn in gone:
            continue
        inputs = tuple(same.get(one, one) for one in eqn.inputs)
        if eqn in fused:
            builder.span = eqn.span
            found = emit_mean_cross_entropy(builder, *inputs)
            same.update(zip(fused[eqn], found, strict=True))
            continue
        eqns.append(replace(eqn, inputs=inputs) if inputs != eqn.inputs else eqn)
    return program.renamed(eqns, lambda var: same.get(var, var))


def _is_share(var: Var, producer: dict[Var, Eqn]) -> bool:
    """Is it 1 / (batch size) for each example?"""
    eqn = producer.get(var)
    if eqn is not None and eqn.op == "reshape":
        eqn = producer.get(eqn.inputs[0])
    if eqn is None or eqn.op != "batch_spread":
        return False
    one = producer.get(eqn.inputs[0])
    return one is not None and one.op == "constant" and one.param("value") == 1.0
