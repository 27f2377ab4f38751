"""Products of many values, two by two."""

from __future__ import annotations

import pytest

from dilsctl.passes.pair_products import pair_products
from tests.compiler.programs import Draft, ops, same_results


@pytest.mark.parametrize(
    ("spec", "shapes"),
    [
        ("ij,ijab,jb->ia", [(4, 5), (4, 5, 2, 3), (5, 3)]),
        ("i,i,i->i", [(4,), (4,), (4,)]),
        ("i,j,k->kji", [(2,), (3,), (4,)]),
        ("ab,bc,cd,de->ae", [(2, 3), (3, 4), (4, 5), (5, 6)]),
        ("ij,ij,ij->", [(3, 4), (3, 4), (3, 4)]),
    ],
)
@pytest.mark.parametrize("batched", [True, False])
def test_same_value(spec: str, shapes: list[tuple[int, ...]], batched: bool) -> None:
    draft = Draft()
    inputs = [
        draft.input(f"x{number}", *shape, batched=batched and number == len(shapes) - 1)
        for number, shape in enumerate(shapes)
    ]
    program = draft.program(y=draft.emit("contract", *inputs, spec=spec))
    found = pair_products(program)
    assert ops(found) == ["contract"] * (len(shapes) - 1)
    assert all(len(eqn.inputs) == 2 for eqn in found.eqns)
    same_results(program, found)


def test_what_a_batch_shares_comes_first() -> None:
    draft = Draft()
    near, peers = (
        draft.input("near", 20, 20, batched=False),
        draft.input("peers", 20, 20, 2, 2, batched=False),
    )
    x = draft.input("x", 20, 2)
    program = draft.program(y=draft.emit("contract", near, peers, x, spec="ij,ijab,jb->ia"))
    first, second = pair_products(program).eqns
    assert set(first.inputs) == {near, peers} and not first.outputs[0].batched
    assert x in second.inputs and second.outputs == program.eqns[0].outputs


def test_products_of_two_stay() -> None:
    draft = Draft()
    x, y = draft.input("x", 3), draft.input("y", 3)
    program = draft.program(z=draft.emit("contract", x, y, spec="i,i->"))
    assert pair_products(program) is program
