"""A program as a graph of single numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from dilsctl.engine.kernels import KERNELS, Array, Context, dtype_of
from dilsctl.engine.kernels.base import align
from dilsctl.engine.scalar.elementwise import GROUPS, convert
from dilsctl.engine.scalar.nodes import Graph, Node
from dilsctl.engine.scalar.places import RULES, Work, empty
from dilsctl.ir import Program, Var

__all__ = ["RULES", "Numbers", "flat", "known_values", "translate"]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """What a program takes and gives, number by number: arrays of nodes, physical, as the engine's arrays.

    ``given``: inputs that differ from run to run of the loop. ``held``: those that do not. ``new``: of each
    state that moves, what it becomes.
    """

    graph: Graph
    given: dict[str, Array]
    held: dict[str, Array]
    states: dict[Var, Array]
    outputs: dict[str, Array]
    new: dict[Var, Array]


def translate(program: Program, batch: int, held: Collection[str] = ()) -> Numbers:
    """The numbers of a program for batches of ``batch``. Reals are float64."""
    graph = Graph()
    constant = known_values(program)
    nodes: dict[Var, Array] = {}
    known: dict[Var, Array] = {}  # what depends on constants only, computed here and now
    context = Context(examples=np.zeros(batch, np.int64))

    def named(var: Var, letter: str) -> Array:
        found = empty(_shape(var, batch))
        for place in np.ndindex(found.shape):
            found[place] = graph.name(letter)
        nodes[var] = found
        return found

    def read(var: Var) -> Array:
        if var not in nodes:
            found = empty(known[var].shape)
            for place in np.ndindex(found.shape):
                found[place] = graph.literal(known[var][place].item())
            nodes[var] = found
        return nodes[var]

    given = {name: named(var, "x") for name, var in program.inputs.items() if name not in held}
    stay = {name: named(var, "h") for name, var in program.inputs.items() if name in held}
    states = {var: named(var, "s") for var in program.states}
    with np.errstate(all="ignore"):  # what a choice leaves out may be anything
        for eqn in program.eqns:
            if eqn.outputs[0] in constant:
                real = np.dtype(np.float64)
                outs = [np.empty(_shape(one, batch), dtype_of(one.type.kind, real)) for one in eqn.outputs]
                for step in KERNELS[eqn.op](eqn, [known[one] for one in eqn.inputs], outs, context):
                    step()
                known.update(zip(eqn.outputs, outs, strict=True))
                continue
            work = Work(graph, eqn, [read(one) for one in eqn.inputs], batch)
            nodes.update(zip(eqn.outputs, RULES[eqn.op](work), strict=True))
    new = {}
    for state, var in program.updates.items():
        target, old = GROUPS[state.type.kind], GROUPS[var.type.kind]
        value = np.broadcast_to(align(read(var), var, state), states[state].shape)
        moved = empty(value.shape)
        for place in np.ndindex(value.shape):
            node: Node = value[place]  # type: ignore[assignment]
            moved[place] = convert(graph, node, old, target)
        new[state] = moved
    outputs = {name: read(var) for name, var in program.outputs.items()}
    return Numbers(graph, given, stay, states, outputs, new)


def known_values(program: Program) -> set[Var]:
    """What depends on constants only."""
    found: set[Var] = set()
    for eqn in program.eqns:
        if not eqn.op.startswith("random_") and all(one in found for one in eqn.inputs):
            found.update(eqn.outputs)
    return found


def _shape(var: Var, batch: int) -> tuple[int, ...]:
    return (*var.shape, batch) if var.batched else var.shape


def flat(arrays: Collection[Array]) -> list[Node]:
    """All nodes, array by array, each in C order."""
    return [node for array in arrays for node in array.ravel()]
