"""The mean over a batch of products becomes one product that sums over the batch.

``pool(outer(change, x))`` would make an outer product for each example, and then their mean. As the batch is
a label like any other, it is one matrix product of the changes and the values of all examples.
"""

from __future__ import annotations

from collections import Counter

from dilsctl.ir import REAL, Eqn, Program, Var
from dilsctl.operations.table import Builder


def pool_products(program: Program) -> Program:
    """Rewrite means over the batch of products that nothing else reads. It comes after ``batch``."""
    if all(eqn.op != "batch_mean" for eqn in program.eqns):
        return program
    reads = Counter(one for eqn in program.eqns for one in eqn.inputs)
    reads.update(program.ends)
    producer = {out: eqn for eqn in program.eqns for out in eqn.outputs}
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    share: Var | None = None
    for eqn in program.eqns:
        product = producer.get(eqn.inputs[0]) if eqn.op == "batch_mean" else None
        if product is None or reads[eqn.inputs[0]] > 1 or not _pays(product):
            eqns.append(eqn)
            continue
        builder.span = eqn.span
        if share is None:
            share = builder.emit("batch_spread", (builder.constant(1.0, REAL),), batched=True)
        operands, _, out = product.param("spec").partition("->")
        params = tuple(sorted({**dict(product.params), "spec": f"{operands},->{out}"}.items()))
        eqns.append(Eqn("contract", (*product.inputs, share), eqn.outputs, params, eqn.span))
    return program.renamed(eqns, lambda var: var)


def _pays(eqn: Eqn) -> bool:
    """Is it a product of real values of each example, larger than they are?"""
    if eqn.op != "contract" or len(eqn.inputs) != 2 or eqn.outputs[0].type.kind != "real":
        return False
    if any(not one.batched or one.type.kind != "real" for one in eqn.inputs):
        return False
    return eqn.outputs[0].type.size > max(one.type.size for one in eqn.inputs)
