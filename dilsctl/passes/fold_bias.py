"""A bias is one more column of its weights, read against a constant one.

``add(contract(W, x), b)`` with states W and b that are read nowhere else becomes one product of [W | b] with
[x | 1]. It saves an addition on the way forward and a sum over the batch on the way back.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from dilsctl.ir import REAL, Eqn, Program, Slot, Type, Var
from dilsctl.operations.contract import parse_spec
from dilsctl.operations.table import Builder


def fold_bias(program: Program) -> Program:
    """Fold every bias that fits. Learned states with equal options only."""
    reads = Counter(one for eqn in program.eqns for one in eqn.inputs)
    reads.update(program.ends)
    producer = {out: eqn for eqn in program.eqns for out in eqn.outputs}
    states = set(program.states)
    folds: dict[Eqn, tuple[Eqn, Var, Var, Var]] = {}  # addition -> (product, weights, x, bias)
    for eqn in program.eqns:
        if eqn.op != "add":
            continue
        for product_var, bias in (eqn.inputs, eqn.inputs[::-1]):
            product = producer.get(product_var)
            if product is None or product.op != "contract" or bias not in states:
                continue
            found = _weights(product, bias, program, states)
            if found is None or reads[bias] != 1 or reads[product_var] != 1 or reads[found[0]] != 1:
                continue
            if product_var.shape != eqn.outputs[0].shape or not product_var.batched:
                continue
            folds[eqn] = (product, *found, bias)
            break
    if not folds:
        return program
    return _rewrite(program, folds)


def _weights(product: Eqn, bias: Var, program: Program, states: set[Var]) -> tuple[Var, Var] | None:
    """(weights, x) where the product is weights times x over weights' last axis, one number for each bias."""
    if len(product.inputs) != 2:
        return None
    operands, out = parse_spec(product.param("spec"))
    moving = {*program.updates, *program.rates, *program.kept}
    for i, k in ((0, 1), (1, 0)):
        weights, x = product.inputs[i], product.inputs[k]
        labels, others = operands[i], operands[k]
        if weights not in states or not labels or moving.intersection((weights, bias)):
            continue
        if bias is weights or program.learned.get(weights) != program.learned.get(bias):
            continue
        alone = set(others) <= set(labels)  # else the one beside x is summed as well
        if alone and labels[:-1] == out and labels[-1] == others[-1] and bias.shape == weights.shape[:-1]:
            return weights, x
    return None


def _rewrite(program: Program, folds: dict[Eqn, tuple[Eqn, Var, Var, Var]]) -> Program:
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    products = {product for product, *_ in folds.values()}
    same: dict[Var, Var] = {}
    blocks: dict[Var, tuple[Var, bool]] = {}  # weights or bias -> (block, is the bias)
    extended: dict[Var, Var] = {}
    for eqn in program.eqns:
        if eqn in products:
            continue
        inputs = tuple(same.get(one, one) for one in eqn.inputs)
        if eqn not in folds:
            eqns.append(
                Eqn(eqn.op, inputs, eqn.outputs, eqn.params, eqn.span) if inputs != eqn.inputs else eqn
            )
            continue
        product, weights, _, bias = folds[eqn]
        builder.span = product.span
        *lead, width = weights.shape
        block = Var(Type("real", (*lead, width + 1)), False, f"{weights.name}|{bias.name}")
        blocks[weights], blocks[bias] = (block, False), (block, True)
        operands = tuple(
            block if one is weights else _with_one(builder, same.get(one, one), extended)
            for one in product.inputs
        )
        same[eqn.outputs[0]] = builder.emit("contract", operands, spec=product.param("spec"))
    slots: dict[str, Slot] = {}
    for path, slot in program.slots.items():
        if slot.var not in blocks:
            slots[path] = slot
            continue
        block, is_bias = blocks[slot.var]
        width = block.shape[-1] - 1
        rest = tuple((0, length, 1) for length in block.shape[len(slot.index) : -1])
        slots[path] = Slot(block, (*slot.index, *rest, width if is_bias else (0, width, 1)))
    learned = {var: options for var, options in program.learned.items() if var not in blocks}
    for var, (block, _) in blocks.items():
        if var in program.learned:
            learned[block] = program.learned[var]
    new_states = dict.fromkeys(block for block, _ in blocks.values())
    states = (*(one for one in program.states if one not in blocks), *new_states)
    changed = replace(program, states=states, slots=slots, learned=learned)
    return changed.renamed(eqns, lambda var: same.get(var, var))


def _with_one(builder: Builder, x: Var, extended: dict[Var, Var]) -> Var:
    """x with a one after the last element of its last axis."""
    if x not in extended:
        *lead, width = x.shape
        rest = tuple((0, length, 1) for length in lead)
        one = builder.constant(1.0, REAL.with_shape((*lead, 1)))
        extended[x] = builder.emit(
            "assemble",
            (x, one),
            index=((*rest, (0, width, 1)), (*rest, (width, width + 1, 1))),
            type=Type("real", (*lead, width + 1)),
        )
    return extended[x]
