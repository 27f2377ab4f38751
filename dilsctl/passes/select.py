"""Parts of a program: some of its outputs, and what it does with what is kept left out."""

from __future__ import annotations

from dataclasses import replace

from dilsctl.ir import Program


def read_only(program: Program) -> Program:
    """The program without inputs that it does not read."""
    read = {one for eqn in program.eqns for one in eqn.inputs}.union(program.ends)
    return replace(program, inputs={name: var for name, var in program.inputs.items() if var in read})


def measuring(program: Program) -> Program:
    """The program that leaves what is kept as it is: with ``unroll``'s updates for that, if there are any."""
    moved = {
        state: program.outputs.get(f"held.{number}", new)
        for number, (state, new) in enumerate(program.updates.items())
        if state not in program.kept
    }
    outputs = {name: var for name, var in program.outputs.items() if not name.startswith("held.")}
    return replace(program, outputs=outputs, updates=moved)


def only(program: Program, *prefixes: str) -> Program:
    """The program with only the outputs whose names begin so."""
    outputs = {name: var for name, var in program.outputs.items() if name.startswith(prefixes)}
    return replace(program, outputs=outputs)
